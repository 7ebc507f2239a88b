//! A [`Scenario`] to a value tree: what reads back is the same.

use super::{Scenario, ScenarioNode, cloud, kube_proxy, ranges};
use crate::api::tree::to_tree;
use crate::api::{TimedAction, Tree, Value, duration, to_yaml};
use netfilter::Scheduler;

impl Scenario {
    /// The document as YAML, as it stands in a scenario file or behind a link.
    pub fn to_text(&self) -> String {
        to_yaml(&self.to_tree())
    }

    pub fn to_tree(&self) -> Tree {
        let mut tree = map([("apiVersion", text("packetyard/v1alpha1")), ("kind", text("Scenario"))]);
        if let Some(name) = &self.name {
            tree.put("metadata", map([("name", text(name))]));
        }
        tree.put("spec", self.spec());
        tree
    }

    fn spec(&self) -> Tree {
        let mut spec = Tree::map();
        let mut put = |key: &str, value: Option<Tree>| {
            if let Some(value) = value {
                spec.put(key, value);
            }
        };
        put("title", self.title.as_deref().map(text));
        put("description", self.description.as_deref().map(text));
        put("seed", self.seed.map(seed));
        put("nodes", self.nodes.as_ref().map(|n| Tree::seq(n.iter().map(node).collect())));
        put("podCIDR", self.pod_cidrs.map(ranges::write));
        put("serviceCIDR", self.service_cidrs.map(ranges::write));
        put("kubeProxy", self.kube_proxy.as_ref().map(kube_proxy::write));
        put("cni", self.ip_masq.map(|on| map([("ipMasq", Tree::bool(on))])));
        let apps = || Tree::seq(self.apps.iter().map(to_tree).collect());
        let drain = self.apps_drain.map(|on| map([("drain", Tree::bool(on))]));
        put("apps", if self.apps.is_empty() { drain } else { Some(apps()) });
        let missing = || Tree::seq(self.missing.iter().map(to_tree).collect());
        put("missing", (!self.missing.is_empty()).then(missing));
        put("cloud", self.cloud.as_ref().map(cloud::write));
        put("dns", self.dns.map(|dns| text(dns.as_str())));
        put("proxyMode", self.proxy_mode.map(|m| text(m.as_str())));
        let scheduler = |s: Scheduler| map([("scheduler", text(s.as_str()))]);
        put("ipvs", self.ipvs_scheduler.map(scheduler));
        put("timing", self.timing.map(|t| text(t.as_str())));
        put("fieldValidation", self.field_validation.map(|v| text(v.as_str())));
        put("start", self.start.map(|start| text(start.as_str())));
        put("clients", self.clients.as_ref().map(|c| Tree::seq(c.iter().map(to_tree).collect())));
        let actions = || Tree::seq(self.actions.iter().map(TimedAction::to_tree).collect());
        put("actions", (!self.actions.is_empty()).then(actions));
        put("at", self.at.map(|at| text(&duration::print_moment(at))));
        put("model", self.model.as_deref().map(text));
        spec
    }
}

fn text(text: &str) -> Tree {
    Tree::string(text)
}

fn map<const N: usize>(mut fields: [(&str, Tree); N]) -> Tree {
    take_all(&mut fields)
}

/// Not generic: the page would carry one for each number of fields.
#[inline(never)]
fn take_all(fields: &mut [(&str, Tree)]) -> Tree {
    let mut out = Tree::map();
    for (key, value) in fields {
        out.put(key, std::mem::replace(value, Tree::new(Value::Null)));
    }
    out
}

fn seed(seed: u64) -> Tree {
    match i64::try_from(seed) {
        Ok(seed) => Tree::int(seed),
        Err(_) => Tree::new(Value::Float(seed.to_string().into())),
    }
}

fn node(node: &ScenarioNode) -> Tree {
    let mut out = map([("name", text(&node.name))]);
    if let Some(zone) = &node.zone {
        out.put("zone", text(zone));
    }
    if !node.ready {
        out.put("ready", Tree::bool(false));
    }
    out
}
