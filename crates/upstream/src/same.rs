//! What is the same in other words, or in another order: each function says why. Everything else is a difference.

use std::collections::BTreeSet;
use std::net::IpAddr;

use cluster::node::kube_proxy::ProxyMode;

use crate::kernel::Kernel;

/// Upstream's kernel in our words.
pub fn upstream(mode: ProxyMode, mut kernel: Kernel) -> Kernel {
    match mode {
        ProxyMode::Iptables | ProxyMode::Ipvs => {}
        ProxyMode::Nftables => {
            drop_stale_chains(&mut kernel);
            kernel.values_mut().for_each(|lines| as_listed(lines));
        }
    }
    in_order(mode, &mut kernel);
    kernel
}

pub fn ours(mode: ProxyMode, mut kernel: Kernel) -> Kernel {
    in_order(mode, &mut kernel);
    kernel
}

fn in_order(mode: ProxyMode, kernel: &mut Kernel) {
    for (name, lines) in kernel {
        match mode {
            ProxyMode::Iptables => dispatch_by_port(name, lines),
            ProxyMode::Nftables => {
                sort_from_first(lines, "element ");
                lines.iter_mut().for_each(|line| *line = with_merged_ranges(line));
            }
            ProxyMode::Ipvs => {
                // Sets and addresses have no order. The order of real servers is that in which they were added, which
                // upstream takes from a Go map (proxier.go, syncEndpoint, newEndpoints.UnsortedList).
                if ["ipset ", "ipvs ", "link "].iter().any(|kind| name.starts_with(kind)) {
                    lines.sort();
                }
                // In the order of a Go map (proxier.go, writeIptablesRules, the rules of each Service's ports).
                if name == "filter KUBE-IPVS-OUT-FILTER" {
                    lines.sort();
                }
            }
        }
    }
}

/// The chains in which packets find their Service. kube-proxy writes them in the order of a Go map, `svcPortMap`: no
/// two ports have the same address, protocol and number. (External addresses that two Services share are left to that
/// order, and `generate` makes none.) The rules of one port keep their order, as do those of none, which come before
/// or after all ports.
const DISPATCH: [&str; 6] = [
    "filter KUBE-EXTERNAL-SERVICES",
    "filter KUBE-NODEPORTS",
    "filter KUBE-PROXY-FIREWALL",
    "filter KUBE-SERVICES",
    "nat KUBE-NODEPORTS",
    "nat KUBE-SERVICES",
];

fn dispatch_by_port(name: &str, rules: &mut [String]) {
    if !DISPATCH.contains(&name) {
        return;
    }
    let runs = rules.chunk_by_mut(|a, b| service_port(a).is_some() == service_port(b).is_some());
    for run in runs {
        run.sort_by(|a, b| service_port(a).cmp(&service_port(b)));
        // Where `nodePortAddresses` takes several of the node's addresses, these too are in the order of a Go map.
        if run.iter().all(|rule| rule.ends_with(" -j KUBE-NODEPORTS")) {
            run.sort();
        }
    }
}

/// The comment's first word, if that is the name of a service port.
fn service_port(rule: &str) -> Option<&str> {
    let (_, comment) = rule.split_once(" --comment ")?;
    let word = comment.trim_start_matches('"').split([' ', '"']).next()?;
    word.contains('/').then_some(word)
}

/// Elements of a set have no order. nft prints what a set is before them.
fn sort_from_first(lines: &mut [String], start: &str) {
    let first = lines.iter().position(|line| line.starts_with(start)).unwrap_or(lines.len());
    lines[first..].sort();
}

/// `saddr` and `daddr` with the ranges of addresses that they take: what takes the same addresses is the same,
/// however kube-proxy cuts it into ranges. nft joins those that are one, and leaves out the braces of a set of one.
fn with_merged_ranges(rule: &str) -> String {
    let words: Vec<&str> = rule.split(' ').collect();
    let mut out: Vec<String> = Vec::new();
    let mut at = 0;
    while let Some(word) = words.get(at) {
        out.push((*word).to_owned());
        at += 1;
        if !["saddr", "daddr"].contains(word) {
            continue;
        }
        let negation = usize::from(words.get(at) == Some(&"!="));
        let end = match words.get(at + negation) {
            Some(&"{") => words[at..].iter().position(|word| *word == "}").map(|length| at + length),
            Some(_) => Some(at + negation),
            None => None,
        };
        let ranges = end.and_then(|end| merged(&words[at + negation..=end]));
        if let (Some(end), Some(ranges)) = (end, ranges) {
            out.extend((negation == 1).then(|| "!=".to_owned()));
            out.push(ranges);
            at = end + 1;
        }
    }
    out.join(" ")
}

/// `None`: these are no addresses.
fn merged(words: &[&str]) -> Option<String> {
    let ranges =
        words.iter().map(|word| word.trim_end_matches(',')).filter(|word| !["{", "}", ""].contains(word));
    let ranges: Option<Vec<(u128, u128)>> = ranges.map(range).collect();
    let mut ranges = ranges?;
    ranges.sort_unstable();
    let mut joined: Vec<(u128, u128)> = Vec::new();
    for (first, last) in ranges {
        match joined.last_mut() {
            Some(before) if first <= before.1.saturating_add(1) => before.1 = before.1.max(last),
            Some(_) | None => joined.push((first, last)),
        }
    }
    let texts = joined.iter().map(|(first, last)| format!("{first:x}-{last:x}"));
    Some(texts.collect::<Vec<_>>().join(","))
}

/// The first and the last address of `10.0.0.0/8`, `10.0.0.1` or `10.0.0.1-10.0.0.2`; `None` for all else, such as a
/// range with bits of a host.
fn range(text: &str) -> Option<(u128, u128)> {
    if let Some((first, last)) = text.split_once('-') {
        return Some((number(first.parse().ok()?), number(last.parse().ok()?)));
    }
    let (address, length) = text.split_once('/').unwrap_or((text, "128"));
    let address: IpAddr = address.parse().ok()?;
    let bits: u32 = if address.is_ipv4() { 32 } else { 128 };
    let free = bits.checked_sub(length.parse::<u32>().ok()?.min(bits))?;
    let rest = 1u128.checked_shl(free).map_or(u128::MAX, |size| size - 1);
    let first = number(address);
    (first & rest == 0).then_some((first, first | rest))
}

fn number(address: IpAddr) -> u128 {
    match address {
        IpAddr::V4(address) => u128::from(address.to_bits()),
        IpAddr::V6(address) => address.to_bits(),
    }
}

/// kube-proxy empties a chain that nothing leads to any more, and deletes it in a sync that is a second later, by a
/// clock that is not the simulation's (nftables/proxier.go, staleChains): one that is empty and that nothing names is
/// not there.
fn drop_stale_chains(kernel: &mut Kernel) {
    let words = kernel.values().flatten().flat_map(|line| line.split(' '));
    let named: BTreeSet<String> = words.map(|word| format!("chain {word}")).collect();
    kernel
        .retain(|object, lines| !object.starts_with("chain ") || !lines.is_empty() || named.contains(object));
}

/// What kube-proxy writes, as nft lists it.
fn as_listed(lines: &mut [String]) {
    if lines.iter().any(|line| line == "flags dynamic") {
        dynamic_as_listed(lines);
    }
    for line in lines {
        let listed = match line.strip_prefix("type ").filter(|_| line.contains(" hook ")) {
            Some(hook) => hook_as_listed(hook),
            None => rule_as_listed(line),
        };
        *line = listed;
    }
}

/// A set that rules add to gets the kernel's own size (nft_set_dynset.c), and its flags are on one line.
fn dynamic_as_listed(lines: &mut [String]) {
    for line in lines {
        match line.as_str() {
            "flags dynamic" => *line = "size 65535".to_owned(),
            "flags timeout" => *line = "flags dynamic,timeout".to_owned(),
            _ => {
                if let Some(seconds) = line.strip_prefix("timeout ").and_then(|time| time.strip_suffix('s')) {
                    *line = format!("timeout {}", in_days(seconds.parse().unwrap_or_default()));
                }
            }
        }
    }
}

/// `1d2h3m4s`, without what is 0.
fn in_days(seconds: u64) -> String {
    let parts =
        [(seconds / 86_400, 'd'), (seconds / 3_600 % 24, 'h'), (seconds / 60 % 60, 'm'), (seconds % 60, 's')];
    parts.iter().filter(|(number, _)| *number > 0).map(|(number, unit)| format!("{number}{unit}")).collect()
}

/// nft knows the priority `dstnat` by name in the hook prerouting alone, and puts blanks into sums
/// (nftables src/rule.c, std_prios and prio2str). kube-proxy sets no policy: it is accept.
fn hook_as_listed(hook: &str) -> String {
    let hook = match hook.contains(" hook output ") {
        true => {
            hook.replace("priority dstnat-10", "priority -110").replace("priority dstnat", "priority -100")
        }
        false => hook.replace("priority dstnat-10", "priority dstnat - 10"),
    };
    format!("type {hook}; policy accept;")
}

/// Marks in nft's own form, which takes a mask of the highest bit alone for a prefix of one bit. No name of a chain
/// or a set has a blank, and no comment any of these words.
fn rule_as_listed(rule: &str) -> String {
    const WORDS: [(&str, &str); 7] = [
        ("mark and ", "meta mark & "),
        (" != 0 ", " != 0x00000000 "),
        ("mark & 0x80000000 != 0x00000000 ", "mark != 0x00000000/1 "),
        (" addr . port to numgen ", " to numgen "),
        ("mark set mark or ", "meta mark set meta mark | "),
        ("mark set mark xor ", "meta mark set meta mark ^ "),
        (" , ", ", "),
    ];
    WORDS.iter().fold(rule.to_owned(), |rule, (written, listed)| rule.replace(written, listed))
}
