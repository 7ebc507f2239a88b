//! ServiceCIDR objects: more ranges for ClusterIPs, and what kube-proxy makes of them.

use std::collections::BTreeSet;
use std::net::IpAddr;

use crate::support::{go_on, key, run_to, start};
use cluster::api::{Action, Kind, NsName, ObjectRef, ServiceCidr};
use cluster::node::kube_proxy::ProxyMode;
use cluster::sim::{Run, Span};
use netfilter::Cidr;

/// Six addresses, the API server's own Service's first.
const SCENARIO: &str = "apiVersion: packetyard/v1alpha1\nkind: Scenario\nspec:\n  dns: ideal\n  serviceCIDR: 10.96.0.0/29\n  \
                        proxyMode: nftables\n  clients: []\n";

fn cidr(name: &str, cidrs: &str) -> String {
    format!(
        "---\napiVersion: networking.k8s.io/v1\nkind: ServiceCIDR\nmetadata: {{name: {name}}}\nspec: {{cidrs: [{cidrs}]}}\n"
    )
}

fn service(name: &str, spec: &str) -> String {
    format!(
        "---\napiVersion: v1\nkind: Service\nmetadata: {{name: {name}}}\nspec: {{ports: [{{port: 80}}]{spec}}}\n"
    )
}

fn services(count: u32) -> String {
    (0..count).map(|n| service(&format!("s{n}"), "")).collect()
}

fn begin(objects: &str) -> Run {
    let mut run = start(&format!("{SCENARIO}{objects}"), 7);
    run_to(&mut run, 1);
    run
}

fn apply(run: &mut Run, text: &str) -> Result<(), String> {
    let done = run.act(Action::apply(text));
    go_on(run, Span::from_secs(2));
    let refusals = done.unwrap_or_else(|refusals| refusals);
    match refusals.is_empty() {
        true => Ok(()),
        false => Err(refusals.iter().map(words::refusal).collect::<Vec<_>>().join("; ")),
    }
}

fn of(name: &str) -> ObjectRef {
    ObjectRef::of_key(Kind::ServiceCidr, &NsName { namespace: "".into(), name: name.into() })
}

fn delete(run: &mut Run, object: ObjectRef) {
    run.act(Action::delete(object)).expect("it is there");
    go_on(run, Span::from_secs(2));
}

fn found<'a>(run: &'a Run, name: &str) -> Option<&'a ServiceCidr> {
    run.world().store().service_cidrs.iter().find(|cidr| &*cidr.meta.name == name).map(|cidr| &**cidr)
}

fn is_ready(run: &Run, name: &str) -> Option<bool> {
    found(run, name)?.ready.map(|ready| ready.is_true)
}

fn ips(run: &Run) -> Vec<IpAddr> {
    run.world().store().services.iter().flat_map(|service| service.spec.cluster_ips.clone()).collect()
}

fn within(ips: &[IpAddr], range: &str) -> usize {
    let range: Cidr = range.parse().expect("a prefix");
    ips.iter().filter(|ip| range.contains(**ip)).count()
}

/// What the rules of node-1 drop of addresses that no Service has.
fn dropped(run: &Run) -> BTreeSet<String> {
    let machine = run.world().machines().values().next().expect("there are nodes");
    let rules = machine.rules(netfilter::Family::V4).expect("it has rules");
    let text = words_of(rules);
    let lines = text.lines().filter(|line| line.contains("Drop traffic to unallocated ClusterIPs"));
    lines.filter_map(|line| line.split(" daddr ").nth(1)?.split(' ').next().map(str::to_string)).collect()
}

fn words_of(rules: &netfilter::Rules) -> String {
    let table = rules.nftables().expect("mode nftables");
    table.to_string()
}

#[test]
fn the_clusters_own_is_there_and_ready() {
    let run = begin("");
    let own = found(&run, "kubernetes").expect("it is there");
    assert_eq!(own.cidrs, ["10.96.0.0/29".parse::<Cidr>().expect("a prefix")]);
    assert_eq!(is_ready(&run, "kubernetes"), Some(true));
    assert_eq!(run.world().store().service_cidrs.iter().count(), 1);
}

#[test]
fn more_ranges_give_more_addresses() {
    let full = begin(&services(6));
    assert_eq!(within(&ips(&full), "10.96.0.0/29"), 6);
    let mut full = full;
    let refused = apply(&mut full, &service("late", "")[4..]).expect_err("there is no room");
    assert!(refused.contains("every address of the Service range"), "{refused}");
    apply(&mut full, &cidr("more", "10.97.0.0/24")[4..]).expect("it is good");
    assert_eq!(is_ready(&full, "more"), Some(true));
    apply(&mut full, &service("late", "")[4..]).expect("there is room");
    assert_eq!(within(&ips(&full), "10.97.0.0/24"), 1);
}

#[test]
fn an_address_may_be_asked_for_in_any_range() {
    let mut run = begin(&cidr("more", "10.97.0.0/24"));
    apply(&mut run, &service("a", ", clusterIP: 10.97.0.9")[4..]).expect("it is in a range");
    apply(&mut run, &service("b", ", clusterIP: 10.96.0.3")[4..]).expect("it is in a range");
    let taken = apply(&mut run, &service("c", ", clusterIP: 10.97.0.9")[4..]).expect_err("it is taken");
    assert!(taken.contains("provided IP is already allocated"), "{taken}");
    for ip in ["10.98.0.1", "10.97.0.0", "10.97.0.255"] {
        let text = service("d", &format!(", clusterIP: {ip}"));
        let other = apply(&mut run, &text[4..]).expect_err("it is in none");
        assert!(other.contains("the provided network does not match the current range"), "{ip}: {other}");
    }
}

#[test]
fn both_ranges_are_used() {
    let mut run = begin(&cidr("more", "10.97.0.0/24"));
    apply(&mut run, &services(8)[4..]).expect("there is room");
    let ips = ips(&run);
    let (own, more) = (within(&ips, "10.96.0.0/29"), within(&ips, "10.97.0.0/24"));
    assert!(own > 0 && more > 0 && own + more == 8, "{ips:?}");
}

#[test]
fn one_that_is_used_goes_when_its_last_address_has_gone() {
    let mut run = begin(&[cidr("more", "10.97.0.0/24"), service("a", ", clusterIP: 10.97.0.9")].concat());
    delete(&mut run, of("more"));
    assert_eq!(is_ready(&run, "more"), Some(false), "a Service has an address that is in no other");
    let refused = apply(&mut run, &service("b", ", clusterIP: 10.97.0.10")[4..]).expect_err("it is to go");
    assert!(refused.contains("does not match the current range"), "{refused}");
    go_on(&mut run, Span::from_secs(60));
    assert!(found(&run, "more").is_some());
    delete(&mut run, ObjectRef::of_key(Kind::Service, &key("a")));
    assert!(found(&run, "more").is_none(), "its grace period is long over");
}

#[test]
fn one_that_is_not_used_goes_after_ten_seconds() {
    let mut run = begin(&cidr("more", "10.97.0.0/24"));
    delete(&mut run, of("more"));
    go_on(&mut run, Span::from_secs(7));
    assert!(found(&run, "more").is_some());
    go_on(&mut run, Span::from_secs(2));
    assert!(found(&run, "more").is_none());
}

#[test]
fn one_whose_ranges_another_holds_goes_although_it_is_used() {
    let objects = [cidr("small", "10.97.0.0/24"), service("a", ", clusterIP: 10.97.0.9")].concat();
    let mut run = begin(&objects);
    delete(&mut run, of("small"));
    assert_eq!(is_ready(&run, "small"), Some(false));
    apply(&mut run, &cidr("large", "10.97.0.0/16")[4..]).expect("ranges may overlap");
    go_on(&mut run, Span::from_secs(11));
    assert!(found(&run, "small").is_none() && found(&run, "large").is_some());
}

#[test]
fn the_clusters_own_stays_for_the_api_servers_service() {
    let mut run = begin("");
    delete(&mut run, of("kubernetes"));
    go_on(&mut run, Span::from_secs(30));
    assert_eq!(is_ready(&run, "kubernetes"), Some(false));
}

/// When another holds its ranges it goes; the API server makes it anew.
#[test]
fn the_clusters_own_comes_back() {
    let mut run = begin(&cidr("large", "10.96.0.0/16"));
    delete(&mut run, of("kubernetes"));
    go_on(&mut run, Span::from_secs(10));
    assert!(found(&run, "kubernetes").is_none());
    go_on(&mut run, Span::from_secs(12));
    assert_eq!(is_ready(&run, "kubernetes"), Some(true));
}

#[test]
fn its_ranges_may_not_change_but_for_a_second_family() {
    let mut run = begin(&cidr("more", "10.97.0.0/24"));
    for (cidrs, refused) in [
        ("10.98.0.0/24", "spec.cidrs[0]: Invalid value: \"10.98.0.0/24\": field is immutable"),
        (
            "'fd00:97::/112', 10.97.0.0/24",
            "spec.cidrs[0]: Invalid value: \"fd00:97::/112\": field is immutable",
        ),
        ("10.97.0.0/24, 'fd00:97::/112'", ""),
        ("10.97.0.0/24", "spec.cidrs: Invalid value: [\"10.97.0.0/24\"]: field is immutable"),
    ] {
        let done = apply(&mut run, &cidr("more", cidrs)[4..]);
        assert!(done.clone().err().unwrap_or_default().contains(refused), "{cidrs}: {done:?}");
        assert_eq!(done.is_ok(), refused.is_empty(), "{cidrs}");
    }
    assert_eq!(found(&run, "more").map(|cidr| cidr.cidrs.len()), Some(2));
}

#[test]
fn what_it_may_say() {
    let mut run = begin("");
    for (cidrs, refused) in [
        ("", "spec.cidrs: Required value"),
        ("10.97.0.0/24, 10.98.0.0/24", "may specify no more than one IP for each IP family"),
        ("10.97.0.0/24, 'fd00::/112', 10.98.0.0/24", "may only hold up to 2 values"),
        ("10.97.0.1/24", "spec.cidrs[0]: Invalid value: \"10.97.0.1/24\": must not have bits set beyond"),
        ("10.97.0.0", "spec.cidrs[0]: Invalid value: \"10.97.0.0\": must be a valid CIDR value"),
    ] {
        let done = apply(&mut run, &cidr("more", cidrs)[4..]);
        assert!(done.clone().err().is_some_and(|why| why.contains(refused)), "{cidrs}: {done:?}");
    }
}

/// OnServiceCIDRsChanged neither syncs nor asks for a full sync, and only a full one writes the rule.
#[test]
fn kube_proxy_drops_for_a_new_range_only_after_a_full_sync() {
    let mut run = begin("");
    let own: BTreeSet<String> = ["10.96.0.0/29".to_string()].into();
    assert_eq!(dropped(&run), own);
    apply(&mut run, &cidr("more", "10.97.0.0/24")[4..]).expect("it is good");
    apply(&mut run, &services(2)[4..]).expect("there is room");
    go_on(&mut run, Span::from_secs(20));
    assert_eq!(dropped(&run), own, "a sync of what has changed does not touch the rule");
    go_on(&mut run, Span::from_secs(3_600));
    assert_eq!(dropped(&run), own, "nothing makes it sync");
    apply(&mut run, &service("late", "")[4..]).expect("there is room");
    go_on(&mut run, Span::from_secs(5));
    let both: BTreeSet<String> = ["10.96.0.0/29".to_string(), "10.97.0.0/24".to_string()].into();
    assert_eq!(dropped(&run), both, "an hour has passed");
    // One that starts has them all from its first sync on.
    run.act(Action::SetProxyMode { mode: ProxyMode::Iptables }).expect("it may");
    go_on(&mut run, Span::from_secs(30));
    apply(&mut run, &cidr("yet-more", "10.98.0.0/24")[4..]).expect("it is good");
    run.act(Action::SetProxyMode { mode: ProxyMode::Nftables }).expect("it may");
    go_on(&mut run, Span::from_secs(30));
    assert_eq!(dropped(&run).len(), 3);
}
