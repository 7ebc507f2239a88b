//! What a node's kernel does to packets: rule sets, their evaluation, conntrack and NAT.
//!
//! Rules are data ([`RuleSet`], [`nft::Table`]): kube-proxy writes them, [`Stack`] runs packets through
//! them with the kernel's semantics, and printing them gives text that `iptables-restore` or `nft -f`
//! accepts. So what is drawn, what is printed and what decides are one thing.
//!
//! iptables is always there. What else a mode of kube-proxy writes and keeps stands behind two traits:
//! `Backend`, the rules, and `Subsystem`, what the kernel makes of them.
//!
//! Where the model departs from Linux:
//!
//! | departure | why it does not matter here |
//! |---|---|
//! | no fragments, sequence numbers, windows or checksums, so no packet is INVALID for being out of window | the network reorders and loses, but never forges |
//! | a packet crosses a node at one moment, so two first packets never race for one tuple | the only visible loss would be a rare clash at confirmation |
//! | a Pod's own network namespace has no conntrack | no rule in it ever looks |
//! | SCTP is tracked like UDP, with SCTP's time-outs | no rule looks at its state |
//! | mangle, raw and security tables do not exist | kube-proxy writes nothing there but a canary chain |

mod address;
mod backend;
mod chain;
mod chance;
mod check;
mod conntrack;
mod eval;
mod ipset;
mod ipvs;
mod matches;
mod nat;
pub mod nft;
mod owner;
mod packet;
mod print;
mod queue;
mod recent;
mod rules;
mod skb;
mod stack;
mod subsystem;
mod time;
mod walk;

pub use address::{Cidr, CidrError, Protocol, Tuple};
pub use backend::{RuleEffect, Rules};
pub use chain::{Chain, ChainId, Rule, Target};
pub use chance::{Chance, KernelPurpose, Purpose};
pub use check::{JumpProblem, jump_problems};
pub use conntrack::{Conntrack, CtStates, Direction, Entry, TcpState, Timeouts};
pub use ipset::{IpSet, SetEnds, SetEntry, SetId, SetType};
pub use ipvs::{
    Ipvs, IpvsConnection, IpvsDrop, IpvsRules, IpvsState, RealServer, Scheduler, ServerKey, VirtualServer,
    VirtualServerState,
};
pub use matches::{AddressMatch, End, ListId, MarkOp, Match, Probability, RejectWith};
pub use owner::Owner;
pub use queue::EventQueue;
pub use recent::RecentTables;
pub use rules::{Family, Hook, Policy, RuleGroup, RuleRef, RuleSet, Table, TableName};
pub use skb::{Ct, CtRef, IcmpCode, IcmpError, IpvsMark, Kind, Skb, TcpFlags};
pub use stack::{Cx, Loss, RuleHit, Stack, Verdict};
pub use time::{Span, Time};
pub use walk::{Host, Passage, Route, receive, send};

/// Text that is written once and shared from then on.
pub type Str = std::sync::Arc<str>;
