//! `crates/netfilter` knows no Kubernetes. The compiler keeps its types away; this keeps its words away.

use super::File;

const WORDS: [&str; 4] = ["Pod", "Pods", "Service", "Services"];

pub fn check(files: &[File]) -> Vec<String> {
    let netfilter = files.iter().filter(|file| file.path.starts_with("crates/netfilter"));
    netfilter.flat_map(words).collect()
}

fn words(file: &File) -> Vec<String> {
    let mut findings = Vec::new();
    for (number, line) in (1..).zip(file.text.lines()) {
        if let Some(word) = line.split(|c: char| !c.is_alphanumeric()).find(|word| is_of_kubernetes(word)) {
            findings.push(file.finding(number, format!("netfilter knows no Kubernetes, so no `{word}`")));
        }
    }
    findings
}

fn is_of_kubernetes(word: &str) -> bool {
    WORDS.contains(&word) || word.to_lowercase().starts_with("kube")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_of_kubernetes_are_found_in_netfilter_alone() {
        let file = |path: &str, text: &str| File { path: path.into(), text: text.into() };
        let files = [
            file("crates/netfilter/src/a.rs", "/// A set.\n/// kube-proxy's."),
            file("crates/cluster/src/a.rs", "/// kube-proxy's."),
        ];
        let found = check(&files);
        assert_eq!(found, ["crates/netfilter/src/a.rs:2: netfilter knows no Kubernetes, so no `kube`"]);
    }
}
