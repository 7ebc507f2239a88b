//! `packetyard dig`: what is asked, in which order, and what comes of it.

use crate::support::{Temporary, json, packetyard};

const SHOP: &str = "
{apiVersion: v1, kind: Namespace, metadata: {name: shop}}
---
{apiVersion: v1, kind: Pod, metadata: {name: curl, namespace: shop}, spec: {containers: [{name: curl, image: curl}]}}
---
{apiVersion: v1, kind: Pod, metadata: {name: away, namespace: shop}, spec: {dnsPolicy: Default, containers: [{name: curl, image: curl}]}}
---
{apiVersion: v1, kind: Service, metadata: {name: cart}, spec: {clusterIP: 10.96.0.20, ports: [{name: http, port: 80}]}}
---
{apiVersion: v1, kind: Service, metadata: {name: pay}, spec: {type: ExternalName, externalName: pay.example.com}}
---
{apiVersion: packetyard/v1alpha1, kind: Scenario, spec: {clients: []}}
";

const WHOLE: &str = ";; /etc/resolv.conf of pod/shop/curl:
;; nameserver 10.96.0.10
;; search shop.svc.cluster.local svc.cluster.local cluster.local
;; options ndots:5

;; ->>HEADER<<- opcode: QUERY, status: NXDOMAIN
;; flags: qr aa rd; QUERY: 1, ANSWER: 0, AUTHORITY: 1, ADDITIONAL: 0
;; QUESTION SECTION:
;cart.default.shop.svc.cluster.local.\tIN\tA
;; AUTHORITY SECTION:
cluster.local.\t30\tIN\tSOA\tSOA-DATA
;; SERVER: 10.96.0.10#53

;; ->>HEADER<<- opcode: QUERY, status: NOERROR
;; flags: qr aa rd; QUERY: 1, ANSWER: 1, AUTHORITY: 0, ADDITIONAL: 0
;; QUESTION SECTION:
;cart.default.svc.cluster.local.\tIN\tA
;; ANSWER SECTION:
cart.default.svc.cluster.local.\t30\tIN\tA\t10.96.0.20
;; SERVER: 10.96.0.10#53

;; pod/shop/curl gets 10.96.0.20
";

#[test]
fn each_query_is_printed_as_dig_does() {
    let file = Temporary::new("dig-whole.yaml", SHOP);
    let (ok, out, err) = packetyard(&["dig", "--from", "pod/shop/curl", "cart.default", "a", "-q"], &file.0);
    assert!(ok, "{err}");
    let line = |line: &str| match line.split_once("\tSOA\t") {
        Some((before, data)) => {
            assert!(data.starts_with("ns.dns.cluster.local. hostmaster.cluster.local. "), "{data}");
            format!("{before}\tSOA\tSOA-DATA\n")
        }
        None => format!("{line}\n"),
    };
    assert_eq!(out.lines().map(line).collect::<String>(), WHOLE);
}

#[test]
fn who_asks_decides_where_and_how() {
    let file = Temporary::new("dig-from.yaml", SHOP);
    for (args, expected) in [
        (&["pod/shop/curl", "cart.default"][..], "10.96.0.20\n"),
        (&["pod/shop/curl", "cart"], ""),
        (&["node/node-1", "cart"], "10.96.0.20\n"),
        (&["pod/shop/away", "cart.default"], ""),
        (&["external", "cart.default"], ""),
        (&["node/node-1", "pay", "A"], "pay.example.com.\n"),
        (&["node/node-1", "_http._tcp.cart", "SRV"], "0 100 80 cart.default.svc.cluster.local.\n"),
        (&["node/node-1", "10.96.0.20"], "cart.default.svc.cluster.local.\n"),
        (&["node/node-1", "dns-version.cluster.local", "TXT"], "\"1.1.0\"\n"),
    ] {
        let args = [&["dig", "--short", "-q", "--from"], args].concat();
        let (ok, out, err) = packetyard(&args, &file.0);
        assert!(ok, "{args:?}: {err}");
        assert_eq!(out, expected, "{args:?}");
    }
}

#[test]
fn what_the_client_gets_is_said_last() {
    let file = Temporary::new("dig-gets.yaml", SHOP);
    for (args, expected) in [
        (
            &["node/node-1", "pay"][..],
            "node/node-1 gets nothing from the cluster: pay.example.com is a name outside, where nothing is simulated",
        ),
        (
            "node/node-1 cart. A".split(' ').collect::<Vec<_>>().as_slice(),
            "node/node-1 gets nothing from the cluster: cart is a name outside, where nothing is simulated",
        ),
        (
            &["pod/shop/curl", "nowhere.cluster.local."],
            "pod/shop/curl gets nothing: no name that was tried has such a record",
        ),
        (&["node/node-1", "pay", "CNAME"], "node/node-1 gets pay.example.com."),
    ] {
        let args = [&["dig", "-q", "--from"], args].concat();
        let (ok, out, err) = packetyard(&args, &file.0);
        assert!(ok, "{args:?}: {err}");
        assert_eq!(out.lines().last(), Some(&*format!(";; {expected}")), "{args:?}");
    }
}

/// nss/getaddrinfo.c: A is asked for first, and IPv6 is tried first, by one that has it.
#[test]
fn what_the_client_gets_is_in_the_order_in_which_it_tries_it() {
    let both = SHOP.replace(
        "{clusterIP: 10.96.0.20,",
        "{ipFamilyPolicy: RequireDualStack, clusterIP: 10.96.0.20, clusterIPs: [10.96.0.20, 'SIX'],",
    );
    for (six, of_services, expected) in [
        ("fd00:10:96::20", "fd00:10:96::/112", "fd00:10:96::20, 10.96.0.20"),
        // Its own address is a unique local one, and this is none.
        ("2001:db8:96::20", "2001:db8:96::/112", "10.96.0.20, 2001:db8:96::20"),
    ] {
        let ranges = format!(
            "{{podCIDR: '10.244.0.0/16,fd00:10:244::/56', serviceCIDR: '10.96.0.0/12,{of_services}', "
        );
        let text = both.replace("SIX", six).replace("spec: {clients", &format!("spec: {ranges}clients"));
        let file = Temporary::new("dig-both.yaml", &text);
        for from in ["pod/shop/curl", "node/node-1"] {
            let args = ["dig", "--from", from, "cart.default.svc.cluster.local."];
            let (ok, out, err) = packetyard(&[&args[..], &["-q"]].concat(), &file.0);
            assert!(ok, "{from}: {err}");
            assert_eq!(out.lines().last(), Some(&*format!(";; {from} gets {expected}")));
            let json = json(&args, &file.0);
            assert_eq!(json["result"], serde_json::json!(expected.split(", ").collect::<Vec<_>>()));
        }
    }
}

#[test]
fn a_lookup_is_data_too() {
    let file = Temporary::new("dig-json.yaml", SHOP);
    let found = json(&["dig", "--from", "pod/shop/curl", "cart.default"], &file.0);
    assert_eq!(found["resolvConf"]["searches"][0], "shop.svc.cluster.local");
    let queries = found["queries"].as_array().expect("a list");
    let asked: Vec<String> =
        queries.iter().map(|q| format!("{} {} {}", q["name"], q["type"], q["status"])).collect();
    assert_eq!(
        asked,
        [
            "\"cart.default.shop.svc.cluster.local.\" \"A\" \"NXDOMAIN\"",
            "\"cart.default.shop.svc.cluster.local.\" \"AAAA\" \"NXDOMAIN\"",
            "\"cart.default.svc.cluster.local.\" \"A\" \"NOERROR\"",
            "\"cart.default.svc.cluster.local.\" \"AAAA\" \"NOERROR\"",
        ]
    );
    assert_eq!(found["result"], serde_json::json!(["10.96.0.20"]));
}

#[test]
fn what_cannot_be_asked_is_said() {
    let file = Temporary::new("dig-wrong.yaml", SHOP);
    for (args, expected) in [
        (
            &["pod/shop/curl", "a..b"][..],
            "packetyard: \"a..b\" is no name: a part between two dots is empty\n",
        ),
        (&["pod/shop/nobody", "cart"], "packetyard: a Pod of shop/nobody not found\n"),
        (&["node/node-9", "cart"], "packetyard: nodes \"node-9\" not found\n"),
        (
            &["node/node-1", "10.96.0.20", "SRV"],
            "packetyard: 10.96.0.20: an address has names (PTR), and no SRV\n",
        ),
    ] {
        let args = [&["dig", "-q", "--from"], args].concat();
        let (ok, out, err) = packetyard(&args, &file.0);
        assert_eq!((ok, &*out, &*err), (false, "", expected), "{args:?}");
    }
    let (ok, _, err) = packetyard(&["dig", "--from", "node/node-1", "cart", "B"], &file.0);
    assert!(!ok && err.contains("\"B\" is none of the types A, NS, CNAME"), "{err}");
}
