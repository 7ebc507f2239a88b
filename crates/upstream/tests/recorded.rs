//! The comparer and the model against what upstream's kube-proxy made of one cluster (`tests/recorded`): it runs
//! where there is no Go, and shows that the comparer sees each small change of our text.

use cluster::node::kube_proxy::ProxyMode;
use netfilter::Family;
use upstream::compare::alike;
use upstream::exceptions::{Exception, unexplained};
use upstream::kernel::{Difference, Kernel};
use upstream::kube_proxy::family_name;
use upstream::recorded::{Recorded, sessions};

/// Our text of each node, mode and family, and what upstream's kernel holds there.
fn pairs() -> Vec<(ProxyMode, Family, String, Kernel)> {
    let recorded = Recorded::read().expect("it is recorded");
    let sessions = sessions().expect("it can be run");
    assert_eq!(recorded.len(), sessions.len(), "`cargo xtask upstream --record` writes it anew");
    let pair = |(recorded, session): (Recorded, upstream::record::Session)| {
        let whose = (recorded.node, recorded.mode, recorded.family);
        let family = family_name(session.config.family).to_owned();
        assert_eq!(whose, (session.node.to_string(), session.mode.as_str().to_owned(), family));
        let last = session.syncs.last().expect("it has synced");
        (session.mode, session.config.family, last.rules.clone(), recorded.kernel)
    };
    recorded.into_iter().zip(sessions).map(pair).collect()
}

fn compare(mode: ProxyMode, upstream: &Kernel, ours: &str) -> Vec<Difference> {
    let (upstream, ours) = alike(mode, upstream.clone(), ours);
    unexplained(mode, &upstream, &ours, &mut Exception::all().expect("the file is good"))
}

#[test]
fn our_rules_are_what_upstream_wrote() {
    for (mode, family, ours, upstream) in pairs() {
        let found = compare(mode, &upstream, &ours);
        assert!(found.is_empty(), "{} {family:?}: {found:#?}", mode.as_str());
    }
}

#[test]
fn a_rule_less_and_a_rule_twice_are_seen() {
    each_line(is_rule, |mode, upstream, lines, at| {
        let without = [&lines[..at], &lines[at + 1..]].concat().join("\n");
        assert_ne!(compare(mode, upstream, &without), [], "without {}", lines[at]);
        let twice = [&lines[..=at], &lines[at..]].concat().join("\n");
        assert_ne!(compare(mode, upstream, &twice), [], "twice {}", lines[at]);
    });
}

#[test]
fn another_number_is_seen_wherever_it_is() {
    each_line(has_numbers, |mode, upstream, lines, at| {
        let line = lines[at];
        for (place, digit) in line.char_indices().filter(|(_, c)| c.is_ascii_digit()) {
            if names_nothing_that_is_compared(line, place) {
                continue;
            }
            let other = if digit == '1' { "2" } else { "1" };
            let changed = [&line[..place], other, &line[place + 1..]].concat();
            let text = [&lines[..at], &[changed.as_str()], &lines[at + 1..]].concat().join("\n");
            assert_ne!(compare(mode, upstream, &text), [], "{changed}\n instead of\n{line}");
        }
    });
}

/// The comments of two maps, which may differ: `exceptions.txt`.
fn names_nothing_that_is_compared(line: &str, place: usize) -> bool {
    line.find(" comment \"").is_some_and(|comment| place > comment) && line.contains(": goto reject-chain")
}

/// Two rules of a chain in the other order; but the chains in which packets find their Service, and sets, have none
/// among Services, and there only those of one Service have to stay.
#[test]
fn two_rules_in_another_order_are_seen() {
    let mut seen = 0;
    each_line(is_rule, |mode, upstream, lines, at| {
        let Some(next) = lines.get(at + 1).filter(|next| is_rule(next) && **next != lines[at]) else {
            return;
        };
        if !is_ordered(lines[at]) || chain(lines[at]) != chain(next) {
            return;
        }
        let mut swapped = lines.to_vec();
        swapped.swap(at, at + 1);
        assert_ne!(compare(mode, upstream, &swapped.join("\n")), [], "{next}\n before\n{}", lines[at]);
        seen += 1;
    });
    assert!(seen > 100, "only {seen} pairs");
}

#[test]
fn the_order_of_services_and_of_elements_is_no_difference() {
    let mut swapped_services = 0;
    each_line(is_rule, |mode, upstream, lines, at| {
        let Some(next) = lines.get(at + 1) else { return };
        let both = |start: &str| lines[at].starts_with(start) && next.starts_with(start);
        let services = both("-A KUBE-SERVICES ") && mode == ProxyMode::Iptables;
        let of_ports = services && [lines[at], next].iter().all(|rule| rule.contains("cluster IP"));
        if of_ports || both("add KUBE-") {
            let mut swapped = lines.to_vec();
            swapped.swap(at, at + 1);
            assert_eq!(compare(mode, upstream, &swapped.join("\n")), [], "{next}\n before\n{}", lines[at]);
            swapped_services += 1;
        }
    });
    assert!(swapped_services > 10, "only {swapped_services} pairs");
}

/// Calls `check` for each such line of each text.
fn each_line(which: fn(&str) -> bool, mut check: impl FnMut(ProxyMode, &Kernel, &[&str], usize)) {
    for (mode, _, ours, upstream) in pairs() {
        let lines: Vec<&str> = ours.lines().collect();
        let rules: Vec<usize> = (0..lines.len()).filter(|at| which(lines[*at])).collect();
        assert!(rules.len() > 20, "{} rules in mode {}", rules.len(), mode.as_str());
        rules.into_iter().for_each(|at| check(mode, &upstream, &lines, at));
    }
}

/// Chains, rules, and whatever else has a line of its own; none of the CNI plugins'.
fn is_rule(line: &str) -> bool {
    let starts = [":KUBE-", "-A ", "-a ", "add ", "addr add ", "create ", "\t\t"];
    let is_part = line.contains("elements = {") || line.starts_with("\t\t\t");
    starts.iter().any(|start| line.starts_with(start)) && !line.contains("CNI") && !is_part
}

/// Elements of nftables too, of which a line may have several. The counters of a chain are not kube-proxy's.
fn has_numbers(line: &str) -> bool {
    (is_rule(line) || line.starts_with("\t\t")) && !line.starts_with(':')
}

fn is_ordered(line: &str) -> bool {
    let of_service =
        ["-A KUBE-SERVICES ", "-A KUBE-NODEPORTS ", "-A KUBE-EXTERNAL-SERVICES ", "-A KUBE-PROXY-FIREWALL "];
    let unordered = [":", "-a ", "add ", "addr add ", "create ", "-A -", "-A KUBE-IPVS-OUT-FILTER "];
    !of_service.iter().chain(&unordered).any(|start| line.starts_with(start))
}

/// That of iptables; in nftables two lines that follow each other are of one.
fn chain(line: &str) -> &str {
    line.strip_prefix("-A ").and_then(|rule| rule.split(' ').next()).unwrap_or_default()
}
