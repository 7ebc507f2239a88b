//! `get` beside what kubectl 1.36.3 printed of the same manifests in a real cluster.
//!
//! `tests/golden/extra` has small manifests of our own and their tables, `tests/golden/scenarios` the tables of the
//! core's scenarios without their actions. Recordings of public manifests are not in the repository: they are read from
//! the folder that the environment variable PUBLIC_RECORDINGS names, if it is set.
//! `exceptions.txt` has each difference that is known, and why it is none of ours.
//!
//! `KUBECTL_TABLES=FOLDER cargo test -p packetyard-cli --test it -- golden_tables` writes the tables anew from
//! FOLDER/NAME/get.txt and get-wide.txt.

mod tables;

use std::collections::BTreeMap;
use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU32, Ordering};

use crate::support::packetyard;
use tables::{Table, Tables};

const KINDS: &str = "pods,services,endpointslices,deployments,replicasets,nodes,statefulsets,daemonsets,jobs,cronjobs,\
                     replicationcontrollers,controllerrevisions,poddisruptionbudgets,persistentvolumeclaims,endpoints";
/// Of these a table without a line means that there was none. Of the others kubectl was not asked each time.
const ALWAYS_ASKED: [&str; 6] =
    ["pod", "service", "endpointslice.discovery.k8s.io", "deployment.apps", "replicaset.apps", "node"];
/// The most lines that may differ, in percent.
const LIMIT: usize = 3;

pub fn golden() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden")
}

/// A manifest, and what kubectl printed of it.
pub struct Case {
    pub name: String,
    pub manifest: String,
    tables: Tables,
}

/// The names of what a folder holds, in order, without `ending`.
pub fn names_in(folder: &Path, ending: &str) -> Vec<String> {
    let entries = fs::read_dir(folder).unwrap_or_else(|e| panic!("{}: {e}", folder.display()));
    let name = |entry: fs::DirEntry| entry.file_name().into_string().expect("names are text");
    let names = entries.map(|entry| name(entry.expect("it can be read")));
    let mut names: Vec<String> =
        names.filter_map(|name| Some(name.strip_suffix(ending)?.to_string())).collect();
    names.sort();
    names
}

pub fn read(path: &Path) -> String {
    fs::read_to_string(path).unwrap_or_else(|e| panic!("{}: {e}", path.display()))
}

/// What kubectl printed in this folder.
fn recorded(folder: &Path) -> Tables {
    tables::of_kubectl(&read(&folder.join("get-wide.txt")), &read(&folder.join("get.txt")))
}

/// The committed tables; written anew from `recording`, if that is asked for.
fn committed(path: &Path, recording: &str) -> Tables {
    if let Some(folder) = std::env::var_os("KUBECTL_TABLES") {
        let tables = recorded(&Path::new(&folder).join(recording));
        fs::write(path, tables::print(&tables)).expect("it can be written");
    }
    tables::read(&read(path))
}

pub fn extra() -> Vec<Case> {
    let folder = golden().join("extra");
    let case = |name: String| {
        let own = folder.join(&name);
        let tables = committed(&own.join("tables.txt"), &format!("extra-{name}"));
        Case { manifest: read(&own.join("input.yaml")), tables, name }
    };
    names_in(&folder, "").into_iter().map(case).collect()
}

/// Of a scenario's text only the manifests, and what its cluster is made of.
pub fn scenarios() -> Vec<Case> {
    let folder = golden().join("scenarios");
    let corpus = Path::new(env!("CARGO_MANIFEST_DIR")).join("../cluster/tests/scenarios");
    let case = |name: String| {
        let tables = committed(&folder.join(format!("{name}.txt")), &format!("scenario-{name}"));
        let manifest = without_actions(&read(&corpus.join(&name).join("input.yaml")));
        Case { manifest, tables, name }
    };
    names_in(&folder, ".txt").into_iter().map(case).collect()
}

fn without_actions(text: &str) -> String {
    let is_scenario = |document: &&str| document.lines().any(|line| line.starts_with("kind: Scenario"));
    let (scenario, objects): (Vec<&str>, Vec<&str>) =
        text.split("\n---\n").partition(|document| is_scenario(document));
    let mut cluster = "apiVersion: packetyard/v1alpha1\nkind: Scenario\nspec:\n  clients: []\n".to_string();
    let settings = ["  nodes:", "  podCIDR:", "  serviceCIDR:"];
    let mut is_setting = false;
    for line in scenario.iter().flat_map(|document| document.lines()) {
        let is_below = line.starts_with("   ") || line.starts_with("  -");
        is_setting = settings.iter().any(|setting| line.starts_with(setting)) || (is_setting && is_below);
        if is_setting {
            cluster += line;
            cluster.push('\n');
        }
    }
    [objects, vec![&cluster]].concat().join("\n---\n")
}

/// Those of the folder that PUBLIC_RECORDINGS names, if it is set, and where each was recorded.
pub fn public() -> Option<Vec<(Case, PathBuf)>> {
    let folder = PathBuf::from(std::env::var_os("PUBLIC_RECORDINGS")?);
    let names = names_in(&folder, "").into_iter().filter(|name| name.starts_with("shared-"));
    let case = |name: String| {
        let own = folder.join(&name);
        (Case { manifest: read(&own.join("product.yaml")), tables: recorded(&own), name }, own)
    };
    Some(names.map(case).collect())
}

/// With the manifest in a file, and the moment at which to look: `# at: 90s` in its first line, or else 60 s.
pub fn with_file<T>(case: &Case, print: impl FnOnce(&str, &Path) -> T) -> T {
    static FILES: AtomicU32 = AtomicU32::new(0);
    let at = case.manifest.strip_prefix("# at: ").and_then(|rest| rest.lines().next()).unwrap_or("60s");
    let (process, file) = (std::process::id(), FILES.fetch_add(1, Ordering::Relaxed));
    let file = std::env::temp_dir().join(format!("packetyard-{process}-{file}.yaml"));
    fs::write(&file, without_dns(&case.manifest)).expect("the folder for temporary files can be written to");
    let printed = print(at, &file);
    fs::remove_file(&file).expect("it can be removed");
    printed
}

/// The clusters that were recorded had no Pods of their own.
fn without_dns(manifest: &str) -> String {
    match manifest.split_once("kind: Scenario\n") {
        Some((before, after)) => {
            [before, "kind: Scenario\n", &after.replacen("spec:\n", "spec:\n  dns: ideal\n", 1)].concat()
        }
        None => [manifest, "\n---\napiVersion: packetyard/v1alpha1\nkind: Scenario\nspec: {dns: ideal}\n"]
            .concat(),
    }
}

fn printed(case: &Case) -> Tables {
    with_file(case, |at, file| {
        let get = |format: &[&str]| {
            let words = [&["get", KINDS, "-q", "--from-start", "--at", at], format].concat();
            let (ok, out, err) = packetyard(&words, file);
            assert!(ok, "{}: {err}", case.name);
            out
        };
        let (wide, narrow) = (get(&["-o", "wide"]), get(&[]));
        tables::of_kubectl(&wide, &narrow)
    })
}

/// What `a` has and `b` has not, as often as it has it.
fn without<'a>(a: &'a Table, b: &Table) -> Vec<&'a Vec<String>> {
    let mut rest = b.rows.clone();
    let is_missing = |row: &&Vec<String>| match rest.iter().position(|other| other == *row) {
        Some(at) => {
            rest.remove(at);
            false
        }
        None => true,
    };
    a.rows.iter().filter(is_missing).collect()
}

/// Of one case and kind: how many lines differ, and which.
struct Difference {
    lines: usize,
    shown: String,
}

fn compare(kubectls: &Tables, ours: &Tables) -> BTreeMap<String, Difference> {
    let nothing = Table::default();
    let mut found = BTreeMap::new();
    let others = ours.keys().filter(|kind| ALWAYS_ASKED.contains(&kind.as_str()));
    for kind in kubectls.keys().chain(others) {
        let (theirs, own) = (kubectls.get(kind).unwrap_or(&nothing), ours.get(kind).unwrap_or(&nothing));
        let (missing, more) = (without(theirs, own), without(own, theirs));
        let lines = missing.len().max(more.len()) + usize::from(theirs.columns != own.columns);
        if lines == 0 {
            continue;
        }
        let mut shown = String::new();
        if theirs.columns != own.columns {
            shown += &format!(
                "    columns: kubectl {:?}\n             ours    {:?}\n",
                theirs.columns, own.columns
            );
        }
        let line = |who: &str, row: &&Vec<String>| format!("    {who} {}\n", row.join(" | "));
        shown.extend(missing.iter().map(|row| line("kubectl", row)));
        shown.extend(more.iter().map(|row| line("ours   ", row)));
        found.insert(kind.clone(), Difference { lines, shown });
    }
    found
}

/// `name | kind | lines | reason`, by name and kind.
fn exceptions() -> BTreeMap<(String, String), usize> {
    let text = read(&golden().join("exceptions.txt"));
    let lines = text.lines().filter(|line| !line.is_empty() && !line.starts_with('#'));
    lines
        .map(|line| {
            let parts: Vec<&str> = line.split(" | ").collect();
            let [name, kind, lines, reason] = parts[..] else {
                panic!("an exception has four parts: {line}")
            };
            assert!(!reason.trim().is_empty(), "{line}");
            ((name.into(), kind.into()), lines.parse().expect("how many lines differ"))
        })
        .collect()
}

/// Every line is as kubectl's, or an exception says how many are not.
fn check(cases: &[Case], excepted: &BTreeMap<(String, String), usize>) -> (usize, usize) {
    let (mut lines, mut differing, mut wrong) = (0, 0, String::new());
    for case in cases {
        lines += case.tables.values().map(|table| table.rows.len() + 1).sum::<usize>();
        for (kind, difference) in compare(&case.tables, &printed(case)) {
            differing += difference.lines;
            let allowed = excepted.get(&(case.name.clone(), kind.clone()));
            if allowed != Some(&difference.lines) {
                wrong += &format!("{} | {kind} | {}\n{}", case.name, difference.lines, difference.shown);
            }
        }
    }
    assert!(wrong.is_empty(), "{differing} of {lines} lines differ, and no exception says that:\n{wrong}");
    (lines, differing)
}

#[test]
fn tables_are_kubectls() {
    let excepted = exceptions();
    let cases: Vec<Case> = extra().into_iter().chain(scenarios()).collect();
    let (lines, differing) = check(&cases, &excepted);
    assert!(differing * 100 <= lines * LIMIT, "{differing} of {lines} lines are exceptions");
    // No exception outlives its difference.
    let own: usize =
        excepted.iter().filter(|((name, _), _)| !name.starts_with("shared-")).map(|(_, n)| n).sum();
    assert_eq!(own, differing, "lines that exceptions.txt allows, and that differ");
}

#[test]
fn tables_of_public_manifests_are_kubectls() {
    let Some(cases) = public() else {
        // To standard error itself: what `eprintln!` says, the test harness keeps when the test passes.
        writeln!(
            std::io::stderr(),
            "skipped: PUBLIC_RECORDINGS names no folder with tables of public manifests"
        )
        .expect("standard error is there");
        return;
    };
    let cases: Vec<Case> = cases.into_iter().map(|(case, _)| case).collect();
    check(&cases, &exceptions());
}

#[test]
fn a_difference_is_found() {
    let table =
        |pod: &str| format!("NAMESPACE   NAME      READY   AGE\ndefault     pod/{pod}   1/1     3s\n\n");
    let tables = |pod: &str| tables::of_kubectl(&table(pod), &table(pod));
    assert_eq!(compare(&tables("web"), &tables("web")).len(), 0);
    assert_eq!(compare(&tables("web"), &tables("api"))["pod"].lines, 1);
    assert_eq!(compare(&tables("web"), &Tables::new())["pod"].lines, 2);
    assert_eq!(tables::read(&tables::print(&tables("web"))), tables("web"));
}
