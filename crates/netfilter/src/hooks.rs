//! What the packets of one IP family meet at a machine's hooks.

use std::net::IpAddr;

use super::backend::Backend;
use super::ipvs::Ipvs;
use super::nft::NfTables;
use super::recent::RecentTables;
use super::rules::Rules;
use super::ruleset::{Family, RuleRef, RuleSet};
use super::stack::RuleHit;
use litemap::LiteMap;

/// The rules of one family, with what they keep between packets. Linux, too, has hooks for each family (`hooks_ipv4`
/// and `hooks_ipv6` in `struct netns_nf`): those of iptables and of ip6tables, of nf_tables' families `ip` and `ip6`.
///
/// IPVS and `recent` keep one table for both families in Linux. Here each family has its own: nothing in them is
/// found by a packet of the other family.
#[derive(Clone, Debug)]
pub struct Hooks {
    pub(super) rules: Rules,
    pub(super) recent: RecentTables,
    /// nf_tables or IPVS, if the rules need one.
    pub(super) backend: Backend,
    /// The hooks where iptables' chains, and nf_tables' chains, may have an effect: a bit for each hook and
    /// table, or for each hook and stage. `None` until the first packet meets the rules.
    busy: Option<[u16; 2]>,
    counts: LiteMap<RuleRef, u64>,
}

impl Hooks {
    /// No rules.
    pub(super) fn new(family: Family) -> Hooks {
        Hooks {
            rules: Rules::Iptables(RuleSet::empty(family).into()),
            recent: RecentTables::default(),
            backend: Backend::Iptables,
            busy: Some([0; 2]),
            counts: LiteMap::new(),
        }
    }

    pub fn rules(&self) -> &Rules {
        &self.rules
    }

    /// How many packets matched each rule since the rules were written; rules without any are left out. As in
    /// the kernel, only a connection's first packet is counted in the table `nat`. Here [`super::Stack::set_rules`]
    /// resets all counts; a real `iptables-restore` keeps those of chains that it does not write.
    pub fn counts(&self) -> &LiteMap<RuleRef, u64> {
        &self.counts
    }

    /// The state of IPVS, if the rules use IPVS.
    pub fn ipvs(&self) -> Option<&Ipvs> {
        self.backend.ipvs()
    }

    /// The state of nf_tables, if the rules use it.
    pub fn nftables(&self) -> Option<&NfTables> {
        self.backend.nftables()
    }

    pub fn recent(&self) -> &RecentTables {
        &self.recent
    }

    /// Whether a real server is kept only until its connections end.
    pub fn has_terminating(&self) -> bool {
        self.ipvs().is_some_and(Ipvs::has_terminating)
    }

    /// Those real servers, each as a line of `ipvsadm -Sn`. No rule names them any more.
    pub fn terminating(&self) -> String {
        self.ipvs().map(Ipvs::terminating).unwrap_or_default()
    }

    /// The addresses of IPVS' dummy interface, sorted.
    #[inline]
    pub(super) fn ipvs_addresses(&self) -> &[IpAddr] {
        self.backend.addresses()
    }

    pub(super) fn set_rules(&mut self, rules: Rules) {
        self.counts.clear();
        self.backend.load(&rules);
        self.busy = None;
        self.rules = rules;
        if !self.rules.is_lazy() {
            self.busy();
        }
    }

    /// The hooks where iptables' chains, and those where nf_tables' chains, may have an effect.
    #[inline]
    pub(super) fn busy(&mut self) -> [u16; 2] {
        match self.busy {
            Some(busy) => busy,
            None => self.meet_rules(),
        }
    }

    /// New rules meet the first packet: their `recent` lists take over what those of the same names hold.
    #[cold]
    fn meet_rules(&mut self) -> [u16; 2] {
        let iptables = self.rules.iptables();
        self.recent.rename(iptables.recent_lists());
        *self.busy.insert([iptables.busy(), self.backend.busy()])
    }

    /// Programs have added or deleted some of iptables' rules: the others keep their counts.
    pub(super) fn change_rules(&mut self, rules: Rules) {
        let counts = std::mem::take(&mut self.counts);
        let old = self.rules.clone();
        self.set_rules(rules);
        let kept = counts.into_iter().filter_map(|(at, count)| Some((self.rules.place_of(&old, at)?, count)));
        self.counts = kept.collect();
    }

    pub(super) fn count(&mut self, hits: &[RuleHit]) {
        for hit in hits {
            *self.counts.entry(hit.at()).or_default() += 1;
        }
    }
}
