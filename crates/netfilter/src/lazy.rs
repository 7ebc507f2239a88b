//! Rules that are made when the first packet meets them, or somebody looks at them.

use std::fmt;
use std::ops::Deref;
use std::sync::{Arc, LazyLock};

use super::ruleset::{Family, RuleSet};

type Make = Box<dyn FnOnce() -> Arc<RuleSet> + Send + Sync>;

/// An iptables rule set that may not be made yet. Whoever makes it must make the same whenever it is asked for. Cheap
/// to clone: all clones share the set.
#[derive(Clone)]
pub struct LazyRuleSet {
    family: Family,
    rules: Arc<LazyLock<Arc<RuleSet>, Make>>,
}

impl LazyRuleSet {
    pub fn new(family: Family, make: impl FnOnce() -> Arc<RuleSet> + Send + Sync + 'static) -> LazyRuleSet {
        LazyRuleSet { family, rules: Arc::new(LazyLock::new(Box::new(make))) }
    }

    /// Of the rules, known before they are made.
    pub fn family(&self) -> Family {
        self.family
    }

    pub fn shared(&self) -> &Arc<RuleSet> {
        &self.rules
    }

    pub fn is_made(&self) -> bool {
        LazyLock::get(&self.rules).is_some()
    }

    /// Whether both share one set.
    pub(super) fn is_same(&self, other: &LazyRuleSet) -> bool {
        Arc::ptr_eq(&self.rules, &other.rules)
    }
}

impl From<RuleSet> for LazyRuleSet {
    fn from(rules: RuleSet) -> LazyRuleSet {
        Arc::new(rules).into()
    }
}

impl From<Arc<RuleSet>> for LazyRuleSet {
    fn from(rules: Arc<RuleSet>) -> LazyRuleSet {
        let made = LazyRuleSet::new(rules.family, || rules);
        LazyLock::force(&made.rules);
        made
    }
}

impl Deref for LazyRuleSet {
    type Target = RuleSet;

    fn deref(&self) -> &RuleSet {
        &self.rules
    }
}

/// The same whether they are made yet or not.
impl fmt::Debug for LazyRuleSet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        RuleSet::fmt(self, f)
    }
}
