//! Generated names, of upstream's form.

use crate::api::{Meta, Name, NsName, PodTemplate, Uid, canonical_template};
use crate::sim::{Chance, Purpose, Watched, World};

/// apimachinery util/rand, alphanums: no vowels, so that no word appears by chance.
const ALPHABET: &[u8; 27] = b"bcdfghjklmnpqrstvwxz2456789";

/// apiserver storage/names/generate.go: 63 characters less the suffix.
const MAX_GENERATED_BASE: usize = 58;

/// `base` and five letters, as `metadata.generateName` gives. `base` ends in `-`.
fn generate(chance: Chance, base: &str, uid: Uid, attempt: u32) -> String {
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

impl World {
    /// A name made from `base` that no object of the kind has in the owner's namespace. (Upstream the API server
    /// refuses a duplicate, and the controller retries.)
    pub(super) fn generate_name<T: Watched>(&mut self, owner: &Meta, base: &str) -> Name {
        let ordinal = Uid(self.next_name_ordinal(owner.uid));
        let is_free =
            |name: &String| T::objects(&self.store).get(&NsName::new(&owner.namespace, name)).is_none();
        let mut names = (0..).map(|attempt| generate(self.chance, base, ordinal, attempt));
        let name = names.find(is_free).expect("27^5 names cannot all be taken");
        name.as_str().into()
    }
}

/// The label `pod-template-hash` (controller/controller_utils.go, ComputeHash): FNV-1a of the template's canonical
/// text, its decimal digits written in the alphabet above (apimachinery rand.go, SafeEncodeString). Upstream
/// hashes Go's printout of the whole struct. So the values differ, and there a new field in a Kubernetes release
/// changes the hash; here only a change of the template does.
pub(crate) fn template_hash(template: &PodTemplate) -> String {
    safe_encode(&fnv_1a(canonical_template(template).as_bytes()).to_string())
}

fn safe_encode(text: &str) -> String {
    text.bytes().map(|b| char::from(ALPHABET[usize::from(b) % ALPHABET.len()])).collect()
}

fn fnv_1a(bytes: &[u8]) -> u32 {
    bytes.iter().fold(0x811c_9dc5, |hash, byte| (hash ^ u32::from(*byte)).wrapping_mul(0x0100_0193))
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

    /// draft-eastlake-fnv, the vectors of 32 bits.
    #[test]
    fn fnv_1a_is_as_published() {
        for (text, hash) in [("", 0x811c_9dc5), ("a", 0xe40c_292c), ("foobar", 0xbf9c_f968)] {
            assert_eq!(fnv_1a(text.as_bytes()), hash, "{text}");
        }
    }

    #[test]
    fn digits_are_written_in_the_alphabet() {
        assert_eq!(safe_encode("0123456789"), "456789bcdf");
    }
}
