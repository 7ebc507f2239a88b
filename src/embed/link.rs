//! A link that holds a whole run: `#v1.d.<base64url(deflate-raw(scenario text))>`.
//!
//! It is in the fragment, which browsers do not send anywhere. `v1` names this form, `d` the
//! compression; a later form gets another name, and this one stays readable.

use super::compression;
use base64::Engine;
use base64::alphabet::URL_SAFE;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};

const VERSION: &str = "v1";
const DEFLATE: &str = "d";
/// A small link could hold a text without end.
const LARGEST_TEXT: usize = 2 << 20;

/// Without padding; where a program has added some, that is passed over.
const BASE64: GeneralPurpose = GeneralPurpose::new(
    &URL_SAFE,
    GeneralPurposeConfig::new()
        .with_encode_padding(false)
        .with_decode_padding_mode(DecodePaddingMode::Indifferent),
);

/// Why a link does not open.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum LinkError {
    /// Made by a later Packetyard.
    UnknownForm(String),
    /// Cut off or changed on its way.
    Damaged,
    TooLarge,
    /// The browser has no CompressionStream.
    NoCompression,
}

impl LinkError {
    pub fn sentence(&self) -> String {
        match self {
            LinkError::UnknownForm(form) => format!(
                "This link is of the form “{form}”, which this version of Packetyard does not know. \
                 Load the page again without the cache, or ask for the link's scenario file and load that."
            ),
            LinkError::Damaged => "This link is damaged: a part of it is missing or changed. \
                 Copy it again as a whole; mail and chat programs sometimes cut long links."
                .into(),
            LinkError::TooLarge => {
                "This link holds more than 2 MB of text, which no link that Packetyard made \
                 does. Ask for the scenario file and load that."
                    .into()
            }
            LinkError::NoCompression => {
                "This browser cannot unpack links. It needs Chrome 103, Firefox 113, Safari 16.4 or newer."
                    .into()
            }
        }
    }
}

/// Whether a fragment looks like one of ours, of whatever version: `v`, a number, a dot.
pub fn is_link(fragment: &str) -> bool {
    let Some(rest) = fragment.trim_start_matches('#').strip_prefix('v') else { return false };
    let digits = rest.bytes().take_while(u8::is_ascii_digit).count();
    digits > 0 && rest[digits..].starts_with('.')
}

/// The fragment for a text, with its `#`.
pub async fn encode(text: &str) -> Result<String, LinkError> {
    let packed = compression::deflate(text.as_bytes()).await?;
    Ok(wrap(&packed))
}

/// The text of a fragment.
pub async fn decode(fragment: &str) -> Result<String, LinkError> {
    let packed = unwrap(fragment)?;
    let bytes = compression::inflate(&packed, LARGEST_TEXT).await?;
    String::from_utf8(bytes).map_err(|_| LinkError::Damaged)
}

fn wrap(packed: &[u8]) -> String {
    ["#", VERSION, ".", DEFLATE, ".", &BASE64.encode(packed)].concat()
}

fn unwrap(fragment: &str) -> Result<Vec<u8>, LinkError> {
    let mut parts = fragment.trim_start_matches('#').splitn(3, '.');
    let (version, codec) = (parts.next().unwrap_or(""), parts.next().unwrap_or(""));
    if (version, codec) != (VERSION, DEFLATE) {
        let form: String = [version, ".", codec].concat().chars().take(20).collect();
        return Err(LinkError::UnknownForm(form));
    }
    let bytes = BASE64.decode(parts.next().unwrap_or("")).ok();
    bytes.filter(|bytes| !bytes.is_empty()).ok_or(LinkError::Damaged)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_form_of_a_link_stays_as_it_is() {
        assert_eq!(wrap(&[0x4b, 0x04, 0x00]), "#v1.d.SwQA");
        assert_eq!(unwrap("#v1.d.SwQA"), Ok(vec![0x4b, 0x04, 0x00]));
        assert_eq!(unwrap("v1.d.SwQA"), Ok(vec![0x4b, 0x04, 0x00]));
        assert_eq!(wrap(&[0xfb, 0xff]), "#v1.d.-_8");
        assert_eq!(unwrap("#v1.d.-_8="), Ok(vec![0xfb, 0xff]));
    }

    #[test]
    fn other_forms_are_named() {
        assert_eq!(unwrap("#v2.d.SwQA"), Err(LinkError::UnknownForm("v2.d".into())));
        assert_eq!(unwrap("#v1.z.SwQA"), Err(LinkError::UnknownForm("v1.z".into())));
        assert_eq!(unwrap("#v1.d."), Err(LinkError::Damaged));
        for cut_or_changed in ["#v1.d.Sw A", "#v1.d.S", "#v1.d.SwQAA", "#v1.d.Sw+A", "#v1.d.é"] {
            assert_eq!(unwrap(cut_or_changed), Err(LinkError::Damaged), "{cut_or_changed}");
        }
    }

    #[test]
    fn an_ordinary_fragment_is_no_link() {
        for (fragment, expected) in
            [("#v1.d.x", true), ("#v12.q.x", true), ("#values", false), ("#v1", false), ("", false)]
        {
            assert_eq!(is_link(fragment), expected, "{fragment}");
        }
    }
}
