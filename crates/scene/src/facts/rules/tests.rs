use super::*;
use cluster::api::NsName;
use cluster::node::kube_proxy::RuleRole;
use cluster::trace::Hop;

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
    let stop = |row: &Row| {
        let RowKind::Stop(stop) = row.kind else { return None };
        Some(stop)
    };
    rows.iter().filter_map(stop).collect()
}

fn all_outcomes(world: &World) -> Vec<(Uid, RuleOutcome)> {
    let records = world.traffic().finished.iter();
    let hops = records.flat_map(|r| r.packets.iter()).flat_map(|p| &p.hops);
    let outcome = |hop: &Hop| {
        let cluster::trace::Place::Node(node) = hop.place else { return None };
        Some((node, RuleOutcome::of(hop)?))
    };
    hops.filter_map(outcome).collect()
}

#[test]
fn a_drop_is_not_ingress_from_a_refusal() {
    let world = scenario("myth-no-endpoints-is-a-time-out");
    for node in ["node-1", "node-3"] {
        assert_eq!(stops(&rows_on(&world, "api", node)), [BlockReason::InternalPolicyLocal], "{node}");
        assert_eq!(stops(&rows_on(&world, "web", node)), [BlockReason::NoEndpoints], "{node}");
    }
    let here = rows_on(&world, "api", "node-2");
    let local = RowKind::Endpoint { one_in: None, by: None, only: Some(For::Inside) };
    assert_eq!(here.iter().map(|row| row.kind.clone()).collect::<Vec<_>>(), [local]);
    let node = machine(&world, "node-1");
    for (service, stop) in [("api", BlockReason::InternalPolicyLocal), ("web", BlockReason::NoEndpoints)] {
        let rows = rows_on(&world, service, "node-1");
        assert!(rows[0].count(node) > 0, "{service}: what it stopped is counted");
        let lit = all_outcomes(&world)
            .into_iter()
            .filter(|(at, outcome)| *at == node.uid && rows[0].decided(outcome));
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
    let chose = |outcome: &RuleOutcome| matches!(outcome.role, RuleRole::SelectsEndpoint { .. });
    let outcome = all_outcomes(&world).into_iter().filter(|(at, outcome)| *at == node.uid && chose(outcome));
    let lit: Vec<[bool; 2]> =
        outcome.map(|(_, outcome)| [rows[0].decided(&outcome), rows[1].decided(&outcome)]).collect();
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
        let outcome = all_outcomes(&world);
        let lit = |row: &Row| outcome.iter().any(|(_, outcome)| row.decided(outcome));
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
