//! A [`Scenario`] and an [`Action`] to value trees: what reads back is the same.

use super::{ClientFrom, ClientSpec, Scenario, ScenarioNode, kube_proxy, policy, reference};
use crate::api::{Action, Labels, NsName, ObjectRef, TimedAction, Tree, Value, duration, to_yaml};
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
        put("podCIDR", self.pod_cidr.map(|c| text(&c.to_string())));
        put("serviceCIDR", self.service_cidr.map(|c| text(&c.to_string())));
        put("kubeProxy", self.kube_proxy.as_ref().map(kube_proxy::write));
        put("cni", self.ip_masq.map(|on| map([("ipMasq", Tree::bool(on))])));
        put("apps", self.apps_drain.map(|on| map([("drain", Tree::bool(on))])));
        put("cloud", self.balancer_is_proxy.map(|proxy| map([("ipMode", ip_mode(proxy))])));
        put("proxyMode", self.proxy_mode.map(|m| text(m.as_str())));
        let scheduler = |s: Scheduler| map([("scheduler", text(s.as_str()))]);
        put("ipvs", self.ipvs_scheduler.map(scheduler));
        put("timing", self.timing.map(|t| text(t.as_str())));
        put("clients", self.clients.as_ref().map(|c| Tree::seq(c.iter().map(client).collect())));
        let actions = || Tree::seq(self.actions.iter().map(TimedAction::to_tree).collect());
        put("actions", (!self.actions.is_empty()).then(actions));
        put("at", self.at.map(|at| text(&duration::print(at.0))));
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

fn client(client: &ClientSpec) -> Tree {
    let mut out = map([
        ("name", text(&client.name)),
        ("from", from(&client.from)),
        ("to", text(&client.to)),
        ("protocol", text(client.protocol.as_str())),
        ("rate", rate(client.rate_milli)),
        ("keepAlive", Tree::bool(client.keep_alive)),
    ]);
    if let Some(timeout) = client.timeout {
        out.put("timeout", text(&duration::print(timeout.0)));
    }
    out
}

fn from(from: &ClientFrom) -> Tree {
    match from {
        ClientFrom::Outside { ip: None } => text("outside"),
        ClientFrom::Outside { ip: Some(ip) } => map([("ip", text(&ip.to_string()))]),
        ClientFrom::Workload { namespace, kind, name } => {
            text(&[reference::workload_word(kind), "/", namespace, "/", name].concat())
        }
        ClientFrom::Node { name } => text(&["node/", name].concat()),
    }
}

/// Requests per second: a whole number where it is one.
fn rate(milli: u32) -> Tree {
    let (whole, below) = (milli / 1000, milli % 1000);
    if below == 0 {
        return Tree::int(i64::from(whole));
    }
    // The one before the digits keeps their leading zeros.
    let digits = (1000 + below).to_string();
    let number = [&whole.to_string(), ".", digits[1..].trim_end_matches('0')].concat();
    Tree::new(Value::Float(number.into()))
}

fn labels(labels: &Labels) -> Tree {
    let mut out = Tree::map();
    for (key, value) in labels {
        out.put(key, text(value));
    }
    out
}

fn ns_name(name: &NsName) -> Tree {
    text(&name.to_string())
}

fn object(object: &ObjectRef) -> Tree {
    text(&reference::print_object(object))
}

impl TimedAction {
    /// `at` and `do` first, then the arguments.
    pub fn to_tree(&self) -> Tree {
        let mut out = map([("at", text(&duration::print(self.at.0)))]);
        for entry in self.action.to_tree().entries() {
            out.put(&entry.key, entry.value.clone());
        }
        out
    }
}

impl Action {
    /// `do` and the arguments.
    pub fn to_tree(&self) -> Tree {
        let doing = |what: &str| ("do", text(what));
        match self {
            Action::Apply { text: t, .. } => map([doing("apply"), ("text", text(t))]),
            Action::DeleteObject { object: o } => map([doing("delete"), ("object", object(o))]),
            Action::SetLabels { object: o, labels: l } => {
                map([doing("setLabels"), ("object", object(o)), ("labels", labels(l))])
            }
            Action::SetServiceType { service, type_ } => {
                map([doing("setServiceType"), ("service", ns_name(service)), ("type", text(type_.as_str()))])
            }
            Action::SetServicePolicy { service, policy: value, .. } => {
                let mut out = map([doing("setServicePolicy"), ("service", ns_name(service))]);
                policy::write(&mut out, value);
                out
            }
            Action::SetSelector { service, selector } => {
                map([doing("setSelector"), ("service", ns_name(service)), ("selector", labels(selector))])
            }
            Action::Scale { deployment, replicas } => {
                let replicas = Tree::int(i64::from(*replicas));
                map([doing("scale"), ("deployment", ns_name(deployment)), ("replicas", replicas)])
            }
            Action::SetProxyMode { mode } => map([doing("setProxyMode"), ("mode", text(mode.as_str()))]),
            Action::SetIpMode { proxy } => map([doing("setIpMode"), ("ipMode", ip_mode(*proxy))]),
            Action::SetReadiness { pod, pass } => {
                map([doing("setReadiness"), ("pod", ns_name(pod)), ("pass", Tree::bool(*pass))])
            }
            Action::CrashPod { pod } => map([doing("crashPod"), ("pod", ns_name(pod))]),
            Action::PowerNode { node, on } => of_node("powerNode", node, *on),
            Action::Cordon { node, on } => of_node("cordon", node, *on),
            Action::CutOffNode { node, on } => of_node("cutOffNode", node, *on),
            Action::PauseKubeProxy { node, on } => of_node("pauseKubeProxy", node, *on),
            Action::AddNode { name, zone } => add_node(name.as_deref(), zone.as_deref()),
            Action::AddClient { client: c } => map([doing("addClient"), ("client", client(c))]),
            Action::RemoveClient { client } => map([doing("removeClient"), ("client", text(client))]),
            Action::SetRate { client, rate_milli } => {
                map([doing("setRate"), ("client", text(client)), ("rate", rate(*rate_milli))])
            }
            Action::SendOne { client } => map([doing("sendOne"), ("client", text(client))]),
        }
    }
}

fn ip_mode(proxy: bool) -> Tree {
    text(if proxy { "Proxy" } else { "VIP" })
}

fn of_node(what: &str, node: &str, on: bool) -> Tree {
    map([("do", text(what)), ("node", text(node)), ("enabled", Tree::bool(on))])
}

fn add_node(name: Option<&str>, zone: Option<&str>) -> Tree {
    let mut out = map([("do", text("addNode"))]);
    for (key, value) in [("name", name), ("zone", zone)] {
        if let Some(value) = value {
            out.put(key, text(value));
        }
    }
    out
}
