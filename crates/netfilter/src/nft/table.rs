//! A table: its sets, its chains, and the base chains of each hook.

use std::sync::Arc;

use super::rule::Rule;
use super::set::{Element, Set, SetId};
use crate::chain::ChainId;
use crate::ruleset::{Family, Hook, RuleRef, TableName};
use crate::{Chance, Str};

/// `type` of a base chain.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ChainType {
    Filter,
    /// Sees only a connection's first packet.
    Nat,
}

/// What ties a chain to a hook. Its policy is accept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BaseChain {
    pub type_: ChainType,
    pub hook: Hook,
    pub priority: i32,
}

/// When a base chain runs at its hook. All nat chains run inside NAT's own hook, at a fixed priority
/// (nf_nat_core.c, nf_nat_register_fn); their own priorities only order them among each other.
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
    /// The subject of random draws, made from the name, so that draws do not depend on the chain's index.
    pub(super) subject: u64,
}

impl Chain {
    pub fn new(name: impl Into<Str>) -> Chain {
        let name = name.into();
        let subject = Chance::subject(&name);
        Chain { name, base: None, comment: None, rules: Vec::new(), subject }
    }
}

/// A set as a rule names it: the group of the rule's chain, and the set's id.
pub type SetAt = (u32, SetId);

/// Rules that are written and replaced together, such as those for one virtual address. A group does not depend
/// on its position in the table, so it can be reused while other groups are added and removed.
#[derive(Clone, Debug, Default)]
pub struct RuleGroup {
    /// Its elements in the table's fixed sets and maps.
    pub elements: Vec<(SetId, Element)>,
    pub chains: Vec<Chain>,
    /// Its own sets, to which its rules add client addresses.
    pub sets: Vec<Set>,
}

impl RuleGroup {
    pub fn declare(&mut self, chain: Chain) -> ChainId {
        self.chains.push(chain);
        ChainId::own(self.chains.len() - 1)
    }

    pub fn declare_set(&mut self, set: Set) -> SetId {
        self.sets.push(set);
        SetId::Own(u32::try_from(self.sets.len() - 1).unwrap_or(u32::MAX))
    }

    /// Appends a rule to one of its own chains.
    pub fn append(&mut self, chain: ChainId, rule: Rule) {
        if let Some(chain) = self.chains.get_mut(chain.index()) {
            chain.rules.push(rule);
        }
    }

    pub fn insert(&mut self, set: SetId, element: Element) {
        self.elements.push((set, element));
    }
}

/// `table ip NAME`. Immutable once built.
#[derive(Clone, Debug)]
pub struct Table {
    pub family: Family,
    pub name: Str,
    pub comment: Option<Str>,
    sets: Vec<Set>,
    chains: Vec<Chain>,
    groups: Vec<Arc<RuleGroup>>,
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
            groups: Vec::new(),
            hooks: Default::default(),
        }
    }

    /// All sets, those of groups last, each with the group whose rules may name it.
    pub fn sets(&self) -> impl Iterator<Item = (SetAt, &Set)> {
        let fixed = (0..).map(|at| (0, SetId::Fixed(at))).zip(&self.sets);
        let of_groups = (1..)
            .zip(&self.groups)
            .flat_map(|(group, rules)| (0..).map(move |at| (group, SetId::Own(at))).zip(&rules.sets));
        fixed.chain(of_groups)
    }

    /// All chains, those of groups last.
    pub fn chains(&self) -> impl Iterator<Item = (ChainId, &Chain)> {
        let of_groups =
            (1..).zip(&self.groups).flat_map(|(group, rules)| ChainId::all_of(group, &rules.chains));
        ChainId::all_of(0, &self.chains).chain(of_groups)
    }

    /// In the order in which they were added.
    pub fn groups(&self) -> &[Arc<RuleGroup>] {
        &self.groups
    }

    /// Resolves a set id that a rule of a group uses.
    #[inline]
    pub fn set(&self, (group, id): SetAt) -> Option<&Set> {
        match id {
            SetId::Fixed(at) => self.sets.get(at as usize),
            SetId::Own(at) => self.groups.get((group as usize).checked_sub(1)?)?.sets.get(at as usize),
        }
    }

    #[inline]
    pub fn chain(&self, id: ChainId) -> Option<&Chain> {
        match id.group() {
            0 => self.chains.get(id.index()),
            group => self.groups.get(group as usize - 1)?.chains.get(id.index()),
        }
    }

    pub fn find_chain(&self, name: &str) -> Option<ChainId> {
        self.chains().find(|(_, chain)| &*chain.name == name).map(|(id, _)| id)
    }

    pub fn find_set(&self, name: &str) -> Option<SetAt> {
        self.sets().find(|(_, set)| &*set.name == name).map(|(at, _)| at)
    }

    /// Declares a fixed set.
    pub fn declare_set(&mut self, set: Set) -> SetId {
        self.sets.push(set);
        SetId::Fixed(u32::try_from(self.sets.len() - 1).unwrap_or(u32::MAX))
    }

    /// Adds an element. A set that this table did not declare is ignored.
    pub fn insert(&mut self, set: SetId, element: Element) {
        let SetId::Fixed(at) = set else { return };
        if let Some(set) = self.sets.get_mut(at as usize) {
            set.insert(element);
        }
    }

    /// Adds the next group.
    pub fn add(&mut self, rules: Arc<RuleGroup>) {
        let group = u32::try_from(self.groups.len() + 1).unwrap_or(u32::MAX);
        for (set, element) in &rules.elements {
            let verdict = element.verdict.map(|verdict| verdict.within(group));
            self.insert(*set, Element { verdict, ..element.clone() });
        }
        self.groups.push(rules);
    }

    /// Declares a fixed chain.
    pub fn declare(&mut self, chain: Chain) -> ChainId {
        let id = ChainId::of(0, self.chains.len());
        if let Some(base) = chain.base {
            let priority = |id: &ChainId| self.chain(*id).and_then(|c| c.base).map_or(0, |b| b.priority);
            let others = &self.hooks[base.hook as usize][base.stage() as usize];
            // The kernel puts a chain before existing ones of the same priority
            // (nf_hook_entries_grow).
            let at = others.iter().position(|other| priority(other) >= base.priority);
            let at = at.unwrap_or(others.len());
            self.hooks[base.hook as usize][base.stage() as usize].insert(at, id);
        }
        self.chains.push(chain);
        id
    }

    /// Appends a rule to a fixed chain. Another id is ignored.
    pub fn append(&mut self, chain: ChainId, rule: Rule) {
        if let Some(chain) = self.chains.get_mut(chain.index()).filter(|_| chain.group() == 0) {
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
            TableName::Nftables => self.chain(at.chain)?.rules.get(at.rule as usize),
            TableName::Filter | TableName::Nat | TableName::Ipvs | TableName::NftablesElements => None,
        }
    }

    /// The set or map that an element's reference names.
    pub fn set_of(&self, at: RuleRef) -> Option<&Set> {
        match at.table {
            TableName::NftablesElements => self.sets.get(at.chain.index()),
            TableName::Filter | TableName::Nat | TableName::Ipvs | TableName::Nftables => None,
        }
    }

    pub fn element(&self, at: RuleRef) -> Option<&Element> {
        self.set_of(at)?.elements().get(at.rule as usize)
    }

    /// Rules and elements: the lines that `nft list` would print of them.
    pub fn rule_count(&self) -> usize {
        let rules: usize = self.chains().map(|(_, chain)| chain.rules.len()).sum();
        rules + self.sets.iter().map(|set| set.elements().len()).sum::<usize>()
    }
}
