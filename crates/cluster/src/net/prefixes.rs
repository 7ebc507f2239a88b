//! Constant ranges of addresses.

use netfilter::{Cidr, Family};

/// A constant prefix for each family. A cluster uses those of its own families.
pub struct Prefixes {
    pub v4: &'static str,
    pub v6: &'static str,
}

impl Prefixes {
    pub fn of(&self, family: Family) -> Cidr {
        let prefix = match family {
            Family::V4 => self.v4,
            Family::V6 => self.v6,
        };
        prefix.parse().expect("a constant prefix is well formed")
    }
}
