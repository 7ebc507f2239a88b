//! Nothing in the project depends on the machine on which it was written.

use super::File;

/// Top folders that differ from machine to machine.
const MACHINE_DIRS: [&str; 4] = ["root", "home", "work", "tmp"];

/// Words in the host of a package registry.
const REGISTRIES: [&str; 4] = ["registry", "artifactory", "index.crates", "pypi"];

/// Where crates come from, as Cargo.lock writes it.
const CRATES: &str = "registry+https://github.com/rust-lang/crates.io-index";

pub fn check(file: &File) -> Vec<String> {
    // Manifests speak of paths inside containers and of image registries.
    let is_manifest = ["yaml", "yml"].contains(&file.extension()) && !file.path.starts_with(".github");
    if is_manifest {
        return Vec::new();
    }
    let mut findings = Vec::new();
    for (number, line) in (1..).zip(file.text.lines()) {
        if let Some(dir) = machine_dir(line) {
            findings.push(file.finding(number, format!("a path under /{dir} of some machine")));
        }
        if let Some(host) = registry_host(line) {
            findings.push(file.finding(number, format!("the package registry {host}")));
        }
    }
    findings
}

/// The machine's folder that an absolute path in the line begins with.
fn machine_dir(line: &str) -> Option<&'static str> {
    let begins_path =
        |at: usize| !line[..at].ends_with(|c: char| c.is_alphanumeric() || "/._-~}{*>)".contains(c));
    let under = |rest: &str, dir: &str| rest.strip_prefix(dir).is_some_and(|rest| rest.starts_with('/'));
    let slashes = line.match_indices('/').map(|(at, _)| at).filter(|at| begins_path(*at));
    slashes.flat_map(|at| MACHINE_DIRS.iter().filter(move |dir| under(&line[at + 1..], dir))).copied().next()
}

/// The host of a package registry that a URL in the line names.
fn registry_host(line: &str) -> Option<&str> {
    if line.contains(CRATES) {
        return None;
    }
    let mut hosts = line.split("://").skip(1).filter_map(|rest| rest.split(['/', '"', ' ', ')']).next());
    hosts.find(|host| REGISTRIES.iter().any(|word| host.contains(word)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_machine_path_is_found_and_a_relative_one_is_not() {
        let absolute = format!("cd /{}/someone", "home");
        assert_eq!(machine_dir(&absolute), Some("home"));
        assert_eq!(machine_dir("docs/home/index.md"), None);
        assert_eq!(machine_dir("https://example.org/home/page"), None);
        assert_eq!(machine_dir("/workshop/"), None);
    }

    #[test]
    fn only_the_crates_index_may_be_named() {
        assert_eq!(registry_host(&format!("source = \"{CRATES}\"")), None);
        let elsewhere = format!("https://{}.example.org/npm/", "registry");
        assert_eq!(registry_host(&elsewhere), Some("registry.example.org"));
        assert_eq!(registry_host("https://kubernetes.io/registry/"), None);
    }
}
