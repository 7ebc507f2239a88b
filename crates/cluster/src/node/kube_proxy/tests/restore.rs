//! Reads what is printed for `iptables-restore`, as strictly as it does: no word that is not known here, no
//! option without its match, no chain that was not declared.

use std::collections::BTreeMap;
use std::net::SocketAddr;

use super::ipset_read::Sets;
use super::printed::Prefix;

/// The tables of a printed rule set.
#[derive(Debug)]
pub struct Restore {
    tables: BTreeMap<String, BTreeMap<String, Chain>>,
    /// What the kernel has of `ipset restore`.
    pub sets: Sets,
}

#[derive(Default, Debug)]
pub struct Chain {
    /// `-` for a chain that is not built in.
    pub policy: String,
    pub rules: Vec<Rule>,
}

#[derive(Default, Debug)]
pub struct Rule {
    pub asks: Vec<Ask>,
    /// `None`: the rule only counts packets.
    pub target: Option<Target>,
}

/// A condition. `not`: behind a `!`.
#[derive(Debug)]
pub struct Ask {
    pub not: bool,
    pub what: What,
}

#[derive(Clone, Copy, PartialEq, Debug)]
pub enum End {
    Source,
    Destination,
}

#[derive(Debug)]
pub enum What {
    /// Its name, or with a `+` how it begins.
    Interface(String),
    Address(End, Prefix),
    Protocol(String),
    Port(u16),
    Local(End),
    Mark {
        value: u32,
        mask: u32,
    },
    States(Vec<String>),
    Probability(f64),
    /// The list of `recent` has the source.
    Holds(String),
    /// The source is noted in the list.
    Note(String),
    /// The parts of the packet that stand at these ends are a member of the set.
    InSet(String, Vec<End>),
    /// It came in by a port of a bridge.
    FromBridge,
    /// IPVS had it, by a virtual server of this address, protocol, port.
    VirtualAddress(Prefix),
    VirtualProtocol(String),
    VirtualPort(u16),
}

impl What {
    /// Whether iptables checks it in the IP header, before any match extension.
    pub fn is_of_header(&self) -> bool {
        matches!(self, What::Address(..) | What::Protocol(_))
    }

    fn is_of_ipvs(&self) -> bool {
        matches!(self, What::VirtualAddress(_) | What::VirtualProtocol(_) | What::VirtualPort(_))
    }
}

#[derive(Debug)]
pub enum Target {
    Accept,
    Drop,
    Reject,
    Return,
    Jump(String),
    Masquerade,
    Dnat(SocketAddr),
    Or(u32),
    Xor(u32),
    Set(u32),
}

impl Restore {
    pub fn read(text: &str) -> Restore {
        Restore::with_sets(Sets::default(), text)
    }

    /// Where the kernel has these sets.
    pub fn with_sets(sets: Sets, text: &str) -> Restore {
        let mut tables = BTreeMap::new();
        let mut open: Option<(&str, BTreeMap<String, Chain>)> = None;
        for line in text.lines() {
            if let Some(name) = line.strip_prefix('*') {
                assert!(open.is_none() && !tables.contains_key(name), "{line}");
                open = Some((name, BTreeMap::new()));
                continue;
            }
            let (_, chains) = open.as_mut().expect("a table is open");
            match words(line) {
                words if line == "COMMIT" => {
                    assert_eq!(words.len(), 1);
                    check_jumps(chains);
                    tables.extend(open.take().map(|(name, chains)| (name.to_owned(), chains)));
                }
                words if line.starts_with(':') => declare(chains, &words),
                words if line.starts_with("-A ") => {
                    let chain =
                        chains.get_mut(&words[1]).unwrap_or_else(|| panic!("declared before: {line}"));
                    chain.rules.push(Reader::new(line, &words[2..], &sets).rule());
                }
                _ => panic!("no such line: {line}"),
            }
        }
        assert!(open.is_none(), "the last table is committed");
        Restore { tables, sets }
    }

    pub fn chain(&self, table: &str, name: &str) -> Option<&Chain> {
        self.tables[table].get(name)
    }
}

fn declare(chains: &mut BTreeMap<String, Chain>, words: &[String]) {
    let [name, policy, counts] = words else { panic!("{words:?}") };
    assert_eq!(counts, "[0:0]");
    assert!(["-", "ACCEPT", "DROP"].contains(&policy.as_str()), "{policy}");
    let chain = Chain { policy: policy.clone(), rules: Vec::new() };
    let before = chains.insert(name.trim_start_matches(':').to_owned(), chain);
    assert!(before.is_none(), "declared once: {name}");
}

/// As upstream's checkIPTablesRuleJumps asks of the text.
fn check_jumps(chains: &BTreeMap<String, Chain>) {
    for target in chains.values().flat_map(|chain| &chain.rules).filter_map(|rule| rule.target.as_ref()) {
        if let Target::Jump(to) = target {
            let chain = chains.get(to).unwrap_or_else(|| panic!("a jump to {to}, which is not declared"));
            assert_eq!(chain.policy, "-", "{to} is not built in");
        }
    }
}

/// Words are parted by spaces, but not within quotes.
fn words(line: &str) -> Vec<String> {
    let mut words = Vec::new();
    for (n, part) in line.split('"').enumerate() {
        match n % 2 {
            0 => words.extend(part.split(' ').filter(|word| !word.is_empty()).map(str::to_owned)),
            _ => words.push(part.to_owned()),
        }
    }
    words
}

/// One rule, word by word.
struct Reader<'a> {
    line: &'a str,
    words: std::slice::Iter<'a, String>,
    sets: &'a Sets,
    /// The matches that are loaded: an option is known only behind its own.
    loaded: Vec<&'a str>,
    /// The name of a `recent` match that is still to say what it does.
    list: Option<&'a str>,
    rule: Rule,
}

const MATCHES: [&str; 13] = [
    "tcp",
    "udp",
    "sctp",
    "addrtype",
    "mark",
    "conntrack",
    "statistic",
    "recent",
    "comment",
    "set",
    "physdev",
    "nfacct",
    "ipvs",
];

impl<'a> Reader<'a> {
    fn new(line: &'a str, words: &'a [String], sets: &'a Sets) -> Reader<'a> {
        Reader { line, words: words.iter(), sets, loaded: Vec::new(), list: None, rule: Rule::default() }
    }

    fn rule(mut self) -> Rule {
        let mut not = false;
        while let Some(word) = self.words.next() {
            if word == "!" {
                assert!(!std::mem::replace(&mut not, true), "{}", self.line);
                continue;
            }
            match word.as_str() {
                "-m" => self.load(),
                "-j" => self.rule.target = Some(self.target()),
                option => {
                    if let Some(what) = self.condition(option) {
                        // xt_ipvs.c, ipvs_mt: a packet that IPVS did not handle never matches, even with `!`.
                        assert!(!(not && what.is_of_ipvs()), "not to be negated here: {}", self.line);
                        self.rule.asks.push(Ask { not: std::mem::take(&mut not), what });
                    }
                }
            }
            assert!(!not, "nothing to negate: {}", self.line);
        }
        assert!(!not && self.list.is_none(), "{}", self.line);
        self.rule
    }

    fn load(&mut self) {
        let name = self.word();
        assert!(MATCHES.contains(&name), "{name}: {}", self.line);
        self.loaded.push(name);
    }

    fn word(&mut self) -> &'a str {
        self.words.next().unwrap_or_else(|| panic!("a word is missing: {}", self.line))
    }

    fn of(&self, name: &str) {
        assert!(self.loaded.contains(&name), "an option of {name}: {}", self.line);
    }

    fn condition(&mut self, option: &str) -> Option<What> {
        Some(match option {
            "-s" => What::Address(End::Source, self.prefix()),
            "-i" => What::Interface(self.word().to_owned()),
            "-d" => What::Address(End::Destination, self.prefix()),
            "-p" => What::Protocol(self.word().to_owned()),
            "--dport" => {
                let of =
                    |ask: &Ask| matches!(&ask.what, What::Protocol(p) if self.loaded.contains(&p.as_str()));
                assert!(self.rule.asks.iter().any(of), "a port of no protocol: {}", self.line);
                What::Port(self.word().parse().unwrap())
            }
            "--src-type" | "--dst-type" => {
                self.of("addrtype");
                assert_eq!(self.word(), "LOCAL");
                What::Local(if option == "--src-type" { End::Source } else { End::Destination })
            }
            "--mark" => {
                self.of("mark");
                let (value, mask) = self.word().split_once('/').expect("with a mask");
                What::Mark { value: hex(value), mask: hex(mask) }
            }
            "--ctstate" => {
                self.of("conntrack");
                What::States(self.word().split(',').map(str::to_owned).collect())
            }
            "--mode" => {
                self.of("statistic");
                assert_eq!([self.word(), self.word()], ["random", "--probability"]);
                What::Probability(self.word().parse().unwrap())
            }
            "--rcheck" => What::Holds(self.list()),
            "--set" => What::Note(self.list()),
            "--match-set" => {
                self.of("set");
                self.match_set()
            }
            "--physdev-is-in" => {
                self.of("physdev");
                What::FromBridge
            }
            "--vaddr" | "--vproto" | "--vport" => {
                self.of("ipvs");
                self.virtual_server(option)
            }
            other => return self.aside(other),
        })
    }

    /// Options that ask nothing themselves.
    fn aside(&mut self, option: &str) -> Option<What> {
        match option {
            "--comment" => {
                self.of("comment");
                let length = self.word().len();
                assert!((1..256).contains(&length), "as long as xt_comment takes it: {}", self.line);
            }
            "--name" => {
                self.of("recent");
                let name = self.word();
                assert!(self.list.replace(name).is_none());
            }
            "--seconds" => {
                let seconds: u32 = self.word().parse().unwrap();
                assert!(seconds > 0);
                assert_eq!(self.word(), "--reap");
            }
            "--nfacct-name" => {
                self.of("nfacct");
                let length = self.word().len();
                assert!((1..32).contains(&length), "as long as nfnetlink_acct takes it: {}", self.line);
            }
            other => panic!("no such word: {other}: {}", self.line),
        }
        None
    }

    /// iptables fails if the set does not exist. If fewer ends are given than a member has parts, the kernel finds
    /// no member (ip_set_test, net/netfilter/ipset/ip_set_core.c); it ignores further ends.
    fn match_set(&mut self) -> What {
        let name = self.word();
        let set = self.sets.get(name).unwrap_or_else(|| panic!("a set that is not made: {}", self.line));
        let line = self.line;
        let end = |word| match word {
            "src" => End::Source,
            "dst" => End::Destination,
            other => panic!("no end: {other}: {line}"),
        };
        let ends: Vec<End> = self.word().split(',').map(end).collect();
        assert_eq!(ends.len(), set.parts(), "{}", self.line);
        What::InSet(name.to_owned(), ends)
    }

    fn virtual_server(&mut self, option: &str) -> What {
        match option {
            "--vaddr" => What::VirtualAddress(self.prefix()),
            "--vproto" => What::VirtualProtocol(self.word().to_owned()),
            _ => What::VirtualPort(self.word().parse().unwrap()),
        }
    }

    fn list(&mut self) -> String {
        self.list.take().expect("it has a name").to_owned()
    }

    fn prefix(&mut self) -> Prefix {
        let word = self.word();
        Prefix::read(word).unwrap_or_else(|| panic!("no prefix: {word}: {}", self.line))
    }

    fn target(&mut self) -> Target {
        let target = match self.word() {
            "ACCEPT" => Target::Accept,
            "DROP" => Target::Drop,
            "RETURN" => Target::Return,
            "REJECT" => {
                if let Some(option) = self.words.next() {
                    assert_eq!([option, self.word()], ["--reject-with", "tcp-reset"]);
                }
                Target::Reject
            }
            "MASQUERADE" => {
                assert!(self.words.next().is_none_or(|word| word == "--random-fully"), "{}", self.line);
                Target::Masquerade
            }
            "DNAT" => {
                assert_eq!(self.word(), "--to-destination");
                Target::Dnat(self.word().parse().unwrap())
            }
            "MARK" => match self.word() {
                "--or-mark" => Target::Or(hex(self.word())),
                "--xor-mark" => Target::Xor(hex(self.word())),
                "--set-mark" => Target::Set(hex(self.word())),
                other => panic!("{other}: {}", self.line),
            },
            chain => Target::Jump(chain.to_owned()),
        };
        assert!(self.words.next().is_none(), "nothing follows a target: {}", self.line);
        target
    }
}

fn hex(text: &str) -> u32 {
    let digits = text.strip_prefix("0x").unwrap_or_else(|| panic!("hexadecimal: {text}"));
    u32::from_str_radix(digits, 16).unwrap()
}
