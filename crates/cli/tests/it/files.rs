//! Several files: what is said of them names the file, and its own line there.

use std::fs;
use std::path::PathBuf;
use std::process::Command;

/// A folder of these files, which is gone with it.
struct Folder(PathBuf);

impl Folder {
    fn of(name: &str, files: &[(&str, &str)]) -> Folder {
        let path = std::env::temp_dir().join(format!("packetyard-files-{name}-{}", std::process::id()));
        fs::create_dir_all(&path).expect("a folder");
        for (name, text) in files {
            fs::write(path.join(name), text).expect("a file");
        }
        Folder(path)
    }

    /// What `packetyard get` says on standard error, with the folder's own path left out.
    fn get(&self, what: &str, arguments: &[&str]) -> String {
        let mut command = Command::new(env!("CARGO_BIN_EXE_packetyard"));
        command.current_dir(&self.0).args(["get", what]);
        let output =
            command.args(arguments.iter().flat_map(|file| ["-f", *file])).output().expect("it starts");
        String::from_utf8(output.stderr).expect("it prints UTF-8")
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _gone = fs::remove_dir_all(&self.0);
    }
}

const GOOD: &str = "apiVersion: v1\nkind: Service\nmetadata: {name: web}\nspec: {ports: [{port: 80}]}";
const BAD: &str =
    "# A port too many.\napiVersion: v1\nkind: Service\nmetadata: {name: bad}\nspec: {ports: [{port: 0}]}\n";
const AGAIN: &str = "apiVersion: v1\nkind: Service\nmetadata: {name: web}\nspec: {ports: [{port: 81}]}\n";

#[test]
fn a_place_names_the_file_where_there_are_several() {
    let folder =
        Folder::of("place", &[("a.yaml", GOOD), ("b.yaml", BAD), ("c.yaml", AGAIN), ("empty.yaml", "")]);
    fs::create_dir(folder.0.join("folder.yaml")).expect("a folder, which is passed over");
    let said = folder.get("svc", &["a.yaml", "b.yaml", "c.yaml"]);
    assert!(said.starts_with("b.yaml:5:23: error: Service default/bad: spec.ports[0].port: "), "{said}");
    let again = "c.yaml:1:1: warning: Service default/web: the same object is already on line 1; as with kubectl apply, \
                 the last one wins (that line is in a.yaml)";
    assert!(said.lines().any(|line| line == again), "{said}");
    let whole = folder.get("svc", &["."]);
    let after_nothing = folder.get("svc", &["empty.yaml", "a.yaml", "b.yaml"]);
    assert!(after_nothing.starts_with("b.yaml:5:23: error: "), "an empty file has no line: {after_nothing}");
    assert!(whole.contains("b.yaml:5:23: error: "), "a folder has several files too: {whole}");
}

#[test]
fn a_place_in_the_only_file_is_a_line_and_a_column() {
    let folder = Folder::of("only", &[("b.yaml", BAD), ("both.yaml", &[GOOD, "\n---\n", AGAIN].concat())]);
    let said = folder.get("svc", &["both.yaml"]);
    assert!(
        said.contains("the same object is already on line 1; as with kubectl apply, the last one wins\n"),
        "{said}"
    );
    let said = folder.get("svc", &["b.yaml"]);
    assert!(said.starts_with("5:23: error: Service default/bad: "), "{said}");
}

#[test]
fn that_the_manifests_have_errors_is_said_where_something_is_missing_too() {
    let folder = Folder::of("missing", &[("a.yaml", GOOD), ("b.yaml", BAD)]);
    let said = folder.get("svc/bad", &["a.yaml", "b.yaml"]);
    assert!(said.contains("packetyard: services \"bad\" not found\n"), "{said}");
    assert!(said.ends_with("packetyard: the manifests have 2 errors\n"), "{said}");
}

/// `kubectl apply --validate`.
#[test]
fn fields_that_a_kind_does_not_have_are_refused_or_left_out() {
    let text = "apiVersion: v1\nkind: Service\nmetadata: {name: odd}\nspec:\n  porst: []\n  ports: [{port: 80, prot: TCP}]\n";
    let folder = Folder::of("validate", &[("odd.yaml", text)]);
    let strict = folder.get("svc", &["odd.yaml"]);
    assert!(strict.contains("strict decoding error: unknown field \"spec.porst\"\n"), "{strict}");
    let path = folder.0.join("odd.yaml");
    let get = |how| crate::support::packetyard(&["get", "svc/odd", "-o", "yaml", "--at=1s", how], &path);
    for how in ["--validate", "--validate=strict", "--validate=true"] {
        let (ok, out, err) = get(how);
        assert!(!ok && out.is_empty() && err.contains("unknown field"), "{how}: {err}");
    }
    let (ok, out, err) = get("--validate=warn");
    assert!(ok && !out.contains("porst") && !out.contains("prot:"), "{out}");
    let warnings: Vec<&str> = err.lines().filter(|line| line.starts_with("Warning: ")).collect();
    assert_eq!(
        warnings,
        [
            "Warning: unknown field \"spec.porst\" (5:3: Service default/odd)",
            "Warning: unknown field \"spec.ports[0].prot\" (6:22: Service default/odd)",
        ]
    );
    for how in ["--validate=ignore", "--validate=false"] {
        let (ok, out, err) = get(how);
        assert!(
            ok && out.contains("port: 80") && !out.contains("porst") && !err.contains("unknown"),
            "{out}{err}"
        );
    }
    let (ok, _, err) = get("--validate=perhaps");
    assert!(!ok && err.contains("perhaps"), "{err}");
}

#[test]
fn what_all_files_have_together_is_said_of_none() {
    let large = format!("# {}\n", "x".repeat(2_200_000));
    let folder = Folder::of("large", &[("a.yaml", GOOD), ("b.yaml", &large), ("c.yaml", &large)]);
    let said = folder.get("svc", &["a.yaml", "b.yaml", "c.yaml"]);
    assert!(said.starts_with("error: the text has 4400"), "{said}");
}
