//! A table: its sets, its chains, and which chains hang at which hook.

use super::rule::Rule;
use super::set::{Element, Set, SetId};
use crate::api::Str;
use crate::net::netfilter::chain::ChainId;
use crate::net::netfilter::rules::{Family, Hook, RuleRef, TableName};
use crate::sim::Chance;

/// `type` of a base chain.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ChainType {
    Filter,
    /// Sees a connection's first packet only.
    Nat,
}

/// What ties a chain to a hook. Its policy is accept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BaseChain {
    pub type_: ChainType,
    pub hook: Hook,
    pub priority: i32,
}

/// When, at its hook, a base chain is run: all nat chains run inside NAT's own hook, at one priority
/// (nf_nat_core.c, nf_nat_register_fn), whatever theirs is; that only orders them among themselves.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stage {
    BeforeNat,
    Nat,
    AfterNat,
}

impl BaseChain {
    fn stage(self) -> Stage {
        // NF_IP_PRI_NAT_DST and NF_IP_PRI_NAT_SRC.
        let nat = match self.hook {
            Hook::Prerouting | Hook::Output => -100,
            Hook::Input | Hook::Postrouting => 100,
            Hook::Forward => i32::MAX,
        };
        match self.type_ {
            ChainType::Nat => Stage::Nat,
            ChainType::Filter if self.priority < nat => Stage::BeforeNat,
            ChainType::Filter => Stage::AfterNat,
        }
    }
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Chain {
    pub name: Str,
    pub base: Option<BaseChain>,
    pub comment: Option<Str>,
    pub rules: Vec<Rule>,
    /// The name as a subject of draws, so that a draw depends on the chain and not on its place.
    pub(super) subject: u64,
}

impl Chain {
    pub fn new(name: impl Into<Str>) -> Chain {
        let name = name.into();
        let subject = Chance::subject(&name);
        Chain { name, base: None, comment: None, rules: Vec::new(), subject }
    }
}

/// `table ip kube-proxy`. Immutable once built.
#[derive(Clone, Debug)]
pub struct Table {
    pub family: Family,
    pub name: Str,
    pub comment: Option<Str>,
    sets: Vec<Set>,
    chains: Vec<Chain>,
    /// The base chains of each hook and stage, by priority.
    hooks: [[Vec<ChainId>; 3]; 5],
}

impl Table {
    pub fn new(family: Family, name: impl Into<Str>, comment: Option<&str>) -> Table {
        Table {
            family,
            name: name.into(),
            comment: comment.map(Into::into),
            sets: Vec::new(),
            chains: Vec::new(),
            hooks: Default::default(),
        }
    }

    pub fn sets(&self) -> &[Set] {
        &self.sets
    }

    pub fn chains(&self) -> &[Chain] {
        &self.chains
    }

    pub fn set(&self, id: SetId) -> Option<&Set> {
        self.sets.get(id.0 as usize)
    }

    pub fn chain(&self, id: ChainId) -> Option<&Chain> {
        self.chains.get(id.0 as usize)
    }

    pub fn find_chain(&self, name: &str) -> Option<ChainId> {
        let at = self.chains.iter().position(|chain| &*chain.name == name)?;
        u32::try_from(at).ok().map(ChainId)
    }

    pub fn find_set(&self, name: &str) -> Option<SetId> {
        let at = self.sets.iter().position(|set| &*set.name == name)?;
        u32::try_from(at).ok().map(SetId)
    }

    pub fn declare_set(&mut self, set: Set) -> SetId {
        let id = SetId(u32::try_from(self.sets.len()).unwrap_or(u32::MAX));
        self.sets.push(set);
        id
    }

    /// Adds an element. An id that this table did not give is ignored.
    pub fn insert(&mut self, set: SetId, element: Element) {
        if let Some(set) = self.sets.get_mut(set.0 as usize) {
            set.insert(element);
        }
    }

    pub fn declare(&mut self, chain: Chain) -> ChainId {
        let id = ChainId(u32::try_from(self.chains.len()).unwrap_or(u32::MAX));
        if let Some(base) = chain.base {
            let priority = |id: &ChainId| self.chain(*id).and_then(|c| c.base).map_or(0, |b| b.priority);
            let others = &self.hooks[base.hook as usize][base.stage() as usize];
            // The kernel puts a chain in front of those of the same priority
            // (nf_hook_entries_grow).
            let at = others.iter().position(|other| priority(other) >= base.priority);
            let at = at.unwrap_or(others.len());
            self.hooks[base.hook as usize][base.stage() as usize].insert(at, id);
        }
        self.chains.push(chain);
        id
    }

    /// Appends a rule. An id that this table did not give is ignored.
    pub fn append(&mut self, chain: ChainId, rule: Rule) {
        if let Some(chain) = self.chains.get_mut(chain.0 as usize) {
            chain.rules.push(rule);
        }
    }

    /// The base chains that run at a hook, in their order.
    #[inline]
    pub fn base_chains(&self, hook: Hook, stage: Stage) -> &[ChainId] {
        &self.hooks[hook as usize][stage as usize]
    }

    pub fn rule(&self, at: RuleRef) -> Option<&Rule> {
        match at.table {
            TableName::KubeProxy => self.chain(at.chain)?.rules.get(at.rule as usize),
            _ => None,
        }
    }

    /// The set or map that an element's reference names.
    pub fn set_of(&self, at: RuleRef) -> Option<&Set> {
        match at.table {
            TableName::KubeProxyElements => self.set(SetId(at.chain.0)),
            _ => None,
        }
    }

    pub fn element(&self, at: RuleRef) -> Option<&Element> {
        self.set_of(at)?.elements().get(at.rule as usize)
    }

    /// Rules and elements: the lines that `nft list` would print of them.
    pub fn rule_count(&self) -> usize {
        let rules: usize = self.chains.iter().map(|chain| chain.rules.len()).sum();
        rules + self.sets.iter().map(|set| set.elements().len()).sum::<usize>()
    }
}
