#![doc = include_str!("../README.md")]
//!
//! # The parts
//!
//! Rules are data ([`RuleSet`], [`nft::Table`], [`IpvsRules`]). A [`Stack`] runs packets through them with the
//! kernel's semantics, and printing them gives text that `iptables-restore`, `nft -f` or `ipvsadm -R` accepts. So
//! what is printed and what decides are one thing. [`receive`] and [`send`] lead a packet from hook to hook.
//!
//! iptables is always there. Which rules stand beside it is a variant of [`Rules`]; what the kernel makes of
//! those is one of `Backend`.
//!
//! # A chain, a trace, and what is printed
//!
//! ```rust
//! use netfilter::{
//!     AddressMatch, Chain, Chance, Context, Family, Match, Protocol, Route, Rule, RuleSet, Rules, Skb, Stack, Target,
//!     TcpFlags, Time, Tuple,
//! };
//!
//! // A DNAT for what is sent to 10.96.0.1:80, as `iptables -t nat` would add it.
//! let to_virtual_address = [
//!     Match::Destination(AddressMatch::host([10, 96, 0, 1].into())),
//!     Match::Protocol(Protocol::Tcp),
//!     Match::DestinationPort(80),
//! ];
//! let mut rules = RuleSet::empty(Family::V4);
//! let web = rules.nat.declare(Chain::new("WEB".into()));
//! let prerouting = rules.nat.find("PREROUTING").expect("a built-in chain");
//! rules.nat.append(prerouting, Rule::new(&to_virtual_address, Target::Jump(web)));
//! let to_server = Target::Dnat("10.0.0.2:8080".parse()?);
//! rules.nat.append(web, Rule::new(&[Match::Protocol(Protocol::Tcp)], to_server));
//! print!("{rules}");
//!
//! // A router with one address, and a packet that comes in.
//! let address = [192, 168, 0, 1].into();
//! let mut router = Stack::new(vec![address], Family::V4);
//! router.set_rules(Rules::Iptables(rules.into()));
//! let asked = Tuple {
//!     src: [192, 168, 0, 7].into(),
//!     src_port: 40_000,
//!     dst: [10, 96, 0, 1].into(),
//!     dst_port: 80,
//!     protocol: Protocol::Tcp,
//! };
//! let mut packet = Skb::tcp(asked, TcpFlags::SYN);
//! let mut hits = Vec::new();
//! let (now, chance) = (Time::ZERO, Chance::new(1));
//! let mut cx = Context { now, chance, flow: 0, node: 0, trace: Some(&mut hits) };
//! let verdict = router.receive(&mut packet, &mut cx, |_| Route::Out(address));
//!
//! println!("{verdict:?}: to {}:{} by {} rules", packet.tuple.dst, packet.tuple.dst_port, hits.len());
//! assert_eq!((packet.tuple.dst.to_string().as_str(), packet.tuple.dst_port), ("10.0.0.2", 8080));
//! assert_eq!(hits.len(), 2);
//! # Ok::<(), std::net::AddrParseError>(())
//! ```
//!
//! The answer, `packet.tuple.reversed()`, is rewritten back on its way through the same [`Stack`].
//!
//! # Where the model departs from Linux
//!
//! | departure | why it does not matter here |
//! |---|---|
//! | no fragments, sequence numbers, windows or checksums, so no packet is INVALID for being out of window | the network reorders and loses, but never forges |
//! | a packet crosses a node at one moment, so two first packets never race for one tuple | the only visible loss would be a rare clash at confirmation |
//! | there is one network namespace on a machine | no rule stands in another |
//! | SCTP is tracked like UDP, with SCTP's time-outs | no rule looks at its state |
//! | mangle, raw and security tables do not exist | no rule here stands in one |

mod address;
mod backend;
mod chain;
mod chance;
mod check;
mod conntrack;
mod eval;
mod hooks;
mod interface;
mod ipset;
mod ipvs;
mod lazy;
mod matches;
mod nat;
pub mod nft;
mod owner;
mod packet;
mod per_family;
mod print;
mod queue;
mod recent;
mod rules;
mod ruleset;
mod skb;
mod stack;
#[cfg(test)]
mod tests;
mod time;
mod traverse;

pub use address::{Cidr, CidrError, Protocol, Tuple};
pub use chain::{Chain, ChainId, Rule, Target};
pub use chance::{Chance, KernelPurpose, Purpose};
pub use check::{JumpProblem, jump_problems};
pub use conntrack::{Conntrack, CtStates, Direction, Entry, SctpState, TcpState, Timeouts};
pub use hooks::Hooks;
pub use interface::{InterfaceMatch, InterfaceName};
pub use ipset::{IpSet, SetEnds, SetEntry, SetId, SetType};
pub use ipvs::{
    Ipvs, IpvsConnection, IpvsDrop, IpvsRules, IpvsSctpState, IpvsState, RealServer, Scheduler, ServerKey,
    VirtualServer, VirtualServerState,
};
pub use lazy::LazyRuleSet;
pub use matches::{AddressMatch, End, ListId, MarkOp, Match, Probability, RejectWith};
pub use owner::Owner;
pub use per_family::PerFamily;
pub use queue::EventQueue;
pub use recent::RecentTables;
pub use rules::{RuleEffect, Rules};
pub use ruleset::{Family, Hook, Policy, RuleGroup, RuleRef, RuleSet, Table, TableName};
pub use skb::{Chunk, Ct, CtRef, Echo, IcmpCode, IcmpError, IpvsMark, Kind, Skb, TcpFlags};
pub use stack::{Context, Loss, RuleHit, Stack, Verdict};
pub use time::{Span, Time};
pub use traverse::{Host, Route, Traversal, receive, send};

/// Text that is written once and shared from then on.
pub type Str = std::sync::Arc<str>;
