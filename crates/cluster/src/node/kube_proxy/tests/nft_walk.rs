//! An interpreter of nftables' rules, read from their text: the idea of upstream's nftablesTracer
//! (pkg/proxy/nftables/helpers_test.go), but through all hooks, with marks and affinity.

use std::net::SocketAddr;

use super::nft_read::NftText;
use super::printed::{Base, Packet, Prefix, Printed};

impl Printed for NftText {
    fn bases(&self, hook: &str) -> Vec<Base> {
        self.base_chains(hook)
    }

    fn run<'a>(&self, base: &Base, packet: Packet<'a>) -> Vec<Packet<'a>> {
        self.chain(&base.name, packet).into_iter().map(|(packet, _)| packet).collect()
    }
}

/// Where a packet goes on.
#[derive(Clone, Copy, PartialEq)]
enum Way {
    /// To the chain's next rule.
    Next,
    /// Back to the rule that jumped to this chain: its end was reached.
    Back,
    /// No further in this base chain: a verdict was given.
    Decided,
}

type Branches<'a> = Vec<(Packet<'a>, Way)>;

impl NftText {
    /// Packets with a verdict come first, in the order of the rules.
    fn chain<'a>(&self, name: &str, packet: Packet<'a>) -> Branches<'a> {
        let rules = self.chains.get(name).unwrap_or_else(|| panic!("chain {name}"));
        let (mut here, mut left) = (vec![packet], Vec::new());
        for rule in rules {
            let words: Vec<&str> = rule.iter().map(String::as_str).collect();
            let (next, out): (Branches, Branches) = here
                .into_iter()
                .flat_map(|packet| self.rule(&words, packet))
                .partition(|(_, way)| *way == Way::Next);
            here = next.into_iter().map(|(packet, _)| packet).collect();
            left.extend(out);
        }
        left.extend(here.into_iter().map(|packet| (packet, Way::Back)));
        left
    }

    /// Statements from the first of `words` on.
    fn rule<'a>(&self, words: &[&str], mut packet: Packet<'a>) -> Branches<'a> {
        let (holds, rest) = match words {
            [] => (false, words),
            ["ct", "state", "new", rest @ ..] => (true, rest),
            ["iifname", "!=", name, rest @ ..] => (!comes_by(&packet, name), rest),
            ["iifname", name, rest @ ..] => (comes_by(&packet, name), rest),
            ["ct", "status", "dnat", rest @ ..] => (packet.dnat, rest),
            ["fib", field, "type", "local", rest @ ..] => {
                (packet.is_here(value(&packet, field).parse().unwrap()), rest)
            }
            ["meta", "mark", "set", "meta", "mark", "|", bits, rest @ ..] => {
                packet.mark |= hex(bits);
                (true, rest)
            }
            ["meta", "mark", "set", "meta", "mark", "^", bits, rest @ ..] => {
                packet.mark ^= hex(bits);
                (true, rest)
            }
            ["meta", "mark", "&", bits, "!=", "0x00000000", rest @ ..] => {
                (packet.mark & hex(bits) != 0, rest)
            }
            ["meta", "mark", "!=", prefix, rest @ ..] => {
                let length: u32 = prefix.strip_prefix("0x00000000/").expect("no bit").parse().unwrap();
                (packet.mark >> (32 - length) != 0, rest)
            }
            ["meta", "l4proto", protocol, rest @ ..] if !matches!(*protocol, "." | "vmap") => {
                (*protocol == value(&packet, "l4proto"), rest)
            }
            ["update", set, "{", "ip" | "ip6", "saddr", "}", rest @ ..] => {
                packet.noted.insert(self.dynamic_name(set).to_owned());
                (true, rest)
            }
            _ => return self.end(words, packet),
        };
        if holds { self.rule(rest, packet) } else { vec![(packet, Way::Next)] }
    }

    /// What ends a rule, and comparisons of header fields.
    fn end<'a>(&self, words: &[&str], mut packet: Packet<'a>) -> Branches<'a> {
        match words {
            ["jump", chain] => {
                let back = |(packet, way)| (packet, if way == Way::Back { Way::Next } else { way });
                return self.chain(chain, packet).into_iter().map(back).collect();
            }
            ["goto", chain] => return self.chain(chain, packet),
            ["return"] => return vec![(packet, Way::Back)],
            ["accept"] => packet.accepted = true,
            ["reject"] => packet.stopped = Some("REJECT"),
            ["drop"] => packet.stopped = Some("DROP"),
            ["masquerade"] | ["masquerade", "fully-random"] => packet.masquerade(),
            ["dnat", "to", to] => packet.rewrite(to.parse().unwrap()),
            ["dnat", "ip" | "ip6", "to", "numgen", "random", "mod", count, "map", "{", choices @ .., "}"] => {
                let rewritten = |choice: String| {
                    let (ip, port) = choice.split_once(" . ").unwrap();
                    let mut packet = packet.clone();
                    packet.rewrite(SocketAddr::new(ip.parse().unwrap(), port.parse().unwrap()));
                    (packet, Way::Decided)
                };
                return choices_of(choices, count).into_iter().map(rewritten).collect();
            }
            ["numgen", "random", "mod", count, "vmap", "{", choices @ .., "}"] => {
                let verdict = |choice: String| {
                    let words: Vec<&str> = choice.split(' ').collect();
                    self.rule(&words, packet.clone())
                };
                return choices_of(choices, count).into_iter().flat_map(verdict).collect();
            }
            words => return self.lookup(words, packet),
        }
        vec![(packet, Way::Decided)]
    }

    /// A header field, or several, compared with a prefix, a list of them, a set or a map.
    fn lookup<'a>(&self, words: &[&str], packet: Packet<'a>) -> Branches<'a> {
        let split = words
            .iter()
            .position(|w| w.starts_with('@') || ["vmap", "!=", "{"].contains(w) || Prefix::read(w).is_some());
        let (fields, rest) = words.split_at(split.unwrap_or_else(|| panic!("no such words: {words:?}")));
        let names = fields.split(|word| *word == ".").map(|field| *field.last().unwrap());
        let key = names.map(|name| value(&packet, name)).collect::<Vec<_>>().join(" . ");
        let within =
            |prefix: &&str| Prefix::read(prefix.trim_end_matches(',')).unwrap().has(key.parse().unwrap());
        let (holds, rest) = match rest {
            ["vmap", map] => {
                let Some(verdict) = self.elements(map).get(&key) else { return vec![(packet, Way::Next)] };
                return self.rule(&verdict.split(' ').collect::<Vec<_>>(), packet);
            }
            ["!=", "{", rest @ ..] => {
                let end = rest.iter().position(|w| *w == "}").unwrap();
                (!rest[..end].iter().any(within), &rest[end + 1..])
            }
            ["!=", prefix, rest @ ..] => (!within(prefix), rest),
            [set, rest @ ..] if self.is_dynamic(set) => {
                assert_eq!(fields[1..], ["saddr"]);
                (packet.noted.contains(self.dynamic_name(set)), rest)
            }
            [set, rest @ ..] if set.starts_with('@') => (self.elements(set).contains_key(&key), rest),
            [prefix, rest @ ..] => (within(prefix), rest),
            [] => unreachable!(),
        };
        if holds { self.rule(rest, packet) } else { vec![(packet, Way::Next)] }
    }
}

/// A field of the packet, as it is written in a set.
fn value(packet: &Packet, field: &str) -> String {
    match field {
        "saddr" => packet.tuple.src.to_string(),
        "daddr" => packet.tuple.dst.to_string(),
        "l4proto" => packet.tuple.protocol.lower().to_owned(),
        "dport" => packet.tuple.dst_port.to_string(),
        other => panic!("a field: {other}"),
    }
}

/// `0 : a, 1 : b`, counted from 0.
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
    let digits = text.strip_prefix("0x").unwrap_or_else(|| panic!("hexadecimal: {text}"));
    u32::from_str_radix(digits, 16).unwrap()
}

/// `cni0`, or `veth*`.
fn comes_by(packet: &Packet, name: &str) -> bool {
    match name.strip_suffix('*') {
        Some(prefix) => packet.interface.starts_with(prefix),
        None => packet.interface == name,
    }
}
