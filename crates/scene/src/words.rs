//! Every sentence and label of the picture, in one place.

use cluster::api::ServiceType;
use cluster::node::kube_proxy::BlockReason;
use cluster::node::{Hearing, Lag};
use cluster::sim::Span;
use cluster::trace::{Outcome, PacketVerdict};
use netfilter::Scheduler;

use super::facts::{
    BalancerFacts, Call, ClientFacts, For, NodeFacts, NodeState, PodFacts, PodState, ServiceFacts,
    ServiceForm,
};

pub const DIAGRAM: &str = "The cluster. Arrow keys go from box to box, Enter selects, \
    Shift and F10 opens the menu of a box, Escape clears the selection, plus, minus and 0 zoom.";
pub const OUTSIDE: &str = "Outside";
pub const CLUSTER: &str = "Cluster";
pub const NOBODY_OUTSIDE: &str = "Nobody calls from out here.";
pub const WAITING_FOR_A_NODE: &str = "Waiting for a node";
pub const ZOOM_IN: &str = "Zoom in";
pub const ZOOM_OUT: &str = "Zoom out";
pub const ZOOM_FIT: &str = "Fit the cluster into the view";
pub const TYPE_OF: &str = "Type of";
pub const NO_ADDRESS_YET: &str = "no address yet";

pub const ZOOM: &str = "Zoom";
pub const CLOUD_LB: &str = "Cloud LB";

/// The Pod range and the Service range.
pub fn ranges(pods: &netfilter::Cidr, services: &netfilter::Cidr) -> String {
    format!("Pods {pods} · Services {services}")
}

pub fn rules_for(service: Option<&str>) -> String {
    match service {
        Some(service) => format!("rules for {}", shorten(service, 18)),
        None => "no Service, no rules".to_owned(),
    }
}

/// Splits `browser-to-frontend` into the client's own name and what it calls.
pub fn client_name(client: &ClientFacts) -> (String, String) {
    let name = client.name.split(&format!("-to-{}", client.target)).next().unwrap_or(&client.name);
    (name.to_owned(), client.target.clone())
}

/// `2/3`
pub fn ready_only(service: &ServiceFacts) -> String {
    match (service.form, service.endpoints) {
        (ServiceForm::External, _) => String::new(),
        (_, 0) => "none".to_owned(),
        (_, n) => format!("{}/{n}", service.ready),
    }
}

pub fn pod_state(state: PodState) -> &'static str {
    match state {
        PodState::Pending => "Pending",
        PodState::Creating => "ContainerCreating",
        PodState::Ready => "Ready",
        PodState::NotReady => "Not ready",
        PodState::Terminating => "Terminating",
        PodState::Crashed(true) => "CrashLoopBackOff",
        PodState::Crashed(false) => "Error",
        PodState::NodeOff => "Node off",
    }
}

/// For cards that have no room for the whole word.
pub fn pod_state_short(state: PodState) -> &'static str {
    match state {
        PodState::Creating => "Creating",
        PodState::Crashed(true) => "CrashLoop",
        other => pod_state(other),
    }
}

pub const GONE: &str = "Gone";

pub fn node_state(node: &NodeFacts) -> Option<&'static str> {
    match node.state {
        NodeState::OffUnnoticed => Some("Off, not noticed yet"),
        NodeState::Off => Some("Off, NotReady"),
        NodeState::Starting => Some("Starting"),
        NodeState::NotReady => Some("NotReady"),
        NodeState::Ready if node.cordoned => Some("Cordoned"),
        NodeState::Ready => None,
    }
}

/// `web-7dw8c-x2k4m` in ten letters is `web-…x2k4m`: what tells Pods apart is at the end.
pub fn shorten(name: &str, most: usize) -> String {
    let count = name.chars().count();
    if count <= most || most < 4 {
        return name.to_owned();
    }
    let tail = 5.min((most - 1) / 2);
    let head: String = name.chars().take(most - 1 - tail).collect();
    let tail: String = name.chars().skip(count - tail).collect();
    format!("{head}…{tail}")
}

/// `2 req/s`, `0.5 req/s`
pub fn rate(rate_milli: u32) -> String {
    match rate_milli {
        0 => "by hand".to_owned(),
        n => format!("{} req/s", thousandths(n)),
    }
}

fn thousandths(n: u32) -> String {
    let text = format!("{}.{:03}", n / 1_000, n % 1_000);
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}

/// `98 % ok`, of those that ended lately. Never rounded up to all.
pub fn delivered(ended: Option<(u32, u32)>) -> String {
    match ended {
        None | Some((0, _)) => String::new(),
        Some((ended, well)) => format!("{} % ok", u64::from(well) * 100 / u64::from(ended)),
    }
}

/// `2 req/s · 98 % ok`
pub fn rate_and_counts(rate_milli: u32, ended: Option<(u32, u32)>) -> String {
    let (rate, counts) = (rate(rate_milli), delivered(ended));
    if counts.is_empty() { rate } else { format!("{rate} · {counts}") }
}

/// What the client saw.
pub fn outcome(outcome: Outcome) -> &'static str {
    match outcome {
        Outcome::Delivered => "delivered",
        Outcome::Refused { lost: Some(PacketVerdict::RejectedByRule) } => "refused: no endpoints",
        Outcome::Refused { .. } => "connection refused",
        Outcome::HostUnreachable => "host unreachable",
        Outcome::Reset => "connection reset",
        Outcome::TimedOut { lost: Some(PacketVerdict::NoRoute) } => "timed out: no route",
        Outcome::TimedOut { lost: Some(PacketVerdict::DroppedByRule) } => "timed out: dropped",
        Outcome::TimedOut { lost: Some(PacketVerdict::TtlExceeded) } => "timed out: TTL ran out",
        Outcome::TimedOut { .. } => "timed out",
        Outcome::Unresolved => "no such name",
        Outcome::NoAddress => "no address",
        Outcome::Abandoned => "given up",
    }
}

/// Of what `loadBalancerSourceRanges` keeps out.
pub const SOURCE_NOT_ALLOWED: &str = "dropped: source not allowed";

/// Beside the cross, at the place that ended the packet. `to` is the address it had by then.
pub fn verdict(verdict: PacketVerdict, to: &std::net::SocketAddr) -> String {
    match verdict {
        PacketVerdict::RejectedByRule => "refused: no endpoints".to_owned(),
        PacketVerdict::DroppedByRule => "dropped by policy".to_owned(),
        PacketVerdict::NothingListens => format!("refused: nothing listens on {}", to.port()),
        PacketVerdict::NoSuchPort => format!("refused: no Service has port {}", to.port()),
        PacketVerdict::NoNeighbor => format!("host unreachable: nobody has {}", to.ip()),
        PacketVerdict::NoRoute => format!("nobody here carries {}", to.ip()),
        PacketVerdict::TtlExceeded => "went round: TTL ran out".to_owned(),
        PacketVerdict::NoSuchService => format!("dropped: no Service has {}", to.ip()),
        PacketVerdict::NodeIsOff => "lost: the node is off".to_owned(),
        PacketVerdict::NoHealthyNode => "dropped: no healthy node".to_owned(),
        PacketVerdict::ConntrackLost => "dropped by conntrack".to_owned(),
        PacketVerdict::ServerGone => "dropped by IPVS: its server is gone".to_owned(),
        PacketVerdict::NotExpected => "not expected here".to_owned(),
        PacketVerdict::NotRewritten => "not rewritten back: reply lost".to_owned(),
        PacketVerdict::Delivered => "delivered".to_owned(),
    }
}

/// `synced 0.3 s ago`, `2 updates, 0.4 s behind`, `paused, 3 updates, 8 s behind`; in short `paused, 8 s behind`
pub fn proxy(lag: &Lag, synced: Option<Span>, short: bool) -> String {
    let why = match lag.hearing {
        Hearing::Paused => "paused, ",
        Hearing::CutOff => "cut off, ",
        Hearing::Hears | Hearing::Off => "",
    };
    let late = lag.age.map_or_else(String::new, |age| [", ", &span(age)].concat());
    match (lag.behind, synced) {
        (_, None) => "no rules written yet".to_owned(),
        (0, Some(synced)) => format!("{why}synced {} ago", span(synced)),
        (_, _) if short && !why.is_empty() => format!("{why}{} behind", late.trim_start_matches(", ")),
        (1, _) => format!("{why}1 update{late} behind"),
        (n, _) => format!("{why}{n} updates{late} behind"),
    }
}

/// Rounded more coarsely the longer it is, so that the picture does not change all the time.
fn span(span: Span) -> String {
    let tenths = span.0 / 100_000_000;
    match tenths {
        0..10 => format!("0.{tenths} s"),
        10..600 => format!("{} s", tenths / 10),
        600..36_000 => format!("{} min", tenths / 600),
        _ => format!("{} h", tenths / 36_000),
    }
}

/// `1/3`, or `else` for the rule that takes what is left; in IPVS mode the scheduler.
pub fn chance(one_in: Option<u64>, by: Option<Scheduler>) -> String {
    match (one_in, by) {
        (_, Some(scheduler)) => scheduler.as_str().to_owned(),
        (Some(n), _) => format!("1/{n}"),
        (None, None) => "else".to_owned(),
    }
}

pub fn row_missing(short: bool) -> &'static str {
    if short { "late" } else { "not here yet" }
}
pub const ROW_STICKY: &str = "known clients";
pub const ROW_ALSO: &str = "external IP";

/// `outside 1/2`: whose packets go to an endpoint that policy Local chooses.
pub fn only(only: For) -> &'static str {
    match only {
        For::Inside => "inside ",
        For::Outside => "outside ",
        For::All => "local ",
    }
}

/// What a rule stops, and why.
pub fn stop(reason: BlockReason) -> (&'static str, &'static str) {
    match reason {
        BlockReason::NoEndpoints => ("REJECT: no endpoints", ""),
        BlockReason::InternalPolicyLocal => ("from inside: DROP", "none here"),
        BlockReason::ExternalPolicyLocal => ("from outside: DROP", "none here"),
        BlockReason::SourceRanges => ("other sources: DROP", ""),
    }
}

/// `sticky 3 h`
pub fn sticky(seconds: u32) -> String {
    ["sticky ", &span(Span::from_secs(seconds.into()))].concat()
}

/// `at 203.0.113.9 +1`
pub fn also(address: &std::net::IpAddr, of: usize) -> String {
    if of > 1 { format!("at {address} +{}", of - 1) } else { format!("at {address}") }
}

pub const NO_POWER: &str = "no power";
pub const RULES_NODE_OFF: &str = "nothing runs here";
pub const RULES_NOT_YET: &str = "no rules written yet";
pub const RULES_NONE: &str = "no rules: it has no virtual IP";

pub fn more(rows: usize) -> String {
    format!("and {rows} more")
}

pub fn type_name(type_: ServiceType) -> &'static str {
    type_.as_str()
}

/// The Service's type, with headless as a type of its own.
pub fn kind(service: &ServiceFacts) -> &'static str {
    match service.form {
        ServiceForm::Headless => "Headless",
        _ => type_name(service.type_),
    }
}

pub fn endpoints(service: &ServiceFacts) -> String {
    match (service.form, service.endpoints) {
        (ServiceForm::External, _) => "a name for another name".to_owned(),
        (_, 0) => "no endpoints".to_owned(),
        (_, n) => format!("{} of {n} endpoints ready", service.ready),
    }
}

pub fn endpoints_short(service: &ServiceFacts) -> String {
    match (service.form, service.endpoints) {
        (ServiceForm::External, _) => "a DNS name".to_owned(),
        (_, 0) => "no endpoints".to_owned(),
        (_, n) => format!("{} of {n} ready", service.ready),
    }
}

/// `10.96.34.7:80 → 8080`
pub fn address(service: &ServiceFacts) -> String {
    let port = service.ports.first().map_or("", String::as_str);
    match service.form {
        ServiceForm::Virtual if service.address.is_empty() => NO_ADDRESS_YET.to_owned(),
        ServiceForm::Virtual => {
            format!("{}:{port}{}", bracketed(&service.address), more_ports(service.ports.len()))
        }
        ServiceForm::Headless => "no virtual IP: a name for its Pods".to_owned(),
        ServiceForm::External => format!("→ {}", service.address),
    }
}

/// As an address stands before a port.
fn bracketed(address: &str) -> String {
    if address.contains(':') { format!("[{address}]") } else { address.to_owned() }
}

/// For cards that have no room for what the port leads to.
pub fn address_short(service: &ServiceFacts) -> String {
    let port = service.ports.first().map_or("", String::as_str);
    let port = port.split(' ').next().unwrap_or_default();
    match service.form {
        ServiceForm::Virtual if service.address.is_empty() => NO_ADDRESS_YET.to_owned(),
        ServiceForm::Virtual => format!("{}:{port}", bracketed(&service.address)),
        ServiceForm::Headless => "headless".to_owned(),
        ServiceForm::External => format!("→ {}", service.address),
    }
}

fn more_ports(count: usize) -> String {
    if count > 1 { format!(" (+{})", count - 1) } else { String::new() }
}

/// The ways in from outside: `node port 30080`, `198.51.100.7`.
pub fn ways_in(service: &ServiceFacts) -> Option<String> {
    let node_port = service.node_port.map(|port| format!("node port {port}"));
    match (service.type_, &service.ingress) {
        (ServiceType::LoadBalancer, Some(ip)) => Some(format!("from outside: {ip}")),
        (ServiceType::LoadBalancer, None) => Some("waiting for an address".to_owned()),
        (ServiceType::NodePort, _) => node_port,
        _ => None,
    }
}

pub fn balancer_address(balancer: &BalancerFacts) -> String {
    balancer.address.clone().unwrap_or_else(|| "waiting for an address".to_owned())
}

pub fn balancer_health(balancer: &BalancerFacts) -> String {
    format!("{} of {} nodes healthy", balancer.healthy, balancer.nodes)
}

/// `calls cart`, `calls cart +2`
pub fn calls(calls: &[Call]) -> Option<String> {
    match calls {
        [] => None,
        [one] => Some(format!("calls {}", one.target)),
        [first, rest @ ..] => Some(format!("calls {} +{}", first.target, rest.len())),
    }
}

/// Beside the ✕ of one whose call failed.
pub fn call_failed(how: Outcome) -> &'static str {
    match how {
        Outcome::Refused { lost: Some(PacketVerdict::RejectedByRule) } => "no endpoints",
        Outcome::Refused { .. } => "refused",
        Outcome::HostUnreachable => "unreachable",
        Outcome::Reset => "reset",
        Outcome::TimedOut { .. } => "timed out",
        other => outcome(other),
    }
}

pub fn calls_in_full(calls: &[Call]) -> String {
    let each: Vec<String> = calls.iter().map(|c| format!("{} ({})", c.target, rate(c.rate_milli))).collect();
    if each.is_empty() { String::new() } else { format!(", calls {}", each.join(", ")) }
}

pub fn pod_label(pod: &PodFacts, services: &[&str]) -> String {
    let of = if services.is_empty() { "no Service".to_owned() } else { services.join(", ") };
    let ip = pod.ip.as_deref().unwrap_or(NO_ADDRESS_YET);
    let calls = calls_in_full(&pod.calls);
    format!("Pod {}, {}, {ip}, behind {of}{calls}", pod.key.name, pod_state(pod.state))
}

pub fn ghost_label(name: &str) -> String {
    format!("Pod {name} is gone, and its replacement does not run yet")
}

pub fn service_label(service: &ServiceFacts) -> String {
    let ways_in = ways_in(service).map(|way| format!(", {way}")).unwrap_or_default();
    format!(
        "Service {}, {}, {}, {}{ways_in}",
        service.key.name,
        type_name(service.type_),
        address(service),
        endpoints(service)
    )
}

pub fn node_label(node: &NodeFacts, proxy: &str) -> String {
    let state = node_state(node).map_or("Ready", |state| state);
    let zone = node.zone.as_ref().map(|zone| format!(", zone {zone}")).unwrap_or_default();
    format!("Node {}, {state}, {}{zone}, kube-proxy: {proxy}", node.name, node.ip)
}

/// A caller's label, with a recent failure if there is one.
pub fn with_trouble(label: String, trouble: Option<Outcome>) -> String {
    match trouble {
        Some(how) => format!("{label}, a call failed: {}", outcome(how)),
        None => label,
    }
}

pub fn client_label(client: &ClientFacts, state: &str) -> String {
    format!("Client {}, {}, calls {}, {state}", client.name, client.ip, client.target)
}

pub fn balancer_label(balancer: &BalancerFacts, service: &str) -> String {
    let (address, health) = (balancer_address(balancer), balancer_health(balancer));
    format!("Cloud load balancer of {service}, {address}, {health}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_shortened_in_the_middle() {
        assert_eq!(shorten("web-x2k4m", 10), "web-x2k4m");
        assert_eq!(shorten("recommendationservice-7dw8c-x2k4m", 13), "recomme…x2k4m");
        assert_eq!(shorten("web-7dw8c-x2k4m", 10), "web-7…2k4m");
    }

    #[test]
    fn numbers_are_said_shortly() {
        assert_eq!(rate(2_000), "2 req/s");
        assert_eq!(rate(500), "0.5 req/s");
        let lag = |hearing, behind, age: Option<Span>| Lag { hearing, behind, age, stale: Vec::new() };
        let current = lag(Hearing::Hears, 0, None);
        assert_eq!(proxy(&current, Some(Span::from_millis(340)), false), "synced 0.3 s ago");
        assert_eq!(proxy(&current, Some(Span::from_secs(61)), false), "synced 1 min ago");
        let late = lag(Hearing::Hears, 1, Some(Span::from_millis(400)));
        assert_eq!(proxy(&late, Some(Span::from_secs(61)), false), "1 update, 0.4 s behind");
        let paused = lag(Hearing::Paused, 3, Some(Span::from_secs(8)));
        assert_eq!(proxy(&paused, Some(Span::from_secs(61)), false), "paused, 3 updates, 8 s behind");
        assert_eq!(proxy(&paused, Some(Span::from_secs(61)), true), "paused, 8 s behind");
        assert_eq!(proxy(&current, None, false), "no rules written yet");
    }
}
