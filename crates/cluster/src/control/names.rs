//! Generated names, of upstream's form.

use crate::api::Uid;
use crate::sim::{Chance, Purpose};

/// apimachinery util/rand, alphanums: no vowels, so that no word appears by chance.
const ALPHABET: &[u8; 27] = b"bcdfghjklmnpqrstvwxz2456789";

/// apiserver storage/names/generate.go: 63 characters less the suffix.
const MAX_GENERATED_BASE: usize = 58;

/// `base` and five letters, as `metadata.generateName` gives. `base` ends in `-`.
pub(crate) fn generate(chance: Chance, base: &str, uid: Uid, attempt: u32) -> String {
    let mut name: String = base.chars().take(MAX_GENERATED_BASE).collect();
    let subject = Chance::subject(base);
    let ordinal = (u64::from(uid.0) << 32) | u64::from(attempt);
    let mut bits = chance.draw(Purpose::NameSuffix, subject, ordinal);
    for _ in 0..5 {
        name.push(char::from(ALPHABET[(bits % 27) as usize]));
        bits /= 27;
    }
    name
}

/// The label `pod-template-hash`: the template's number, its decimal digits written in the
/// alphabet above (apimachinery rand.go, SafeEncodeString). The number itself is not upstream's
/// (that is FNV over Go's own print of the struct).
pub(crate) fn template_hash(fingerprint: u64) -> String {
    let folded = (fingerprint ^ (fingerprint >> 32)) as u32;
    folded.to_string().bytes().map(|b| char::from(ALPHABET[usize::from(b) % 27])).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn generated_names_have_upstreams_form() {
        let name = generate(Chance::new(1), "web-5d9c7-", Uid(3), 0);
        assert_eq!(name.len(), "web-5d9c7-".len() + 5);
        assert!(name[10..].bytes().all(|b| ALPHABET.contains(&b)), "{name}");
        assert_ne!(name, generate(Chance::new(1), "web-5d9c7-", Uid(4), 0));
    }

    #[test]
    fn a_long_base_is_cut_to_58() {
        assert_eq!(generate(Chance::new(1), &"x".repeat(80), Uid(1), 0).len(), 63);
    }

    #[test]
    fn template_hashes_use_the_safe_alphabet() {
        assert!(template_hash(12_345_678_901).bytes().all(|b| ALPHABET.contains(&b)));
    }
}
