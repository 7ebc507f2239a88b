//! `apply`, `create`, `replace`, `patch` and `delete` say what kubectl would.

use std::fs;
use std::path::PathBuf;
use std::process::Command;

const CLUSTER: &str = "\
apiVersion: apps/v1
kind: Deployment
metadata: {name: web}
spec:
  selector: {matchLabels: {app: web}}
  template: {metadata: {labels: {app: web}}, spec: {containers: [{name: web, image: nginx}]}}
---
apiVersion: v1
kind: Service
metadata: {name: web}
spec: {selector: {app: web}, ports: [{port: 80}]}
---
apiVersion: example.com/v1
kind: Backup
metadata: {name: nightly}
spec: {keep: 3}
";

/// Exit status, standard output and standard error of a command against the cluster; `CHANGE` is the file with the
/// change, and ~ stands for a space in a word.
fn ask(words: &str, change: &str) -> (i32, String, String) {
    let folder = tempfile(words);
    let (cluster, text) = (folder.join("cluster.yaml"), folder.join("change.yaml"));
    fs::write(&cluster, CLUSTER).expect("it can be written");
    fs::write(&text, change).expect("it can be written");
    let text = text.display().to_string();
    let words =
        words.split(' ').map(|word| if word == "CHANGE" { text.clone() } else { word.replace('~', " ") });
    let output = Command::new(env!("CARGO_BIN_EXE_packetyard"))
        .args(words)
        .arg("-f")
        .arg(&cluster)
        .output()
        .expect("the command starts");
    fs::remove_dir_all(&folder).expect("it was made");
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).expect("it prints UTF-8");
    (output.status.code().expect("it ends by itself"), text(output.stdout), text(output.stderr))
}

fn tempfile(words: &str) -> PathBuf {
    let name: String = words.chars().filter(char::is_ascii_alphanumeric).collect();
    let thread = format!("{:?}", std::thread::current().id()).replace(['(', ')'], "");
    let folder = std::env::temp_dir().join(format!("packetyard-{}-{thread}-{name}", std::process::id()));
    fs::create_dir_all(&folder).expect("it can be made");
    folder
}

fn service(spec: &str) -> String {
    format!(
        "apiVersion: v1\nkind: Service\nmetadata: {{name: web}}\nspec: {{selector: {{app: web}}, ports: [{{port: 80}}]{spec}}}\n"
    )
}

#[test]
fn what_is_applied_is_created_configured_or_unchanged() {
    let new = "---\napiVersion: v1\nkind: ConfigMap\nmetadata: {name: m}\n";
    for (change, expected) in [
        (
            CLUSTER.to_owned(),
            "deployment.apps/web unchanged\nservice/web unchanged\nbackup.example.com/nightly unchanged\n",
        ),
        (service(", type: NodePort") + new, "service/web configured\nconfigmap/m created\n"),
        // Only the annotation with the text changes.
        (service(", sessionAffinity: None"), "service/web configured\n"),
    ] {
        let (status, out, err) = ask("apply CHANGE --dry-run -q", &change);
        let expected = expected.replace('\n', " (server dry run)\n");
        assert_eq!((status, out, err), (0, expected, String::new()), "{change}");
    }
}

#[test]
fn what_is_refused_keeps_nothing_else_out() {
    let change =
        service(", clusterIP: 10.96.0.77") + "---\n" + &service("").replace("name: web}", "name: two}");
    let (status, out, err) = ask("apply CHANGE --dry-run=server -q", &change);
    assert_eq!((status, out), (1, "service/two created (server dry run)\n".into()));
    let said = "error: Service default/web: spec.clusterIPs[0]: Invalid value: [\"10.96.0.77\"]: may not change once set";
    assert!(err.starts_with("4:7: ") && err.contains(said), "{err}");
    assert!(err.ends_with("packetyard: the manifests have an error\n"), "{err}");
}

#[test]
fn create_and_replace() {
    let (status, out, err) = ask("create CHANGE --dry-run -q", &service(""));
    assert_eq!((status, out.as_str()), (1, ""));
    assert!(err.starts_with("1:1: error: services \"web\" already exists\n"), "{err}");
    let (status, out, _) = ask("replace CHANGE --dry-run -q", &service(", type: NodePort"));
    assert_eq!((status, out.as_str()), (0, "service/web replaced (server dry run)\n"));
    let (status, out, err) =
        ask("replace CHANGE --dry-run -q", &service("").replace("name: web}", "name: two}"));
    assert_eq!((status, out.as_str()), (1, ""));
    assert!(err.starts_with("1:1: error: Service \"two\" not found"), "{err}");
}

#[test]
fn each_document_has_a_line() {
    let (status, out, _) = ask(
        "apply CHANGE --dry-run -q",
        &CLUSTER.replace("  selector: {match", "  replicas: 1000000\n  selector: {match"),
    );
    assert_eq!((status, out.contains("deployment")), (1, false), "{out}");
    let two =
        [service("").replace("name: web}", "name: two}"), service("").replace("name: web}", "name: two}")]
            .join("---\n");
    let (status, out, err) = ask("create CHANGE --dry-run -q", &two);
    assert_eq!((status, out.as_str()), (1, "service/two created (server dry run)\n"));
    assert!(err.contains("services \"two\" already exists"), "{err}");
}

#[test]
fn patches() {
    for (words, expected) in [
        ("patch svc web -p {spec:~{type:~NodePort}} --dry-run -q", "service/web patched (server dry run)\n"),
        (
            "patch svc/web -p {spec:~{type:~ClusterIP}} --dry-run -q",
            "service/web patched (no change) (server dry run)\n",
        ),
        (
            "patch deploy web --type=json -p [{op:~replace,path:~/spec/replicas,value:~3}] --dry-run -q -o name",
            "deployment.apps/web\n",
        ),
        (
            "patch backups nightly --type=merge --patch-file CHANGE --dry-run -q",
            "backup.example.com/nightly patched (server dry run)\n",
        ),
    ] {
        let (status, out, err) = ask(words, "{spec: {keep: 4}}");
        assert_eq!((status, out.as_str(), err.as_str()), (0, expected, ""), "{words}");
    }
    let (status, out, err) = ask("patch svc web -p {\"spec\":{\"prots\":[]}} --dry-run -q", "");
    assert_eq!((status, out.as_str()), (0, "service/web patched (no change) (server dry run)\n"));
    assert_eq!(err, "Warning: unknown field \"spec.prots\"\n");
    let (status, out, _) =
        ask("patch svc web -p {\"spec\":{\"type\":\"NodePort\"}} --dry-run -q -o json", "");
    assert!(status == 0 && out.contains("\"type\": \"NodePort\""), "{out}");
    let (status, _, err) = ask("patch backup nightly -p {\"spec\":{\"keep\":4}} --dry-run -q", "");
    assert!(status == 1 && err.contains("a custom resource takes patches of type merge and json"), "{err}");
}

/// Of what it sends, and in its words.
#[test]
fn kubectl_prints_what_a_request_is_warned_of() {
    let service = "{apiVersion: v1, kind: Service, metadata: {name: new}, spec: {externalIPs: [192.0.2.1], ports: [{port: 80}]}}\n";
    let warning =
        "Warning: spec.externalIPs is deprecated and may no longer be implemented in some clusters\n";
    let (status, out, err) = ask("apply CHANGE --dry-run -q", service);
    assert_eq!((status, &*out, &*err), (0, "service/new created (server dry run)\n", warning));
    // The second time nothing is sent.
    let (status, out, err) = ask("apply CHANGE --dry-run -q", &[service, "---\n", service].concat());
    let expected = "service/new created (server dry run)\nservice/new unchanged (server dry run)\n";
    assert_eq!((status, &*out, err.matches("Warning: ").count()), (0, expected, 1), "{err}");
    let (status, _, err) = ask("patch svc web -p {spec:~{externalIPs:~[192.0.2.1]}} --dry-run -q", "");
    assert_eq!((status, &*err), (0, warning));
}

#[test]
fn deletions() {
    let (status, out, err) = ask("delete deploy/web svc/web --dry-run -q", "");
    let expected = "deployment.apps \"web\" deleted from default namespace (server dry run)\nservice \"web\" deleted from default namespace (server dry run)\n";
    assert_eq!((status, out.as_str(), err.as_str()), (0, expected, ""));
    let (status, out, _) = ask("delete deploy web --cascade=orphan --force --dry-run -q", "");
    let expected = "deployment.apps \"web\" force deleted from default namespace (server dry run)\n";
    assert_eq!((status, out.as_str()), (0, expected));
    let (status, out, _) = ask("delete CHANGE --dry-run -q -o name", CLUSTER);
    assert_eq!((status, out.as_str()), (0, "deployment.apps/web\nservice/web\nbackup.example.com/nightly\n"));
    let (status, out, _) = ask("delete node node-1 --dry-run -q", "");
    assert_eq!((status, out.as_str()), (0, "node \"node-1\" deleted (server dry run)\n"));
    let (status, out, err) = ask("delete svc nobody web --dry-run -q -o name", "");
    assert_eq!((status, out.as_str()), (1, "service/web\n"));
    assert!(err.contains("Service \"nobody\" not found in namespace \"default\""), "{err}");
}

#[test]
fn a_change_is_asked_for_as_a_dry_run() {
    let (status, _, err) = ask("delete svc web -q", "");
    assert!(status == 2 && err.contains("--dry-run"), "{err}");
    let (status, _, err) = ask("patch svc -p {} --dry-run -q", "");
    assert!(status == 2 && err.contains("resource name may not be empty"), "{err}");
    let (status, _, err) = ask("patch svc web --dry-run -q", "");
    assert!(status == 2 && err.contains("must specify --patch"), "{err}");
    let (status, _, err) = ask("delete kettles web --dry-run -q", "");
    assert!(status == 2 && err.contains("the server doesn't have a resource type \"kettles\""), "{err}");
}
