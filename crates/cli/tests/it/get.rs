//! `get`, as a person who knows kubectl types it.

use crate::support::{Temporary, manifest, packetyard};

const FILE: &str = "ingress-and-crds.yaml";

/// What is printed, and what is said on standard error.
fn get(words: &[&str]) -> (bool, String, String) {
    packetyard(&[&["get", "-q"], words].concat(), &manifest(FILE))
}

fn printed(words: &[&str]) -> String {
    let (ok, out, err) = get(words);
    assert!(ok, "{words:?}: {err}");
    out
}

/// The first column of each line.
fn first_column(table: &str) -> Vec<&str> {
    table.lines().map(|line| line.split_whitespace().next().unwrap_or("")).collect()
}

#[test]
fn without_a_namespace_all_of_them_are_listed() {
    let all = printed(&["svc"]);
    assert_eq!(first_column(&all), ["NAMESPACE", "default", "kitchen", "kube-system"]);
    assert_eq!(all, printed(&["service", "-A"]));
    assert_eq!(all, printed(&["services", "-A", "-n", "default"]));
    let kitchen = printed(&["svc", "-n", "kitchen"]);
    assert_eq!(first_column(&kitchen), ["NAME", "tea"]);
}

#[test]
fn several_kinds_are_several_tables_with_kinds_before_the_names() {
    let out = printed(&["svc,pods", "-n", "kitchen"]);
    let (services, pods) = out.split_once("\n\n").expect("two tables");
    assert_eq!(first_column(services), ["NAME", "service/tea"]);
    assert!(first_column(pods)[2].starts_with("pod/tea-"), "{pods}");
    // As kubectl does, a kind that has none is left out, and once namespaces were printed, they stay.
    for (words, expected) in
        [("no,sts,svc", ["NAME", "NAMESPACE"]), ("sts,svc,no", ["NAMESPACE", "NAMESPACE"])]
    {
        let out = printed(&[words]);
        let heads: Vec<&str> = out.split("\n\n").map(|table| first_column(table)[0]).collect();
        assert_eq!(heads, expected, "{words}");
    }
}

#[test]
fn a_resource_that_is_named_twice_is_listed_once() {
    assert_eq!(printed(&["po,pods,pod", "-n", "kitchen"]), printed(&["pods", "-n", "kitchen"]));
}

#[test]
fn a_claims_row_says_what_its_document_says() {
    let (ok, out, err) = packetyard(&["get", "-q", "pvc"], &manifest("stateful.yaml"));
    assert!(ok, "{err}");
    let claims: Vec<Vec<&str>> = out.lines().skip(1).map(|line| line.split_whitespace().collect()).collect();
    assert!(!claims.is_empty(), "{out}");
    for claim in claims {
        assert_eq!((claim[2], claim[4], claim[5]), ("Bound", "1Gi", "RWO"), "{out}");
    }
}

#[test]
fn kinds_stand_before_the_names_where_several_were_answered() {
    for (words, names) in [
        // An empty list is an answer.
        (&["sts,svc", "-n", "kitchen"][..], &["NAME", "service/tea"][..]),
        (
            &["ing,svc", "tea", "-n", "kitchen"],
            &["NAME", "ingress.networking.k8s.io/tea", "", "NAME", "service/tea"],
        ),
        // A name that nothing has is none.
        (&["pods,svc", "tea", "-n", "kitchen"], &["NAME", "tea"]),
        (&["svc/tea", "pods/tea", "svc/tea", "-n", "kitchen"], &["NAME", "tea", "", "NAME", "tea"]),
    ] {
        let (_, out, _) = get(words);
        assert_eq!(first_column(&out), names, "{words:?}");
    }
}

#[test]
fn an_empty_namespace_is_none() {
    assert_eq!(printed(&["svc", "-n", ""]), printed(&["svc"]));
}

#[test]
fn what_has_no_meaning_is_refused() {
    for (words, said) in [
        (
            &["dns", "tea", "milk"][..],
            "packetyard: usage: packetyard get dns [NAME] [-n NAMESPACE] [-l QUERY]\n",
        ),
        (
            &["dns", "--node", "node-1"],
            "packetyard: usage: packetyard get dns [NAME] [-n NAMESPACE] [-l QUERY]\n",
        ),
        (
            &["dns", "--sort-by", ".a"],
            "packetyard: usage: packetyard get dns [NAME] [-n NAMESPACE] [-l QUERY]\n",
        ),
        (
            &["conntrack", "--node", "node-1", "--field-selector", "a=b"],
            "packetyard: usage: packetyard get conntrack --node NODE\n",
        ),
        (&["conntrack", "node-1"], "packetyard: usage: packetyard get conntrack --node NODE\n"),
        (
            &["conntrack", "--node", "node-1", "-n", "a"],
            "packetyard: usage: packetyard get conntrack --node NODE\n",
        ),
        (&["pods", "--node", "node-1"], "packetyard: --node is for get conntrack\n"),
    ] {
        let (ok, out, err) = get(words);
        assert_eq!((ok, &*out, &*err), (false, "", said), "{words:?}");
    }
}

#[test]
fn objects_are_named_in_both_ways() {
    let table = printed(&["svc", "tea", "-n", "kitchen"]);
    assert_eq!(first_column(&table), ["NAME", "tea"]);
    assert_eq!(printed(&["svc/tea", "-n", "kitchen"]), table);
    let both = printed(&["svc/tea", "ing/tea", "-n", "kitchen", "-o", "name"]);
    assert_eq!(both, "service/tea\ningress.networking.k8s.io/tea\n");
    let object = printed(&["services.v1", "tea", "-o", "json"]);
    assert!(object.contains("\"kind\": \"Service\"") && !object.contains("\"items\""), "{object}");
}

#[test]
fn what_is_not_there_is_named_as_kubectl_does() {
    for (words, said) in [
        (&["kettle,pot"][..], "packetyard: the server doesn't have a resource type \"pot\"\n"),
        (&["svc", "coffee"], "packetyard: services \"coffee\" not found\n"),
        (&["deploy/coffee"], "packetyard: deployments.apps \"coffee\" not found\n"),
        (&["svc", "tea", "-n", "default"], "packetyard: services \"tea\" not found\n"),
    ] {
        let (ok, out, err) = get(words);
        assert_eq!((ok, &*out, &*err), (false, "", said), "{words:?}");
    }
    // What is there is printed all the same.
    let (ok, out, err) = get(&["svc", "tea", "coffee", "milk", "-n", "kitchen"]);
    assert!(!ok && first_column(&out) == ["NAME", "tea"], "{out}");
    assert_eq!(err, "packetyard: services \"coffee\" not found\npacketyard: services \"milk\" not found\n");
}

#[test]
fn nothing_is_told_on_standard_error() {
    for (words, said) in [
        (&["sts"][..], "No resources found\n"),
        (&["sts,ds", "-n", "kitchen"], "No resources found in kitchen namespace.\n"),
        (&["svc", "-l", "app=coffee"], "No resources found\n"),
    ] {
        let (ok, out, err) = get(words);
        assert_eq!((ok, &*out, &*err), (true, "", said), "{words:?}");
    }
    assert_eq!(printed(&["sts", "-o", "name"]), "");
    let list = "apiVersion: v1\nitems: []\nkind: List\nmetadata:\n  resourceVersion: \"\"\n";
    assert_eq!(printed(&["sts", "-o", "yaml"]), list);
}

#[test]
fn labels_select() {
    let chosen = |query: &str| printed(&["pods", "-n", "kitchen", "-l", query, "-o", "name"]).lines().count();
    assert_eq!(chosen("app=tea"), 2);
    assert_eq!(chosen("app in (tea, coffee),pod-template-hash"), 2);
    assert_eq!((chosen("app!=tea"), chosen("!app"), chosen("run=curl")), (1, 1, 1));
    assert_eq!(chosen("app>1"), 0);
    let (ok, _, err) = get(&["pods", "-l", "app in tea"]);
    assert!(!ok && err.contains("unable to parse requirement: found 'tea' expected: '('"), "{err}");
    let (ok, _, err) = get(&["svc/tea", "-l", "app=tea"]);
    assert!(!ok && err.contains("selectors and the all flag cannot be used"), "{err}");
}

#[test]
fn kinds_that_are_kept_have_their_tables_too() {
    let table = printed(&["ing", "-n", "kitchen"]);
    assert!(table.starts_with("NAME   CLASS "), "{table}");
    assert!(printed(&["netpol"]).contains("POD-SELECTOR"));
    // A custom resource by the names in its definition.
    for word in ["kettle", "kettles", "kettles.kitchen.example.com"] {
        assert_eq!(printed(&[word, "-n", "default"]), "NAME    LITRES\ngreen   1.7\n", "{word}");
    }
    let definitions = printed(&["crd"]);
    assert!(definitions.starts_with("NAME ") && definitions.contains("CREATED AT"), "{definitions}");
}

#[test]
fn events_have_kubectls_columns() {
    let table = printed(&["events", "-n", "kitchen"]);
    assert_eq!(
        table.lines().next().map(plain),
        Some("LAST SEEN TYPE REASON OBJECT MESSAGE".into()),
        "{table}"
    );
    let scaled = "Normal ScalingReplicaSet deployment/tea Scaled up replica set tea-";
    assert!(table.lines().any(|line| plain(line).contains(scaled)), "{table}");
    let wide = printed(&["ev", "-n", "kitchen", "-o", "wide"]);
    let head = "LAST SEEN TYPE REASON OBJECT SUBOBJECT SOURCE MESSAGE FIRST SEEN COUNT NAME";
    assert_eq!(wide.lines().next().map(plain), Some(head.into()), "{wide}");
}

fn plain(line: &str) -> String {
    line.split_whitespace().collect::<Vec<_>>().join(" ")
}

#[test]
fn all_is_what_kubectl_takes_it_for() {
    let out = printed(&["all", "-n", "kitchen", "-o", "name"]);
    let kinds: Vec<&str> = out.lines().map(|line| line.split('/').next().unwrap_or("")).collect();
    let mut once = kinds.clone();
    once.dedup();
    assert_eq!(once, ["pod", "service", "deployment.apps", "replicaset.apps", "cronjob.batch"]);
}

/// On kind and minikube nobody gives it one.
#[test]
fn without_a_cloud_a_load_balancer_waits_for_its_address() {
    let text = "apiVersion: v1\nkind: Service\nmetadata: {name: web}\nspec: {type: LoadBalancer, ports: [{port: 80, \
                nodePort: 30080}]}\n---\napiVersion: packetyard/v1alpha1\nkind: Scenario\nspec: {cloud: none}\n";
    let file = std::env::temp_dir().join(format!("packetyard-no-cloud-{}.yaml", std::process::id()));
    std::fs::write(&file, text).expect("the folder for temporary files can be written to");
    let (ok, out, err) = packetyard(&["get", "svc", "-q"], &file);
    std::fs::remove_file(&file).expect("it can be removed");
    assert!(ok && out.contains("<pending>     80:30080/TCP"), "{out}{err}");
}

#[test]
fn the_clusters_own_service_cidr_is_listed_with_others() {
    let text = "apiVersion: networking.k8s.io/v1\nkind: ServiceCIDR\nmetadata: {name: more}\n\
                spec: {cidrs: [10.200.0.0/24, 'fd00:200::/112']}\n";
    let file = Temporary::new("service-cidrs.yaml", text);
    let (ok, out, err) = packetyard(&["get", "-q", "servicecidrs"], &file.0);
    assert!(ok, "{err}");
    let rows: Vec<Vec<&str>> = out.lines().map(|line| line.split_whitespace().take(2).collect()).collect();
    assert_eq!(
        rows,
        [["NAME", "CIDRS"], ["kubernetes", "10.96.0.0/12"], ["more", "10.200.0.0/24,fd00:200::/112"]]
    );
    let (ok, out, err) = packetyard(&["get", "-q", "servicecidr", "more", "-o", "yaml"], &file.0);
    assert!(ok, "{err}");
    assert!(out.contains("  finalizers:\n  - networking.k8s.io/service-cidr-finalizer\n"), "{out}");
    assert!(out.contains("    message: Kubernetes Service CIDR is ready\n"), "{out}");
}
