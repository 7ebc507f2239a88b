//! What a kube-proxy has seen of the API server's objects.

use crate::support::{WEB, key, settle, start};
use cluster::api::{Action, Uid};
use cluster::sim::{Run, Span};

fn service(name: &str) -> Action {
    Action::apply(&format!(
        "apiVersion: v1\nkind: Service\nmetadata: {{name: {name}}}\nspec: {{ports: [{{port: 80}}]}}\n"
    ))
}

fn has_seen(run: &Run, node: Uid, name: &str) -> bool {
    run.world().machines()[&node].proxy.services.get(&key(name)).is_some()
}

/// Until a node that can be reached again has listed, a watch event tells it of one object, and of no other.
#[test]
fn a_node_that_missed_a_change_does_not_learn_of_it_from_the_next_one() {
    let mut has_learnt_of_the_next = false;
    for seed in 1..=20 {
        let mut run = start(WEB, seed);
        settle(&mut run);
        let node = run.world().machines().values().next().expect("there are nodes").uid;
        let name = run.world().node_name(node).expect("it has a name").clone();
        let cut = |on| Action::CutOffNode { node: name.clone(), on };
        for action in [cut(true), service("missed"), cut(false), service("next")] {
            run.act(action).expect("it is allowed");
        }
        assert!(!has_seen(&run, node, "missed"));
        let end = run.world().now() + Span::from_secs(5);
        while run.world().now() < end {
            has_learnt_of_the_next |= has_seen(&run, node, "next") && !has_seen(&run, node, "missed");
            run.step();
        }
        assert!(has_seen(&run, node, "missed") && has_seen(&run, node, "next"));
    }
    assert!(has_learnt_of_the_next, "for one of the seeds the event came before the list");
}

/// A change of a node's zone is for that node only, and gone once it has arrived there.
#[test]
fn what_was_for_another_node_only_holds_nobody_up() {
    for seed in 1..=20 {
        let mut run = start(WEB, seed);
        settle(&mut run);
        for name in ["node-1", "node-2", "node-3"] {
            let labels = [("topology.kubernetes.io/zone".into(), "z".into())].into_iter().collect();
            run.act(Action::SetLabels { object: cluster::api::ObjectRef::node(&name.into()), labels })
                .expect("it is allowed");
        }
        run.act(service("next")).expect("it is allowed");
        let end = run.world().now() + Span::from_secs(5);
        assert!(run.advance_to(end, u64::MAX));
        assert!(run.world().machines().keys().all(|node| has_seen(&run, *node, "next")), "{seed}");
    }
}
