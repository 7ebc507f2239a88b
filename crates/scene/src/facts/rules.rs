//! A node's rules for one Service, derived from the rules in force there.

use std::net::SocketAddr;
use std::sync::Arc;

#[cfg(test)]
use cluster::api::NsName;
use cluster::api::{Service, Uid};
use cluster::node::kube_proxy::{
    BlockReason, PortSummary, RuleRole, ServicePortName, endpoint_choices, port_summary, rule_role,
    service_port_of,
};
use cluster::node::{Lag, Machine, StalePort};
use cluster::sim::World;
use cluster::trace::Hop;
use netfilter::{Hooks, Rules, Scheduler};

use crate::words;

/// What one line of a node's rules says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RowKind {
    /// An endpoint, and the share of the packets reaching this rule that it gets, or the scheduler that decides.
    /// `only`: the traffic for which policy Local chooses it, if it does.
    Endpoint {
        one_in: Option<u64>,
        by: Option<Scheduler>,
        only: Option<For>,
    },
    /// In the EndpointSlice, but not yet in this node's rules.
    Missing,
    Stop(BlockReason),
    /// A note about the Service as a whole. `sticky`: session affinity.
    Note {
        what: String,
        why: String,
        sticky: bool,
    },
}

/// The traffic that uses the endpoints of policy Local.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum For {
    /// To the ClusterIP.
    Inside,
    /// To other addresses.
    Outside,
    All,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Row {
    pub port: Arc<ServicePortName>,
    /// The port's number, where the Service has several.
    pub number: Option<u16>,
    pub endpoint: Option<SocketAddr>,
    pub kind: RowKind,
    /// Rules written now would be different.
    pub stale: bool,
}

/// What a node's rules did with a packet.
#[derive(Clone, Debug, PartialEq)]
pub struct RuleOutcome {
    /// `None` if a rule for all Services did it.
    port: Option<ServicePortName>,
    to: SocketAddr,
    role: RuleRole,
}

impl For {
    pub fn of(summary: &PortSummary) -> For {
        match (summary.internal_local, summary.external_local) {
            (true, false) => For::Inside,
            (false, _) => For::Outside,
            (true, true) => For::All,
        }
    }
}

impl RuleOutcome {
    /// `None` where no rule chose an endpoint for it or stopped it.
    pub fn of(hop: &Hop) -> Option<RuleOutcome> {
        let rules = hop.rules.as_ref()?;
        let mut met = RuleOutcome {
            port: None,
            to: SocketAddr::new(hop.after.dst, hop.after.dst_port),
            role: RuleRole::SelectsEndpoint { local: false, affinity: false },
        };
        let mut any = false;
        for at in hop.hits.iter().map(|hit| hit.at()) {
            if let Some(port) = service_port_of(rules, at) {
                met.port = Some(port);
            }
            if let Some(role) = rule_role(rules, at) {
                (any, met.role) = (true, role);
            }
        }
        any.then_some(met)
    }
}

impl Row {
    /// Whether this row is the rule that did it.
    pub fn says(&self, met: &RuleOutcome) -> bool {
        let is_its = met.port.as_ref().is_none_or(|port| match self.kind {
            RowKind::Note { .. } => port.service == self.port.service,
            _ => *port == *self.port,
        });
        is_its
            && match (&self.kind, met.role) {
                (RowKind::Endpoint { only, .. }, RuleRole::SelectsEndpoint { local, .. }) => {
                    self.endpoint == Some(met.to) && only.is_some() == local
                }
                (RowKind::Note { sticky, .. }, RuleRole::SelectsEndpoint { affinity, .. }) => {
                    *sticky && affinity
                }
                (RowKind::Stop(here), RuleRole::Blocks(reason)) => *here == reason,
                _ => false,
            }
    }

    /// How many connections the rule has sent on, or how many packets it has stopped.
    pub fn count(&self, machine: &Machine) -> u64 {
        match (&self.kind, self.endpoint) {
            (RowKind::Endpoint { only, .. }, Some(endpoint)) => {
                machine.sent.to(&self.port, endpoint, only.is_some())
            }
            (RowKind::Stop(stop), _) => {
                let owner = self.port.owner();
                let is_it = |rules: &Rules, at| {
                    rule_role(rules, at) == Some(RuleRole::Blocks(*stop))
                        && rules.owner(at).is_none_or(|of| *of == owner)
                };
                let counted = |hooks: &Hooks| -> u64 {
                    let own = hooks.counts().iter().filter(|(at, _)| is_it(hooks.rules(), **at));
                    own.map(|(_, count)| count).sum()
                };
                machine.stack.hooks().values().map(counted).sum()
            }
            _ => 0,
        }
    }
}

/// Why there are no rules to show, or which there are.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RuleFacts {
    NodeOff,
    /// kube-proxy has written nothing yet.
    NotYet,
    /// Headless or ExternalName: kube-proxy does nothing for it.
    NoVirtualIp,
    Rows(Vec<Row>),
}

/// Of all ports of a Service, or of the one that was called.
pub fn rules_of_node(world: &World, node: Uid, service: Uid, called: Option<u16>) -> RuleFacts {
    let Some(machine) = world.machines().get(&node) else { return RuleFacts::NodeOff };
    let Some(service) = world.store().service_by_uid(service) else { return RuleFacts::NotYet };
    match (machine.power, machine.proxy.synced_at()) {
        (false, _) => RuleFacts::NodeOff,
        (true, None) => RuleFacts::NotYet,
        _ if !service.has_virtual_ip() => RuleFacts::NoVirtualIp,
        _ => RuleFacts::Rows(rows(world, machine, service, called)),
    }
}

fn rows(world: &World, machine: &Machine, service: &Service, called: Option<u16>) -> Vec<Row> {
    let stale = world.lag_of(machine.uid).map_or_else(Vec::new, |lag| lag.stale);
    let ports = &service.spec.ports;
    let called = |number: u16, node_port: u16| called.is_none_or(|c| c == number || c == node_port);
    let one = ports.iter().filter(|p| called(p.port, p.node_port)).count();
    let mut rows = Vec::new();
    for port in ports.iter().filter(|p| one == 0 || called(p.port, p.node_port)) {
        let (key, protocol) = (service.meta.key(), port.protocol);
        let name = Arc::new(ServicePortName { service: key, port: port.name.clone(), protocol });
        for (family, hooks) in machine.stack.hooks().iter() {
            let stale = stale.iter().find(|stale| stale.port == *name && stale.family == family);
            let summary = port_summary(hooks.rules(), &name);
            // Only once, although each port's rules repeat it.
            if rows.is_empty() {
                rows = notes(&summary, service, &name);
            }
            rows_of_port(&mut rows, hooks.rules(), &name, &summary, stale);
        }
        if ports.len() > 1 {
            let mine = |row: &&mut Row| row.port == name && !matches!(row.kind, RowKind::Note { .. });
            rows.iter_mut().filter(mine).for_each(|row| row.number = Some(port.port));
        }
    }
    rows
}

/// Notes that hold for all ports of the Service. The load balancer's address is shown elsewhere.
fn notes(summary: &PortSummary, service: &Service, port: &Arc<ServicePortName>) -> Vec<Row> {
    let is_told = |ip: &&std::net::IpAddr| service.ingress.iter().all(|ingress| ingress.ip != **ip);
    let others: Vec<_> = summary.external_addresses.iter().filter(is_told).collect();
    let mut rows = Vec::new();
    let mut note = |what, why, sticky| {
        let kind = RowKind::Note { what, why, sticky };
        rows.push(Row { port: port.clone(), number: None, endpoint: None, kind, stale: false });
    };
    if let Some(first) = others.first() {
        note(words::also(first, others.len()), words::ROW_ALSO.to_owned(), false);
    }
    if let Some(seconds) = summary.affinity_s {
        note(words::ROW_STICKY.to_owned(), words::sticky(seconds), true);
    }
    rows
}

fn rows_of_port(
    rows: &mut Vec<Row>,
    rules: &Rules,
    port: &Arc<ServicePortName>,
    summary: &PortSummary,
    lag: Option<&StalePort>,
) {
    let row = |endpoint, kind, stale| Row { port: port.clone(), number: None, endpoint, kind, stale };
    let missing = lag.map_or(&[][..], |lag| &lag.missing);
    for only in [None, Some(For::of(summary))] {
        for choice in endpoint_choices(rules, port, only.is_some()) {
            let stale = lag.is_some_and(|lag| lag.gone.contains(&choice.endpoint));
            rows.push(row(
                Some(choice.endpoint),
                RowKind::Endpoint { one_in: choice.one_in, by: choice.scheduler, only },
                stale,
            ));
        }
    }
    let refused = |stop| stop == BlockReason::NoEndpoints && !missing.is_empty();
    rows.extend(summary.blocks.iter().map(|stop| row(None, RowKind::Stop(*stop), refused(*stop))));
    rows.extend(missing.iter().map(|endpoint| row(Some(*endpoint), RowKind::Missing, false)));
}
/// How the node's kube-proxy is doing: how far behind, and for how long its rules have been so.
pub fn proxy_age(world: &World, node: Uid) -> Option<(Lag, Option<cluster::sim::Span>)> {
    let machine = world.machines().get(&node).filter(|m| m.power)?;
    Some((world.lag_of(node)?, machine.proxy.synced_at().map(|at| world.now().since(at))))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{WEB, kill, pass, pods, run};

    fn rows_of(world: &World) -> Vec<Vec<Row>> {
        let service = world.store().services.get(&NsName::new("default", "web")).map(|s| s.meta.uid);
        let of = |node| match rules_of_node(world, node, service.expect("web"), None) {
            RuleFacts::Rows(rows) => rows,
            other => panic!("{other:?}"),
        };
        world.machines().keys().map(|node| of(*node)).collect()
    }

    #[test]
    fn rules_are_read_from_the_nodes_own_rules() {
        let run = run(WEB, 3);
        for rows in rows_of(run.world()) {
            let chances: Vec<_> = rows.iter().map(|row| row.kind.clone()).collect();
            let one_in = |one_in| RowKind::Endpoint { one_in, by: None, only: None };
            assert_eq!(chances, [one_in(Some(3)), one_in(Some(2)), one_in(None)]);
            assert!(rows.iter().all(|row| !row.stale));
        }
    }

    fn scenario(name: &str) -> World {
        let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../cluster/tests/scenarios");
        let text = std::fs::read_to_string(format!("{folder}/{name}/input.yaml")).expect("the scenario");
        settled_text(&text)
    }

    fn settled_text(text: &str) -> World {
        let (mut run, refusals) = cluster::sim::Run::new(&cluster::api::parse(text), None);
        assert_eq!(refusals, []);
        pass(&mut run, 25_000);
        run.world().clone()
    }

    fn machine<'a>(world: &'a World, node: &str) -> &'a Machine {
        world.machine_named(node).expect("the node")
    }

    fn rows_on(world: &World, service: &str, node: &str) -> Vec<Row> {
        let service = world.store().services.get(&NsName::new("default", service)).expect("the Service");
        rows(world, machine(world, node), service, None)
    }

    fn stops(rows: &[Row]) -> Vec<BlockReason> {
        let stop = |row: &Row| match row.kind {
            RowKind::Stop(stop) => Some(stop),
            _ => None,
        };
        rows.iter().filter_map(stop).collect()
    }

    fn all_met(world: &World) -> Vec<(Uid, RuleOutcome)> {
        let records = world.traffic().finished.iter();
        let hops = records.flat_map(|r| r.packets.iter()).flat_map(|p| &p.hops);
        let met = |hop: &Hop| match hop.place {
            cluster::trace::Place::Node(node) => Some((node, RuleOutcome::of(hop)?)),
            _ => None,
        };
        hops.filter_map(met).collect()
    }

    #[test]
    fn a_drop_is_told_from_a_refusal() {
        let world = scenario("myth-no-endpoints-is-a-time-out");
        for node in ["node-1", "node-3"] {
            assert_eq!(stops(&rows_on(&world, "api", node)), [BlockReason::InternalPolicyLocal], "{node}");
            assert_eq!(stops(&rows_on(&world, "web", node)), [BlockReason::NoEndpoints], "{node}");
        }
        let here = rows_on(&world, "api", "node-2");
        let local = RowKind::Endpoint { one_in: None, by: None, only: Some(For::Inside) };
        assert_eq!(here.iter().map(|row| row.kind.clone()).collect::<Vec<_>>(), [local]);
        let node = machine(&world, "node-1");
        for (service, stop) in [("api", BlockReason::InternalPolicyLocal), ("web", BlockReason::NoEndpoints)]
        {
            let rows = rows_on(&world, service, "node-1");
            assert!(rows[0].count(node) > 0, "{service}: what it stopped is counted");
            let lit = all_met(&world).into_iter().filter(|(at, met)| *at == node.uid && rows[0].says(met));
            assert!(lit.count() > 0, "{service}: it is lit by {stop:?}");
        }
    }

    #[test]
    fn policy_local_says_for_whom_it_chooses_and_drops_and_counts_by_the_chain() {
        let text = "
apiVersion: v1
kind: Pod
metadata: {name: w1, labels: {app: web}}
spec: {nodeName: node-1, containers: [{name: web, image: web, ports: [{containerPort: 80}]}]}
---
apiVersion: v1
kind: Service
metadata: {name: web}
spec: {type: NodePort, externalTrafficPolicy: Local, selector: {app: web}, ports: [{port: 80, nodePort: 30080}]}
---
apiVersion: v1
kind: Pod
metadata: {name: curl}
spec: {nodeName: node-1, containers: [{name: curl, image: curl}]}
---
apiVersion: packetyard/v1alpha1
kind: Scenario
spec:
  clients:
  - {name: inside, from: pod/default/curl, to: 'http://web', rate: 1}
  - {name: outside, from: outside, to: '192.168.0.11:30080', rate: 3}
";
        let world = settled_text(text);
        let rows = rows_on(&world, "web", "node-1");
        let kinds: Vec<_> = rows.iter().map(|row| row.kind.clone()).collect();
        let one = |only| RowKind::Endpoint { one_in: None, by: None, only };
        assert_eq!(kinds, [one(None), one(Some(For::Outside))]);
        let node = machine(&world, "node-1");
        let (cluster, local) = (rows[0].count(node), rows[1].count(node));
        assert!(cluster > 3 && local > 2 * cluster, "{cluster} {local}");
        let chose = |met: &RuleOutcome| matches!(met.role, RuleRole::SelectsEndpoint { .. });
        let met = all_met(&world).into_iter().filter(|(at, met)| *at == node.uid && chose(met));
        let lit: Vec<[bool; 2]> = met.map(|(_, met)| [rows[0].says(&met), rows[1].says(&met)]).collect();
        assert!(lit.iter().all(|[cluster, local]| cluster != local), "one of them is lit: {lit:?}");
        let elsewhere = rows_on(&world, "web", "node-2");
        assert_eq!(elsewhere[0].kind, one(None), "Pods there go on to all");
        assert_eq!(stops(&elsewhere), [BlockReason::ExternalPolicyLocal]);
    }

    #[test]
    fn affinity_source_ranges_and_external_addresses_have_rows_in_every_mode() {
        let text = "
apiVersion: v1
kind: Pod
metadata: {name: w1, labels: {app: web}}
spec: {nodeName: node-1, containers: [{name: web, image: web, ports: [{containerPort: 80}]}]}
---
apiVersion: v1
kind: Service
metadata: {name: web}
spec:
  type: LoadBalancer
  sessionAffinity: ClientIP
  externalIPs: [203.0.113.250, 203.0.113.251]
  loadBalancerSourceRanges: [198.18.0.0/15]
  selector: {app: web}
  ports: [{port: 80}]
---
apiVersion: v1
kind: Pod
metadata: {name: curl}
spec: {nodeName: node-2, containers: [{name: curl, image: curl}]}
---
apiVersion: packetyard/v1alpha1
kind: Scenario
spec:
  proxyMode: MODE
  clients:
  - {name: inside, from: pod/default/curl, to: 'http://web', rate: 2}
  - {name: stranger, from: outside, to: service/default/web, rate: 1}
  - {name: friend, from: {ip: 198.18.0.9}, to: service/default/web, rate: 2}
";
        for mode in ["iptables", "nftables", "ipvs"] {
            let world = settled_text(&text.replace("MODE", mode));
            let rows = rows_on(&world, "web", "node-2");
            let kinds: Vec<_> = rows.iter().map(|row| row.kind.clone()).collect();
            let note =
                |what: &str, why: &str, sticky| RowKind::Note { what: what.into(), why: why.into(), sticky };
            let expected = [
                note("at 203.0.113.250 +1", "external IP", false),
                note("known clients", "sticky 3 h", true),
                RowKind::Endpoint { one_in: None, by: None, only: None },
                RowKind::Stop(BlockReason::SourceRanges),
            ];
            assert_eq!(kinds, expected, "{mode}");
            let met = all_met(&world);
            let lit = |row: &Row| met.iter().any(|(_, met)| row.says(met));
            assert_eq!(lit(&rows[1]), mode != "ipvs", "{mode}: IPVS does not tell");
            assert!(lit(&rows[2]) && lit(&rows[3]), "{mode}");
            // Allowed packets pass the firewall chain too, but do not count as stopped.
            let mut stopped = 0;
            for node in ["node-1", "node-2", "node-3"] {
                let row = rows_on(&world, "web", node).pop().expect("the firewall's");
                stopped += row.count(machine(&world, node));
            }
            let stranger = world.traffic().stats.clients.get("stranger").expect("a client of that name");
            let friend = world.traffic().stats.clients.get("friend").expect("a client of that name");
            assert!(friend.delivered > 20, "{mode}: {friend:?}");
            assert!((1..=stranger.sent).contains(&stopped), "{mode}: {stopped} of {stranger:?}");
        }
    }

    #[test]
    fn a_line_is_stale_from_the_slices_change_to_the_nodes_sync() {
        let mut run = run(WEB, 3);
        let victim = pods(run.world(), "web")[0].clone();
        let ip = run.world().store().pods.get(&victim).and_then(|p| p.status.pod_ip());
        kill(&mut run, &victim.name);
        let (mut stale, mut missing) = (0, 0);
        for _ in 0..400 {
            pass(&mut run, 50);
            let behind: Vec<bool> = run.world().machines().values().map(|m| m.proxy.behind() > 0).collect();
            for (rows, behind) in rows_of(run.world()).iter().zip(behind) {
                for row in rows.iter().filter(|row| row.stale) {
                    assert_eq!(row.endpoint.map(|e| e.ip()), ip);
                    assert!(behind, "who is up to date has no stale line");
                    stale += 1;
                }
                missing += rows.iter().filter(|row| row.kind == RowKind::Missing).count();
            }
        }
        assert!(stale > 0 && missing > 0, "{stale} {missing}");
    }
}
