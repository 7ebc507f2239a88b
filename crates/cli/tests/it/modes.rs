//! Rules in every mode of kube-proxy and in both families, and what is said of arguments that mean nothing.

use std::path::Path;

use crate::support::{manifest, packetyard};

#[test]
fn every_mode_of_kube_proxy_can_be_asked_for() {
    let file = manifest("bakery.yaml");
    let (ok, rules, err) =
        packetyard(&["rules", "--node", "node-1", "--proxy-mode", "nftables", "-q"], &file);
    assert!(ok && rules.starts_with("table ip kube-proxy {\n"), "{err}{rules}");
    assert!(rules.contains("vmap @service-ips"));
    let trace = ["trace", "--from", "deploy/default/counter", "--to", "orders:6379", "-q"];
    let (ok, report, err) = packetyard(&[&trace[..], &["--proxy-mode", "nftables"]].concat(), &file);
    assert!(ok && report.contains("add element ip kube-proxy service-ips {"), "{err}{report}");
    assert!(report.contains("numgen random mod"), "{report}");
}

/// The rules are those of before, and it is said why.
#[test]
fn a_sync_that_failed_is_said_behind_the_rules_in_force() {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/long-name.yaml");
    let rules = ["rules", "--node", "node-1", "--at", "20s", "-q", "--proxy-mode"];
    let (ok, text, err) = packetyard(&[&rules[..], &["nftables"]].concat(), &file);
    let said = "\n# kube-proxy could not write its rules: Service port default/service-with-a-name-of-";
    assert!(ok && text.contains(said) && text.starts_with("table ip kube-proxy {"), "{err}{text}");
    assert!(!text.contains("goto reject-chain"), "{text}");
    let (ok, text, err) = packetyard(&[&rules[..], &["iptables"]].concat(), &file);
    assert!(ok && !text.contains("could not write") && text.contains("has no endpoints"), "{err}{text}");
}

#[test]
fn ipvs_mode_is_printed_for_each_of_its_programs() {
    let scenario = "../cluster/tests/scenarios/a-service-is-called-from-inside-and-from-outside/input.yaml";
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join(scenario);
    let rules = ["rules", "--node", "node-1", "--proxy-mode", "ipvs", "--ipvs-scheduler", "sh", "-q"];
    let (ok, whole, err) = packetyard(&rules, &file);
    assert!(ok, "{err}");
    for (part, head) in [
        ("ip", "link add kube-ipvs0 type dummy\naddr add 10.96."),
        ("ipset", "create KUBE-LOOP-BACK hash:ip,port,ip family inet "),
        ("iptables", "*filter\n"),
        ("ipvsadm", "-A -t 10.96."),
    ] {
        let (ok, text, err) = packetyard(&[&rules[..], &["--part", part]].concat(), &file);
        assert!(ok && text.starts_with(head), "{part}: {err}{text}");
        assert!(whole.contains(&text), "{part} is a part of the whole");
    }
    assert!(whole.contains(":80 -s sh\n"), "{whole}");
    let (ok, _, err) = packetyard(&["rules", "--node", "node-1", "--part", "ipset", "-q"], &file);
    assert!(!ok && err.contains("only IPVS mode's rules have parts"), "{err}");
    let trace = ["trace", "--from", "pod/default/curl", "--to", "web:80", "--proxy-mode", "ipvs", "-q"];
    let (ok, report, err) = packetyard(&trace, &file);
    assert!(ok && report.contains("INPUT ipvs -a -t 10.96."), "{err}{report}");
    let (_, report, _) =
        packetyard(&[&trace[..4], &["web:81", "--proxy-mode", "ipvs", "-q"]].concat(), &file);
    assert!(report.contains("stopped it: kubernetes ipvs access filter"), "{report}");
}

#[test]
fn what_the_caller_wrote_wrong_is_named() {
    let file = manifest("bakery.yaml");
    let (ok, _, err) = packetyard(&["rules", "--node", "node-9", "-q"], &file);
    assert!(!ok && err.contains("node \"node-9\" not found"), "{err}");
    let (ok, _, err) = packetyard(&["trace", "--from", "counter", "--to", "orders:6379"], &file);
    assert!(!ok && err.contains("deploy/NAMESPACE/NAME"), "{err}");
    let (ok, _, err) = packetyard(&["trace", "--from", "deploy/default/none", "--to", "a:1", "-q"], &file);
    assert!(!ok && err.contains("Deployment \"none\" not found"), "{err}");
}

/// A cluster of the other family: its rules are for the other program.
#[test]
fn an_ipv6_cluster_has_rules_for_ip6tables() {
    let scenarios = concat!(env!("CARGO_MANIFEST_DIR"), "/../cluster/tests/scenarios");
    for (mode, expected) in [
        ("iptables", "! -d ::1/128 -j KUBE-NODEPORTS"),
        ("nftables", "table ip6 kube-proxy {"),
        ("ipvs", "-A -t [fd00:10:96::"),
    ] {
        let file = Path::new(scenarios).join(format!("an-ipv6-cluster-in-{mode}-mode/input.yaml"));
        let (ok, rules, err) = packetyard(&["rules", "--node", "node-1", "--at", "15s", "-q"], &file);
        assert!(ok && rules.contains(expected), "{mode}: {err}{rules}");
        assert!(rules.contains("fd00:10:244:"), "{mode}: Pods have IPv6 addresses: {rules}");
    }
}

#[test]
fn rules_of_two_families_are_printed_both_or_one() {
    let scenarios = concat!(env!("CARGO_MANIFEST_DIR"), "/../cluster/tests/scenarios");
    let file = Path::new(scenarios).join("a-dual-stack-service-gains-and-loses-a-family/input.yaml");
    for (mode, of_four, of_six) in [
        ("iptables", "-d 10.96.0.80 --dport 80", "-d fd00:10:96::80 --dport 80"),
        ("nftables", "table ip kube-proxy {", "table ip6 kube-proxy {"),
        ("ipvs", "-A -t 10.96.0.80:80", "-A -t [fd00:10:96::80]:80"),
    ] {
        let rules = ["rules", "--node", "node-1", "--at", "30s", "-q", "--proxy-mode", mode];
        let (ok, both, err) = packetyard(&rules, &file);
        let [four, six] = ["ipv4", "ipv6"].map(|family| {
            let (ok, text, err) = packetyard(&[&rules[..], &["--family", family]].concat(), &file);
            assert!(ok, "{mode}, {family}: {err}");
            text
        });
        assert!(ok && both == format!("# IPv4\n{four}# IPv6\n{six}"), "{mode}: {err}{both}");
        assert!(four.contains(of_four) && !four.contains(of_six), "{mode}: {four}");
        assert!(six.contains(of_six) && !six.contains(of_four), "{mode}: {six}");
    }
    let one = Path::new(scenarios).join("an-ipv6-cluster-in-iptables-mode/input.yaml");
    let (ok, _, err) = packetyard(&["rules", "--node", "node-1", "-q", "--family", "ipv4"], &one);
    assert!(!ok && err.contains("IP family IPv4 in the cluster not found"), "{err}");
}
