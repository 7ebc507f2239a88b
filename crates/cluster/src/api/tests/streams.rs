//! Streams, YAML and JSON.

use super::{check_fine, check_problem, problems};
use crate::api::{Diagnostic, DiagnosticKind, KubeObject, MAX_DOCUMENTS, Severity, Tree, parse, to_json};

const A: &str = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\n";

fn names(text: &str) -> Vec<String> {
    parse(text).objects.iter().map(|o| o.object.meta().name.to_string()).collect()
}

/// What a YAML value says, as JSON.
fn check_value(yaml: &str, json: &str) {
    let text = format!("{A}data: {yaml}\n");
    let manifest = parse(&text);
    let data = manifest.objects.first().and_then(|o| o.source.tree.field("data")).map(to_json);
    assert_eq!(data.as_deref(), Some(json), "{yaml}\n{:?}", manifest.diagnostics);
}

#[test]
fn scalars_of_yaml_1_1() {
    check_value("[y, Yes, ON, true, n, no, Off, False]", "[true,true,true,true,false,false,false,false]");
    check_value("['y', \"yes\", 'on', !!str true]", r#"["y","yes","on","true"]"#);
    check_value("[~, null, Null, '', '~']", r#"[null,null,null,"","~"]"#);
    check_value("[0777, 0o17, 0x1F, 0b11, 1_000, 08]", "[511,15,31,3,1000,8]");
    check_value("[1.50, 80.0, 1e3, .5, 2024-01-01, 1:30]", r#"[1.5,80,1000,0.5,"2024-01-01","1:30"]"#);
    check_value("{1: a, yes: b, 1.5: c, 0x10: d}", r#"{"1":"a","true":"b","1.5":"c","16":"d"}"#);
    check_value("[!!int '7', !!float 7, !own 7, !!binary aGk=]", r#"[7,7,"7","aGk="]"#);
}

#[test]
fn text_of_every_style() {
    check_value("|\n  a\n   b\n", r#""a\n b\n""#);
    check_value(">-\n  a\n  b\n", r#""a b""#);
    check_value(r#""a\tb\u00e9\x41""#, r#""a\tbéA""#);
    check_value("'it''s'", r#""it's""#);
    check_value("a # comment", r#""a""#);
    check_value("a#b", r#""a#b""#);
    check_value("http://a:80/b", r#""http://a:80/b""#);
}

/// Texts between separators count, and so do JSON values, of which one such text can have many.
#[test]
fn no_more_documents_than_the_limit() {
    let yaml = format!("{A}---\n");
    let json = r#"{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"a"}}"#;
    let jsons = |count: usize| format!("{json}\n").repeat(count);
    for (text, line) in [
        (yaml.repeat(MAX_DOCUMENTS + 2), 8_001),
        (jsons(MAX_DOCUMENTS + 2), 2_001),
        ([yaml.repeat(MAX_DOCUMENTS - 1), jsons(1), "---\n".into(), jsons(1)].concat(), 7_999),
        ([yaml.repeat(MAX_DOCUMENTS - 1), jsons(3), "---\n".into(), jsons(1)].concat(), 7_998),
    ] {
        let manifest = parse(&text);
        assert_eq!(manifest.objects.len(), MAX_DOCUMENTS);
        let is_limit = |d: &&Diagnostic| matches!(d.message, DiagnosticKind::TooManyDocuments { .. });
        let found: Vec<u32> = manifest.diagnostics.iter().filter(is_limit).map(|d| d.line).collect();
        assert_eq!(found, [line]);
    }
    assert_eq!(parse(&jsons(MAX_DOCUMENTS)).objects.len(), MAX_DOCUMENTS);
}

#[test]
fn anchors_and_merge_keys() {
    check_value("{a: &x [1, 2], b: *x}", r#"{"a":[1,2],"b":[1,2]}"#);
    check_value("{a: &x {k: 1, l: 2}, b: {<<: *x, l: 3}}", r#"{"a":{"k":1,"l":2},"b":{"k":1,"l":3}}"#);
    // goyaml v2 merges where the key stands: over what came before it.
    check_value("{a: &x {k: 1}, b: {k: 2, <<: *x}}", r#"{"a":{"k":1},"b":{"k":1}}"#);
    check_value("{<<: [{k: 1}, {k: 2, l: 3}]}", r#"{"k":1,"l":3}"#);
    check_value("{'<<': 1}", r#"{"\u003c\u003c":1}"#);
    check_problem(&format!("{A}data: {{<<: 1}}"), "map merge requires map");
    check_problem(&format!("{A}data: {{a: &x [{{}}], <<: *x}}"), "map merge requires map");
    check_problem(&format!("{A}data: &x [*x]"), "inside the value");
    check_problem(&format!("{A}data: *nobody"), "not YAML");
}

#[test]
fn separators() {
    assert_eq!(names(&format!("---\n{A}---\n---   # nothing\n{A}...\n---\n{A}")), ["a", "a", "a"]);
    assert_eq!(names("# only a comment\n---\n\n"), Vec::<String>::new());
    assert_eq!(names(&format!("%YAML 1.1\n---\n{A}")), ["a"]);
    let b = A.replace("name: a", "name: b");
    check_problem(&format!("--- {{x: y}}\nmore: lost\n---\n{b}"), "invalid Yaml document separator");
    assert_eq!(names(&format!("---x\n---\n{b}")), ["b"]);
    check_problem(&format!("{A}...\n{b}"), "nothing after `...`");
}

#[test]
fn a_malformed_document_does_not_take_its_neighbours() {
    let b = A.replace("name: a", "name: b");
    for broken in
        ["a: [1, 2", "a: b: c", "\ta: 1", "a: 'x", "- a\nb", "{a: 1", "a: &", "%", "? [", "a: \"\\q\""]
    {
        let text = format!("{A}---\n{broken}\n---\n{b}");
        let manifest = parse(&text);
        assert_eq!(names(&text), ["a", "b"], "{broken:?}");
        let [finding] =
            &manifest.diagnostics.iter().filter(|d| d.severity == Severity::Error).collect::<Vec<_>>()[..]
        else {
            panic!("{broken:?}: {:?}", manifest.diagnostics)
        };
        assert!((5..=8).contains(&finding.line), "{broken:?}: {finding}");
    }
}

#[test]
fn positions_are_those_of_the_stream() {
    let text =
        "# first\n---\napiVersion: v1\nkind: Service\nmetadata:\n  name: a\nspec:\n  ports:\n  - port: 0\n";
    let manifest = parse(text);
    assert_eq!((manifest.diagnostics[0].line, manifest.diagnostics[0].column), (9, 11));
    assert_eq!(manifest.diagnostics[0].path, "spec.ports[0].port");
    let object = manifest.diagnostics[0].object.clone().unwrap();
    assert_eq!((object.kind.as_str(), &*object.namespace, &*object.name), ("Service", "default", "a"));
    let fine = parse(&text.replace("port: 0", "port: 80"));
    assert_eq!(fine.objects[0].position, (3, 1));
    assert_eq!(fine.objects[0].source.position.line, 3);
    assert!(fine.objects[0].source.text.starts_with("apiVersion"));
}

#[test]
fn line_ends_and_byte_order_mark() {
    assert_eq!(names(&format!("\u{feff}{A}")), ["a"]);
    assert_eq!(names(&format!("{A}---\n{A}").replace('\n', "\r\n")), ["a", "a"]);
    let manifest = parse(&format!("{A}data:\n  k: |\n    one\n    two\n").replace('\n', "\r\n"));
    let data = manifest.objects[0].source.tree.field("data").map(to_json);
    assert_eq!(data.as_deref(), Some(r#"{"k":"one\ntwo\n"}"#));
}

#[test]
fn json_and_kyaml() {
    let json = "{\n\t\"apiVersion\": \"v1\",\n\t\"kind\": \"ConfigMap\",\n\t\"metadata\": {\"name\": \"a\\u00e9\\ud83d\\ude00\\/\"}}";
    assert_eq!(names(json), ["aé😀/"]);
    assert_eq!(names(&format!("{json}\n{json}")).len(), 2, "one after the other");
    assert_eq!(names(&format!("{json}\n---\n{json}")).len(), 2);
    let kyaml = "---\n{\n  apiVersion: \"v1\",\n  kind: \"ConfigMap\",  # why not\n  metadata: {\n    name: \"a\",\n  },\n  data: {on: \"1\",},\n}\n";
    assert_eq!(names(kyaml), ["a"]);
    assert_eq!(names(kyaml.trim_start_matches("---\n")), ["a"], "braces first, and yet no JSON");
    let twice = r#"{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"a"},"data":{"k":"1","k":"2"}}"#;
    check_problem(twice, "already set on line 1, column 71");
    assert_eq!(
        parse(twice).objects[0].source.tree.field("data").map(to_json).as_deref(),
        Some(r#"{"k":"2"}"#)
    );
    check_problem("{\"apiVersion\": \"v1\",", "not YAML");
}

#[test]
fn the_last_of_duplicate_keys_wins() {
    let text = format!("{A}data:\n  k: 1\n  k: 2\n  l: 3\n");
    check_problem(&text, "the key \"k\" was already set on line 5, column 3");
    let manifest = parse(&text);
    assert_eq!((manifest.diagnostics[0].line, manifest.diagnostics[0].column), (6, 3));
    assert_eq!(to_json(manifest.objects[0].source.tree.field("data").unwrap()), r#"{"k":2,"l":3}"#);
}

#[test]
fn keys_and_values_without_json() {
    for (data, expected) in [
        ("{~: 1}", "a key must be"),
        ("{[a]: 1}", "a key must be"),
        ("{? {a: b} : 1}", "a key must be"),
        ("{a: .inf}", "unsupported value .inf"),
        ("[-.INF]", "unsupported value -.inf"),
        ("[.nan]", "unsupported value .nan"),
        ("[!!int x]", "cannot decode \"x\" as a !!int"),
    ] {
        check_problem(&format!("{A}data: {data}"), expected);
    }
}

#[test]
fn lists_are_taken_apart() {
    let item = "{apiVersion: v1, kind: ConfigMap, metadata: {name: a}}";
    assert_eq!(names(&format!("apiVersion: v1\nkind: List\nitems:\n- {item}\n- {item}\n")), ["a", "a"]);
    let bare =
        "apiVersion: v1\nkind: ServiceList\nitems:\n- metadata: {name: a}\n  spec: {ports: [{port: 1}]}\n";
    let manifest = check_fine(bare);
    assert!(matches!(manifest.objects[0].object, KubeObject::Service(_)));
    assert_eq!(names("apiVersion: v1\nkind: List\nitems: []\n"), Vec::<String>::new());
    check_fine("apiVersion: v1\nkind: List\n");
    check_fine("apiVersion: v1\nkind: ConfigMapList\nmetadata: {resourceVersion: ''}\nitems: []\n");
}

#[test]
fn what_is_no_object() {
    check_problem("just text", "this is a string");
    check_problem("- a\n- b", "this is a list");
    check_problem("42", "this is an integer");
    assert_eq!(
        problems(&parse("a: 1")),
        [
            "apiVersion: error validating data: apiVersion not set",
            "kind: error validating data: kind not set"
        ]
    );
    check_problem("apiVersion: 1\nkind: Service", "must be a string, not an integer (1)");
}

#[test]
fn limits() {
    let big = "a".repeat(crate::api::MAX_TEXT_BYTES + 1);
    check_problem(&big, "at most 4194304 are read");
    let ten_megabytes = format!("{A}data: {{k: {}}}", "x".repeat(10 << 20));
    check_problem(&ten_megabytes, "Split it");
    for (open, close) in [("[", "]"), ("{a: ", "}"), ("- ", "")] {
        check_problem(&format!("{A}---\n{}{}", open.repeat(200), close.repeat(200)), "deeper than 64");
    }
    check_problem(&format!("{A}---\n{}", "[".repeat(200)), "unclosed bracket");
    let json = format!("{}{}", "{\"a\":".repeat(100), "}".repeat(100));
    check_problem(&json, "deeper than 64");
    let laughs = (1..30).fold(format!("{A}data:\n  a0: &a0 [x, x]\n"), |text, i| {
        let before = i - 1;
        format!("{text}  a{i}: &a{i} [*a{before}, *a{before}, *a{before}]\n")
    });
    check_problem(&laughs, "more than 200000 values");
    let many = "a: 1\n---\n".repeat(2100);
    assert!(parse(&many).diagnostics.iter().any(|d| d.message.to_string().contains("first 2000 documents")));
    assert_eq!(parse(&many).diagnostics.len(), 101);
    assert!(parse(&many).diagnostics[100].message.to_string().contains("and 3901 more"));
}

#[test]
fn a_deep_chain_of_aliases_is_as_deep_as_what_it_stands_for() {
    let chain = (1..80)
        .fold(format!("{A}data:\n  a0: &a0 [x]\n"), |text, i| format!("{text}  a{i}: &a{i} [*a{}]\n", i - 1));
    check_problem(&chain, "deeper than 64");
}

#[test]
fn errors_are_kept_before_notes() {
    let notes = (0..150).map(|i| format!("apiVersion: x/v1\nkind: Foo\nmetadata: {{name: a{i}}}\n---\n"));
    let text = notes.collect::<String>() + "apiVersion: v1\nkind: Service\n";
    let diagnostics = parse(&text).diagnostics;
    assert_eq!(diagnostics.len(), 101);
    assert!(diagnostics.iter().any(|d| d.severity == Severity::Error));
    assert_eq!(diagnostics[100].severity, Severity::Info);
}

#[test]
fn big_maps_and_long_lines_are_read_in_good_time() {
    let map: String = (0..90_000).map(|i| format!("  k{i}: {i}\n")).collect();
    assert_eq!(parse(&format!("{A}data:\n{map}")).objects.len(), 1);
    let line: String = (0..90_000).map(|i| format!("\"k{i}\":{i},")).collect();
    let json = format!(
        r#"{{"apiVersion":"v1","kind":"ConfigMap","metadata":{{"name":"a"}},"data":{{{line}"z":0}}}}"#
    );
    assert_eq!(parse(&json).objects.len(), 1);
}

#[test]
fn markup_stays_text() {
    let name = "<img src=x onerror=alert(1)>";
    let text = format!(
        "apiVersion: v1\nkind: Service\nmetadata: {{name: \"{name}\"}}\nspec: {{ports: [{{port: 1}}]}}\n"
    );
    let manifest = parse(&text);
    assert!(manifest.objects.is_empty());
    check_problem(&text, "a lowercase RFC 1123 label must consist of");
    assert_eq!(&*manifest.diagnostics[0].object.as_ref().unwrap().name, name);
    let kind = parse("apiVersion: x/v1\nkind: <b>\nmetadata: {name: a}");
    assert_eq!(kind.objects[0].object.kind().as_str(), "<b>");
    assert!(to_json(&Tree::string(name)).contains("\\u003cimg"));
}

/// As goyaml: between brackets, and in quotes, a line may begin anywhere.
#[test]
fn brackets_and_quotes_that_end_at_or_left_of_their_key() {
    check_value("\n  a:\n    args: [\n      x,\n    ]", r#"{"a":{"args":["x"]}}"#);
    check_value("\n  a:\n    - b: {\n      c: 1\n  }", r#"{"a":[{"b":{"c":1}}]}"#);
    check_value("\n  a: \"one\n  two\"", r#"{"a":"one two"}"#);
    check_value("\n  a: 'one\ntwo'", r#"{"a":"one two"}"#);
}

#[test]
fn tabs() {
    for text in
        ["\ta: 1", "a:\n\tb: 1", "a:\n  b: 1\n\tc: 2", "a:\n  \tb: 1", "a:\n\t- b", "a:\n - b\n \t- c"]
    {
        check_problem(&format!("{A}---\n{text}\n"), "tab");
    }
    check_value("{a: [1,\t2],\tb: 3}", r#"{"a":[1,2],"b":3}"#);
    check_value("\n  a:\tb\n  c:\t\t1\t# two\n  d: |\n    e:\tf\n", r#"{"a":"b","c":1,"d":"e:\tf\n"}"#);
    check_value("'a\tb'", r#""a\tb""#);
}
