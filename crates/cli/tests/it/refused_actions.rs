//! What the API server refuses of a scenario's actions is said, with the time.

use std::process::Command;

const REFUSED: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/refused.yaml");
const SAID: [(&str, &str); 3] = [
    ("5.000 s", "Deployment \"nope\" not found in namespace \"default\""),
    (
        "6.000 s",
        "4:7: Service default/web: spec.clusterIPs[0]: Invalid value: [\"10.96.0.41\"]: may not change once set",
    ),
    ("7.000 s", "spec.externalName: Required value"),
];

fn packetyard(args: &[&str]) -> (String, String) {
    let output = Command::new(env!("CARGO_BIN_EXE_packetyard"))
        .args(args)
        .args(["-f", REFUSED])
        .output()
        .expect("the command starts");
    assert!(output.status.success(), "{args:?}: {output:?}");
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).expect("it prints UTF-8");
    (text(output.stdout), text(output.stderr))
}

#[test]
fn a_run_lists_what_was_refused() {
    for args in [&["run", "--for", "20s"][..], &["run", "--at", "6500ms", "--for", "10s"]] {
        let (out, err) = packetyard(args);
        for (at, message) in SAID {
            assert!(out.lines().any(|line| line == format!("{at}   {message}")), "{out}");
        }
        assert_eq!(err, "", "{args:?}");
    }
    let (out, _) = packetyard(&["run", "--for", "20s", "-o", "json"]);
    let report: serde_json::Value = serde_json::from_str(&out).expect("it is JSON");
    let refused = report["refused"].as_array().expect("a list");
    assert_eq!(refused.len(), SAID.len(), "{refused:?}");
    assert_eq!(refused[0]["at"], 5_000_000_000u64);
    assert_eq!(refused[0]["message"], SAID[0].1);
}

/// What is refused of the manifests themselves names object, field and line.
#[test]
fn what_is_refused_at_first_is_said_with_its_place() {
    let twice = "apiVersion: v1\nkind: Service\nmetadata: {name: one}\nspec: {type: NodePort, ports: [{port: 80, \
                 nodePort: 31700}]}\n---\napiVersion: v1\nkind: Service\nmetadata: {name: two}\nspec:\n  type: \
                 NodePort\n  clusterIP: 10.96.0.9\n  ports:\n  - {port: 80, nodePort: 31700}\n---\napiVersion: v1\n\
                 kind: Service\nmetadata: {name: three}\nspec: {clusterIP: 10.0.0.1, ports: [{port: 80}]}\n";
    let file = std::env::temp_dir().join(format!("packetyard-refused-{}.yaml", std::process::id()));
    std::fs::write(&file, twice).expect("the folder for temporary files can be written to");
    let (ok, out, err) = crate::support::packetyard(&["get", "svc"], &file);
    std::fs::remove_file(&file).expect("it can be removed");
    // Of three Services one is taken, as kubectl apply does it.
    let names: Vec<&str> = out.lines().filter_map(|line| line.split_whitespace().nth(1)).collect();
    assert!(!ok && names == ["NAME", "kubernetes", "one", "kube-dns"], "{out}");
    let errors: Vec<&str> = err.lines().filter(|line| line.contains("error: ")).collect();
    assert_eq!(
        errors,
        [
            "13:26: error: Service default/two: spec.ports[0].nodePort: Invalid value: 31700: provided port is already \
             allocated",
            "18:7: error: Service default/three: spec.clusterIPs: Invalid value: [\"10.0.0.1\"]: failed to allocate IP \
             10.0.0.1: the provided network does not match the current range",
        ]
    );
    assert!(err.ends_with("packetyard: the manifests have 2 errors\n"), "{err}");
}

/// One bad document keeps no other out; a bad Scenario does, since another cluster than the one that is meant says
/// nothing.
#[test]
fn a_document_with_an_error_is_left_out() {
    let good = "apiVersion: v1\nkind: Service\nmetadata: {name: one}\nspec: {ports: [{port: 80}]}\n";
    let unnamed =
        "---\napiVersion: kustomize.config.k8s.io/v1beta1\nkind: Kustomization\nresources: [a.yaml]\n";
    let broken = "---\na: [\n";
    let scenario = "---\napiVersion: packetyard/v1alpha1\nkind: Scenario\nspec: {seed: many}\n";
    let unreadable = "---\napiVersion: packetyard/v1alpha1\nkind: Scenario\nspec: {seed: [1\n";
    let file = std::env::temp_dir().join(format!("packetyard-left-out-{}.yaml", std::process::id()));
    for (texts, is_there) in [
        (vec![good, unnamed], true),
        (vec![good, broken], true),
        (vec![good, scenario], false),
        (vec![good, unreadable], false),
        (vec![broken], false),
    ] {
        std::fs::write(&file, texts.concat()).expect("the folder for temporary files can be written to");
        let (ok, out, err) = crate::support::packetyard(&["get", "svc"], &file);
        assert_eq!((ok, out.contains("  one  ")), (false, is_there), "{texts:?}: {out}{err}");
        assert!(
            err.contains("error: ") && err.ends_with("packetyard: the manifests have an error\n"),
            "{err}"
        );
    }
    std::fs::remove_file(&file).expect("it can be removed");
}

#[test]
fn others_say_it_on_standard_error() {
    let trace = ["trace", "--from", "external", "--to", "192.168.0.11:30080", "--at", "20s"];
    for args in
        [&["get", "services", "--at", "20s"][..], &["rules", "--node", "node-1", "--at", "20s"], &trace]
    {
        let (out, err) = packetyard(args);
        let expected = SAID.map(|(at, message)| format!("packetyard: refused at {at}: {message}\n")).concat();
        let refused: String =
            err.lines().filter(|line| !line.starts_with("note: ")).map(|line| format!("{line}\n")).collect();
        assert_eq!(refused, expected, "{args:?}");
        assert!(!out.contains("not found"), "{out}");
    }
}
