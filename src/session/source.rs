//! Where the run came from, and the one text that says it all: manifests, seed, actions, moment.

use cluster::api::{Manifest, Scenario};
use cluster::sim::{MODEL_VERSION, Run, Time};

/// The text that a lab was opened with.
#[derive(Clone, Debug, Default)]
pub struct Source {
    /// Names the place where the work is kept: `scenario/first`, `own`, `link`.
    pub key: String,
    /// As it was opened, for starting again.
    pub text: String,
    /// The documents other than the Scenario, as written.
    objects: String,
    pub scenario: Scenario,
    /// How many of the run's actions the text brought with it.
    pub given_actions: usize,
}

impl Source {
    pub fn new(key: &str, text: &str, manifest: &Manifest) -> Source {
        let scenario = manifest.scenario.clone().unwrap_or_default();
        Source {
            key: key.into(),
            text: text.into(),
            objects: documents(manifest),
            given_actions: scenario.actions.len(),
            scenario,
        }
    }

    /// Work on another text, that had so many actions of its own.
    pub fn resumed(self, original: &str, given_actions: usize) -> Source {
        Source { text: original.into(), given_actions, ..self }
    }

    pub fn title(&self) -> Option<&str> {
        self.scenario.title.as_deref()
    }

    /// The run as a scenario file: opened again, it goes to the same moment.
    pub fn recorded(&self, run: &Run) -> String {
        let world = run.world();
        let scenario = Scenario {
            seed: Some(world.seed()),
            actions: run.actions().to_vec(),
            at: Some(world.now()),
            model: Some(MODEL_VERSION.to_string().as_str().into()),
            ..self.scenario.clone()
        };
        let text = scenario.to_text();
        if self.objects.is_empty() { text } else { [&self.objects, "---\n", &text].concat() }
    }

    /// Whether the text was recorded with another model, whose runs may go another way.
    pub fn other_model(&self) -> Option<&str> {
        let model = self.scenario.model.as_deref()?;
        (model != MODEL_VERSION.to_string()).then_some(model)
    }

    /// The moment at which the lab opens, where the text says one.
    pub fn opens_at(&self) -> Option<Time> {
        self.scenario.at
    }
}

/// Every document that an object came from, once each.
fn documents(manifest: &Manifest) -> String {
    let mut seen = Vec::new();
    let mut text = String::new();
    for parsed in &manifest.objects {
        let source = &parsed.source;
        if seen.contains(&source.position) {
            continue;
        }
        seen.push(source.position);
        if !text.is_empty() {
            text.push_str("---\n");
        }
        text.push_str(source.text.trim_end());
        text.push('\n');
    }
    text
}
