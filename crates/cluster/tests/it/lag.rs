//! What a view is told of a node whose rules are behind.

use crate::support::{WEB, go_on, settle, start};
use cluster::api::{Action, Kind, NsName, Uid};
use cluster::node::{Hearing, Lag, StaleService};
use cluster::sim::{Run, Span};

fn act(run: &mut Run, action: Action) {
    run.act(action).expect("it is allowed");
}

fn node(run: &Run) -> Uid {
    run.world().machines().values().next().expect("there are nodes").uid
}

fn lag(run: &Run) -> Lag {
    run.world().lag_of(node(run)).expect("the node is there")
}

fn web() -> NsName {
    NsName::new("default", "web")
}

/// Replaces every Pod of the Deployment, and waits until the new ones are ready.
fn replace_all(run: &mut Run) {
    for replicas in [0, 3] {
        act(run, Action::scale_deployment(&web(), replicas));
        go_on(run, Span::from_secs(40));
    }
}

/// While it misses changes a node is more and more behind; its rules name endpoints that are gone,
/// and then it catches up at once.
fn a_node_lags(stop: fn(bool) -> Action, hearing: Hearing) {
    let mut run = start(WEB, 7);
    settle(&mut run);
    go_on(&mut run, Span::from_secs(5));
    assert_eq!(lag(&run), Lag { hearing: Hearing::Hears, behind: 0, age: None, stale: Vec::new() });
    // A Pod that was bound to a node which does not hear of it would never start.
    act(&mut run, Action::Cordon { node: "node-1".into(), on: true });
    act(&mut run, stop(true));
    replace_all(&mut run);
    let found = lag(&run);
    assert_eq!((found.hearing, found.behind > 0), (hearing, true));
    assert!(found.age > Some(Span::from_secs(70)), "{found:?}");
    let port = found.stale.iter().find(|p| p.port.service == web()).expect("web is stale");
    assert_eq!((port.gone.len(), port.missing.len(), port.service), (3, 3, StaleService::Current));
    go_on(&mut run, Span::from_secs(1));
    assert_eq!(lag(&run).age.map(|a| a.0), found.age.map(|a| a.0 + 1_000_000_000), "it goes on to age");
    act(&mut run, stop(false));
    go_on(&mut run, Span::from_secs(5));
    assert_eq!(lag(&run), Lag { hearing: Hearing::Hears, behind: 0, age: None, stale: Vec::new() });
}

#[test]
fn a_node_that_is_cut_off_lags() {
    a_node_lags(|on| Action::CutOffNode { node: "node-1".into(), on }, Hearing::CutOff);
}

#[test]
fn a_paused_kube_proxy_lags() {
    a_node_lags(|on| Action::PauseKubeProxy { node: "node-1".into(), on }, Hearing::Paused);
}

/// A change of the Service itself shows too.
#[test]
fn a_service_that_is_deleted_is_stale_on_a_node_that_does_not_hear_of_it() {
    let mut run = start(WEB, 7);
    settle(&mut run);
    act(&mut run, Action::CutOffNode { node: "node-1".into(), on: true });
    let object =
        cluster::api::ObjectRef { kind: Kind::Service, namespace: "default".into(), name: "web".into() };
    act(&mut run, Action::delete(object));
    go_on(&mut run, Span::from_secs(5));
    let stale = lag(&run).stale;
    assert_eq!(stale.iter().map(|p| p.service).collect::<Vec<_>>(), [StaleService::Deleted]);
    assert_eq!(stale[0].gone.len(), 3);
}

/// What was done to a node is undone as everything else is.
#[test]
fn a_cut_is_undone() {
    let mut run = start(WEB, 7);
    settle(&mut run);
    let (before, hash) = (lag(&run), run.world().hash());
    act(&mut run, Action::CutOffNode { node: "node-1".into(), on: true });
    go_on(&mut run, Span::from_secs(60));
    assert_ne!(lag(&run), before);
    run.undo();
    assert_eq!((lag(&run), run.world().hash()), (before, hash));
}

#[test]
fn a_paused_kube_proxy_stays_so_when_the_mode_changes() {
    use cluster::node::kube_proxy::ProxyMode;
    let mut run = start(WEB, 7);
    settle(&mut run);
    act(&mut run, Action::PauseKubeProxy { node: "node-1".into(), on: true });
    act(&mut run, Action::SetProxyMode { mode: ProxyMode::Nftables });
    go_on(&mut run, Span::from_secs(30));
    let mode = |run: &Run, node: &str| run.world().machine_named(node).expect("it is there").proxy.mode;
    assert_eq!((lag(&run).hearing, mode(&run, "node-1")), (Hearing::Paused, ProxyMode::Iptables));
    assert_eq!(mode(&run, "node-2"), ProxyMode::Nftables);
    act(&mut run, Action::PauseKubeProxy { node: "node-1".into(), on: false });
    go_on(&mut run, Span::from_secs(10));
    assert_eq!((lag(&run).hearing, mode(&run, "node-1")), (Hearing::Hears, ProxyMode::Nftables));
}
