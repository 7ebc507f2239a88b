//! Rule sets: what kube-proxy writes, what the kernel runs, what the page draws.

use std::net::IpAddr;

use super::chain::{Chain, ChainId, Rule};
use crate::api::Str;

/// IPv4 or IPv6: the kernel keeps a rule set for each.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub enum Family {
    #[default]
    V4,
    V6,
}

impl Family {
    pub fn of(address: IpAddr) -> Family {
        if address.is_ipv4() { Family::V4 } else { Family::V6 }
    }
}

/// Everything that `iptables-save` would print on a node, for one family. Immutable once built.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct RuleSet {
    pub family: Family,
    pub filter: Table,
    pub nat: Table,
    /// The names of the `recent` lists, by [`super::ListId`].
    pub recent_lists: Vec<Str>,
    /// The names of the sets that rules ask for, by [`super::SetId`].
    pub set_names: Vec<Str>,
}

impl RuleSet {
    /// Built-in chains only, all of them empty: a node whose kube-proxy has written nothing.
    pub fn empty(family: Family) -> RuleSet {
        RuleSet {
            family,
            filter: Table::with_built_in(&["INPUT", "FORWARD", "OUTPUT"]),
            nat: Table::with_built_in(&["PREROUTING", "INPUT", "OUTPUT", "POSTROUTING"]),
            recent_lists: Vec::new(),
            set_names: Vec::new(),
        }
    }

    pub fn table(&self, name: TableName) -> &Table {
        static NONE: Table = Table { chains: Vec::new() };
        match name {
            TableName::Filter => &self.filter,
            TableName::Nat => &self.nat,
            // iptables knows nothing of these.
            TableName::Ipvs | TableName::KubeProxy | TableName::KubeProxyElements => &NONE,
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

    /// Has any chain a rule?
    pub fn is_empty(&self) -> bool {
        self.rule_count() == 0
    }

    /// How many rules there are (upstream's metric `sync_proxy_rules_iptables_total`, both tables).
    pub fn rule_count(&self) -> usize {
        [&self.filter, &self.nat].iter().flat_map(|t| &t.chains).map(|c| c.rules().len()).sum()
    }
}

/// A table: built-in chains first, then the others in the order in which they are declared.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct Table {
    pub chains: Vec<Chain>,
}

impl Table {
    fn with_built_in(names: &[&str]) -> Table {
        Table { chains: names.iter().map(|n| Chain::built_in(n)).collect() }
    }

    pub fn chain(&self, id: ChainId) -> Option<&Chain> {
        self.chains.get(id.0 as usize)
    }

    pub fn find(&self, name: &str) -> Option<ChainId> {
        let index = self.chains.iter().position(|c| &*c.name == name)?;
        u32::try_from(index).ok().map(ChainId)
    }

    /// Declares a chain and gives its id.
    pub fn declare(&mut self, chain: Chain) -> ChainId {
        let id = ChainId(u32::try_from(self.chains.len()).unwrap_or(u32::MAX));
        self.chains.push(chain);
        id
    }

    /// Appends a rule. An id that this table did not give is ignored.
    pub fn append(&mut self, chain: ChainId, rule: Rule) {
        if let Some(chain) = self.chains.get_mut(chain.0 as usize) {
            chain.append(rule);
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum TableName {
    Filter,
    Nat,
    /// No table: the virtual servers of IPVS, so that a trace can name one (see [`super::IpvsRules`]).
    Ipvs,
    /// The rules of nf_tables' table `kube-proxy`.
    KubeProxy,
    /// The elements of that table's sets and maps: in a [`RuleRef`], `chain` is the set's place
    /// and `rule` the element's.
    KubeProxyElements,
}

impl TableName {
    pub fn as_str(self) -> &'static str {
        match self {
            TableName::Filter => "filter",
            TableName::Nat => "nat",
            TableName::Ipvs => "ipvs",
            TableName::KubeProxy | TableName::KubeProxyElements => "kube-proxy",
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
    pub fn as_str(self) -> &'static str {
        match self {
            Hook::Prerouting => "PREROUTING",
            Hook::Input => "INPUT",
            Hook::Forward => "FORWARD",
            Hook::Output => "OUTPUT",
            Hook::Postrouting => "POSTROUTING",
        }
    }

    /// The hook's built-in chain in a table; `None` where the table has none.
    pub(super) const fn chain(self, table: TableName) -> Option<ChainId> {
        match (table, self) {
            (TableName::Filter, Hook::Input) => Some(ChainId(0)),
            (TableName::Filter, Hook::Forward) => Some(ChainId(1)),
            (TableName::Filter, Hook::Output) => Some(ChainId(2)),
            (TableName::Nat, Hook::Prerouting) => Some(ChainId(0)),
            (TableName::Nat, Hook::Input) => Some(ChainId(1)),
            (TableName::Nat, Hook::Output) => Some(ChainId(2)),
            (TableName::Nat, Hook::Postrouting) => Some(ChainId(3)),
            _ => None,
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

/// One rule of a rule set. `rule` is the chain's length where the chain's policy decided.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RuleRef {
    pub table: TableName,
    pub chain: ChainId,
    pub rule: u32,
}
