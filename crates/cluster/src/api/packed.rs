//! A manifest already read, in the few bytes that a page can carry: what reads YAML need not be
//! there for it. The form is private to one build; nothing stores it.

use super::Manifest;

/// The manifest without its diagnostics.
pub fn pack(manifest: &Manifest) -> Vec<u8> {
    postcard::to_allocvec(manifest).expect("a manifest has neither maps nor lists of unknown length")
}

/// `None` for bytes that [`pack`] did not make.
pub fn unpack(bytes: &[u8]) -> Option<Manifest> {
    postcard::from_bytes(bytes).ok()
}
