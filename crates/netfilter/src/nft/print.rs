//! A table as text: what `nft list table` prints of it, which is what `nft -f` reads. Chains and sets
//! stand in the order in which they were declared.

use std::fmt::{self, Display, Formatter, Write};
use std::net::{IpAddr, SocketAddr};

use super::rule::{DnatTo, Rule, Statement, Verdict};
use super::set::{Element, Field, Key, Set, SetId, SetKind};
use super::table::{BaseChain, Chain, ChainType, Table};
use crate::Cidr;
use crate::chain::ChainId;
use crate::conntrack::CtStates;
use crate::matches::{End, MarkOp};
use crate::ruleset::{Family, Hook, RuleRef};

impl Display for Table {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        writeln!(f, "table {} {} {{", self.ip(), self.name)?;
        if let Some(comment) = &self.comment {
            writeln!(f, "\tcomment \"{comment}\"")?;
        }
        for (index, (_, set)) in self.sets().enumerate() {
            if index > 0 {
                f.write_char('\n')?;
            }
            self.write_set(f, set)?;
        }
        for (id, chain) in self.chains() {
            f.write_char('\n')?;
            self.write_chain(f, id, chain)?;
        }
        f.write_str("}\n")
    }
}

impl Table {
    /// A rule, or an element of a set or map, as nft takes it alone.
    pub fn line(&self, at: RuleRef) -> Option<String> {
        if let Some(rule) = self.rule(at) {
            let (ip, chain) = (self.ip(), &self.chain(at.chain)?.name);
            let text = RuleText { table: self, group: at.chain.group(), rule };
            return Some(format!("add rule {ip} {} {chain} {text}", self.name));
        }
        let (set, element) = (self.set_of(at)?, self.element(at)?);
        let text = ElementText { table: self, set, element };
        Some(format!("add element {} {} {} {{ {text} }}", self.ip(), self.name, set.name))
    }

    /// `ip` or `ip6`.
    fn ip(&self) -> &'static str {
        match self.family {
            Family::V4 => "ip",
            Family::V6 => "ip6",
        }
    }

    fn write_set(&self, f: &mut Formatter<'_>, set: &Set) -> fmt::Result {
        let (word, verdict) = match set.kind {
            SetKind::Verdicts => ("map", " : verdict"),
            SetKind::Plain | SetKind::Dynamic { .. } => ("set", ""),
        };
        writeln!(f, "\t{word} {} {{", set.name)?;
        f.write_str("\t\ttype ")?;
        for (index, field) in set.key.fields.iter().enumerate() {
            f.write_str(if index > 0 { " . " } else { "" })?;
            f.write_str(match (field, self.family) {
                (Field::Source | Field::Destination, Family::V4) => "ipv4_addr",
                (Field::Source | Field::Destination, Family::V6) => "ipv6_addr",
                (Field::Protocol, _) => "inet_proto",
                (Field::DestinationPort, _) => "inet_service",
            })?;
        }
        writeln!(f, "{verdict}")?;
        if let SetKind::Dynamic { timeout_s } = set.kind {
            writeln!(f, "\t\tsize {}\n\t\tflags dynamic,timeout", super::DYNAMIC_SET_SIZE)?;
            writeln!(f, "\t\ttimeout {}", Timeout(timeout_s))?;
        }
        if let Some(comment) = &set.comment {
            writeln!(f, "\t\tcomment \"{comment}\"")?;
        }
        self.write_elements(f, set)?;
        f.write_str("\t}\n")
    }

    fn write_elements(&self, f: &mut Formatter<'_>, set: &Set) -> fmt::Result {
        if set.elements().is_empty() {
            return Ok(());
        }
        let mut elements: Vec<&Element> = set.elements().iter().collect();
        elements.sort_by_key(|element| rank(set.key, element));
        // nft puts two IPv4 addresses on a line, and one of anything longer.
        let on_a_line = if set.key.fields.len() == 1 && self.family == Family::V4 { 2 } else { 1 };
        f.write_str("\t\telements = { ")?;
        for (index, element) in elements.into_iter().enumerate() {
            f.write_str(match index {
                0 => "",
                _ if index % on_a_line == 0 => ",\n\t\t\t     ",
                _ => ", ",
            })?;
            write!(f, "{}", ElementText { table: self, set, element })?;
        }
        f.write_str(" }\n")
    }

    fn write_chain(&self, f: &mut Formatter<'_>, id: ChainId, chain: &Chain) -> fmt::Result {
        writeln!(f, "\tchain {} {{", chain.name)?;
        if let Some(comment) = &chain.comment {
            writeln!(f, "\t\tcomment \"{comment}\"")?;
        }
        if let Some(base) = chain.base {
            writeln!(f, "\t\t{base}")?;
        }
        for rule in &chain.rules {
            writeln!(f, "\t\t{}", RuleText { table: self, group: id.group(), rule })?;
        }
        f.write_str("\t}\n")
    }
}

/// The order in which nft lists elements: a single key as a number; a concatenation by its last part first,
/// each part with its bytes reversed (src/mergesort.c, expr_msort_value).
fn rank(key: Key, element: &Element) -> [u128; 4] {
    let mut rank = [0; 4];
    let turned = key.fields.len() > 1;
    for (place, field) in key.fields.iter().rev().enumerate() {
        let tuple = &element.key;
        rank[place] = match field {
            Field::Source => address_rank(tuple.src, turned),
            Field::Destination => address_rank(tuple.dst, turned),
            Field::Protocol => u128::from(tuple.protocol.number(Family::of(tuple.dst))),
            Field::DestinationPort if turned => u128::from(tuple.dst_port.swap_bytes()),
            Field::DestinationPort => u128::from(tuple.dst_port),
        };
    }
    rank
}

fn address_rank(address: IpAddr, turned: bool) -> u128 {
    match address {
        IpAddr::V4(a) if turned => u128::from(u32::from(a).swap_bytes()),
        IpAddr::V4(a) => u128::from(u32::from(a)),
        IpAddr::V6(a) if turned => u128::from(a).swap_bytes(),
        IpAddr::V6(a) => u128::from(a),
    }
}

impl Display for BaseChain {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let type_ = match self.type_ {
            ChainType::Filter => "filter",
            ChainType::Nat => "nat",
        };
        let hook = self.hook.as_str().to_ascii_lowercase();
        write!(f, "type {type_} hook {hook} priority ")?;
        // nft prints a priority relative to a standard name of the hook that is near it.
        let (name, of) = match self.hook {
            Hook::Prerouting if self.priority < -50 => ("dstnat", -100),
            Hook::Postrouting if self.priority > 50 => ("srcnat", 100),
            Hook::Prerouting | Hook::Input | Hook::Forward | Hook::Output | Hook::Postrouting => {
                ("filter", 0)
            }
        };
        match self.priority - of {
            0 => f.write_str(name)?,
            more @ 1..=10 => write!(f, "{name} + {more}")?,
            less @ -10..0 => write!(f, "{name} - {}", -less)?,
            _ => write!(f, "{}", self.priority)?,
        }
        f.write_str("; policy accept;")
    }
}

/// As nft writes a time: `3h`, `1m30s`.
struct Timeout(u32);

impl Display for Timeout {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let (d, h, m, s) = (self.0 / 86_400, self.0 / 3_600 % 24, self.0 / 60 % 60, self.0 % 60);
        for (n, unit) in [(d, 'd'), (h, 'h'), (m, 'm'), (s, 's')] {
            if n > 0 {
                write!(f, "{n}{unit}")?;
            }
        }
        Ok(())
    }
}

struct ElementText<'a> {
    table: &'a Table,
    set: &'a Set,
    element: &'a Element,
}

impl Display for ElementText<'_> {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let tuple = &self.element.key;
        for (index, field) in self.set.key.fields.iter().enumerate() {
            f.write_str(if index > 0 { " . " } else { "" })?;
            match field {
                Field::Source => write!(f, "{}", tuple.src)?,
                Field::Destination => write!(f, "{}", tuple.dst)?,
                Field::Protocol => f.write_str(tuple.protocol.lower())?,
                Field::DestinationPort => write!(f, "{}", tuple.dst_port)?,
            }
        }
        if let Some(comment) = &self.element.comment {
            write!(f, " comment \"{comment}\"")?;
        }
        match self.element.verdict {
            Some(verdict) => write!(f, " : {}", VerdictText { table: self.table, verdict }),
            None => Ok(()),
        }
    }
}

struct VerdictText<'a> {
    table: &'a Table,
    verdict: Verdict,
}

impl Display for VerdictText<'_> {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let name = |id| self.table.chain(id).map_or("?", |chain| &*chain.name);
        match self.verdict {
            Verdict::Accept => f.write_str("accept"),
            Verdict::Drop => f.write_str("drop"),
            Verdict::Return => f.write_str("return"),
            Verdict::Jump(to) => write!(f, "jump {}", name(to)),
            Verdict::Goto(to) => write!(f, "goto {}", name(to)),
        }
    }
}

struct RuleText<'a> {
    table: &'a Table,
    /// That of the rule's chain.
    group: u32,
    rule: &'a Rule,
}

impl Display for RuleText<'_> {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        for (index, statement) in self.rule.statements().iter().enumerate() {
            if index > 0 {
                f.write_char(' ')?;
            }
            self.statement(f, statement)?;
        }
        match &self.rule.comment {
            Some(comment) => write!(f, " comment \"{comment}\""),
            None => Ok(()),
        }
    }
}

impl RuleText<'_> {
    fn statement(&self, f: &mut Formatter<'_>, statement: &Statement) -> fmt::Result {
        match statement {
            Statement::CtState(states) => {
                f.write_str("ct state ")?;
                write_states(f, *states)
            }
            Statement::CtStatusDnat => f.write_str("ct status dnat"),
            Statement::Address(end, prefix) => {
                self.address(f, *end)?;
                let not = if prefix.is_inverted() { " != " } else { " " };
                f.write_str(not)?;
                write_prefix(f, prefix.prefix())
            }
            Statement::OutsideOf(end, prefixes) => {
                self.address(f, *end)?;
                f.write_str(" != ")?;
                write_prefixes(f, prefixes)
            }
            Statement::InInterface(interface) => write!(f, "{}", interface.for_nft()),
            Statement::Local(End::Source) => f.write_str("fib saddr type local"),
            Statement::Local(End::Destination) => f.write_str("fib daddr type local"),
            Statement::Protocol(protocol) => write!(f, "meta l4proto {}", protocol.lower()),
            Statement::Marked(bits) => write_marked(f, *bits),
            Statement::In(set) => {
                self.key(f, *set)?;
                write!(f, " @{}", self.set_name(*set))
            }
            Statement::Mark(op) => write_mark(f, *op),
            Statement::Vmap(map) => {
                self.key(f, *map)?;
                write!(f, " vmap @{}", self.set_name(*map))
            }
            Statement::NumgenVmap(verdicts) => self.numgen_vmap(f, verdicts),
            Statement::Update(set) => {
                write!(f, "update @{} {{ ", self.set_name(*set))?;
                self.key(f, *set)?;
                f.write_str(" }")
            }
            Statement::Dnat(DnatTo::One(to)) => write!(f, "dnat to {to}"),
            Statement::Dnat(DnatTo::Numgen(targets)) => self.numgen_dnat(f, targets),
            Statement::Masquerade { fully_random: true } => f.write_str("masquerade fully-random"),
            Statement::Masquerade { fully_random: false } => f.write_str("masquerade"),
            Statement::Reject => f.write_str("reject"),
            Statement::Verdict(verdict) => {
                write!(f, "{}", self.verdict(*verdict))
            }
        }
    }

    fn verdict(&self, verdict: Verdict) -> VerdictText<'_> {
        VerdictText { table: self.table, verdict: verdict.within(self.group) }
    }

    fn numgen_vmap(&self, f: &mut Formatter<'_>, verdicts: &[Verdict]) -> fmt::Result {
        write!(f, "numgen random mod {} vmap {{ ", verdicts.len())?;
        for (index, verdict) in verdicts.iter().enumerate() {
            let comma = if index > 0 { ", " } else { "" };
            write!(f, "{comma}{index} : {}", self.verdict(*verdict))?;
        }
        f.write_str(" }")
    }

    fn numgen_dnat(&self, f: &mut Formatter<'_>, targets: &[SocketAddr]) -> fmt::Result {
        let (ip, count) = (self.table.ip(), targets.len());
        write!(f, "dnat {ip} to numgen random mod {count} map {{ ")?;
        for (index, to) in targets.iter().enumerate() {
            let comma = if index > 0 { ", " } else { "" };
            write!(f, "{comma}{index} : {} . {}", to.ip(), to.port())?;
        }
        f.write_str(" }")
    }

    fn address(&self, f: &mut Formatter<'_>, end: End) -> fmt::Result {
        let field = if end == End::Source { "saddr" } else { "daddr" };
        write!(f, "{} {field}", self.table.ip())
    }

    /// The fields of a packet that a set's key is made of.
    fn key(&self, f: &mut Formatter<'_>, set: SetId) -> fmt::Result {
        let Some(set) = self.table.set((self.group, set)) else { return f.write_char('?') };
        for (index, field) in set.key.fields.iter().enumerate() {
            f.write_str(if index > 0 { " . " } else { "" })?;
            match field {
                Field::Source => self.address(f, End::Source)?,
                Field::Destination => self.address(f, End::Destination)?,
                Field::Protocol => f.write_str("meta l4proto")?,
                Field::DestinationPort => f.write_str("th dport")?,
            }
        }
        Ok(())
    }

    fn set_name(&self, id: SetId) -> &str {
        self.table.set((self.group, id)).map_or("?", |set| &set.name)
    }
}

/// Bits that are a prefix, such as bit 31 alone, nft lists as one (src/netlink_delinearize.c,
/// relational_binop_postprocess).
fn write_marked(f: &mut Formatter<'_>, bits: u32) -> fmt::Result {
    match bits.leading_ones() {
        length if length > 0 && length == bits.count_ones() => write!(f, "meta mark != 0x00000000/{length}"),
        _ => write!(f, "meta mark & {bits:#010x} != 0x00000000"),
    }
}

fn write_mark(f: &mut Formatter<'_>, op: MarkOp) -> fmt::Result {
    match op {
        MarkOp::Or(bits) => write!(f, "meta mark set meta mark | {bits:#010x}"),
        MarkOp::Xor(bits) => write!(f, "meta mark set meta mark ^ {bits:#010x}"),
        MarkOp::Set(bits) => write!(f, "meta mark set {bits:#010x}"),
    }
}

fn write_states(f: &mut Formatter<'_>, states: CtStates) -> fmt::Result {
    f.write_str(&states.to_string().to_ascii_lowercase())
}

fn write_prefix(f: &mut Formatter<'_>, prefix: Cidr) -> fmt::Result {
    let whole = if prefix.address().is_ipv4() { 32 } else { 128 };
    if prefix.length() == whole { write!(f, "{}", prefix.address()) } else { write!(f, "{prefix}") }
}

/// An anonymous set of prefixes as nft lists it: sorted, and adjacent ones merged. A single prefix is written
/// without braces.
fn write_prefixes(f: &mut Formatter<'_>, prefixes: &[Cidr]) -> fmt::Result {
    if let [only] = prefixes {
        return write_prefix(f, *only);
    }
    let six = prefixes.iter().any(|prefix| prefix.address().is_ipv6());
    for (index, (first, last)) in intervals(prefixes).into_iter().enumerate() {
        f.write_str(if index == 0 { "{ " } else { ", " })?;
        write_interval(f, first, last, six)?;
    }
    f.write_str(" }")
}

/// The first and the last address of each.
fn intervals(prefixes: &[Cidr]) -> Vec<(u128, u128)> {
    let ends = |prefix: &Cidr| {
        let first = address_rank(prefix.address(), false);
        let host_bits = if prefix.address().is_ipv4() { 32 } else { 128 } - u32::from(prefix.length());
        (first, first | 1u128.checked_shl(host_bits).unwrap_or(0).wrapping_sub(1))
    };
    let mut sorted: Vec<(u128, u128)> = prefixes.iter().map(ends).collect();
    sorted.sort_by(Ord::cmp);
    let mut merged: Vec<(u128, u128)> = Vec::new();
    for (first, last) in sorted {
        match merged.last_mut() {
            Some(before) if first <= before.1.saturating_add(1) => {
                before.1 = before.1.max(last);
            }
            _ => merged.push((first, last)),
        }
    }
    merged
}

/// As a prefix, if it is one.
fn write_interval(f: &mut Formatter<'_>, first: u128, last: u128, six: bool) -> fmt::Result {
    let address = |number: u128| match six {
        true => IpAddr::from(number.to_be_bytes()),
        false => IpAddr::from((number as u32).to_be_bytes()),
    };
    let hosts = first ^ last;
    let width = if six { 128 } else { 32 };
    let is_prefix = hosts & hosts.wrapping_add(1) == 0 && first & hosts == 0;
    match Cidr::new(address(first), width - hosts.count_ones() as u8) {
        Ok(prefix) if is_prefix => write_prefix(f, prefix),
        _ => write!(f, "{}-{}", address(first), address(last)),
    }
}
