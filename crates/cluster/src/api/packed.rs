//! A manifest already read, in the few bytes and with the little code that a page's first view can
//! carry: what reads YAML need not be there for it. The form is private to one build; nothing
//! stores it.
//!
//! It holds what the built-in scenarios need, without the texts and trees that objects came from. Their
//! actions add clients and do nothing else: the rest is what a run does without that is only watched
//! ([`crate::sim::Run::watched`]).
//! [`pack`] proves that nothing else is lost.

use std::net::IpAddr;
use std::sync::Arc;

use super::{
    Action, ClientFrom, ClientSpec, Container, ContainerPort, Deployment, EnvVar, Labels, Manifest, Meta,
    Parsed, Pod, PodSpec, PodTemplate, Position, Probe, Scenario, ScenarioNode, Selector, Service,
    ServicePort, ServiceSpec, ServiceType, Source, Str, TargetPort, TimedAction, TimingProfile,
    TrafficPolicy, Tree, Typed, Value,
};
use crate::net::Protocol;
use crate::sim::Time;

/// Packs a manifest. An error says that it holds something that is not packed.
pub fn pack(manifest: &Manifest) -> Result<Vec<u8>, &'static str> {
    let mut out = Vec::new();
    manifest.put(&mut out);
    match unpack(&out) == without_sources(manifest) {
        true => Ok(out),
        false => Err("the manifest holds something that packed.rs does not pack"),
    }
}

/// What [`pack`] made, read again. For other bytes it is some manifest or none.
pub fn unpack(bytes: &[u8]) -> Manifest {
    Manifest::take(&mut Bytes(bytes))
}

/// What is left of a manifest when it is packed.
pub fn without_sources(manifest: &Manifest) -> Manifest {
    let bare = |parsed: &Parsed| Parsed { source: no_source(), position: (0, 0), ..parsed.clone() };
    Manifest { objects: manifest.objects.iter().map(bare).collect(), ..manifest.clone() }
}

fn no_source() -> Arc<Source> {
    let tree = Tree { value: Value::Null, position: Position::NONE };
    Arc::new(Source { tree, text: "".into(), position: Position::NONE })
}

/// What is still to be read. Past the end there are zeros and empty texts.
struct Bytes<'a>(&'a [u8]);

impl Bytes<'_> {
    /// Seven bits a byte, the lowest first; the eighth says that more follow.
    fn number(&mut self) -> u64 {
        let (mut number, mut shift) = (0, 0);
        while let Some((byte, rest)) = self.0.split_first() {
            self.0 = rest;
            number |= u64::from(byte & 127) << shift;
            shift += 7;
            if *byte < 128 || shift > 63 {
                break;
            }
        }
        number
    }

    fn text(&mut self) -> Str {
        let length = self.number().min(self.0.len() as u64) as usize;
        let (text, rest) = self.0.split_at(length);
        self.0 = rest;
        std::str::from_utf8(text).unwrap_or_default().into()
    }
}

fn put_number(mut number: u64, out: &mut Vec<u8>) {
    while number > 127 {
        out.push(number as u8 | 128);
        number >>= 7;
    }
    out.push(number as u8);
}

trait Packed {
    fn put(&self, out: &mut Vec<u8>);
    fn take(from: &mut Bytes) -> Self;
}

macro_rules! numbers {
    ($($number:ty),*) => {$(
        impl Packed for $number {
            fn put(&self, out: &mut Vec<u8>) {
                put_number((*self).into(), out);
            }

            fn take(from: &mut Bytes) -> $number {
                from.number() as $number
            }
        }
    )*};
}

numbers!(u16, u32, u64);

impl Packed for bool {
    fn put(&self, out: &mut Vec<u8>) {
        put_number((*self).into(), out);
    }

    fn take(from: &mut Bytes) -> bool {
        from.number() != 0
    }
}

impl Packed for Str {
    fn put(&self, out: &mut Vec<u8>) {
        put_number(self.len() as u64, out);
        out.extend(self.as_bytes());
    }

    fn take(from: &mut Bytes) -> Str {
        from.text()
    }
}

impl<T: Packed> Packed for Vec<T> {
    fn put(&self, out: &mut Vec<u8>) {
        put_number(self.len() as u64, out);
        self.iter().for_each(|one| one.put(out));
    }

    fn take(from: &mut Bytes) -> Vec<T> {
        // Every item has a byte at least.
        (0..from.number().min(from.0.len() as u64)).map(|_| T::take(from)).collect()
    }
}

impl<T: Packed> Packed for Option<T> {
    fn put(&self, out: &mut Vec<u8>) {
        self.is_some().put(out);
        self.iter().for_each(|one| one.put(out));
    }

    fn take(from: &mut Bytes) -> Option<T> {
        bool::take(from).then(|| T::take(from))
    }
}

impl Packed for Labels {
    fn put(&self, out: &mut Vec<u8>) {
        put_number(self.len() as u64, out);
        for (key, value) in self.iter() {
            key.put(out);
            value.put(out);
        }
    }

    fn take(from: &mut Bytes) -> Labels {
        let mut labels = Labels::new();
        for _ in 0..from.number().min(from.0.len() as u64) {
            let key = from.text();
            labels.insert(key, from.text());
        }
        labels
    }
}

/// The fields that are packed; all others have their defaults.
macro_rules! fields {
    ($($of:ident { $($field:ident),* })*) => {$(
        impl Packed for $of {
            fn put(&self, out: &mut Vec<u8>) {
                $(self.$field.put(out);)*
            }

            fn take(from: &mut Bytes) -> $of {
                $(let $field = Packed::take(from);)*
                #[allow(clippy::needless_update)]
                $of { $($field,)* ..fallback() }
            }
        }
    )*};
}

/// `Default`, also of what has none that would make sense elsewhere.
trait Fallback {
    fn fallback() -> Self;
}

fn fallback<T: Fallback>() -> T {
    T::fallback()
}

macro_rules! fallbacks {
    ($($of:ty = $value:expr;)*) => {$(
        impl Fallback for $of {
            fn fallback() -> $of {
                $value
            }
        }
    )*};
}

fields! {
    Manifest { scenario, objects }
    Scenario { name, title, description, seed, nodes, timing, clients, actions, at }
    ScenarioNode { name, zone, ready }
    ClientSpec { name, from, to, protocol, rate_milli, keep_alive }
    Meta { name, namespace, labels, annotations }
    Service { meta, spec }
    ServiceSpec {
        type_, selector, ports, headless, external_traffic_policy, internal_traffic_policy,
        publish_not_ready_addresses, allocate_load_balancer_node_ports
    }
    ServicePort { name, protocol, port, target_port, node_port }
    Deployment { meta, replicas, selector, template }
    Selector { match_labels }
    PodTemplate { labels, annotations, spec, written }
    Pod { meta, spec }
    PodSpec { node_name, containers, termination_grace_period_s }
    Container { name, image, ports, env, command, args, readiness }
    ContainerPort { name, container_port, protocol }
    EnvVar { name, value }
    Probe { initial_delay_s, period_s, success_threshold, failure_threshold }
}

fallbacks! {
    Manifest = Manifest::default();
    Scenario = Scenario::default();
    ScenarioNode = ScenarioNode { name: "".into(), zone: None, ready: true };
    ClientSpec = ClientSpec {
        name: "".into(),
        from: ClientFrom::Outside { ip: None },
        to: "".into(),
        protocol: Protocol::Tcp,
        rate_milli: 0,
        keep_alive: false,
        timeout: None,
    };
    Meta = Meta::default();
    Service = Service { meta: fallback(), spec: fallback(), ingress: Vec::new() };
    ServiceSpec = ServiceSpec::default();
    ServicePort = ServicePort {
        name: "".into(),
        protocol: Protocol::Tcp,
        port: 0,
        target_port: TargetPort::Number(0),
        node_port: 0,
    };
    Deployment = Deployment {
        meta: fallback(),
        replicas: 0,
        selector: fallback(),
        template: fallback(),
        strategy: Default::default(),
    };
    Selector = Selector::default();
    PodTemplate = PodTemplate::default();
    Pod = Pod { meta: fallback(), spec: fallback(), status: Default::default() };
    PodSpec = PodSpec::default();
    Container = Container::default();
    ContainerPort = ContainerPort { name: None, container_port: 0, protocol: Protocol::Tcp };
    EnvVar = EnvVar { name: "".into(), value: "".into() };
    Probe = Probe::default();
}

/// Choices without arguments, by their places.
macro_rules! choices {
    ($($of:ident { $first:ident $(, $other:ident)* })*) => {$(
        impl Packed for $of {
            fn put(&self, out: &mut Vec<u8>) {
                put_number(*self as u64, out);
            }

            fn take(from: &mut Bytes) -> $of {
                let number = from.number();
                $(if number == $of::$other as u64 {
                    return $of::$other;
                })*
                $of::$first
            }
        }
    )*};
}

choices! {
    Protocol { Tcp, Udp, Sctp }
    ServiceType { ClusterIP, NodePort, LoadBalancer, ExternalName }
    TrafficPolicy { Cluster, Local }
    TimingProfile { Teaching, Realistic }
}

impl Packed for TargetPort {
    fn put(&self, out: &mut Vec<u8>) {
        match self {
            TargetPort::Number(port) => Some(*port).put(out),
            TargetPort::Name(name) => {
                None::<u16>.put(out);
                name.put(out);
            }
        }
    }

    fn take(from: &mut Bytes) -> TargetPort {
        match Packed::take(from) {
            Some(port) => TargetPort::Number(port),
            None => TargetPort::Name(from.text()),
        }
    }
}

impl Packed for ClientFrom {
    fn put(&self, out: &mut Vec<u8>) {
        match self {
            ClientFrom::Outside { ip } => {
                put_number(0, out);
                // In the order of the wire, four bytes; others are not packed.
                let ip = match ip {
                    Some(IpAddr::V4(ip)) => Some(ip.to_bits()),
                    _ => None,
                };
                ip.put(out);
            }
            ClientFrom::Workload { namespace, kind, name } => {
                put_number(1, out);
                [namespace, kind, name].into_iter().for_each(|text| text.put(out));
            }
            ClientFrom::Node { name } => {
                put_number(2, out);
                name.put(out);
            }
        }
    }

    fn take(from: &mut Bytes) -> ClientFrom {
        match from.number() {
            1 => ClientFrom::Workload { namespace: from.text(), kind: from.text(), name: from.text() },
            2 => ClientFrom::Node { name: from.text() },
            _ => {
                let ip: Option<u32> = Packed::take(from);
                ClientFrom::Outside { ip: ip.map(|bits| IpAddr::V4(bits.into())) }
            }
        }
    }
}

/// Without positions, which do not count for what a tree says.
impl Packed for Tree {
    fn put(&self, out: &mut Vec<u8>) {
        match &self.value {
            Value::Null => put_number(0, out),
            Value::Bool(value) => {
                put_number(1, out);
                value.put(out);
            }
            // None is below zero in a template: `pack` would notice.
            Value::Int(number) => {
                put_number(2, out);
                number.unsigned_abs().put(out);
            }
            Value::Float(text) => {
                put_number(3, out);
                text.put(out);
            }
            Value::String(text) => {
                put_number(4, out);
                text.put(out);
            }
            Value::Seq(items) => {
                put_number(5, out);
                items.to_vec().put(out);
            }
            Value::Map(entries) => {
                put_number(6, out);
                put_number(entries.len() as u64, out);
                for entry in entries.iter() {
                    entry.key.put(out);
                    entry.value.put(out);
                }
            }
        }
    }

    fn take(from: &mut Bytes) -> Tree {
        match from.number() {
            1 => Tree::bool(bool::take(from)),
            2 => Tree::int(from.number() as i64),
            3 => Tree::new(Value::Float(from.text())),
            4 => Tree::string(&from.text()),
            5 => Tree::seq(Packed::take(from)),
            6 => {
                let mut map = Tree::map();
                for _ in 0..from.number().min(from.0.len() as u64) {
                    let key = from.text();
                    Tree::put(&mut map, &key, Packed::take(from));
                }
                map
            }
            _ => Tree::default(),
        }
    }
}

impl Packed for Time {
    fn put(&self, out: &mut Vec<u8>) {
        self.0.put(out);
    }

    fn take(from: &mut Bytes) -> Time {
        Time(from.number())
    }
}

/// Clients that come once the cluster stands: nothing else is packed.
impl Packed for TimedAction {
    fn put(&self, out: &mut Vec<u8>) {
        self.at.put(out);
        if let Action::AddClient { client } = &self.action {
            client.put(out);
        }
    }

    fn take(from: &mut Bytes) -> TimedAction {
        TimedAction { at: Packed::take(from), action: Action::AddClient { client: Packed::take(from) } }
    }
}

impl Packed for Parsed {
    fn put(&self, out: &mut Vec<u8>) {
        match &self.object {
            Typed::Service(service) => {
                put_number(1, out);
                service.put(out);
            }
            Typed::Deployment(deployment) => {
                put_number(2, out);
                deployment.put(out);
            }
            Typed::Pod(pod) => {
                put_number(3, out);
                pod.put(out);
            }
            other => {
                put_number(0, out);
                other.meta().put(out);
            }
        }
    }

    fn take(from: &mut Bytes) -> Parsed {
        let object = match from.number() {
            1 => Typed::Service(Packed::take(from)),
            2 => Typed::Deployment(Packed::take(from)),
            3 => Typed::Pod(Packed::take(from)),
            _ => Typed::Namespace(Packed::take(from)),
        };
        Parsed { source: no_source(), object, position: (0, 0) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::api::parse;
    use crate::node::kube_proxy::ProxyMode;

    #[test]
    fn what_is_not_packed_is_noticed() {
        let service = "apiVersion: v1\nkind: Service\nmetadata: {name: a}\nspec: {ports: [{port: 80}]";
        let known = parse(&[service, "}"].concat());
        assert_eq!(known.diagnostics, []);
        assert!(pack(&known).is_ok());
        let unknown = parse(&[service, ", externalIPs: [192.0.2.1]}"].concat());
        assert_eq!(unknown.diagnostics, []);
        assert!(pack(&unknown).is_err());
    }

    /// What the page shows first is read from here, without the code of any mode but iptables.
    #[test]
    fn no_mode_of_kube_proxy_is_packed() {
        let scenario = |spec: &str| {
            let head = "apiVersion: packetyard/v1alpha1\nkind: Scenario\nmetadata: {name: s}\nspec: ";
            let manifest = parse(&[head, spec].concat());
            assert_eq!(manifest.diagnostics, []);
            pack(&manifest)
        };
        assert!(scenario("{seed: 1}").is_ok());
        for mode in ProxyMode::NAMES {
            assert!(scenario(&format!("{{proxyMode: {mode}}}")).is_err());
            assert!(scenario(&format!("{{actions: [{{at: 1s, do: setProxyMode, mode: {mode}}}]}}")).is_err());
        }
    }

    #[test]
    fn any_bytes_are_read_without_harm() {
        let good = pack(&parse("apiVersion: v1\nkind: Namespace\nmetadata: {name: a}")).expect("packed");
        for end in 0..good.len() {
            unpack(&good[..end]);
        }
        unpack(&[0xff; 64]);
    }
}
