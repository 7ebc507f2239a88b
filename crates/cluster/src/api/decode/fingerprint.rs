//! What tells one Pod template from another: the number behind the label `pod-template-hash`.

use std::hash::{Hash, Hasher};

use crate::api::{Labels, PodTemplate};

pub fn fingerprint(template: &PodTemplate) -> u64 {
    let mut hasher = StableHasher::default();
    hash_labels(&template.labels, &mut hasher);
    hash_labels(&template.annotations, &mut hasher);
    format!("{:?}", template.spec).hash(&mut hasher);
    hasher.finish()
}

fn hash_labels(labels: &Labels, hasher: &mut StableHasher) {
    for (key, value) in labels {
        hasher.write(key.as_bytes());
        hasher.write(b"=");
        hasher.write(value.as_bytes());
        hasher.write(b";");
    }
}

/// FNV-1a: the same on a 32-bit target as on a 64-bit one.
struct StableHasher(u64);

impl Default for StableHasher {
    fn default() -> StableHasher {
        StableHasher(0xcbf2_9ce4_8422_2325)
    }
}

impl Hasher for StableHasher {
    fn finish(&self) -> u64 {
        self.0
    }
    fn write(&mut self, bytes: &[u8]) {
        for byte in bytes {
            self.0 = (self.0 ^ u64::from(*byte)).wrapping_mul(0x0000_0100_0000_01b3);
        }
    }
}
