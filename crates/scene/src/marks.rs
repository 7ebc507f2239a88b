//! A Service's colour, which several may share, and its mark, which is unique.

use cluster::api::NsName;

/// How many colours there are. If there are more Services, only their marks distinguish them.
pub const SERVICE_COLOURS: usize = 6;

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mark {
    pub colour: usize,
    pub letter: String,
}

impl Mark {
    /// The classes of the mark itself.
    pub fn mark_class(&self) -> &'static str {
        ["pk-mark pk-s0", "pk-mark pk-s1", "pk-mark pk-s2", "pk-mark pk-s3", "pk-mark pk-s4", "pk-mark pk-s5"]
            [self.colour % SERVICE_COLOURS]
    }

    /// The class that sets `--svc`.
    pub fn class(&self) -> &'static str {
        ["pk-s0", "pk-s1", "pk-s2", "pk-s3", "pk-s4", "pk-s5"][self.colour % SERVICE_COLOURS]
    }
}

/// The marks assigned so far. A Service keeps its mark as long as the lab exists, and gets it back if it is
/// deleted and created again.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Marks {
    given: Vec<(NsName, Mark)>,
}

impl Marks {
    pub fn get(&self, key: &NsName) -> Option<&Mark> {
        self.given.iter().find(|(other, _)| other == key).map(|(_, mark)| mark)
    }

    /// As these, with one for each of `services`.
    pub fn with<'a>(&self, services: impl Iterator<Item = &'a NsName>) -> Marks {
        let mut marks = self.clone();
        for key in services {
            if marks.get(key).is_none() {
                let mark = Mark { colour: marks.rarest_colour(), letter: marks.free_letter(&key.name) };
                marks.given.push((key.clone(), mark));
            }
        }
        marks
    }

    fn rarest_colour(&self) -> usize {
        let used = |colour: &usize| self.given.iter().filter(|(_, m)| m.colour == *colour).count();
        (0..SERVICE_COLOURS).min_by_key(used).unwrap_or(0)
    }

    /// The first letter of the name, of one of its parts, or any of its letters; else with a number.
    fn free_letter(&self, name: &str) -> String {
        let initials = name.split('-').filter_map(|part| part.chars().next());
        let candidates = initials.chain(name.chars().filter(|c| c.is_ascii_alphanumeric()));
        let free = |letter: &String| self.given.iter().all(|(_, m)| m.letter != *letter);
        let first = name.chars().next().unwrap_or('S').to_ascii_uppercase();
        candidates
            .map(|c| c.to_ascii_uppercase().to_string())
            .find(free)
            .or_else(|| (2..).map(|n: u32| format!("{first}{n}")).find(free))
            .unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(name: &str) -> NsName {
        NsName::new("default", name)
    }

    #[test]
    fn marks_are_unique_and_stay() {
        let names = ["frontend", "frontend-external", "web", "web-2", "payment", "cart", "c", "ca"];
        let keys: Vec<NsName> = names.iter().map(|n| key(n)).collect();
        let marks = Marks::default().with(keys.iter());
        let mut letters: Vec<_> = keys.iter().filter_map(|k| marks.get(k)).map(|m| &m.letter).collect();
        assert_eq!(letters[..3], ["F", "E", "W"]);
        letters.sort();
        letters.dedup();
        assert_eq!(letters.len(), names.len());

        let later = marks.with([key("another"), key("web")].iter());
        assert!(keys.iter().all(|k| later.get(k) == marks.get(k)), "nobody's mark changes");
    }

    #[test]
    fn colours_are_spread_evenly() {
        let keys: Vec<NsName> = (0..12).map(|i| key(&format!("s{i}"))).collect();
        let marks = Marks::default().with(keys.iter());
        for colour in 0..SERVICE_COLOURS {
            assert_eq!(keys.iter().filter(|k| marks.get(k).is_some_and(|m| m.colour == colour)).count(), 2);
        }
    }
}
