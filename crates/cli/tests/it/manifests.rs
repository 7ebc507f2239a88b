//! Manifests of the shapes that real ones have: what charts and exports print, and what people write. Ours are in
//! tests/manifests. Public ones, unmodified, come on top where they lie beside the project; else that is said.

use std::collections::BTreeSet;
use std::io::Write;
use std::path::{Path, PathBuf};

use serde_json::Value;

use crate::golden_objects::normal::is_system;
use crate::support::{items, json, manifest, packetyard};

struct Case {
    file: &'static str,
    /// Each Service, by namespace and name, with how many endpoints it has when all is ready.
    services: &'static [(&'static str, usize)],
    /// What is kept and not simulated: kind and name.
    others: &'static [&'static str],
    /// All that is said of the manifest: the end of each line, in order.
    findings: &'static [&'static str],
    /// Who calls whom, and what the names of the Pods that answer begin with.
    calls: &'static [(&'static str, &'static str, &'static str)],
}

const CASES: &[Case] = &[
    Case {
        file: "anchors.yaml",
        services: &[("default/anchored", 2)],
        others: &[],
        // goyaml v2, whose words they are, says it of keys that `<<` has brought, too.
        findings: &[
            "16:9: warning: the key \"tier\" was already set on line 8, column 32; the last one wins, remove one",
            "26:9: warning: the key \"name\" was already set on line 21, column 9; the last one wins, remove one",
            "27:29: warning: the key \"containerPort\" was already set on line 24, column 18; the last one wins, remove one",
            "27:50: warning: the key \"name\" was already set on line 24, column 40; the last one wins, remove one",
            "27:9: warning: the key \"ports\" was already set on line 23, column 9; the last one wins, remove one",
        ],
        calls: &[
            ("external/203.0.113.9", "anchored:80", ""),
            ("node/node-1", "anchored:80", "default/anchored-"),
            ("node/node-1", "anchored:9090", "default/anchored-"),
        ],
    },
    Case {
        file: "bakery.yaml",
        services: &[("default/counter", 2), ("default/flour", 1), ("default/orders", 1), ("default/oven", 1)],
        others: &["ServiceAccount counter"],
        findings: &[],
        calls: &[
            ("deploy/default/counter", "oven:7000", "default/oven-"),
            ("deploy/default/counter", "orders:6379", "default/orders-"),
            ("deploy/default/oven", "flour.default.svc.cluster.local:7001", "default/flour-"),
            ("external", "198.51.100.1:80", "default/counter-"),
        ],
    },
    Case {
        file: "exported-list.yaml",
        services: &[("default/clock", 2)],
        others: &[],
        findings: &[],
        calls: &[
            ("pod/default/curl", "clock:80", "default/clock-"),
            ("pod/default/curl", "10.96.44.7:80", "default/clock-"),
            ("external", "192.168.0.13:31337", "default/clock-"),
        ],
    },
    Case {
        file: "helm-template.yaml",
        services: &[("default/release-name-notes", 2), ("default/release-name-notes-db", 1)],
        others: &[
            "ConfigMap release-name-notes",
            "HorizontalPodAutoscaler release-name-notes",
            "Secret release-name-notes",
            "ServiceAccount release-name-notes",
        ],
        findings: &[
            "HorizontalPodAutoscaler default/release-name-notes: HorizontalPodAutoscaler is kept, not simulated",
        ],
        calls: &[
            (
                "deploy/default/release-name-notes",
                "release-name-notes-db:5432",
                "default/release-name-notes-db-",
            ),
            (
                "pod/default/release-name-notes-test-connection",
                "release-name-notes:80",
                "default/release-name-notes-",
            ),
        ],
    },
    Case {
        file: "ingress-and-crds.yaml",
        services: &[("kitchen/tea", 2)],
        others: &[
            "CustomResourceDefinition kettles.kitchen.example.com",
            "Ingress tea",
            "Kettle green",
            "NetworkPolicy only-from-inside",
        ],
        findings: &[
            "CustomResourceDefinition kettles.kitchen.example.com: CustomResourceDefinition is kept, not simulated",
            "Kettle default/green: Kettle is kept, not simulated",
            "Ingress kitchen/tea: Ingress is kept, not simulated",
            "NetworkPolicy kitchen/only-from-inside: NetworkPolicy is kept, not simulated",
        ],
        calls: &[
            ("pod/default/guest", "tea.kitchen:80", "kitchen/tea-"),
            ("pod/default/guest", "tea:80", ""),
        ],
    },
    Case {
        file: "list.json",
        services: &[("default/json", 2)],
        others: &[],
        findings: &[],
        calls: &[("node/node-2", "json:80", "default/")],
    },
    Case {
        file: "split",
        services: &[("split/web", 1)],
        others: &[],
        findings: &[],
        calls: &[("pod/split/caller", "web:80", "split/web")],
    },
    Case {
        file: "stateful.yaml",
        services: &[("default/store", 3), ("default/store-client", 3)],
        others: &[
            "PersistentVolumeClaim data-store-0",
            "PersistentVolumeClaim data-store-1",
            "PersistentVolumeClaim data-store-2",
        ],
        findings: &[],
        calls: &[
            ("pod/default/reader", "store-client:2379", "default/store-"),
            ("pod/default/reader", "store:2380", "default/store-"),
            ("pod/default/reader", "store-0.store.default.svc.cluster.local:2379", "default/store-0"),
            ("pod/default/reader", "store-1.store:2379", "default/store-1"),
            ("pod/default/reader", "store-3.store:2379", ""),
            ("pod/default/store-1", "pod/default/store-2:2380", "default/store-2"),
        ],
    },
    Case {
        file: "windows.yaml",
        services: &[("default/windows", 1)],
        others: &[],
        findings: &[],
        calls: &[("pod/default/caller", "windows:80", "default/windows")],
    },
];

#[test]
fn every_file_of_ours_has_its_case() {
    let files = std::fs::read_dir(manifest("")).expect("tests/manifests is there");
    let files = files.map(|entry| entry.expect("it can be read").file_name());
    let files: BTreeSet<String> = files.map(|name| name.into_string().expect("names are text")).collect();
    assert_eq!(files, CASES.iter().map(|case| case.file.to_string()).collect());
}

#[test]
fn what_is_said_of_each_manifest_is_this() {
    for case in CASES {
        let (ok, _, err) = packetyard(&["get", "services"], &manifest(case.file));
        assert!(ok, "{}: {err}", case.file);
        let of_text = |line: &&str| !line.starts_with("note: ");
        let lines: Vec<&str> = err.lines().filter(of_text).collect();
        let as_said = lines.len() == case.findings.len()
            && lines.iter().zip(case.findings).all(|(line, end)| line.ends_with(end));
        assert!(as_said, "{}: {:?} is expected, it is:\n{err}", case.file, case.findings);
    }
}

#[test]
fn services_have_their_endpoints_and_other_kinds_are_kept() {
    for Case { file, services, others, .. } in CASES {
        let path = manifest(file);
        let slices = items("endpointslices", &path);
        let found: Vec<(String, usize)> = items("services", &path)
            .iter()
            .filter(|service| !is_system(service))
            .map(|service| {
                let name = &service["metadata"]["name"];
                let namespace = &service["metadata"]["namespace"];
                let is_its_own = |slice: &&Value| {
                    slice["metadata"]["labels"]["kubernetes.io/service-name"] == *name
                        && slice["metadata"]["namespace"] == *namespace
                };
                let endpoints = slices.iter().filter(is_its_own).flat_map(|s| s["endpoints"].as_array());
                let ready = endpoints.flatten().filter(|e| e["conditions"]["ready"] == true).count();
                (format!("{}/{}", text(namespace), text(name)), ready)
            })
            .collect();
        let expected: Vec<(String, usize)> =
            services.iter().map(|(name, endpoints)| (name.to_string(), *endpoints)).collect();
        assert_eq!(found, expected, "{file}: Services and how many endpoints are ready");
        let (_, table, _) = packetyard(&["get", "others", "-q"], &path);
        let kept: BTreeSet<String> = table.lines().skip(1).map(kind_and_name).collect();
        assert_eq!(kept, others.iter().map(ToString::to_string).collect(), "{file}: other kinds");
    }
}

fn text(value: &Value) -> &str {
    value.as_str().expect("a string")
}

/// Of a row of `get others`: NAMESPACE, which some have not, NAME, KIND, AGE, SIMULATED.
fn kind_and_name(row: &str) -> String {
    let before_age = row.split("   no: kept").next().expect("there is a first part");
    let words: Vec<&str> = before_age.split_whitespace().collect();
    let [.., name, kind, _] = words[..] else { panic!("a row of others: {row}") };
    format!("{kind} {name}")
}

#[test]
fn calls_arrive_where_the_manifest_leads() {
    for Case { file, calls, .. } in CASES {
        for (from, to, pods) in *calls {
            let trace = ["trace", "--from", from, "--to", to, "--count", "6"];
            let report = json(&trace, &manifest(file));
            let connections = report["connections"].as_array().expect("connections");
            assert_eq!(connections.len(), 6, "{file}: {from} to {to}");
            for connection in connections {
                let pod = connection["endpoint"]["pod"].as_str();
                match pods.is_empty() {
                    true => {
                        assert_ne!(connection["verdict"], "delivered", "{file}: {from} to {to}: {connection}")
                    }
                    false => {
                        assert_eq!(
                            connection["verdict"], "delivered",
                            "{file}: {from} to {to}: {connection}"
                        );
                        assert!(pod.is_some_and(|pod| pod.starts_with(pods)), "{file}: {to} at {pod:?}");
                    }
                }
            }
        }
    }
}

/// Whoever makes a Pod, it can call, and be called.
#[test]
fn every_pod_that_get_lists_is_known_to_trace() {
    for file in ["bakery.yaml", "stateful.yaml", "windows.yaml"] {
        let path = manifest(file);
        let names: Vec<String> = items("pods", &path)
            .iter()
            .map(|pod| {
                format!("pod/{}/{}", text(&pod["metadata"]["namespace"]), text(&pod["metadata"]["name"]))
            })
            .collect();
        assert!(names.len() > 1, "{file} has Pods");
        for (from, to) in names.iter().zip(names.iter().cycle().skip(1)) {
            // What is not declared there, the Pod itself refuses; one that declares nothing serves every port.
            let report = json(&["trace", "--from", from, "--to", &format!("{to}:1")], &path);
            let connection = &report["connections"][0];
            let is_there = ["rejected", "delivered"].contains(&text(&connection["verdict"]));
            assert!(is_there, "{file}: {from} to {to}: {connection}");
        }
    }
}

/// What labels say, compared for every manifest, public or ours.
#[test]
fn every_service_has_exactly_the_endpoints_that_its_labels_say() {
    let ours = CASES.iter().map(|case| manifest(case.file));
    let public = ["guestbook.yaml", "online-boutique.yaml"].into_iter().filter_map(public_manifest);
    for file in ours.chain(public) {
        let about = file.display();
        let services = items("services", &file);
        let pods = items("pods", &file);
        let slices = items("endpointslices", &file);
        assert!(!services.is_empty() && !pods.is_empty(), "{about} has Services and Pods");
        for service in services.iter().filter(|service| !is_system(service)) {
            let is_with_it =
                |object: &&Value| object["metadata"]["namespace"] == service["metadata"]["namespace"];
            let name = text(&service["metadata"]["name"]);
            let selected = pods.iter().filter(is_with_it);
            let mut expected: Vec<&str> = selected
                .filter(|p| selects(&service["spec"]["selector"], &p["metadata"]["labels"]))
                .filter_map(|p| p["status"]["podIP"].as_str())
                .collect();
            let mut found: Vec<&str> = slices
                .iter()
                .filter(is_with_it)
                .filter(|s| s["metadata"]["labels"]["kubernetes.io/service-name"] == name)
                .flat_map(|s| s["endpoints"].as_array().into_iter().flatten())
                .filter_map(|e| e["addresses"][0].as_str())
                .collect();
            expected.sort();
            found.sort();
            assert_eq!(found, expected, "{about}: endpoints of {name}");
            assert!(!found.is_empty(), "{about}: {name} has endpoints");
        }
    }
}

fn selects(selector: &Value, labels: &Value) -> bool {
    let selector = selector.as_object().expect("a selector");
    !selector.is_empty() && selector.iter().all(|(k, v)| labels.get(k) == Some(v))
}

#[test]
fn the_headless_service_of_a_stateful_set_is_shown_as_what_it_is() {
    let public = public_manifest("cassandra-headless.yaml").map(|file| (file, "cassandra"));
    for (file, service) in [(manifest("stateful.yaml"), "store")].into_iter().chain(public) {
        let (ok, _, findings) = packetyard(&["get", "services"], &file);
        assert!(ok, "{findings}");
        let (_, services, _) = packetyard(&["get", "services", "-q"], &file);
        let line = services.lines().find(|l| l.split_whitespace().any(|word| word == service));
        let line = line.expect("the Service is listed");
        assert!(line.contains("ClusterIP") && line.contains("None"), "{line}");
        let (_, sets, _) = packetyard(&["get", "statefulsets", "-q"], &file);
        assert!(sets.contains("3/3"), "{sets}");
        let (_, rules, _) = packetyard(&["rules", "--node", "node-1", "-q"], &file);
        let writes = format!("default/{service}:");
        assert!(!rules.contains(&writes), "kube-proxy writes nothing for a headless Service: {rules}");
    }
}

#[test]
fn the_frontend_of_online_boutique_reaches_its_cart_every_time() {
    let Some(file) = public_manifest("online-boutique.yaml") else { return };
    let trace = ["trace", "--from", "deploy/default/frontend", "--to", "cartservice:7070", "--count", "20"];
    let report = json(&trace, &file);
    let connections = report["connections"].as_array().expect("connections");
    assert_eq!(connections.len(), 20);
    for connection in connections {
        assert_eq!(connection["verdict"], "delivered");
        let pod = text(&connection["endpoint"]["pod"]);
        assert!(pod.starts_with("default/cartservice-"), "{pod}");
    }
}

/// A manifest of others, if it lies beside the project.
fn public_manifest(name: &str) -> Option<PathBuf> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/manifests").join(name);
    if path.is_file() {
        return Some(path);
    }
    // To standard error itself: what `eprintln!` says, the test harness keeps when the test passes.
    writeln!(std::io::stderr(), "skipped: the public manifest {name} is not beside the project")
        .expect("standard error is there");
    None
}
