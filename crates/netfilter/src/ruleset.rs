//! Rule sets of iptables.

use std::net::IpAddr;
use std::sync::Arc;

use super::chain::{Chain, ChainId, Rule};
use super::matches::ListId;
use super::recent::ListAt;
use serde::Serialize;

use crate::Str;

/// IPv4 or IPv6: the kernel keeps a rule set for each.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize)]
pub enum Family {
    #[default]
    V4,
    V6,
}

impl Family {
    pub fn of(address: IpAddr) -> Family {
        if address.is_ipv4() { Family::V4 } else { Family::V6 }
    }

    pub const fn other(self) -> Family {
        match self {
            Family::V4 => Family::V6,
            Family::V6 => Family::V4,
        }
    }

    /// `IPv4` or `IPv6`.
    pub const fn as_str(self) -> &'static str {
        match self {
            Family::V4 => "IPv4",
            Family::V6 => "IPv6",
        }
    }
}

/// Everything that `iptables-save` would print on a node, for one family. Immutable once built.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct RuleSet {
    pub family: Family,
    pub filter: Table,
    pub nat: Table,
    /// The names of the ipsets that rules match, by [`super::SetId`].
    pub set_names: Vec<Str>,
}

impl RuleSet {
    /// Built-in chains only, all of them empty.
    pub fn empty(family: Family) -> RuleSet {
        RuleSet {
            family,
            filter: Table::with_built_in(&["INPUT", "FORWARD", "OUTPUT"]),
            nat: Table::with_built_in(&["PREROUTING", "INPUT", "OUTPUT", "POSTROUTING"]),
            set_names: Vec::new(),
        }
    }

    pub fn table(&self, name: TableName) -> &Table {
        static NONE: Table = Table { fixed: Vec::new(), groups: Vec::new() };
        match name {
            TableName::Filter => &self.filter,
            TableName::Nat => &self.nat,
            // These are not tables of iptables.
            TableName::Ipvs | TableName::Nftables | TableName::NftablesElements => &NONE,
        }
    }

    /// The chain of a rule that a trace names.
    pub fn chain(&self, at: RuleRef) -> Option<&Chain> {
        self.table(at.table).chain(at.chain)
    }

    /// The rule that a trace or a verdict names.
    pub fn rule(&self, at: RuleRef) -> Option<&Rule> {
        self.chain(at)?.rules().get(at.rule as usize)
    }

    /// The built-in chains that may have an effect, as bits ([`Hook::bit`] of hook and table).
    pub(super) fn busy(&self) -> u16 {
        let mut busy = 0;
        for hook in Hook::ALL {
            for name in [TableName::Filter, TableName::Nat] {
                let chain = hook.chain(name).and_then(|id| self.table(name).chain(id));
                if chain.is_some_and(|chain| !chain.lets_all_pass()) {
                    busy |= hook.bit(name as u32);
                }
            }
        }
        busy
    }

    pub(super) fn set_policy(&mut self, hook: Hook, policy: Policy) {
        let chain = hook.chain(TableName::Filter).and_then(|id| self.filter.fixed.get_mut(id.index()));
        if let Some(chain) = chain {
            chain.policy = Some(policy);
        }
    }

    /// Whether no chain has a rule.
    pub fn is_empty(&self) -> bool {
        self.rule_count() == 0
    }

    /// How many rules there are, in both tables.
    pub fn rule_count(&self) -> usize {
        [&self.filter, &self.nat].iter().flat_map(|t| t.chains()).map(|(_, c)| c.rules().len()).sum()
    }

    /// The `recent` lists that rules name, with their names.
    pub(super) fn recent_lists(&self) -> impl Iterator<Item = (ListAt, &Str)> {
        (1..)
            .zip(self.nat.groups())
            .flat_map(|(group, rules)| (0..).map(move |list| (group, ListId(list))).zip(&rules.recent_lists))
    }

    /// Adds the next group.
    pub fn add(&mut self, rules: Arc<RuleGroup>) {
        let group = self.nat.groups.len() as u32 + 1;
        for (table, chain, rule) in &rules.added {
            let table = if *table == TableName::Filter { &mut self.filter } else { &mut self.nat };
            table.append(*chain, rule.within(group));
        }
        self.nat.groups.push(rules);
    }
}

/// Rules that are written and replaced together, such as those for one virtual address. A group does not depend
/// on its position in the rule set, so it can be reused while other groups are added and removed.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct RuleGroup {
    /// Its rules in chains that are not its own.
    pub added: Vec<(TableName, ChainId, Rule)>,
    /// Its own, all of them in the table nat.
    pub chains: Vec<Chain>,
    /// The names of its `recent` lists, by [`super::ListId`].
    pub recent_lists: Vec<Str>,
}

/// A table: built-in chains first, then the others in the order in which they are declared, then those
/// of the groups.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct Table {
    fixed: Vec<Chain>,
    groups: Vec<Arc<RuleGroup>>,
}

impl Table {
    fn with_built_in(names: &[&str]) -> Table {
        Table { fixed: names.iter().map(|n| Chain::built_in(n)).collect(), groups: Vec::new() }
    }

    #[inline]
    pub fn chain(&self, id: ChainId) -> Option<&Chain> {
        match id.group() {
            0 => self.fixed.get(id.index()),
            group => self.groups.get(group as usize - 1)?.chains.get(id.index()),
        }
    }

    /// All of them, in the order in which they are printed.
    pub fn chains(&self) -> impl Iterator<Item = (ChainId, &Chain)> {
        (0..=self.groups.len()).flat_map(|group| ChainId::all_of(group, self.group(group)))
    }

    /// The chains of a group; 0 for the fixed ones.
    fn group(&self, group: usize) -> &[Chain] {
        match group {
            0 => &self.fixed,
            _ => &self.groups[group - 1].chains,
        }
    }

    /// In the order in which they were added.
    pub fn groups(&self) -> &[Arc<RuleGroup>] {
        &self.groups
    }

    /// The group that a chain belongs to.
    pub fn group_of(&self, chain: ChainId) -> Option<&RuleGroup> {
        let at = chain.group().checked_sub(1)?;
        self.groups.get(at as usize).map(Arc::as_ref)
    }

    pub fn find(&self, name: &str) -> Option<ChainId> {
        (0..=self.groups.len()).find_map(|group| {
            let index = self.group(group).iter().position(|chain| &*chain.name == name)?;
            Some(ChainId::of(group, index))
        })
    }

    /// Deletes the rules of a chain, as `iptables -F CHAIN` does.
    pub fn flush(&mut self, chain: ChainId) {
        let chains = match chain.group().checked_sub(1) {
            None => &mut self.fixed,
            Some(group) => match self.groups.get_mut(group as usize) {
                Some(group) => &mut Arc::make_mut(group).chains,
                None => return,
            },
        };
        if let Some(chain) = chains.get_mut(chain.index()) {
            chain.flush();
        }
    }

    /// Declares a fixed chain and returns its id.
    pub fn declare(&mut self, chain: Chain) -> ChainId {
        self.fixed.push(chain);
        ChainId::of(0, self.fixed.len() - 1)
    }

    /// Appends a rule to a fixed chain. Another id is ignored.
    pub fn append(&mut self, chain: ChainId, rule: Rule) {
        if let Some(chain) = self.fixed.get_mut(chain.index()).filter(|_| chain.group() == 0) {
            chain.append(rule);
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum TableName {
    Filter,
    Nat,
    /// Not a table: the virtual servers of IPVS, so that a trace can refer to one (see [`super::IpvsRules`]).
    Ipvs,
    /// The rules of the table of nf_tables.
    Nftables,
    /// The elements of that table's sets and maps: in a [`RuleRef`], `chain` is the index of the set and `rule`
    /// that of the element.
    NftablesElements,
}

impl TableName {
    pub(super) fn as_str(self) -> &'static str {
        match self {
            TableName::Filter => "filter",
            TableName::Nat => "nat",
            TableName::Ipvs => "ipvs",
            TableName::Nftables | TableName::NftablesElements => "nftables",
        }
    }
}

/// Where in the kernel a packet meets rules.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Hook {
    Prerouting,
    Input,
    Forward,
    Output,
    Postrouting,
}

impl Hook {
    pub(super) const ALL: [Hook; 5] =
        [Hook::Prerouting, Hook::Input, Hook::Forward, Hook::Output, Hook::Postrouting];

    pub fn as_str(self) -> &'static str {
        match self {
            Hook::Prerouting => "PREROUTING",
            Hook::Input => "INPUT",
            Hook::Forward => "FORWARD",
            Hook::Output => "OUTPUT",
            Hook::Postrouting => "POSTROUTING",
        }
    }

    /// A bit for the hook and one of three things there.
    pub(super) const fn bit(self, thing: u32) -> u16 {
        1 << (self as u32 * 3 + thing)
    }

    /// The hook's built-in chain in a table; `None` where the table has none.
    pub(super) const fn chain(self, table: TableName) -> Option<ChainId> {
        match (table, self) {
            (TableName::Filter, Hook::Input) => Some(ChainId::fixed(0)),
            (TableName::Filter, Hook::Forward) => Some(ChainId::fixed(1)),
            (TableName::Filter, Hook::Output) => Some(ChainId::fixed(2)),
            (TableName::Nat, Hook::Prerouting) => Some(ChainId::fixed(0)),
            (TableName::Nat, Hook::Input) => Some(ChainId::fixed(1)),
            (TableName::Nat, Hook::Output) => Some(ChainId::fixed(2)),
            (TableName::Nat, Hook::Postrouting) => Some(ChainId::fixed(3)),
            (TableName::Filter, Hook::Prerouting | Hook::Postrouting) => None,
            (TableName::Nat, Hook::Forward) => None,
            (TableName::Ipvs | TableName::Nftables | TableName::NftablesElements, _) => None,
        }
    }
}

/// What a built-in chain does with a packet that reaches its end.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum Policy {
    #[default]
    Accept,
    Drop,
}

/// One rule of a rule set. `rule` is the chain's length if the chain's policy decided.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RuleRef {
    pub table: TableName,
    pub chain: ChainId,
    pub rule: u32,
}
