//! Names of network interfaces, and what `-i` and `iifname` compare with them.

use std::fmt;

/// An interface's name, as long as the kernel allows (IFNAMSIZ with its zero).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct InterfaceName {
    bytes: [u8; InterfaceName::MAX],
    length: u8,
}

impl InterfaceName {
    pub const MAX: usize = 15;

    /// `None` for what is no name of an interface (net/core/dev.c, dev_valid_name), or has a byte that stands for
    /// something else in a rule.
    pub fn new(name: &str) -> Option<InterfaceName> {
        let is_valid = |b: u8| b.is_ascii_graphic() && !matches!(b, b'/' | b':' | b'+' | b'*' | b'"' | b'!');
        let fits = (1..=InterfaceName::MAX).contains(&name.len()) && !matches!(name, "." | "..");
        if !fits || !name.bytes().all(is_valid) {
            return None;
        }
        let mut bytes = [0; InterfaceName::MAX];
        bytes[..name.len()].copy_from_slice(name.as_bytes());
        Some(InterfaceName { bytes, length: name.len() as u8 })
    }

    pub fn as_str(&self) -> &str {
        std::str::from_utf8(&self.bytes[..usize::from(self.length)]).unwrap_or_default()
    }
}

/// The interface that a packet came in by: one, or all whose names begin so; or any other.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct InterfaceMatch {
    pub name: InterfaceName,
    pub is_prefix: bool,
    pub invert: bool,
}

impl InterfaceMatch {
    /// `interface`: empty for a packet that came in by none.
    pub fn holds(&self, interface: &str) -> bool {
        let name = self.name.as_str();
        let is_it = if self.is_prefix { interface.starts_with(name) } else { interface == name };
        is_it != self.invert
    }

    /// As iptables writes it: `! -i veth+`.
    pub(super) fn for_iptables(&self) -> impl fmt::Display {
        let (not, all) = (if self.invert { "! " } else { "" }, if self.is_prefix { "+" } else { "" });
        Text { before: [not, "-i "], name: self.name, after: all }
    }

    /// As nft does: `iifname != veth*`.
    pub(super) fn for_nft(&self) -> impl fmt::Display {
        let (not, all) = (if self.invert { "!= " } else { "" }, if self.is_prefix { "*" } else { "" });
        Text { before: ["iifname ", not], name: self.name, after: all }
    }
}

struct Text {
    before: [&'static str; 2],
    name: InterfaceName,
    after: &'static str,
}

impl fmt::Display for Text {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let [first, second] = self.before;
        write!(f, "{first}{second}{}{}", self.name.as_str(), self.after)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_as_long_as_the_kernel_allows() {
        for (name, is_one) in [
            ("cni0", true),
            ("abcdefghijklmno", true),
            ("abcdefghijklmnop", false),
            ("", false),
            ("..", false),
            ("a b", false),
            ("veth+", false),
        ] {
            assert_eq!(InterfaceName::new(name).is_some(), is_one, "{name}");
        }
    }

    #[test]
    fn an_interface_is_matched_by_its_name_or_its_beginning() {
        let check = |is_prefix, invert, interface: &str, holds: bool, texts: [&str; 2]| {
            let found =
                InterfaceMatch { name: InterfaceName::new("cni").expect("a name"), is_prefix, invert };
            assert_eq!(found.holds(interface), holds, "{texts:?} {interface}");
            assert_eq!([found.for_iptables().to_string(), found.for_nft().to_string()], texts);
        };
        check(false, false, "cni", true, ["-i cni", "iifname cni"]);
        check(false, false, "cni0", false, ["-i cni", "iifname cni"]);
        check(true, false, "cni0", true, ["-i cni+", "iifname cni*"]);
        check(true, true, "cni0", false, ["! -i cni+", "iifname != cni*"]);
        check(true, true, "", true, ["! -i cni+", "iifname != cni*"]);
    }
}
