//! A rule set's printed text, taken apart again: its blocks (a chain, a set, a table's head), and the
//! line of each rule. It reads the text and asks [`Rules`] for single lines, so it need not know the
//! mode.

use litemap::LiteMap;
use netfilter::{RuleRef, Rules};
use std::net::{IpAddr, SocketAddr};
use std::ops::Range;

/// What belongs together in the text: its lines stand side by side.
#[derive(Debug, PartialEq, Eq)]
pub struct Block {
    /// `filter`, `nat`, `kube-proxy`, `ipvs`; empty outside of tables.
    pub table: String,
    /// Of a chain, set or map: its own. Of anything else: what it is.
    pub name: String,
    pub lines: Range<usize>,
}

/// The whole text.
#[derive(Debug, Default)]
pub struct Printed {
    pub lines: Vec<String>,
    pub blocks: Vec<Block>,
    /// By table and name.
    places: LiteMap<(String, String), usize>,
}

/// Which program reads the lines that are being looked at.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Reader {
    Iptables,
    Nft,
    Ipset,
    Ipvsadm,
    Ip,
}

impl Printed {
    pub fn new(text: &str) -> Printed {
        let mut printed = Printed::default();
        let (mut reader, mut table) = (Reader::Iptables, String::new());
        for line in text.lines() {
            if let Some(heading) = line.strip_prefix("# ")
                && let Some(next) = reader_of(heading)
            {
                (reader, table) = (next, String::new());
            }
            if let Some(name) = line.strip_prefix('*').filter(|_| reader == Reader::Iptables) {
                table = name.into();
            }
            if let Some(rest) = line.strip_prefix("table ") {
                reader = Reader::Nft;
                table = rest.split(' ').nth(1).unwrap_or_default().into();
            }
            let begins = begin(reader, &table, line);
            printed.add(line, begins);
        }
        for (index, block) in printed.blocks.iter().enumerate() {
            printed.places.entry((block.table.clone(), block.name.clone())).or_insert(index);
        }
        printed
    }

    /// Appends a line: to a block that begins with it, or is said to go on with it, else to the last.
    fn add(&mut self, line: &str, block: Option<(String, String)>) {
        let at = self.lines.len();
        self.lines.push(line.into());
        let last = self.blocks.last();
        let goes_on = |last: &Block, table: &str, name: &str| last.table == table && last.name == name;
        match block {
            Some((table, name)) if !last.is_some_and(|last| goes_on(last, &table, &name)) => {
                self.blocks.push(Block { table, name, lines: at..at + 1 });
            }
            None if last.is_none() => {
                let (table, name) = (String::new(), String::new());
                self.blocks.push(Block { table, name, lines: at..at + 1 });
            }
            _ => {
                if let Some(last) = self.blocks.last_mut() {
                    last.lines.end = at + 1;
                }
            }
        }
    }

    /// The line that holds a rule, or an element of a set, of the rules that this is the text of.
    pub fn find(&self, rules: &Rules, at: RuleRef) -> Option<usize> {
        let (text, name) = (rules.rule_text(at)?, rules.chain_name(at)?);
        let block = *self.places.get(&(rules.table_name(at)?.to_string(), name.to_string()))?;
        let needle = needle(&text, name);
        let mut lines = self.blocks[block].lines.clone();
        // iptables' rules stand in their order, with nothing between them.
        let usual = lines.start.saturating_add(at.rule as usize);
        if lines.contains(&usual) && holds(&self.lines[usual], needle) {
            return Some(usual);
        }
        lines.find(|line| holds(&self.lines[*line], needle))
    }

    /// Some of the lines, in their order, each part under the line that names its program, if one does.
    pub fn text_of(&self, lines: &[usize]) -> String {
        let (mut text, mut under) = (String::new(), None);
        for line in lines {
            let heading = (0..=*line).rev().find(|at| is_heading(&self.lines[*at]));
            if heading != under && heading != Some(*line) {
                text.extend(heading.map(|at| [&self.lines[at], "\n"].concat()));
            }
            under = heading;
            text.push_str(&self.lines[*line]);
            text.push('\n');
        }
        text
    }

    pub fn block_of(&self, line: usize) -> usize {
        self.blocks.partition_point(|block| block.lines.end <= line)
    }
}

fn is_heading(line: &str) -> bool {
    line.strip_prefix("# ").is_some_and(|heading| reader_of(heading).is_some())
}

/// The program that a heading of a part names.
fn reader_of(heading: &str) -> Option<Reader> {
    let word = heading.split(' ').next()?;
    Some(match word {
        "ip" => Reader::Ip,
        "ipset" => Reader::Ipset,
        "ipvsadm" => Reader::Ipvsadm,
        "iptables-restore" | "ip6tables-restore" => Reader::Iptables,
        _ => return None,
    })
}

/// The block that a line belongs to, where it says so itself.
fn begin(reader: Reader, table: &str, line: &str) -> Option<(String, String)> {
    let named = |table: &str, name: &str| Some((table.to_string(), name.to_string()));
    // By iptables, in nftables mode: `# -t nat -A POSTROUTING ...`.
    if let Some((table, rest)) = line.strip_prefix("# -t ").and_then(|rest| rest.split_once(" -A ")) {
        return named(table, rest.split(' ').next().unwrap_or_default());
    }
    if line.ends_with("; nothing jumps to it") {
        return named("", "Left over in the kernel");
    }
    match reader {
        Reader::Iptables => match line.strip_prefix("-A ") {
            Some(rest) => named(table, rest.split(' ').next().unwrap_or_default()),
            None if line.starts_with(['*', ':']) => named(table, "chains"),
            None if line == "COMMIT" => None,
            None => named("", "iptables-restore"),
        },
        Reader::Nft => {
            let words: Vec<&str> = line.strip_prefix('\t')?.split(' ').collect();
            match words[..] {
                ["chain" | "set" | "map", name, "{"] => named(table, name),
                _ => None,
            }
        }
        Reader::Ipset => named("", "ipset restore"),
        Reader::Ip => named("", "ip -batch"),
        Reader::Ipvsadm => named("ipvs", "IPVS"),
    }
}

/// The part of a rule's own line (a command that adds the rule) that occurs in the whole text (a listing).
fn needle<'a>(text: &'a str, name: &str) -> &'a str {
    if text.starts_with("add rule ") {
        let from = text.find(name).map_or(0, |at| at + name.len() + 1);
        return text.get(from..).unwrap_or(text);
    }
    if text.starts_with("add element ") {
        let inner = text.split_once("{ ").map_or(text, |(_, inner)| inner);
        return inner.strip_suffix(" }").unwrap_or(inner);
    }
    text
}

/// The whole of the line, or one of the elements in it.
fn holds(line: &str, needle: &str) -> bool {
    let ends = |rest: &str| rest.is_empty() || rest.starts_with([',', ' ']);
    line.match_indices(needle).any(|(at, _)| {
        let begins = line[..at].ends_with([' ', '\t']) || at == 0;
        begins && ends(&line[at + needle.len()..])
    })
}

/// A line in pieces: `true` for those that are about an endpoint that is gone. A line that is about
/// no other endpoint goes as a whole.
pub fn struck<'a>(line: &'a str, gone: &[SocketAddr]) -> Vec<(bool, &'a str)> {
    let mut marks: Vec<Range<usize>> = Vec::new();
    for endpoint in gone {
        marks.extend(mentions(line, endpoint.ip()));
    }
    if marks.is_empty() {
        return vec![(false, line)];
    }
    if !line.contains("numgen") {
        return vec![(true, line)];
    }
    marks.sort_by_key(|mark| mark.start);
    let (mut pieces, mut at) = (Vec::new(), 0);
    for mark in marks {
        let (start, end) = around(line, &mark);
        if start >= at {
            pieces.push((false, &line[at..start]));
            pieces.push((true, &line[start..end]));
            at = end;
        }
    }
    pieces.push((false, &line[at..]));
    pieces
}

/// Where a line names an address, and not a longer one that it is a part of.
fn mentions(line: &str, address: IpAddr) -> Vec<Range<usize>> {
    let text = address.to_string();
    let part = |c: char| c.is_ascii_hexdigit() || c == '.';
    let found = line.match_indices(&text).filter(|(at, _)| {
        let (before, after) = (&line[..*at], &line[at + text.len()..]);
        !before.ends_with(part) && !after.starts_with(part)
    });
    found.map(|(at, _)| at..at + text.len()).collect()
}

/// As much of the line around a place as is one word.
fn around(line: &str, place: &Range<usize>) -> (usize, usize) {
    let ends = |c: char| c == ' ' || c == ',';
    let start = line[..place.start].rfind(ends).map_or(0, |at| at + 1);
    let end = line[place.end..].find(ends).map_or(line.len(), |at| place.end + at);
    (start, end)
}

#[cfg(test)]
mod tests {
    use super::*;
    use cluster::api::parse;
    use cluster::node::kube_proxy::{ProxyMode, ServicePortName, rules_of};
    use cluster::sim::{Run, Time};

    fn rules(mode: &str) -> Rules {
        let text = crate::scenarios::text_of("doors");
        let (mut run, _) = Run::new(&parse(text), None);
        run.advance_to(Time(10_000_000_000), u64::MAX);
        let mode = ProxyMode::named(mode).expect("a mode");
        let node = run.world().machine_named("node-1").expect("the node").uid;
        run.world().rules_as_if(node, mode).expect("rules").primary().clone()
    }

    #[test]
    fn the_text_is_all_there_and_every_rule_of_a_service_has_its_line() {
        for mode in ["iptables", "ipvs", "nftables"] {
            let rules = rules(mode);
            let text = rules.to_string();
            let printed = Printed::new(&text);
            assert_eq!(printed.lines.join("\n") + "\n", text, "{mode}: nothing is lost");
            let ends: Vec<usize> = printed.blocks.iter().map(|block| block.lines.end).collect();
            let starts: Vec<usize> = printed.blocks.iter().map(|block| block.lines.start).collect();
            assert_eq!(starts[1..], ends[..ends.len() - 1], "{mode}: blocks lie side by side");
            let port = |name: &str| ServicePortName {
                service: cluster::api::NsName::new("default", name),
                port: "".into(),
                protocol: netfilter::Protocol::Tcp,
            };
            let mut found = 0;
            for at in ["public", "inner", "ported"].iter().flat_map(|name| rules_of(&rules, &port(name))) {
                let line = printed.find(&rules, at);
                let line = line.unwrap_or_else(|| panic!("{mode}: {:?} has a line", rules.rule_text(at)));
                let block = &printed.blocks[printed.block_of(line)];
                assert_eq!(Some(&*block.name), rules.chain_name(at), "{mode}: in its chain");
                found += 1;
            }
            assert!(found > 10, "{mode}: {found} rules are a scenario's");
        }
    }

    #[test]
    fn a_part_that_is_copied_says_whose_input_it_is() {
        let text = rules("ipvs").to_string();
        let printed = Printed::new(&text);
        let all: Vec<usize> = (0..printed.lines.len()).collect();
        assert_eq!(printed.text_of(&all), text, "the whole of it is as it was");
        let at = |start: &str| printed.lines.iter().position(|line| line.starts_with(start)).expect("a line");
        let (server, rule) = (at("-A -t "), at("-A KUBE-SERVICES "));
        let copied = printed.text_of(&[rule, server]);
        let lines: Vec<&str> = copied.lines().collect();
        assert_eq!((lines[0], lines[2]), ("# iptables-restore --noflush", "# ipvsadm -R"), "{copied}");
        assert_eq!(lines.len(), 4, "{copied}");
    }

    #[test]
    fn an_element_is_not_taken_for_a_longer_one() {
        let text =
            "table ip kube-proxy {\n\tset cluster-ips {\n\t\telements = { 10.96.0.10, 10.96.0.1 }\n\t}\n}\n";
        let printed = Printed::new(text);
        assert!(holds(&printed.lines[2], "10.96.0.1"));
        assert!(!holds(&printed.lines[2], "10.96.0.2"));
        assert!(!holds("\t\telements = { 10.96.0.10 }", "10.96.0.1"));
    }

    #[test]
    fn what_names_a_gone_endpoint_is_struck() {
        let gone = ["10.244.1.2:8080".parse().expect("an endpoint")];
        let iptables = "-A KUBE-SEP-X -m tcp -p tcp -j DNAT --to-destination 10.244.1.2:8080";
        assert_eq!(struck(iptables, &gone), [(true, iptables)]);
        let other = "-A KUBE-SEP-X -m tcp -p tcp -j DNAT --to-destination 10.244.1.20:8080";
        assert_eq!(struck(other, &gone), [(false, other)]);
        let drawn = "numgen random mod 2 vmap { 0 : goto a__10.244.1.2/8080, 1 : goto b__10.244.2.2/8080 }";
        let pieces: Vec<&str> =
            struck(drawn, &gone).into_iter().filter(|(gone, _)| *gone).map(|(_, text)| text).collect();
        assert_eq!(pieces, ["a__10.244.1.2/8080"]);
    }
}
