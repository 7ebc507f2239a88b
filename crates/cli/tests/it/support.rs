//! The command as a person starts it.

use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;

/// Whether it succeeded, what it printed, and what it said on standard error.
pub fn packetyard(args: &[&str], file: &Path) -> (bool, String, String) {
    let output = Command::new(env!("CARGO_BIN_EXE_packetyard"))
        .args(args)
        .arg("-f")
        .arg(file)
        .output()
        .expect("the command starts");
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).expect("it prints UTF-8");
    (output.status.success(), text(output.stdout), text(output.stderr))
}

pub fn json(args: &[&str], file: &Path) -> Value {
    let (ok, out, err) = packetyard(&[args, &["-o", "json", "-q"]].concat(), file);
    assert!(ok, "{args:?}: {err}");
    serde_json::from_str(&out).expect("-o json prints JSON")
}

/// The items of a List; none where nothing was found.
pub fn items(kind: &str, file: &Path) -> Vec<Value> {
    let (ok, out, err) = packetyard(&["get", kind, "-o", "json", "-q"], file);
    assert!(ok, "{kind}: {err}");
    if out.trim().is_empty() || out.starts_with("No resources") {
        return Vec::new();
    }
    let list: Value = serde_json::from_str(&out).expect("-o json prints JSON");
    list["items"].as_array().expect("a List").clone()
}

/// One of tests/manifests.
pub fn manifest(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/manifests").join(name)
}

/// A file that goes with what it is used by.
pub struct Temporary(pub PathBuf);

impl Temporary {
    pub fn new(name: &str, text: &str) -> Temporary {
        let path = std::env::temp_dir().join(format!("packetyard-{}-{name}", std::process::id()));
        std::fs::write(&path, text).expect("the folder for temporary files can be written to");
        Temporary(path)
    }
}

impl Drop for Temporary {
    fn drop(&mut self) {
        let _ = std::fs::remove_file(&self.0);
    }
}
