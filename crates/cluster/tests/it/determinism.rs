//! One seed, one run; and an edit changes nothing that does not depend on it.

use crate::support::{WEB, go_on, manifest, seconds, start};
use cluster::api::{Action, Kind, Manifest, ObjectRef, Scenario, TimedAction};
use cluster::sim::{LogEntry, Moment, Run, Span, Time};
use cluster::trace::ConnectionRecord;

#[test]
fn a_seed_is_one_run() {
    let mut first = start(WEB, 7);
    first.advance_to(seconds(30), u64::MAX);
    let mut second = start(WEB, 7);
    // However the way there is cut into slices.
    while !second.advance_to(seconds(30), 17) {}
    assert_eq!(first.world().hash(), second.world().hash());
    let mut other = start(WEB, 8);
    other.advance_to(seconds(30), u64::MAX);
    assert_ne!(first.world().hash(), other.world().hash(), "another seed is another run");
}

#[test]
fn seeking_back_and_forth_changes_nothing() {
    let mut run = start(WEB, 3);
    run.advance_to(seconds(40), u64::MAX);
    let hash = run.world().hash();
    assert!(run.seek(seconds(11), u64::MAX));
    let middle = run.world().hash();
    assert!(run.seek(seconds(40), u64::MAX));
    assert_eq!(run.world().hash(), hash);
    assert!(run.seek(seconds(11), u64::MAX));
    assert_eq!(run.world().hash(), middle);
}

fn delete_first_web_pod(run: &mut Run) {
    let pod =
        run.world().store().pods.iter().find(|p| p.meta.name.starts_with("web-")).expect("a web Pod runs");
    let object =
        ObjectRef { kind: Kind::Pod, namespace: pod.meta.namespace.clone(), name: pod.meta.name.clone() };
    run.act(Action::delete(object)).expect("a Pod can be deleted");
}

#[test]
fn undo_returns_to_the_run_as_it_was_and_redo_to_the_edit() {
    let mut run = start(WEB, 7);
    run.advance_to(seconds(20), u64::MAX);
    let before = run.world().hash();
    delete_first_web_pod(&mut run);
    go_on(&mut run, Span::from_secs(10));
    let after = run.world().hash();
    assert!(run.undo().is_some());
    assert_eq!((run.world().now(), run.world().hash()), (seconds(20), before));
    assert!(run.redo().is_some());
    go_on(&mut run, Span::from_secs(10));
    assert_eq!(run.world().hash(), after);
    assert!(run.undo().is_some());
    assert!(!run.can_undo());
}

/// Every connection's first facts: who, when, from which port, to which address.
fn begun(records: &[ConnectionRecord], until: Time) -> Vec<String> {
    let mut lines: Vec<String> = records
        .iter()
        .filter(|r| r.started < until)
        .map(|r| format!("{} {:?} {:?} {:?}", r.started.0, r.client_name, r.source, r.tuple))
        .collect();
    lines.sort();
    lines
}

fn records(run: &Run) -> Vec<ConnectionRecord> {
    let traffic = run.world().traffic();
    let live = traffic.connections.values().map(|l| l.record.clone());
    traffic.finished.iter().map(|r| (**r).clone()).chain(live).collect()
}

/// Chance is keyed: deleting a Pod shifts no client's pauses and no source port, before or after.
#[test]
fn an_edit_shifts_no_draw_that_does_not_depend_on_it() {
    let mut plain = start(WEB, 7);
    plain.advance_to(seconds(20), u64::MAX);
    let mut edited = plain.clone();
    delete_first_web_pod(&mut edited);
    go_on(&mut plain, Span::from_secs(30));
    go_on(&mut edited, Span::from_secs(30));
    let now = plain.world().now();
    assert_eq!(begun(&records(&plain), now), begun(&records(&edited), now));
    assert_ne!(plain.world().hash(), edited.world().hash());
}

#[test]
fn an_edit_in_the_past_forgets_what_a_person_did_later_but_not_the_scenario() {
    let scripted = format!("{WEB}  actions:\n  - {{at: 25s, do: cordon, node: node-3, enabled: true}}\n");
    let mut run = start(&scripted, 7);
    run.advance_to(seconds(20), u64::MAX);
    delete_first_web_pod(&mut run);
    assert!(run.seek(seconds(10), u64::MAX));
    run.act(Action::Cordon { node: "node-1".into(), on: true }).expect("a node can be cordoned");
    let left: Vec<Moment> = run.actions().iter().map(|a| a.at).collect();
    assert_eq!(left, [run.world().moment(seconds(10)), Moment(25_000_000_000)]);
}

fn cordon(run: &mut Run, node: &str, on: bool) {
    run.act(Action::Cordon { node: node.into(), on }).expect("a node can be cordoned");
}

#[test]
fn what_an_edit_in_the_past_made_forgotten_cannot_be_undone() {
    let mut run = start(WEB, 7);
    run.advance_to(seconds(10), u64::MAX);
    let before = run.world().hash();
    cordon(&mut run, "node-1", true);
    go_on(&mut run, Span::from_secs(10));
    cordon(&mut run, "node-2", true);
    assert!(run.seek(seconds(15), u64::MAX));
    let middle = run.world().hash();
    cordon(&mut run, "node-3", true);
    assert!(run.undo().is_some());
    assert_eq!((run.world().now(), run.world().hash()), (seconds(15), middle));
    assert!(run.undo().is_some());
    assert_eq!((run.world().now(), run.world().hash()), (seconds(10), before));
    assert!(!run.can_undo(), "the second edit is forgotten");
    assert_eq!(run.actions(), []);
}

const SCRIPTED: &str = "  actions:\n  - {at: 25s, do: cordon, node: node-3, enabled: true}\n";

/// The scenario that a run is kept as, and what of its actions is the original's own.
fn kept(run: &Run, original: &Manifest) -> (Manifest, Vec<TimedAction>) {
    let scenario = original.scenario.clone().unwrap_or_default();
    let script = scenario.actions.clone();
    let scenario = Scenario { seed: Some(run.world().seed()), actions: run.actions().to_vec(), ..scenario };
    (Manifest { scenario: Some(scenario), ..original.clone() }, script)
}

fn resumed(run: &Run, original: &Manifest) -> Run {
    let (manifest, script) = kept(run, original);
    let (again, refusals) = Run::new(&manifest, None);
    let mut again = again.resume(script, run.undone().to_vec());
    assert_eq!(refusals, []);
    again.advance_to(run.world().now(), u64::MAX);
    assert_eq!(again.world().hash(), run.world().hash());
    again
}

#[test]
fn a_run_that_is_resumed_can_be_undone_to_its_beginning_and_done_again() {
    let original = manifest(&format!("{WEB}{SCRIPTED}"));
    let (mut run, _) = Run::new(&original, Some(7));
    let mut hashes = Vec::new();
    for at in [10, 20, 30] {
        run.advance_to(seconds(at), u64::MAX);
        hashes.push((run.world().now(), run.world().hash()));
        delete_first_web_pod(&mut run);
    }
    go_on(&mut run, Span::from_secs(5));
    let mut again = resumed(&run, &original);
    for before in hashes.iter().rev() {
        assert!(again.undo().is_some());
        assert_eq!((again.world().now(), again.world().hash()), *before);
        // As after another reload, which keeps what was undone.
        again = resumed(&again, &original);
    }
    assert!(!again.can_undo(), "the scenario's own action is not a person's");
    assert_eq!(again.actions().len(), 1);
    for _ in &hashes {
        assert!(again.redo().is_some());
    }
    assert!(!again.can_redo());
    again.advance_to(run.world().now(), u64::MAX);
    assert_eq!(again.actions(), run.actions());
    assert_eq!(again.world().hash(), run.world().hash());
}

#[test]
fn a_run_that_is_resumed_before_an_edit_keeps_it_to_come() {
    let original = manifest(WEB);
    let (mut run, _) = Run::new(&original, Some(7));
    run.advance_to(seconds(10), u64::MAX);
    cordon(&mut run, "node-1", true);
    go_on(&mut run, Span::from_secs(10));
    cordon(&mut run, "node-2", true);
    go_on(&mut run, Span::from_secs(5));
    let after = run.world().hash();
    assert!(run.seek(seconds(15), u64::MAX));
    let mut again = resumed(&run, &original);
    assert!(again.undo().is_some());
    assert_eq!((again.world().now(), again.actions()), (seconds(10), [].as_slice()));
    assert!(again.redo().is_some() && again.redo().is_some() && !again.can_redo());
    again.advance_to(seconds(25), u64::MAX);
    assert_eq!(again.world().hash(), after);
    assert!(again.seek(seconds(5), u64::MAX));
    again.advance_to(seconds(25), u64::MAX);
    assert!(again.undo().is_some() && again.undo().is_some() && !again.can_undo(), "each is kept once");
}

/// Frames are cut by the clock, which may be in the middle of a moment.
#[test]
fn an_edit_between_two_events_of_one_moment_is_the_same_run_from_its_log() {
    let original = manifest(WEB);
    let (mut run, _) = Run::new(&original, Some(7));
    run.advance_to(seconds(12), u64::MAX);
    delete_first_web_pod(&mut run);
    run.advance_to(seconds(12), 1);
    while run.world().next_event_at() != Some(run.world().now()) {
        run.advance_to(seconds(60), 1);
        assert!(run.world().now() < seconds(60), "two events come at one moment");
    }
    cordon(&mut run, "node-1", true);
    go_on(&mut run, Span::from_secs(20));
    resumed(&run, &original);
}

/// A request that cannot be sent takes no turn of its client's: later ones go from the same ports, at the same
/// moments, to the same Pods.
#[test]
fn a_refused_action_leaves_every_later_event_as_it_is_without_it() {
    let deletes = "  - {at: 15s, do: delete, object: pod/default/curl}\n";
    let comes_back = "  - {at: 20s, do: apply, text: '{apiVersion: v1, kind: Pod, metadata: {name: curl}, spec: {containers: [{name: c, image: curl}]}}'}\n";
    let text = "  - {at: 18s, do: apply, text: '{apiVersion: v1, kind: List, items: [{apiVersion: v1, kind: Service, metadata: {name: a}, spec: {clusterIP: 192.0.2.1, ports: [{port: 80}]}}, {apiVersion: v1, kind: Service, metadata: {name: b}, spec: {clusterIP: 192.0.2.1, ports: [{port: 80}]}}]}'}\n";
    let sends = "  - {at: 17s, do: sendOne, client: inside}\n  - {at: 17s, do: sendOne, client: inside}\n";
    let run = |refused: &str| {
        let mut run = start(&[WEB, "  actions:\n", deletes, refused, comes_back].concat(), 7);
        run.advance_to(seconds(60), u64::MAX);
        run
    };
    let (plain, other) = (run(""), run(&[sends, text].concat()));
    let refused = other.world().log().iter().filter(|l| matches!(l.entry, LogEntry::Refused { .. }));
    assert_eq!(refused.count(), 4);
    assert_eq!(plain.world().hash(), other.world().hash());
}
