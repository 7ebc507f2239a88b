//! Services of two IP families: what the API server makes of `ipFamilyPolicy`, `ipFamilies` and `clusterIPs`.

mod living;

use std::net::IpAddr;

use crate::support::{key, start};
use cluster::api::{Action, IpFamilyPolicy, Kind, ObjectRef, Service, Str};
use cluster::sim::{Refusal, World};
use netfilter::Family;

/// A cluster without anything, of the families in upstream's order: `v4`, `v6v4`.
pub fn world(families: &str) -> World {
    let (pods, services) = match families {
        "v4" => ("10.244.0.0/16", "10.0.0.0/16"),
        "v6" => ("fd00::/48", "2000::/108"),
        "v4v6" => ("10.244.0.0/16,fd00::/48", "10.0.0.0/16,2000::/108"),
        "v6v4" => ("fd00::/48,10.244.0.0/16", "2000::/108,10.0.0.0/16"),
        other => panic!("{other}"),
    };
    let text = format!(
        "apiVersion: packetyard/v1alpha1\nkind: Scenario\nspec:\n  podCIDR: '{pods}'\n  serviceCIDR: '{services}'\n  clients: []\n"
    );
    start(&text, 7).world().clone()
}

fn policy(word: &str) -> Option<&'static str> {
    match word {
        "-" => None,
        "Single" => Some("SingleStack"),
        "Prefer" => Some("PreferDualStack"),
        "Require" => Some("RequireDualStack"),
        other => panic!("{other}"),
    }
}

fn listed(word: &str) -> Option<&'static str> {
    match word {
        "-" => None,
        "v4" => Some("[IPv4]"),
        "v6" => Some("[IPv6]"),
        "v4v6" => Some("[IPv4, IPv6]"),
        "v6v4" => Some("[IPv6, IPv4]"),
        other => panic!("{other}"),
    }
}

/// A Service `s` with such fields, as upstream's tests write them.
pub fn service(policy_: &str, families: &str, ips: &str, selector: &str) -> String {
    let mut spec = format!("selector: {selector}, ports: [{{port: 93}}]");
    if let Some(policy) = policy(policy_) {
        spec += &format!(", ipFamilyPolicy: {policy}");
    }
    if let Some(families) = listed(families) {
        spec += &format!(", ipFamilies: {families}");
    }
    if ips != "-" {
        let all: Vec<String> = ips.split(',').map(|ip| format!("'{ip}'")).collect();
        spec += &format!(", clusterIP: {}, clusterIPs: [{}]", all[0], all.join(", "));
    }
    format!("{{apiVersion: v1, kind: Service, metadata: {{name: s}}, spec: {{{spec}}}}}")
}

fn done(world: &mut World, action: Action) -> Result<Service, String> {
    let refusals = world.apply(&action).unwrap_or_else(|refusals| refusals);
    if refusals.is_empty() {
        return Ok(Service::clone(world.store().services.get(&key("s")).expect("it was made")));
    }
    Err(refusals.iter().map(said).collect::<Vec<_>>().join("\n"))
}

fn said(refusal: &Refusal) -> String {
    let Refusal::Invalid { diagnostics } = refusal else { return format!("{refusal:?}") };
    diagnostics.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n")
}

pub fn create(world: &mut World, text: &str) -> Result<Service, String> {
    done(world, Action::Create { text: Str::from(text).into() })
}

pub fn replace(world: &mut World, text: &str) -> Result<Service, String> {
    done(world, Action::Replace { text: Str::from(text).into() })
}

pub fn word(families: &[Family]) -> String {
    families.iter().map(|family| if *family == Family::V4 { "v4" } else { "v6" }).collect()
}

/// Each of the families has its address, out of the cluster's range, and nobody else has one.
fn has_its_addresses(service: &Service) -> bool {
    let of_families: Vec<Family> = service.spec.cluster_ips.iter().map(|ip| Family::of(*ip)).collect();
    service.spec.headless && of_families.is_empty() || of_families == service.spec.ip_families
}

/// Upstream's table.
#[test]
fn a_new_service_gets_its_policy_families_and_addresses() {
    let mut cases = 0;
    for line in include_str!("created.txt").lines().filter(|line| !line.starts_with('#')) {
        let (asked, outcomes) = line.split_once(" | ").expect("two parts");
        let [cluster, ips, policy] = asked.split_whitespace().collect::<Vec<_>>()[..] else {
            panic!("{line}")
        };
        let (ips, selector) = match ips {
            "None/selectorless" => ("None", "{}"),
            ips => (ips, "{k: v}"),
        };
        let addresses = ips.replace("v4v6", "10.0.0.1,2000::1").replace("v6v4", "2000::1,10.0.0.1");
        let addresses = addresses.replace("v4", "10.0.0.1").replace("v6", "2000::1");
        let empty = world(cluster);
        for (families, expected) in ["-", "v4", "v6", "v4v6", "v6v4"].iter().zip(outcomes.split_whitespace())
        {
            let text = service(policy, families, &addresses, selector);
            let outcome = create(&mut empty.clone(), &text);
            let found = outcome.as_ref().map(|service| {
                assert!(has_its_addresses(service), "{cluster}, {text}: {:?}", service.spec);
                let policy = service.spec.ip_family_policy.expect("it has one").as_str();
                let policy = policy.trim_end_matches("Stack").trim_end_matches("Dual");
                format!("{policy}:{}", word(&service.spec.ip_families))
            });
            assert_eq!(found.as_deref().unwrap_or("refused"), expected, "{cluster}, {text}: {outcome:?}");
            cases += 1;
        }
    }
    assert_eq!(cases, 520);
}

/// Upstream's table.
#[test]
fn an_update_gives_and_takes_the_second_family() {
    let mut cases = 0;
    for line in include_str!("updated.txt").lines().filter(|line| !line.starts_with('#')) {
        let [cluster, was_policy, was_families, was_ips, "->", policy, families, ips, "|", expected] =
            line.split_whitespace().collect::<Vec<_>>()[..]
        else {
            panic!("{line}")
        };
        let mut world = world(cluster);
        let old = create(&mut world, &service(was_policy, was_families, was_ips, "{k: v}"));
        let old = old.unwrap_or_else(|why| panic!("{line}: {why}"));
        let outcome = replace(&mut world, &service(policy, families, ips, "{k2: v2}"));
        let found = outcome.as_ref().map(|new| {
            assert!(has_its_addresses(new), "{line}: {:?}", new.spec);
            assert_eq!(new.spec.cluster_ips.first(), old.spec.cluster_ips.first(), "{line}");
            new.spec.ip_families.len().to_string()
        });
        assert_eq!(found.as_deref().unwrap_or("refused"), expected, "{line}: {outcome:?}");
        // What is refused changes nothing; what was given up is free, and what was not is not.
        let now = world.store().services.get(&key("s")).expect("it is there");
        let given_up: Vec<IpAddr> =
            old.spec.cluster_ips.iter().copied().filter(|ip| !now.spec.cluster_ips.contains(ip)).collect();
        assert!(outcome.is_ok() || **now == old, "{line}");
        for (ip, is_free) in
            given_up.iter().map(|ip| (ip, true)).chain(now.spec.cluster_ips.iter().map(|ip| (ip, false)))
        {
            let other = format!(
                "{{apiVersion: v1, kind: Service, metadata: {{name: other}}, spec: {{clusterIP: '{ip}', ports: [{{port: 93}}]}}}}"
            );
            let taken = world.clone().apply(&Action::Create { text: Str::from(&*other).into() });
            assert_eq!(taken == Ok(Vec::new()), is_free, "{line}: {ip}, {taken:?}");
        }
        cases += 1;
    }
    assert_eq!(cases, 181);
}

/// storage_test.go, TestCreateInvalidClusterIPInputs; alloc.go for the rest.
#[test]
fn what_is_refused_is_refused_in_the_api_servers_words() {
    for (cluster, policy, families, ips, expected) in [
        (
            "v4",
            "Require",
            "-",
            "-",
            "spec.ipFamilyPolicy: Invalid value: \"RequireDualStack\": this cluster is not configured for dual-stack services",
        ),
        ("v4", "-", "v6", "-", "spec.ipFamilies[0]: Invalid value: \"IPv6\": not configured on this cluster"),
        (
            "v4",
            "-",
            "v4v6",
            "-",
            "spec.ipFamilyPolicy: Invalid value: \"SingleStack\": must be 'RequireDualStack' or 'PreferDualStack' when multiple IP families are specified",
        ),
        (
            "v4",
            "Prefer",
            "v6v4",
            "-",
            "spec.ipFamilies[0]: Invalid value: \"IPv6\": not configured on this cluster",
        ),
        (
            "v4",
            "-",
            "-",
            "2000::1",
            "spec.clusterIPs[0]: Invalid value: [\"2000::1\"]: IPv6 is not configured on this cluster",
        ),
        (
            "v4",
            "Prefer",
            "-",
            "10.0.0.1,2000::1",
            "spec.clusterIPs[1]: Invalid value: [\"10.0.0.1\",\"2000::1\"]: IPv6 is not configured on this cluster",
        ),
        (
            "v4",
            "-",
            "v4",
            "2000::1",
            "spec.clusterIPs[0]: Invalid value: \"2000::1\": expected an IPv4 value as indicated by `ipFamilies[0]`",
        ),
        (
            "v4v6",
            "Prefer",
            "v4v6",
            "10.0.0.1,10.0.0.2",
            "spec.clusterIPs[1]: Invalid value: \"10.0.0.2\": expected an IPv6 value as indicated by `ipFamilies[1]`",
        ),
        (
            "v4v6",
            "-",
            "-",
            "10.0.0.1,2000::1",
            "spec.ipFamilyPolicy: Invalid value: \"SingleStack\": must be 'RequireDualStack' or 'PreferDualStack' when multiple cluster IPs are specified",
        ),
        ("v4", "-", "-", "10.0.0.1,10.0.0.2", "may specify no more than one IP for each IP family"),
        (
            "v4v6",
            "Prefer",
            "-",
            "10.0.0.1,2000::1,10.0.0.2",
            "spec.clusterIPs: Invalid value: [\"10.0.0.1\",\"2000::1\",\"10.0.0.2\"]: may only hold up to 2 values",
        ),
        (
            "v4v6",
            "Prefer",
            "-",
            "10.0.0.1,3000::1",
            "spec.clusterIPs: Invalid value: [\"10.0.0.1\",\"3000::1\"]: failed to allocate IP 3000::1: the provided network does not match the current range",
        ),
    ] {
        let text = service(policy, families, ips, "{k: v}");
        let refused = create(&mut world(cluster), &text).expect_err(&text);
        assert!(refused.contains(expected), "{text}: {refused}");
    }
}

#[test]
fn an_update_is_refused_in_the_api_servers_words() {
    for (was, new, expected) in [
        (
            ("Require", "-", "10.0.0.1,2000::1"),
            ("-", "-", "10.0.0.1"),
            "spec.ipFamilyPolicy: Invalid value: \"RequireDualStack\": must be 'SingleStack' to release the secondary cluster IP",
        ),
        (
            ("Require", "-", "10.0.0.1,2000::1"),
            ("Prefer", "v4", "-"),
            "spec.ipFamilyPolicy: Invalid value: \"PreferDualStack\": must be 'SingleStack' to release the secondary IP family",
        ),
        (
            ("Require", "-", "10.0.0.1,2000::1"),
            ("-", "-", "10.0.0.1,2000::2"),
            "spec.clusterIPs[1]: Invalid value: [\"10.0.0.1\",\"2000::2\"]: may not change once set",
        ),
        (
            ("Require", "-", "10.0.0.1,2000::1"),
            ("-", "-", "2000::1,10.0.0.1"),
            "spec.ipFamilies[0]: Invalid value: [\"IPv6\",\"IPv4\"]: may not change once set",
        ),
        (
            ("Single", "v4", "10.0.0.1"),
            ("-", "-", "2000::1"),
            "spec.clusterIPs[0]: Invalid value: [\"2000::1\"]: may not change once set",
        ),
        (
            ("Single", "-", "None"),
            ("-", "-", "10.0.0.1"),
            "spec.clusterIPs[0]: Invalid value: [\"10.0.0.1\"]: may not change once set",
        ),
    ] {
        let mut world = world("v4v6");
        create(&mut world, &service(was.0, was.1, was.2, "{k: v}")).expect("it is taken");
        let refused = replace(&mut world, &service(new.0, new.1, new.2, "{k: v}")).expect_err(expected);
        assert!(refused.contains(expected), "{refused}");
    }
}

/// TestCreateIgnoresIPsForExternalName is of what its validation refuses; so it is one without any of them.
#[test]
fn an_external_name_has_no_family() {
    let mut world = world("v4v6");
    create(&mut world, &service("Require", "-", "-", "{k: v}")).expect("it is taken");
    let external = "{apiVersion: v1, kind: Service, metadata: {name: s}, spec: {type: ExternalName, externalName: a.example}}";
    let service_ = replace(&mut world, external).expect("it is taken");
    let spec = &service_.spec;
    assert_eq!((&*spec.ip_families, spec.ip_family_policy, &*spec.cluster_ips), (&[][..], None, &[][..]));
    let back = replace(&mut world, &service("Prefer", "v6", "-", "{k: v}")).expect("it is taken");
    assert_eq!(back.spec.ip_family_policy, Some(IpFamilyPolicy::PreferDualStack));
    assert!(word(&back.spec.ip_families) == "v6v4" && has_its_addresses(&back), "{:?}", back.spec);
}

#[test]
fn a_deleted_service_gives_both_addresses_back() {
    let mut world = world("v4v6");
    let text = service("Require", "-", "10.0.0.1,2000::1", "{k: v}");
    create(&mut world, &text).expect("they are free");
    let other = text.replace("name: s", "name: other");
    let refused = create(&mut world, &other).expect_err("they are taken");
    assert!(refused.contains("provided IP is already allocated"), "{refused}");
    world.apply(&Action::delete(ObjectRef::of_key(Kind::Service, &key("s")))).expect("it goes");
    create(&mut world, &text).expect("they are free again");
}
