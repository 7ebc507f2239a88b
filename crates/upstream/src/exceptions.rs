//! `exceptions.txt`: what differs and is let be. One that nothing needs is an error of a whole run.

use cluster::node::kube_proxy::ProxyMode;

use crate::kernel::{Difference, Kernel, differences};

const FILE: &str = include_str!("../exceptions.txt");

pub struct Exception {
    mode: ProxyMode,
    object: String,
    part: Part,
    /// After how many syncs it was needed.
    pub needed: u64,
}

/// What of a chain or set may differ.
enum Part {
    ElementComments,
}

impl Exception {
    pub fn all() -> Result<Vec<Exception>, String> {
        let lines = FILE.lines().filter(|line| !line.is_empty() && !line.starts_with('#'));
        lines.map(Exception::read).collect()
    }

    fn read(line: &str) -> Result<Exception, String> {
        let bad = |what: &str| format!("exceptions.txt: {what}: {line}");
        let [mode, object, part, _why] = line.split(" | ").collect::<Vec<_>>()[..] else {
            return Err(bad("not four parts"));
        };
        let mode = ProxyMode::named(mode).ok_or_else(|| bad("no mode"))?;
        let part = match part {
            "comments of elements" => Part::ElementComments,
            _ => return Err(bad("nothing knows this part")),
        };
        Ok(Exception { mode, object: object.to_owned(), part, needed: 0 })
    }

    pub fn name(&self) -> String {
        format!("{} | {}", self.mode.as_str(), self.object)
    }

    /// The lines without what may differ.
    fn without(&self, lines: &mut [String]) {
        match self.part {
            Part::ElementComments => lines.iter_mut().for_each(|line| *line = without_comment(line)),
        }
    }
}

/// An element's comment stands between its key and its verdict.
fn without_comment(line: &str) -> String {
    let cut = line.split_once(" comment \"").and_then(|(key, rest)| Some((key, rest.split_once('"')?.1)));
    cut.map_or_else(|| line.to_owned(), |(key, verdict)| format!("{key}{verdict}"))
}

/// What differs and is no exception.
pub fn unexplained(
    mode: ProxyMode,
    upstream: &Kernel,
    ours: &Kernel,
    exceptions: &mut [Exception],
) -> Vec<Difference> {
    let found = differences(upstream, ours);
    if found.is_empty() {
        return found;
    }
    let (mut upstream, mut ours) = (upstream.clone(), ours.clone());
    for exception in exceptions.iter_mut().filter(|exception| exception.mode == mode) {
        exception.needed += u64::from(found.iter().any(|difference| difference.object == exception.object));
        for kernel in [&mut upstream, &mut ours] {
            if let Some(lines) = kernel.get_mut(&exception.object) {
                exception.without(lines);
            }
        }
    }
    differences(&upstream, &ours)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_file_is_read_and_a_bad_line_is_named() {
        assert!(Exception::all().is_ok());
        assert!(
            Exception::read("nftables | map a")
                .err()
                .is_some_and(|error| error.ends_with("nftables | map a"))
        );
        assert!(Exception::read("nftables | map a | everything | because").is_err());
    }

    #[test]
    fn a_comment_is_let_be_where_the_file_says_so_and_nowhere_else() {
        let kernel = |map: &str, comment: &str, verdict: &str| {
            let element = format!("element 10.96.0.1 . tcp . 80 comment \"{comment}\" : {verdict}");
            Kernel::from([(map.to_owned(), vec![element])])
        };
        let differ = |map: &str, verdict: &str| {
            let mut exceptions = Exception::all().expect("the file is good");
            let (upstream, ours) = (kernel(map, "a/b", "drop"), kernel(map, "a/b:c", verdict));
            !unexplained(ProxyMode::Nftables, &upstream, &ours, &mut exceptions).is_empty()
        };
        assert!(!differ("map no-endpoint-services", "drop"));
        assert!(differ("map no-endpoint-services", "goto reject-chain"));
        assert!(differ("map firewall-ips", "drop"));
    }
}
