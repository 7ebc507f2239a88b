//! What the model assumes: `docs/assumptions.md`, read as data.

/// The one place where it is written.
const DOCUMENT: &str = include_str!("../../../docs/assumptions.md");

/// What an assumption is about: a heading of the second level.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Topic {
    Network,
    Nodes,
    Pods,
    Services,
    TimeAndChance,
    Limits,
}

impl Topic {
    /// In the order of the document.
    pub const ALL: [Topic; 6] =
        [Topic::Network, Topic::Nodes, Topic::Pods, Topic::Services, Topic::TimeAndChance, Topic::Limits];

    pub const fn title(self) -> &'static str {
        match self {
            Topic::Network => "The network",
            Topic::Nodes => "Nodes",
            Topic::Pods => "Pods",
            Topic::Services => "Services",
            Topic::TimeAndChance => "Time and chance",
            Topic::Limits => "Limits",
        }
    }
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Assumption {
    pub topic: Topic,
    /// A heading of the third level.
    pub title: &'static str,
    /// Its paragraph, as plain text in one line.
    pub text: String,
}

impl Assumption {
    /// The anchor of its heading in the document: `a-killed-pod`.
    pub fn id(&self) -> String {
        let kept = self.title.chars().filter(|c| c.is_alphanumeric() || matches!(c, '-' | '_' | ' '));
        kept.map(|c| if c == ' ' { '-' } else { c.to_ascii_lowercase() }).collect()
    }
}

/// All of them, in the order of the document.
pub fn assumptions() -> Vec<Assumption> {
    read(DOCUMENT)
}

/// What is outside a topic, or in front of the first title in one, is an introduction.
fn read(document: &'static str) -> Vec<Assumption> {
    let mut found: Vec<Assumption> = Vec::new();
    let (mut topic, mut is_introduction) = (None, true);
    for line in document.lines() {
        if let Some(title) = line.strip_prefix("## ") {
            topic = Topic::ALL.into_iter().find(|topic| topic.title() == title);
            is_introduction = true;
        } else if let Some((title, topic)) = line.strip_prefix("### ").zip(topic) {
            found.push(Assumption { topic, title, text: String::new() });
            is_introduction = false;
        } else if let Some(last) = found.last_mut().filter(|_| !is_introduction && !line.is_empty()) {
            if !last.text.is_empty() {
                last.text.push(' ');
            }
            last.text.extend(line.chars().filter(|c| *c != '`'));
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn headings_and_paragraphs_are_read() {
        let document = "# Title\n\nIntroduction.\n\n## Nodes\n\nMore of it.\n\n### A `CPU`, or 2\n\nFour `CPUs`,\nunless.\n\n## Pods\n### One\nA process.\n";
        let one = |topic, title, text: &str| Assumption { topic, title, text: text.into() };
        let expected =
            [one(Topic::Nodes, "A `CPU`, or 2", "Four CPUs, unless."), one(Topic::Pods, "One", "A process.")];
        assert_eq!(read(document), expected);
        assert_eq!(expected[0].id(), "a-cpu-or-2");
    }

    #[test]
    fn nothing_in_the_document_is_skipped() {
        let headings = |level: &str| DOCUMENT.lines().filter(|line| line.starts_with(level)).count();
        let all = assumptions();
        assert_eq!(headings("## "), Topic::ALL.len(), "each heading of the second level is a topic");
        assert_eq!(headings("### "), all.len());
        for topic in Topic::ALL {
            assert!(all.iter().any(|a| a.topic == topic), "nothing is assumed about {topic:?}");
        }
        for (i, assumption) in all.iter().enumerate() {
            assert!(assumption.text.ends_with('.'), "{assumption:?}");
            // The page shows it as plain text.
            assert!(!assumption.text.contains("](") && !assumption.text.contains('*'), "{assumption:?}");
            assert!(all[..i].iter().all(|other| other.id() != assumption.id()), "{assumption:?}");
        }
    }
}
