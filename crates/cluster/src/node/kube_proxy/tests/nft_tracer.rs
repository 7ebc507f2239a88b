//! A second interpreter of nftables rules: of the *printed text*, as upstream's nftablesTracer
//! (pkg/proxy/nftables/helpers_test.go). It knows nothing of the typed table nor of its evaluator,
//! follows every choice at once, and must agree with the evaluator and with upstream's tables.

use std::collections::BTreeMap;
use std::net::SocketAddr;

use super::fixture::{Seen, ip};
use super::tracer::{Flow, check, evaluate, is_local};
use crate::net::netfilter::nft::table_problems;
use crate::net::{Cidr, Tuple};
use crate::node::kube_proxy::{ProxyConfig, ProxyMode};

/// In both modes.
pub fn check_both(test: &str, cfg: &ProxyConfig, seen: &Seen, flows: &[Flow]) {
    check(test, cfg, &seen.rules(cfg), flows);
    check_nft(test, cfg, seen, flows);
}

pub fn check_nft(test: &str, cfg: &ProxyConfig, seen: &Seen, flows: &[Flow]) {
    let rules = seen.rules_of(ProxyMode::NFTABLES, cfg);
    let table = rules.nftables().unwrap();
    assert_eq!(table_problems(table), [], "{test}");
    let text = Text::read(&table.to_string());
    for &(name, source, protocol, destination, port, expected, masquerade) in flows {
        let tuple =
            Tuple { src: ip(source), src_port: 40_000, dst: ip(destination), dst_port: port, protocol };
        let traced = text.trace(cfg, &tuple);
        assert_eq!(traced, (expected.to_owned(), masquerade), "{test}: {name}, traced through nft's text");
        evaluate(cfg, &rules, &tuple, expected, masquerade, &format!("{test}: {name}, nft, evaluated"));
    }
}

/// A printed table.
#[derive(Default, Debug)]
pub struct Text {
    /// Elements by name of set or map: key, and what follows the colon.
    sets: BTreeMap<String, BTreeMap<String, String>>,
    chains: BTreeMap<String, Vec<String>>,
}

impl Text {
    pub fn read(text: &str) -> Text {
        let mut out = Text::default();
        let mut name = String::new();
        let mut in_chain = false;
        let mut elements: Option<String> = None;
        for line in text.lines().map(str::trim) {
            if let Some(open) = &mut elements {
                open.push_str(line);
            } else if let Some(first) = line.strip_prefix("elements = { ") {
                elements = Some(first.to_owned());
            } else if let Some((what, rest)) = line.split_once(' ').filter(|_| line.ends_with(" {")) {
                name = rest.trim_end_matches(" {").to_owned();
                in_chain = what == "chain";
                match in_chain {
                    true => drop(out.chains.insert(name.clone(), Vec::new())),
                    false => drop(out.sets.insert(name.clone(), BTreeMap::new())),
                }
            } else if in_chain && !line.is_empty() && line != "}" && !line.starts_with("comment ") {
                out.chains.get_mut(&name).unwrap().push(line.to_owned());
            }
            if let Some(whole) = elements.as_deref().and_then(|open| open.strip_suffix(" }")) {
                let set = out.sets.get_mut(&name).unwrap();
                for element in whole.split(',') {
                    let (key, value) = element.split_once(" : ").unwrap_or((element, ""));
                    let key = key.split(" comment ").next().unwrap();
                    set.insert(key.trim().to_owned(), value.trim().to_owned());
                }
                elements = None;
            }
        }
        out
    }

    /// The base chains of a hook, by priority.
    fn base(&self, hook: &str) -> Vec<&str> {
        let mut found: Vec<(i32, &str)> = Vec::new();
        for (name, rules) in &self.chains {
            let Some(rest) = rules.first().and_then(|rule| rule.strip_prefix("type ")) else { continue };
            let (_, rest) = rest.split_once(" hook ").unwrap();
            let (at, priority) = rest.split_once(" priority ").unwrap();
            if at == hook {
                let priority = match priority.trim_end_matches("; policy accept;") {
                    "dstnat - 10" => -110,
                    "dstnat" => -100,
                    "filter" => 0,
                    "srcnat" => 100,
                    number => number.parse().unwrap(),
                };
                found.push((priority, name));
            }
        }
        found.sort_unstable();
        found.into_iter().map(|(_, name)| name).collect()
    }

    /// Where a first packet goes, and whether it is masqueraded.
    pub fn trace(&self, cfg: &ProxyConfig, tuple: &Tuple) -> (String, bool) {
        let mut walk = Walk { text: self, cfg, tuple: *tuple, dnat: false, mark: 0, outputs: Vec::new() };
        // Upstream skips the output hook. Here a packet from the node itself goes through it.
        let first = if is_local(cfg, tuple.src) { "output" } else { "prerouting" };
        let (before, after): (Vec<_>, Vec<_>) = self
            .base(first)
            .into_iter()
            .partition(|name| name.starts_with("nat-") || name.ends_with("pre-dnat"));
        if walk.all(&before) {
            return walk.result(false);
        }
        let endpoints = walk.outputs.clone();
        if let Some(first) = endpoints.first().and_then(|o| o.parse::<SocketAddr>().ok()) {
            (walk.tuple.dst, walk.tuple.dst_port) = (first.ip(), first.port());
            walk.dnat = true;
        }
        let second = match (is_local(cfg, tuple.src), is_local(cfg, walk.tuple.dst)) {
            (_, true) => self.base("input"),
            (true, false) => after,
            (false, false) => self.base("forward"),
        };
        if walk.all(&second) {
            return walk.result(false);
        }
        let masqueraded = walk.dnat && walk.all(&self.base("postrouting"));
        walk.outputs = endpoints;
        walk.result(masqueraded)
    }
}

struct Walk<'a> {
    text: &'a Text,
    cfg: &'a ProxyConfig,
    tuple: Tuple,
    dnat: bool,
    mark: u32,
    outputs: Vec<String>,
}

/// What became of the packet in a chain.
#[derive(PartialEq)]
enum End {
    /// Its end was reached.
    None,
    /// Something ended the base chain.
    Accepted,
    /// Something ended everything.
    Stopped,
}

impl Walk<'_> {
    fn result(&self, masqueraded: bool) -> (String, bool) {
        (self.outputs.join(", "), masqueraded)
    }

    /// True if the packet was stopped, or masqueraded.
    fn all(&mut self, chains: &[&str]) -> bool {
        chains.iter().any(|name| match self.chain(name) {
            End::Stopped => true,
            End::Accepted => name.starts_with("nat-postrouting"),
            End::None => false,
        })
    }

    fn chain(&mut self, name: &str) -> End {
        let rules = &self.text.chains.get(name).unwrap_or_else(|| panic!("chain {name}"));
        for rule in rules.iter().filter(|rule| !rule.starts_with("type ")) {
            let rule = rule.split(" comment \"").next().unwrap();
            let words: Vec<&str> = rule.split(' ').collect();
            match self.rule(&words) {
                Some(Next::Ends(end)) => return end,
                Some(Next::Returned(End::None)) | None => {}
                Some(Next::Returned(end)) => return end,
            }
        }
        End::None
    }

    /// `None`: a statement did not hold, or all of them are done.
    fn rule(&mut self, words: &[&str]) -> Option<Next> {
        let rest = match words {
            [] => return None,
            ["ct", "state", "new", rest @ ..] => rest,
            ["ct", "status", "dnat", rest @ ..] => self.dnat.then_some(rest)?,
            ["fib", field, "type", "local", rest @ ..] => {
                is_local(self.cfg, self.field(field).parse().unwrap()).then_some(rest)?
            }
            ["meta", "mark", "set", "meta", "mark", op, bits, rest @ ..] => {
                let bits = hex(bits);
                self.mark = if *op == "|" { self.mark | bits } else { self.mark ^ bits };
                rest
            }
            ["meta", "mark", "&", bits, "!=", _, rest @ ..] => {
                (self.mark & hex(bits) != 0).then_some(rest)?
            }
            ["meta", "l4proto", protocol, rest @ ..] if *protocol != "." => {
                (*protocol == self.field("l4proto")).then_some(rest)?
            }
            ["update", _, "{", _, "saddr", "}", rest @ ..] => rest,
            ["masquerade", "fully-random"] => return Some(Next::Ends(End::Accepted)),
            ["reject"] => return Some(self.stop("REJECT")),
            ["drop"] => return Some(self.stop("DROP")),
            ["jump", chain] => return Some(Next::Returned(self.chain(chain))),
            ["goto", chain] => return Some(Next::Ends(self.chain(chain))),
            ["dnat", "to", to] => return Some(self.rewrite(&[(*to).to_owned()])),
            ["dnat", _, "to", "numgen", "random", "mod", count, "map", "{", choices @ .., "}"] => {
                let targets = choices_of(choices, count);
                let socket = |target: &String| {
                    let (ip, port) = target.split_once(" . ").unwrap();
                    SocketAddr::new(ip.parse().unwrap(), port.parse().unwrap()).to_string()
                };
                return Some(self.rewrite(&targets.iter().map(socket).collect::<Vec<_>>()));
            }
            ["numgen", "random", "mod", count, "vmap", "{", choices @ .., "}"] => {
                for verdict in choices_of(choices, count) {
                    let words: Vec<&str> = verdict.split(' ').collect();
                    self.rule(&words);
                }
                return Some(Next::Ends(End::Accepted));
            }
            words => return self.lookup(words),
        };
        self.rule(rest)
    }

    /// A header field, or several, compared with a prefix, a list of them, a set or a map.
    fn lookup(&mut self, words: &[&str]) -> Option<Next> {
        let split = words.iter().position(|w| {
            w.starts_with('@')
                || *w == "vmap"
                || *w == "!="
                || *w == "{"
                || w.contains(['/', ':'])
                || w.parse::<std::net::IpAddr>().is_ok()
        });
        let (fields, rest) = words.split_at(split.unwrap_or_else(|| panic!("{words:?}")));
        let values: Vec<String> =
            fields.split(|word| *word == ".").map(|field| self.field(field.last().unwrap())).collect();
        let key = values.join(" . ");
        let within = |prefix: &str| {
            let prefix = prefix.trim_end_matches(',');
            match prefix.parse::<Cidr>() {
                Ok(cidr) => cidr.contains(key.parse().unwrap()),
                Err(_) => prefix == key,
            }
        };
        let (holds, rest) = match rest {
            ["vmap", map, rest @ ..] => {
                let verdict = self.text.sets[map.trim_start_matches('@')].get(&key)?.clone();
                assert!(rest.is_empty());
                return self.rule(&verdict.split(' ').collect::<Vec<_>>());
            }
            ["!=", "{", rest @ ..] => {
                let end = rest.iter().position(|w| *w == "}").unwrap();
                (!rest[..end].iter().any(|prefix| within(prefix)), &rest[end + 1..])
            }
            ["!=", prefix, rest @ ..] => (!within(prefix), rest),
            [set, rest @ ..] if set.starts_with('@') => {
                (self.text.sets[set.trim_start_matches('@')].contains_key(&key), rest)
            }
            [prefix, rest @ ..] => (within(prefix), rest),
            [] => unreachable!(),
        };
        if holds { self.rule(rest) } else { None }
    }

    fn field(&self, name: &str) -> String {
        match name {
            "saddr" => self.tuple.src.to_string(),
            "daddr" => self.tuple.dst.to_string(),
            "l4proto" => self.tuple.protocol.lower().to_owned(),
            "dport" => self.tuple.dst_port.to_string(),
            other => panic!("a field: {other}"),
        }
    }

    fn rewrite(&mut self, to: &[String]) -> Next {
        self.outputs.extend_from_slice(to);
        Next::Ends(End::Accepted)
    }

    fn stop(&mut self, what: &str) -> Next {
        self.outputs.push(what.to_owned());
        Next::Ends(End::Stopped)
    }
}

enum Next {
    /// The chain is left for good.
    Ends(End),
    /// A chain was jumped to, and came back unless something ended there.
    Returned(End),
}

fn choices_of(words: &[&str], count: &str) -> Vec<String> {
    let all = words.join(" ");
    let of: Vec<String> = all
        .split(", ")
        .enumerate()
        .map(|(n, choice)| choice.strip_prefix(&format!("{n} : ")).expect("counted from 0").to_owned())
        .collect();
    assert_eq!(of.len().to_string(), count);
    of
}

fn hex(text: &str) -> u32 {
    u32::from_str_radix(text.trim_start_matches("0x"), 16).unwrap()
}
