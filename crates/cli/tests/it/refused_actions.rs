//! What the API server refuses of a scenario's actions is said, with the time.

use std::process::Command;

const REFUSED: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/refused.yaml");
const SAID: [(&str, &str); 3] = [
    ("5.000 s", "Deployment \"nope\" not found in namespace \"default\""),
    ("6.000 s", "Service \"web\": spec.clusterIPs[0]: field is immutable"),
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

#[test]
fn others_say_it_on_standard_error() {
    let trace = ["trace", "--from", "external", "--to", "192.168.0.11:30080", "--at", "20s"];
    for args in
        [&["get", "services", "--at", "20s"][..], &["rules", "--node", "node-1", "--at", "20s"], &trace]
    {
        let (out, err) = packetyard(args);
        let expected = SAID.map(|(at, message)| format!("packetyard: refused at {at}: {message}\n")).concat();
        assert_eq!(err, expected, "{args:?}");
        assert!(!out.contains("not found"), "{out}");
    }
}
