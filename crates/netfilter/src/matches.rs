//! The matches that a rule can have.

use std::fmt;
use std::net::IpAddr;

use super::conntrack::CtStates;
use super::ipset::{SetEnds, SetId};
use super::ipvs::ServerKey;
use crate::InterfaceMatch;
use crate::{Cidr, Protocol};

/// One condition of a rule.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Match {
    /// `-s`
    Source(AddressMatch),
    /// `-d`
    Destination(AddressMatch),
    /// `-i`
    InInterface(InterfaceMatch),
    /// `-m tcp -p tcp`
    Protocol(Protocol),
    /// `--dport`; it needs a protocol before it.
    DestinationPort(u16),
    /// `-m addrtype --src-type LOCAL` or `--dst-type LOCAL`: an address of this node.
    Local(End),
    /// `-m mark --mark VALUE/MASK`
    Mark { value: u32, mask: u32, invert: bool },
    /// `-m conntrack --ctstate A,B`
    CtState { any_of: CtStates, invert: bool },
    /// `-m statistic --mode random --probability P`
    Statistic {
        probability: Probability,
        /// Which of the chain's statistic matches this is: the ordinal of its draw.
        ordinal: u32,
    },
    /// `-m recent --name LIST --rcheck --seconds N --reap`
    RecentCheck { list: ListId, seconds: u32 },
    /// `-m recent --name LIST --set`: always true; notes the source address.
    RecentSet { list: ListId },
    /// `-m set --match-set NAME ENDS`
    Set { set: SetId, ends: SetEnds },
    /// `-p tcp` alone, before a comment.
    ProtocolOnly(Protocol),
    /// `-m addrtype ! --src-type LOCAL`
    SourceNotLocal,
    /// `-m physdev ! --physdev-is-in`: it did not come in by a bridge's port.
    NotPhysdevIn,
    /// `-m nfacct --nfacct-name NAME`: always true; a counter of the kernel counts the packet.
    Nfacct(&'static str),
    /// `-m ipvs --vaddr A --vproto P --vport N`: a request that IPVS rewrote for this virtual server.
    Ipvs(ServerKey),
}

/// Which address of a packet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum End {
    Source,
    Destination,
}

/// An address or a prefix, and whether the packet's address must be inside or outside.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AddressMatch {
    prefix: Cidr,
    invert: bool,
    /// Written without a length.
    host: bool,
}

impl AddressMatch {
    pub fn host(address: IpAddr) -> AddressMatch {
        AddressMatch { prefix: Cidr::host(address), invert: false, host: true }
    }

    pub fn within(prefix: Cidr) -> AddressMatch {
        AddressMatch { prefix, invert: false, host: false }
    }

    pub fn outside(prefix: Cidr) -> AddressMatch {
        AddressMatch { prefix, invert: true, host: false }
    }

    pub fn prefix(self) -> Cidr {
        self.prefix
    }

    pub fn is_inverted(self) -> bool {
        self.invert
    }

    /// The only address that it matches, if it is a single address.
    pub fn only_address(self) -> Option<IpAddr> {
        (self.host && !self.invert).then(|| self.prefix.address())
    }

    #[inline]
    pub fn holds(&self, address: &IpAddr) -> bool {
        self.is_inside(address) != self.invert
    }

    /// As [`Cidr::contains`], but faster: it needs no mask.
    #[inline]
    fn is_inside(&self, address: &IpAddr) -> bool {
        let length = u32::from(self.prefix.length());
        match (self.prefix.address(), address) {
            (IpAddr::V4(prefix), IpAddr::V4(address)) => {
                let differing = u32::from(prefix) ^ u32::from(*address);
                differing.checked_shr(32 - length).unwrap_or(0) == 0
            }
            (IpAddr::V6(prefix), IpAddr::V6(address)) => {
                let differing = u128::from(prefix) ^ u128::from(*address);
                differing.checked_shr(128 - length).unwrap_or(0) == 0
            }
            (IpAddr::V4(_), IpAddr::V6(_)) | (IpAddr::V6(_), IpAddr::V4(_)) => false,
        }
    }
}

impl fmt::Display for AddressMatch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.host { write!(f, "{}", self.prefix.address()) } else { write!(f, "{}", self.prefix) }
    }
}

/// A list of the `recent` match: an index into [`super::RuleGroup::recent_lists`] of the group whose chain
/// names it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ListId(pub u32);

/// What MARK does to a packet's mark.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MarkOp {
    Or(u32),
    Xor(u32),
    Set(u32),
}

/// What REJECT answers with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RejectWith {
    /// The default, in both families: a TCP client sees "connection refused".
    PortUnreachable,
    TcpReset,
}

/// The probability of a statistic match, as written: ten digits after the point.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Probability {
    /// In units of 10^-10.
    digits: u64,
    /// What the kernel compares 31 random bits with.
    threshold: u32,
}

/// 10^10.
const SCALE: u64 = 10_000_000_000;

impl Probability {
    /// As Go writes it (`fmt.Sprintf("%0.10f", 1.0/n)`), and as C does. A half in the eleventh digit goes to the even neighbour, as Go rounds the exact value of a double
    /// (such a half is exact for n = 2048 only; 10240 and above depend on the double).
    pub fn one_in(n: u32) -> Probability {
        let n = u64::from(n.max(1));
        let (quotient, rest) = (SCALE / n, SCALE % n);
        let up = match (2 * rest).cmp(&n) {
            std::cmp::Ordering::Less => false,
            std::cmp::Ordering::Equal => quotient % 2 == 1,
            std::cmp::Ordering::Greater => true,
        };
        Probability::from_digits(quotient + u64::from(up))
    }

    /// `digits` in units of 10^-10, at most 10^10.
    pub fn from_digits(digits: u64) -> Probability {
        let digits = digits.min(SCALE);
        // libxt_statistic.c: lround(0x80000000 * probability).
        // Above and below divided by 512, so that it stays within 64 bits.
        let threshold = (digits * (1 << 22) + SCALE / 1024) / (SCALE / 512);
        Probability { digits, threshold: u32::try_from(threshold).unwrap_or(u32::MAX) }
    }

    /// In units of 10^-10.
    pub fn digits(self) -> u64 {
        self.digits
    }

    /// The `n` of "one in n", for display.
    pub fn inverse(self) -> u64 {
        (SCALE + self.digits / 2) / self.digits.max(1)
    }

    /// xt_statistic.c, statistic_mt: `(get_random_u32() & 0x7FFFFFFF) < probability`.
    #[inline]
    pub fn holds(self, random: u64) -> bool {
        ((random >> 32) as u32 & 0x7fff_ffff) < self.threshold
    }
}

impl fmt::Display for Probability {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{:010}", self.digits / SCALE, self.digits % SCALE)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_match_agrees_with_its_prefix() {
        for prefix in ["0.0.0.0/0", "10.244.0.0/16", "10.244.1.5/32", "::/0", "fd00::/48", "::1/128"] {
            let prefix: Cidr = prefix.parse().unwrap();
            for address in ["10.244.1.5", "10.245.0.0", "127.0.0.1", "::1", "fd00::7", "fd01::7"] {
                let address = address.parse().unwrap();
                assert_eq!(AddressMatch::within(prefix).holds(&address), prefix.contains(address));
                assert_ne!(AddressMatch::outside(prefix).holds(&address), prefix.contains(address));
            }
        }
    }

    /// The table of TestComputeProbability (pkg/proxy/iptables/proxier_test.go).
    #[test]
    fn probabilities_are_printed_with_ten_digits() {
        let cases = [
            (1, "1.0000000000"),
            (2, "0.5000000000"),
            (3, "0.3333333333"),
            (6, "0.1666666667"),
            (10, "0.1000000000"),
            (100, "0.0100000000"),
            (1000, "0.0010000000"),
            (2048, "0.0004882812"),
            (10000, "0.0001000000"),
            (100_000, "0.0000100000"),
            (100_001, "0.0000099999"),
        ];
        for (n, text) in cases {
            assert_eq!(Probability::one_in(n).to_string(), text, "1/{n}");
        }
    }

    #[test]
    fn thresholds_are_what_iptables_gives_the_kernel() {
        assert_eq!(Probability::one_in(2).threshold, 0x4000_0000);
        assert_eq!(Probability::one_in(3).threshold, 715_827_883);
        assert_eq!(Probability::one_in(1).threshold, 0x8000_0000);
        assert_eq!(Probability::one_in(7).inverse(), 7);
    }
}
