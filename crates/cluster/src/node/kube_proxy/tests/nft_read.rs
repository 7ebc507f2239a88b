//! Reads a table as nft prints it.

use std::collections::{BTreeMap, BTreeSet};

use super::printed::Base;

/// A printed table.
#[derive(Default, Debug)]
pub struct NftText {
    /// Elements by name of set or map: key, and what follows the colon.
    sets: BTreeMap<String, BTreeMap<String, String>>,
    /// The sets to which rules add.
    dynamic: BTreeSet<String>,
    /// The rules of each chain, in words.
    pub chains: BTreeMap<String, Vec<Vec<String>>>,
    /// `type nat hook ...`, by chain.
    hooks: Vec<(String, String)>,
}

/// What a line stands in.
enum Open {
    Table,
    Set(String),
    /// Elements, which go on from line to line.
    Elements(String, String),
    Chain(String),
}

impl NftText {
    /// What is read is the table; what follows it is a comment.
    pub fn read(text: &str) -> NftText {
        let mut out = NftText::default();
        let mut open = Open::Table;
        for line in text.lines().map(str::trim).take_while(|line| !line.starts_with('#')) {
            open = out.line(line, open);
        }
        assert!(matches!(open, Open::Table), "all is closed");
        out
    }

    fn line(&mut self, line: &str, open: Open) -> Open {
        match open {
            Open::Elements(name, elements) => self.elements_line(name, elements + " " + line),
            open if line.is_empty() || line.starts_with("comment ") => open,
            Open::Table => self.top(line),
            Open::Set(_) | Open::Chain(_) if line == "}" => Open::Table,
            Open::Set(name) => match line.split(' ').collect::<Vec<_>>()[..] {
                ["elements", "=", "{", ref first @ ..] => self.elements_line(name, first.join(" ")),
                ["flags", "dynamic,timeout"] => {
                    self.dynamic.insert(name.clone());
                    Open::Set(name)
                }
                ["type", ..] | ["size", _] | ["timeout", _] => Open::Set(name),
                _ => panic!("in a set: {line}"),
            },
            Open::Chain(name) => {
                if line.starts_with("type ") {
                    self.hooks.push((name.clone(), line.to_owned()));
                } else {
                    let rule = line.split(" comment \"").next().unwrap();
                    let words = rule.split(' ').map(str::to_owned).collect();
                    self.chains.get_mut(&name).unwrap().push(words);
                }
                Open::Chain(name)
            }
        }
    }

    fn top(&mut self, line: &str) -> Open {
        let new = match line.split(' ').collect::<Vec<_>>()[..] {
            ["table", "ip" | "ip6", "kube-proxy", "{"] | ["}"] => return Open::Table,
            ["chain", name, "{"] => {
                (self.chains.insert(name.to_owned(), Vec::new()).is_none(), Open::Chain(name.to_owned()))
            }
            ["set" | "map", name, "{"] => {
                (self.sets.insert(name.to_owned(), BTreeMap::new()).is_none(), Open::Set(name.to_owned()))
            }
            _ => panic!("no such line: {line}"),
        };
        assert!(new.0, "declared once: {line}");
        new.1
    }

    fn elements_line(&mut self, name: String, elements: String) -> Open {
        let Some(whole) = elements.strip_suffix(" }") else { return Open::Elements(name, elements) };
        let set = self.sets.get_mut(&name).unwrap();
        for element in whole.split(',') {
            let (key, value) = element.split_once(" : ").unwrap_or((element, ""));
            let key = key.split(" comment ").next().unwrap().trim().to_owned();
            assert!(set.insert(key, value.trim().to_owned()).is_none(), "one of a key: {element}");
        }
        Open::Set(name)
    }

    pub fn elements(&self, set: &str) -> &BTreeMap<String, String> {
        &self.sets[set.trim_start_matches('@')]
    }

    pub fn is_dynamic(&self, set: &str) -> bool {
        set.strip_prefix('@').is_some_and(|name| self.dynamic.contains(name))
    }

    pub fn dynamic_name<'s>(&self, set: &'s str) -> &'s str {
        assert!(self.is_dynamic(set), "a rule adds to {set}");
        set.trim_start_matches('@')
    }

    pub fn base_chains(&self, hook: &str) -> Vec<Base> {
        self.hooks.iter().filter_map(|(name, line)| base(name, line, hook)).collect()
    }
}

/// `type nat hook output priority dstnat; policy accept;`
fn base(name: &str, line: &str, wanted: &str) -> Option<Base> {
    let (type_, rest) = line.strip_prefix("type ")?.split_once(" hook ").unwrap();
    let (hook, priority) = rest.split_once(" priority ").unwrap();
    let priority = match priority.strip_suffix("; policy accept;").expect("the only policy") {
        "dstnat - 10" => -110,
        "dstnat" => -100,
        "filter" => 0,
        "srcnat" => 100,
        number => number.parse().unwrap(),
    };
    assert!(["nat", "filter"].contains(&type_), "{line}");
    (hook == wanted).then(|| Base { priority, nat: type_ == "nat", name: name.to_owned() })
}
