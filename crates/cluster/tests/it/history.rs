//! The way back takes no more memory than it may, and leads to the same run however little it has.

use cluster::api::{Action, Kind, ObjectRef};
use cluster::sim::{Run, Span};

use crate::support::{WEB, go_on, seconds, start};

const FIRST: &str = include_str!("../../../../public/scenarios/first.yaml");

/// The scenario `first` with twenty requests a second.
fn busy() -> Run {
    let one_more = "  clients:\n  - {name: busy, from: outside, to: service/default/web, rate: 17.8}\n";
    let text = FIRST.replace("  clients:\n", one_more);
    assert_ne!(text, FIRST);
    start(&text, 7)
}

fn kill_a_web_pod(run: &mut Run) {
    let pods = &run.world().store().pods;
    let pod =
        pods.iter().find(|p| p.meta.name.starts_with("web-") && p.status.is_ready()).expect("one is ready");
    let (namespace, name) = (pod.meta.namespace.clone(), pod.meta.name.clone());
    run.act(Action::delete(ObjectRef { kind: Kind::Pod, namespace, name })).expect("a Pod can be deleted");
}

/// Runs for so many minutes, in each of which a Pod is killed.
fn kill_each_minute(run: &mut Run, minutes: u64) {
    for _ in 0..minutes {
        go_on(run, Span::from_secs(60));
        kill_a_web_pod(run);
    }
}

#[test]
fn a_long_run_keeps_to_its_budget() {
    const BUDGET: u64 = 16_000_000;
    let mut run = busy();
    run.set_history_budget(BUDGET);
    for _ in 0..20 {
        kill_each_minute(&mut run, 1);
        assert!(run.history_bytes() <= BUDGET, "{} bytes", run.history_bytes());
    }
    assert!(run.history_bytes() > BUDGET / 2, "what may be used is used");
    run.set_history_budget(BUDGET / 4);
    assert!(run.history_bytes() <= BUDGET / 4, "{} bytes", run.history_bytes());
}

#[test]
fn a_world_that_runs_on_takes_no_more_memory() {
    let mut run = busy();
    run.set_history_budget(0);
    kill_each_minute(&mut run, 20);
    let early = run.world().bytes();
    kill_each_minute(&mut run, 40);
    let late = run.world().bytes();
    assert!(late < early + early / 10, "{early} bytes after 20 minutes, {late} after an hour");
    assert!(late < 8_000_000, "{late} bytes");
}

/// All by replay, then with a few snapshots, then with many.
#[test]
fn every_way_back_leads_to_the_same_run_whatever_the_budget() {
    for budget in [0, 2_000_000, Run::HISTORY_BUDGET] {
        let mut run = start(WEB, 7);
        run.set_history_budget(budget);
        let mut befores = Vec::new();
        for at in [20, 70, 71, 150] {
            run.advance_to(seconds(at), u64::MAX);
            befores.push((run.world().now(), run.world().hash()));
            kill_a_web_pod(&mut run);
        }
        go_on(&mut run, Span::from_secs(30));
        let end = (run.world().now(), run.world().hash());
        for at in [150, 10, 70, 180] {
            assert!(run.seek(seconds(at), u64::MAX));
        }
        assert_eq!((run.world().now(), run.world().hash()), end, "after going back and forth");
        // The first from a moment before it: the way to an action may lead forwards.
        assert!(run.seek(seconds(100), u64::MAX));
        for before in befores.iter().rev() {
            assert!(run.undo().is_some());
            assert_eq!((run.world().now(), run.world().hash()), *before, "undone");
        }
        assert!(!run.can_undo());
        while run.can_redo() {
            assert!(run.redo().is_some());
        }
        assert!(run.seek(end.0, u64::MAX));
        assert_eq!((run.world().now(), run.world().hash()), end, "done again");
    }
}

/// All of a person's actions, and not the last so many.
#[test]
fn a_hundred_actions_can_be_undone() {
    let mut run = start(WEB, 7);
    for n in 0..100 {
        go_on(&mut run, Span::from_millis(100));
        run.act(Action::Cordon { node: "node-1".into(), on: n % 2 == 0 }).expect("a node can be cordoned");
    }
    assert_eq!(std::iter::from_fn(|| run.undo()).count(), 100);
    assert_eq!(run.actions(), []);
}
