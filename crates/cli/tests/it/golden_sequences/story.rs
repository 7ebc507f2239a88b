//! What a sequence's file says: what was done, and what the real cluster went through.

use std::path::Path;

use crate::golden_tables::read;

/// What was done in one step, and what followed until all was quiet.
pub struct Step {
    pub deed: Deed,
    /// It was done when all was quiet, or as soon as what is recorded of the step before had happened.
    pub waits: bool,
    /// kubectl refused it.
    pub is_refused: bool,
    /// In order: what [`super::replay::Replay`] writes of ours.
    pub followed: Vec<String>,
}

pub enum Deed {
    Apply(String),
    /// `kubectl ...`, by its words.
    Kubectl(Vec<String>),
}

pub struct Story {
    pub name: String,
    pub steps: Vec<Step>,
    /// How many Pods had which life in a Service's slices, sorted.
    pub lives: Vec<String>,
    /// What there was at the end of it, of a rollout.
    pub ends: Vec<String>,
}

impl Story {
    pub fn read(folder: &Path, name: &str) -> Story {
        let text = read(&folder.join(format!("{name}.txt")));
        let mut story = Story { name: name.into(), steps: Vec::new(), lives: Vec::new(), ends: Vec::new() };
        for line in text.lines() {
            let (first, rest) = line.split_once(' ').unwrap_or((line, ""));
            if first == "step" || first == "then" {
                let (deed, waits) = (Deed::parse(rest), first == "step");
                story.steps.push(Step { deed, waits, is_refused: false, followed: Vec::new() });
            } else if let Some(life) = line.strip_prefix("life ") {
                story.lives.push(life.into());
            } else if let Some(end) = line.strip_prefix("end ") {
                story.ends.push(end.into());
            } else {
                let step = story.steps.last_mut().expect("the file begins with a step");
                step.read(line);
            }
        }
        story
    }
}

impl Story {
    /// The first step's.
    pub fn manifest(&self) -> &str {
        match &self.steps[0].deed {
            Deed::Apply(text) => text,
            Deed::Kubectl(_) => panic!("it begins with manifests"),
        }
    }

    /// Of a rollout's Pods nothing was recorded but their readiness.
    pub fn has_pods(&self) -> bool {
        self.steps.iter().flat_map(|step| &step.followed).any(|line| is_of_a_pod(line))
    }

    /// Nothing more was done until all was quiet.
    pub fn settles_after(&self, step: usize) -> bool {
        self.steps.get(step + 1).is_none_or(|next| next.waits)
    }

    /// Of what followed here, that of which there would be a recording.
    pub fn recorded_of(&self, followed: &[String]) -> Vec<String> {
        let has_pods = self.has_pods();
        followed.iter().filter(|line| has_pods || !is_of_a_pod(line)).cloned().collect()
    }
}

fn is_of_a_pod(line: &str) -> bool {
    ["+ ", "- ", "gone "].iter().any(|word| line.starts_with(word))
}

impl Step {
    fn read(&mut self, line: &str) {
        match (line.strip_prefix("  | "), &mut self.deed) {
            (Some(manifest), Deed::Apply(text)) => *text += &format!("{manifest}\n"),
            (Some(_), Deed::Kubectl(_)) => panic!("only what is applied has a manifest: {line}"),
            (None, _) if line == "refused" => self.is_refused = true,
            (None, _) => self.followed.push(line.into()),
        }
    }
}

impl Deed {
    fn parse(words: &str) -> Deed {
        match words.split_once(' ').unwrap_or((words, "")) {
            ("apply", "") => Deed::Apply(String::new()),
            ("kubectl", words) => Deed::Kubectl(words.split(' ').map(str::to_string).collect()),
            _ => panic!("no such deed: {words}"),
        }
    }
}
