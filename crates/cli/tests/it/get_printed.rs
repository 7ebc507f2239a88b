//! `get` with the flags that say how objects are printed and which: what kubectl 1.36 prints of the same objects.

use crate::support::{Temporary, manifest, packetyard};

const FILE: &str = "ingress-and-crds.yaml";

fn get(words: &[&str]) -> (bool, String, String) {
    packetyard(&[&["get", "-q"], words].concat(), &manifest(FILE))
}

/// A format and the file that it reads.
fn with(file: &Temporary, format: &str) -> String {
    format!("{format}={}", file.0.display())
}

fn printed(words: &[&str]) -> String {
    let (ok, out, err) = get(words);
    assert!(ok, "{words:?}: {err}");
    out
}

#[test]
fn a_template_is_filled_from_the_list_or_from_the_one_object() {
    let services = ["svc", "-n", "kitchen"];
    let print = |template: &str| printed(&[&services[..], &["-o", template]].concat());
    assert_eq!(print("jsonpath={.kind}: {.items[*].metadata.name}"), "List: tea");
    let range = r#"jsonpath={range .items[*]}{.metadata.name}{"\t"}{.spec.ports[0].port}{"\n"}{end}"#;
    assert_eq!(print(range), "tea\t80\n");
    assert_eq!(print("jsonpath={.items[0].spec.selector}{.items[0].spec.hello}"), r#"{"app":"tea"}"#);
    assert_eq!(print("jsonpath-as-json={.items[*].metadata.name}{.hello}"), "[\n    \"tea\"\n]\n[]\n");
    let one = printed(&["svc", "tea", "-n", "kitchen", "-o", "jsonpath", "--template", "{.spec.type}"]);
    assert_eq!(one, "ClusterIP");
    let file = Temporary::new("template", "{.items[0].metadata.namespace}\n");
    assert_eq!(print(&with(&file, "jsonpath-file")), "kitchen\n");
}

#[test]
fn a_key_that_misses_can_be_an_error() {
    let words = ["svc", "-n", "kitchen", "-o", "jsonpath={.items[*].spec.hello}"];
    assert_eq!(printed(&words), "");
    let (ok, out, err) = get(&[&words[..], &["--allow-missing-template-keys=false"]].concat());
    let said = "packetyard: error executing jsonpath \"{.items[*].spec.hello}\": hello is not found\n";
    assert_eq!((ok, &*out, &*err), (false, "", said));
}

#[test]
fn columns_can_be_chosen() {
    let spec =
        "custom-columns=NAME:.metadata.name,PORTS:{.spec.ports[*].port},X:spec.x,SELECTOR:.spec.selector";
    let expected = "NAME   PORTS   X        SELECTOR\ntea    80      <none>   map[app:tea]\n";
    assert_eq!(printed(&["svc", "-n", "kitchen", "-o", spec]), expected);
    let one =
        printed(&["svc/tea", "-n", "kitchen", "--no-headers", "-o", "custom-columns=A:.kind,B:.spec.x"]);
    assert_eq!(one, "Service   <none>\n");
    // Of several kinds there is one table.
    let both = printed(&["svc,ing", "-n", "kitchen", "-o", "custom-columns=KIND:.kind,N:.metadata.name"]);
    assert_eq!(both, "KIND      N\nService   tea\nIngress   tea\n");
    assert_eq!(printed(&["sts", "-o", "custom-columns=A:.a"]), "A\n");
    let file = Temporary::new("columns", "NAME  TYPE\n.metadata.name .spec.type\n");
    let option = with(&file, "custom-columns-file");
    let from_file = printed(&["svc", "-n", "kitchen", "--no-headers", "-o", &option]);
    assert_eq!(from_file, "NAME   TYPE\ntea    ClusterIP\n");
}

#[test]
fn what_is_no_format_is_told() {
    let there = "there are no Go templates here; -o jsonpath=TEMPLATE and -o custom-columns=SPEC are, and -o json for \
                 any other program";
    for (words, said) in [
        (
            &["-o", "jsonpath={.items[*"][..],
            "error parsing jsonpath {.items[*, unterminated array (column 8)",
        ),
        (&["-o", "jsonpath"], "template format specified but no template given"),
        (&["-o", "custom-columns="], "custom-columns format specified but no custom columns given"),
        (
            &["-o", "custom-columns=A"],
            "unexpected custom-columns spec: A, expected <header>:<json-path-expr>",
        ),
        (&["-o", "custom-columns=A:.a[x]"], "{.a[x]}: invalid array index x (column 4)"),
        (&["-o", "go-template={{.kind}}"], &format!("-o go-template: {there}")),
        (&["--template", "{{.kind}}"], &format!("--template: {there}")),
        (
            &["-o", "table"],
            "unable to match a printer suitable for the output format \"table\", allowed formats are: \
             custom-columns,custom-columns-file,json,jsonpath,jsonpath-as-json,jsonpath-file,name,text,wide,yaml",
        ),
        (&["-o", "yaml", "--show-labels"], "--show-labels option cannot be used with yaml printer"),
        (&["--sort-by", "{.a[}"], "sorting error: {.a[}: unterminated array (column 4)"),
        (&["--sort-by", ".spec.x"], "couldn't find any field with path \"{.spec.x}\" in the list of objects"),
    ] {
        let (ok, out, err) = get(&[&["svc"], words].concat());
        assert_eq!((ok, &*out, &*err), (false, "", &*format!("packetyard: {said}\n")), "{words:?}");
    }
}

#[test]
fn a_document_ends_with_one_line_break() {
    let text = printed(&["svc", "-o", "json"]);
    assert!(text.ends_with("\n}\n"), "{text}");
}

#[test]
fn tables_have_the_columns_that_were_asked_for() {
    let kitchen = |words: &[&str]| printed(&[&["svc,ing", "-n", "kitchen"], words].concat());
    let without = kitchen(&["--no-headers"]);
    assert_eq!(without.lines().count(), 2, "{without}");
    assert!(without.starts_with("service/tea   ") && without.contains("\ningress.networking.k8s.io/tea   "));
    let pods =
        printed(&["pods", "-n", "kitchen", "-L", "app", "-L", "a/run,x", "--show-labels", "-l", "app=tea"]);
    let lines: Vec<Vec<&str>> = pods.lines().map(|line| line.split("   ").map(str::trim).collect()).collect();
    assert!(lines[0].ends_with(&["AGE", "APP", "RUN", "X", "LABELS"]), "{pods}");
    let last = lines[1].last().expect("a cell");
    assert!(lines[1].contains(&"tea") && last.starts_with("app=tea,pod-template-hash="), "{pods}");
    assert!(printed(&["svc", "-n", "kitchen", "--show-kind"]).contains("\nservice/tea   "));
}

#[test]
fn objects_are_sorted_by_a_field() {
    let names = |words: &[&str]| printed(&[&["svc,deploy,ing,kettle,no"], words].concat());
    let by_name = names(&["-o", "name", "--sort-by", "metadata.name"]);
    let names: Vec<&str> = by_name.lines().map(|line| line.split('/').next_back().unwrap_or("")).collect();
    assert!(names.is_sorted() && names.len() > 4, "{by_name}");
    // Numbers by their size, and what has none comes first.
    let path = "jsonpath={range .items[*]}{.spec.litres}{.spec.ports[0].port} {end}";
    let by_number =
        printed(&["kettle,svc", "-n", "kitchen", "-o", path, "--sort-by", "{.spec.ports[0].port}"]);
    assert_eq!(by_number, "80 ");
    let table = printed(&["no", "--sort-by=.metadata.name"]);
    assert_eq!(table, printed(&["no"]));
}

#[test]
fn fields_select() {
    let chosen = |words: &[&str]| printed(&[words, &["-o", "name"]].concat());
    let query = ["pods", "-n", "kitchen", "--field-selector"];
    let with_fields = |fields: &str| chosen(&[&query[..], &[fields]].concat()).lines().count();
    let all = with_fields("");
    assert_eq!(
        (
            with_fields("status.phase=Running"),
            with_fields("status.phase!=Running,metadata.namespace==kitchen")
        ),
        (all, 0)
    );
    let of_node = |name: &str| with_fields(&format!("spec.nodeName={name}"));
    let nodes = chosen(&["no"]);
    let names = nodes.lines().map(|line| line.trim_start_matches("node/"));
    assert_eq!(names.map(of_node).sum::<usize>(), all);
    assert_eq!(
        chosen(&["svc", "--field-selector", "metadata.name=tea,spec.type=ClusterIP"]),
        "service/tea\n"
    );
    assert_eq!(chosen(&["no", "--field-selector", "spec.unschedulable=true"]), "");
    let started = printed(&["events", "-n", "kitchen", "--no-headers", "--field-selector", "reason=Started"]);
    assert!(started.lines().count() > 0 && started.lines().all(|line| line.contains("Started")), "{started}");
    for (words, said) in [
        (
            &["pods", "--field-selector", "spec.x=1", "-l", "a=b"][..],
            "Unable to find \"/v1, Resource=pods\" that match label selector \"a=b\", field selector \
             \"spec.x=1\": field label not supported: spec.x",
        ),
        (
            &["deploy", "--field-selector", "status.replicas=2"],
            "Unable to find \"apps/v1, Resource=deployments\" that match label selector \"\", field selector \
             \"status.replicas=2\": \"status.replicas\" is not a known field selector: only \"metadata.name\", \
             \"metadata.namespace\"",
        ),
        (&["pods", "--field-selector", "x"], "invalid selector: 'x'; can't understand 'x'"),
        (
            &["svc/tea", "--field-selector", "a=b"],
            "selectors and the all flag cannot be used when passing resource/name arguments",
        ),
    ] {
        let (ok, out, err) = get(words);
        assert_eq!((ok, &*out, &*err), (false, "", &*format!("packetyard: {said}\n")), "{words:?}");
    }
}

#[test]
fn what_is_not_there_can_be_ignored() {
    for words in [&["svc", "coffee"][..], &["svc/coffee", "-o", "json"], &["sts"], &["sts", "-o", "yaml"]] {
        let (ok, out, err) = get(&[words, &["--ignore-not-found"]].concat());
        assert_eq!((ok, &*out, &*err), (true, "", ""), "{words:?}");
    }
    let both = printed(&["svc", "coffee", "tea", "-n", "kitchen", "--ignore-not-found", "-o", "name"]);
    assert_eq!(both, "service/tea\n");
}
