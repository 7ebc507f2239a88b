//! The published schemas are those of the types that are printed, and what is printed is as they say.

use std::path::{Path, PathBuf};
use std::process::Command;

use jsonschema::Validator;
use serde_json::{Value, json};

use crate::support::packetyard;

const NAMES: [&str; 6] = ["run", "trace", "conntrack", "dns", "dig", "assumptions"];

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

fn printed(args: &[&str]) -> String {
    let output = Command::new(env!("CARGO_BIN_EXE_packetyard")).args(args).output().expect("it starts");
    assert!(output.status.success(), "{args:?}: {output:?}");
    String::from_utf8(output.stdout).expect("it prints UTF-8")
}

fn file(name: &str) -> PathBuf {
    root().join("docs/schemas").join(format!("{name}.schema.json"))
}

#[test]
fn the_committed_schemas_are_those_that_the_command_prints() {
    for name in NAMES {
        let committed = std::fs::read_to_string(file(name)).unwrap_or_default();
        let remedy = format!("packetyard schema {name} > docs/schemas/{name}.schema.json");
        assert!(committed == printed(&["schema", name]), "docs/schemas is out of date: {remedy}");
    }
    let all = std::fs::read_dir(root().join("docs/schemas")).expect("docs/schemas is there").count();
    assert_eq!(all, NAMES.len(), "each file of docs/schemas is printed by the command");
}

/// Fields may be added to what is published, but none is printed here that it does not have.
fn closed(schema: &mut Value) {
    match schema {
        Value::Object(map) => {
            map.values_mut().for_each(closed);
            if map.contains_key("properties") {
                map.insert("additionalProperties".into(), json!(false));
            }
        }
        Value::Array(items) => items.iter_mut().for_each(closed),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

fn validator(name: &str) -> Validator {
    let text = std::fs::read_to_string(file(name)).expect("the schema is committed");
    let mut schema: Value = serde_json::from_str(&text).expect("it is JSON");
    jsonschema::draft202012::meta::validate(&schema).expect("it is a schema of draft 2020-12");
    closed(&mut schema);
    jsonschema::draft202012::new(&schema).expect("it is a schema")
}

#[track_caller]
fn check(validator: &Validator, printed: &Value, what: &str) {
    let problems: Vec<String> =
        validator.iter_errors(printed).map(|e| format!("{}: {e}", e.instance_path())).collect();
    assert!(problems.is_empty(), "{what}: {problems:#?}");
}

/// Those of the page, and those of the core, myths among them.
fn scenarios() -> Vec<PathBuf> {
    let entries = |folder: &str| {
        let folder = root().join(folder);
        let entries = std::fs::read_dir(&folder).unwrap_or_else(|why| panic!("{}: {why}", folder.display()));
        entries.map(|entry| entry.expect("it can be read").path())
    };
    let of_core = entries("crates/cluster/tests/scenarios").map(|path| path.join("input.yaml"));
    let mut all: Vec<PathBuf> =
        entries("public/scenarios").chain(of_core).filter(|path| path.extension().is_some()).collect();
    all.retain(|path| path.is_file());
    all.sort();
    all
}

fn json_of(args: &[&str], file: &Path) -> Option<Value> {
    let (_, out, err) = packetyard(&[args, &["-o", "json", "-q"]].concat(), file);
    match out.is_empty() {
        true => {
            assert!(!err.is_empty(), "{args:?} {}: nothing was said", file.display());
            None
        }
        false => Some(serde_json::from_str(&out).expect("-o json prints JSON")),
    }
}

/// The first port of the first Service that has an address, and how it is called there.
fn target(file: &Path) -> Option<String> {
    let path = "jsonpath={range .items[?(@.spec.clusterIP!=\"None\")]}{.spec.clusterIP} {.spec.ports[0].port} \
                {.spec.ports[0].protocol}{\"\\n\"}{end}";
    let (_, out, _) = packetyard(&["get", "svc", "-q", "-o", path], file);
    let words: Vec<&str> = out.lines().next()?.split(' ').collect();
    let [ip, port, protocol] = words[..] else { return None };
    let host = if ip.contains(':') { format!("[{ip}]") } else { ip.into() };
    Some(format!("{host}:{port}/{}", protocol.to_lowercase()))
}

#[test]
fn what_each_scenario_prints_is_as_its_schema_says() {
    let all = scenarios();
    assert!(all.len() > 70, "{} scenarios are there", all.len());
    let [run, trace, conntrack, dns, dig, _] = NAMES.map(validator);
    let mut traced = 0;
    for file in &all {
        let node = packetyard(&["get", "no", "-q", "-o", "jsonpath={.items[0].metadata.name}"], file).1;
        let from = format!("node/{node}");
        let at = ["get", "conntrack", "--node", &node, "--at", "5s"];
        let service = packetyard(&["get", "svc", "-q", "-o", "jsonpath={.items[0].metadata.name}"], file).1;
        let mut commands = vec![
            (&run, vec!["run", "--for", "10s"]),
            (&conntrack, at.to_vec()),
            (&dns, vec!["get", "dns"]),
            (&dig, vec!["dig", "--from", &from, if service.is_empty() { "example.com" } else { &service }]),
        ];
        let to = target(file);
        if let Some(to) = &to {
            commands.push((&trace, vec!["trace", "--from", &from, "--to", to]));
            traced += 1;
        }
        for (validator, args) in commands {
            let what = format!("{} {args:?}", file.display());
            let Some(printed) = json_of(&args, file) else { panic!("{what} printed nothing") };
            check(validator, &printed, &what);
        }
    }
    assert!(traced > 50, "{traced} scenarios have a Service to call");
}

#[test]
fn the_assumptions_are_as_their_schema_says() {
    let printed = serde_json::from_str(&printed(&["assumptions", "-o", "json"])).expect("it is JSON");
    check(&validator("assumptions"), &printed, "assumptions");
}

/// A validator that finds nothing would prove nothing.
#[test]
fn what_is_not_as_a_schema_says_is_found() {
    let row = json!({"name": "web.default.svc.cluster.local", "type": "A", "record": "..."});
    let validator = validator("dns");
    assert!(validator.is_valid(&json!([row])));
    let changed = |key: &str, value: Value| {
        let mut changed = row.clone();
        changed[key] = value;
        json!([changed])
    };
    assert!(!validator.is_valid(&changed("name", json!(1))));
    assert!(!validator.is_valid(&changed("ttl", json!(30))));
    assert!(!validator.is_valid(&json!([{"name": "a"}])));
}
