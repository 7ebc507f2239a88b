//! Rule sets as text that `iptables-restore` (or `ip6tables-restore`) accepts. Rules are printed chain by
//! chain, as by `iptables-save`, and matches in the order in which the rule has them.

use std::fmt::{self, Display, Formatter, Write};

use super::chain::{Chain, ChainId, Rule, Target};
use super::ipvs::ServerKey;
use super::matches::{AddressMatch, End, MarkOp, Match, RejectWith};
use super::ruleset::{Policy, RuleRef, RuleSet, Table, TableName};
use crate::Str;

impl Display for RuleSet {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        for name in [TableName::Filter, TableName::Nat] {
            let table = self.table(name);
            writeln!(f, "*{}", name.as_str())?;
            for (_, chain) in table.chains() {
                let policy = match chain.policy {
                    None => "-",
                    Some(Policy::Accept) => "ACCEPT",
                    Some(Policy::Drop) => "DROP",
                };
                writeln!(f, ":{} {policy} [0:0]", chain.name)?;
            }
            for (id, chain) in table.chains() {
                for rule in chain.rules() {
                    writeln!(f, "{}", self.line(table, id, chain, rule))?;
                }
            }
            f.write_str("COMMIT\n")?;
        }
        Ok(())
    }
}

impl RuleSet {
    /// The rules alone, each behind `prefix`.
    pub(super) fn write_lines(&self, f: &mut Formatter<'_>, prefix: &str) -> fmt::Result {
        for name in [TableName::Filter, TableName::Nat] {
            let table = self.table(name);
            for (id, chain) in table.chains() {
                for rule in chain.rules() {
                    writeln!(f, "{prefix}-t {} {}", name.as_str(), self.line(table, id, chain, rule))?;
                }
            }
        }
        Ok(())
    }

    /// One rule's `-A` line, without the newline.
    pub fn rule_line(&self, at: RuleRef) -> Option<String> {
        let table = self.table(at.table);
        let chain = table.chain(at.chain)?;
        let rule = chain.rules().get(at.rule as usize)?;
        Some(self.line(table, at.chain, chain, rule).to_string())
    }

    fn line<'a>(&'a self, table: &'a Table, id: ChainId, chain: &'a Chain, rule: &'a Rule) -> Line<'a> {
        Line { table, id, chain, rule, sets: &self.set_names }
    }
}

struct Line<'a> {
    table: &'a Table,
    id: ChainId,
    chain: &'a Chain,
    rule: &'a Rule,
    sets: &'a [Str],
}

impl Display for Line<'_> {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        write!(f, "-A {}", self.chain.name)?;
        // In a built-in chain, to which rules are added one by one, the comment follows the matches;
        // elsewhere it comes first.
        let comment_first = self.chain.policy.is_none();
        if let Some(Match::ProtocolOnly(protocol)) = self.rule.matches().first() {
            write!(f, " -p {}", protocol.lower())?;
        }
        if comment_first {
            self.comment(f)?;
        }
        for condition in self.rule.matches() {
            self.condition(f, condition)?;
        }
        if !comment_first {
            self.comment(f)?;
        }
        self.target(f)
    }
}

impl Line<'_> {
    fn comment(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match &self.rule.comment {
            None => Ok(()),
            Some(comment) if comment.contains(' ') => {
                write!(f, " -m comment --comment \"{comment}\"")
            }
            Some(comment) => write!(f, " -m comment --comment {comment}"),
        }
    }

    fn condition(&self, f: &mut Formatter<'_>, condition: &Match) -> fmt::Result {
        match *condition {
            Match::Source(prefix) => address(f, "-s", prefix),
            Match::Destination(prefix) => address(f, "-d", prefix),
            Match::InInterface(interface) => write!(f, " {}", interface.for_iptables()),
            Match::Protocol(protocol) => {
                let name = protocol.lower();
                write!(f, " -m {name} -p {name}")
            }
            Match::DestinationPort(port) => write!(f, " --dport {port}"),
            Match::Local(End::Source) => f.write_str(" -m addrtype --src-type LOCAL"),
            Match::Local(End::Destination) => f.write_str(" -m addrtype --dst-type LOCAL"),
            Match::Mark { value, mask, invert } => {
                write!(f, " -m mark{} --mark {}/{}", not(invert), Mark(value), Mark(mask))
            }
            Match::CtState { any_of, invert } => {
                write!(f, " -m conntrack{} --ctstate {any_of}", not(invert))
            }
            Match::Statistic { probability, .. } => {
                write!(f, " -m statistic --mode random --probability {probability}")
            }
            Match::RecentCheck { list, seconds } => {
                let name = self.list(list.0);
                write!(f, " -m recent --name {name} --rcheck --seconds {seconds} --reap")
            }
            Match::RecentSet { list } => write!(f, " -m recent --name {} --set", self.list(list.0)),
            Match::Set { set, ends } => {
                let name = self.sets.get(set.0 as usize).map_or("?", |name| name);
                write!(f, " -m set --match-set {name} {}", ends.as_str())
            }
            // Written before the comment.
            Match::ProtocolOnly(_) => Ok(()),
            Match::SourceNotLocal => f.write_str(" -m addrtype ! --src-type LOCAL"),
            Match::NotPhysdevIn => f.write_str(" -m physdev ! --physdev-is-in"),
            Match::Nfacct(name) => write!(f, " -m nfacct --nfacct-name {name}"),
            Match::Ipvs(ServerKey { address, port, protocol }) => {
                write!(f, " -m ipvs --vaddr {address} --vproto {} --vport {port}", protocol.lower())
            }
        }
    }

    fn target(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self.rule.target {
            Target::None => Ok(()),
            Target::Accept => f.write_str(" -j ACCEPT"),
            Target::Drop => f.write_str(" -j DROP"),
            Target::Reject(RejectWith::PortUnreachable) => f.write_str(" -j REJECT"),
            Target::Reject(RejectWith::TcpReset) => f.write_str(" -j REJECT --reject-with tcp-reset"),
            Target::Return => f.write_str(" -j RETURN"),
            Target::Jump(to) => {
                write!(
                    f,
                    " -j {}",
                    self.table.chain(to.within(self.id.group())).map_or("?", |chain| &chain.name)
                )
            }
            Target::Dnat(to) => write!(f, " -j DNAT --to-destination {to}"),
            Target::Masquerade { random_fully: true } => f.write_str(" -j MASQUERADE --random-fully"),
            Target::Masquerade { random_fully: false } => f.write_str(" -j MASQUERADE"),
            Target::Mark(MarkOp::Or(bits)) => write!(f, " -j MARK --or-mark {}", Mark(bits)),
            Target::Mark(MarkOp::Xor(bits)) => write!(f, " -j MARK --xor-mark {}", Mark(bits)),
            Target::Mark(MarkOp::Set(bits)) => write!(f, " -j MARK --set-mark {}", Mark(bits)),
        }
    }

    fn list(&self, id: u32) -> &str {
        self.table
            .group_of(self.id)
            .and_then(|port| port.recent_lists.get(id as usize))
            .map_or("?", |name| name)
    }
}

/// As Go's `%#08x` prints it (NewProxier): eight digits, and `0x` before them.
struct Mark(u32);

impl Display for Mark {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        write!(f, "{:#010x}", self.0)
    }
}

fn not(invert: bool) -> &'static str {
    if invert { " !" } else { "" }
}

fn address(f: &mut Formatter<'_>, flag: &str, prefix: AddressMatch) -> fmt::Result {
    f.write_str(not(prefix.is_inverted()))?;
    f.write_char(' ')?;
    write!(f, "{flag} {prefix}")
}
