//! What views ask of a node's rules: how they would be in another mode, what they have matched, and
//! where they have sent connections.

use crate::support::{WEB, go_on, key, settle, start};
use cluster::api::{Action, Uid};
use cluster::node::Machine;
use cluster::node::kube_proxy::{ProxyMode, ServicePortName, endpoint_choices, port_summary};
use cluster::sim::{Run, Span, World};
use netfilter::{Family, Protocol, Rules};

fn nodes(world: &World) -> Vec<Uid> {
    world.machines().keys().copied().collect()
}

fn web() -> ServicePortName {
    ServicePortName { service: key("web"), port: "".into(), protocol: Protocol::Tcp }
}

fn settled(text: &str) -> Run {
    let mut run = start(text, 7);
    settle(&mut run);
    go_on(&mut run, Span::from_secs(5));
    run
}

#[test]
fn rules_as_if_in_another_mode_are_those_that_a_switch_to_it_writes() {
    let mut run = settled(WEB);
    let mut before = Vec::new();
    for mode in ProxyMode::ALL {
        for node in nodes(run.world()) {
            let rules = run.world().rules_as_if(node, mode).expect("the node is there");
            before.push((node, mode, rules.primary().to_string()));
        }
    }
    assert!(run.world().rules_as_if(Uid(u32::MAX), ProxyMode::ALL[0]).is_none(), "nobody's");
    for mode in ProxyMode::ALL {
        run.act(Action::SetProxyMode { mode }).expect("a mode");
        go_on(&mut run, Span::from_secs(60));
        for (node, _, text) in before.iter().filter(|(_, of, _)| *of == mode) {
            let now = run.world().machines()[node].stack.hooks().primary().rules().to_string();
            assert_eq!(now, *text, "{} on {node:?}", mode.as_str());
        }
    }
}

/// However many syncs nobody looked at: what is then worked out is what a sync from nothing writes.
#[test]
fn iptables_rules_are_worked_out_when_somebody_needs_them() {
    let mut run = start(WEB, 7);
    assert!(run.find_origin(u64::MAX), "clients begin when it is settled, and send nothing before");
    let is_made = |machine: &Machine| match machine.rules(Family::V4) {
        Some(Rules::Iptables(rules)) => rules.is_made(),
        other => panic!("every node is in mode iptables: {other:?}"),
    };
    assert!(!run.world().machines().values().any(is_made), "nobody has needed rules");
    for replicas in [5, 1, 4] {
        let world = run.world();
        for node in nodes(world) {
            let machine = &world.machines()[&node];
            let written = machine.rules(Family::V4).expect("a node of that family").to_string();
            let from_nothing = world.rules_as_if(node, ProxyMode::Iptables).expect("the node is there");
            assert_eq!(written, from_nothing.primary().to_string(), "{}", machine.name);
            assert!(is_made(machine));
        }
        run.act(Action::scale_deployment(&key("web"), replicas)).expect("a Deployment");
        go_on(&mut run, Span::from_secs(60));
        settle(&mut run);
    }
}

#[test]
fn rules_count_what_they_matched_and_where_they_sent_it_until_they_are_written_anew() {
    for mode in ProxyMode::ALL {
        let mut run = settled(WEB);
        run.act(Action::SetProxyMode { mode }).expect("a mode");
        go_on(&mut run, Span::from_secs(60));
        let mut sent = 0;
        for node in nodes(run.world()) {
            let machine = &run.world().machines()[&node];
            let hooks = machine.stack.hooks().primary();
            for choice in endpoint_choices(hooks.rules(), &web(), false) {
                sent += machine.sent.to(&web(), choice.endpoint, false);
            }
            for (at, count) in hooks.counts().iter() {
                assert!(*count > 0 && hooks.rules().rule_text(*at).is_some(), "{at:?} is a rule");
            }
        }
        assert!(sent > 10, "{}: {sent} connections were sent to an endpoint", mode.as_str());
        run.act(Action::scale_deployment(&key("web"), 1)).expect("a Deployment");
        for node in nodes(run.world()) {
            let synced = |run: &Run| run.world().machines()[&node].proxy.synced_at();
            let (before, mut counts) = (synced(&run), 0);
            while synced(&run) == before {
                counts = run.world().machines()[&node].stack.hooks().primary().counts().values().sum();
                go_on(&mut run, Span::from_millis(1));
            }
            let after: u64 = run.world().machines()[&node].stack.hooks().primary().counts().values().sum();
            assert!(after < counts.max(1), "{}: {after} of {counts} are left", mode.as_str());
        }
    }
}

#[test]
fn the_endpoints_of_policy_local_are_the_same_ones_in_every_mode() {
    let text = |policy: &str| {
        format!(
            "
apiVersion: apps/v1
kind: Deployment
metadata: {{name: web}}
spec:
  replicas: 3
  selector: {{matchLabels: {{app: web}}}}
  template:
    metadata: {{labels: {{app: web}}}}
    spec: {{containers: [{{name: web, image: web, ports: [{{containerPort: 80}}]}}]}}
---
apiVersion: v1
kind: Service
metadata: {{name: web}}
spec: {{type: LoadBalancer, {policy}: Local, selector: {{app: web}}, ports: [{{port: 80}}]}}
"
        )
    };
    for (policy, sides) in
        [("internalTrafficPolicy", (true, false)), ("externalTrafficPolicy", (false, true))]
    {
        let run = settled(&text(policy));
        for (mode, node) in
            ProxyMode::ALL.into_iter().flat_map(|mode| nodes(run.world()).into_iter().map(move |n| (mode, n)))
        {
            let rules = run.world().rules_as_if(node, mode).expect("the node is there");
            let rules = rules.primary();
            let count = |local| endpoint_choices(rules, &web(), local).len();
            assert_eq!((count(false), count(true)), (3, 1), "{policy} in {}", mode.as_str());
            let summary = port_summary(rules, &web());
            assert_eq!(
                (summary.internal_local, summary.external_local),
                sides,
                "{policy} in {}",
                mode.as_str()
            );
        }
    }
}
