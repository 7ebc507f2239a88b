//! Where the run came from, and the one text that says it all: manifests, seed, actions, moment.

use cluster::api::{Manifest, Scenario, to_yaml};
use cluster::sim::{MODEL_VERSION, Moment, Run};

/// A text as it was opened, for starting again.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub enum Text {
    /// The key's scenario: it comes with the page.
    #[default]
    BuiltIn,
    Own(String),
}

/// What a lab was opened with.
#[derive(Clone, Debug, Default)]
pub struct Source {
    /// Names the place where the work is kept: `scenario/first`, `own`, `link`.
    pub key: String,
    pub text: Text,
    /// The documents other than the Scenario, as written.
    objects: String,
    pub scenario: Scenario,
    /// How many of the run's actions the text brought with it.
    pub given_actions: usize,
}

impl Source {
    /// A text's that was just read.
    pub fn read(key: &str, text: Text, manifest: &Manifest) -> Source {
        let scenario = manifest.scenario.clone().unwrap_or_default();
        let given_actions = scenario.actions.len();
        Source { key: key.into(), text, objects: documents(manifest), scenario, given_actions }
    }

    /// Work on another text, that had so many actions of its own.
    pub fn resumed(self, text: Text, given_actions: usize) -> Source {
        Source { text, given_actions, ..self }
    }

    /// The length of its manifests.
    pub fn bytes(&self) -> usize {
        self.objects.len()
    }

    pub fn title(&self) -> Option<&str> {
        self.scenario.title.as_deref()
    }

    /// Whether the text was recorded with another model, whose runs may go another way.
    pub fn other_model(&self) -> Option<&str> {
        let model = self.scenario.model.as_deref()?;
        (model != MODEL_VERSION.to_string()).then_some(model)
    }

    /// The moment at which the lab opens, where the text says one.
    pub fn opens_at(&self) -> Option<Moment> {
        self.scenario.at
    }
}

/// The run as a scenario file: opened again, it goes to the same moment.
pub fn recorded(source: &Source, run: &Run) -> String {
    let world = run.world();
    let scenario = Scenario {
        seed: Some(world.seed()),
        actions: run.actions().to_vec(),
        // Before the cluster has settled for the first time no moment of it has its number.
        at: run.origin().map(|_| world.moment(world.now())).or(source.scenario.at),
        model: Some(MODEL_VERSION.to_string().as_str().into()),
        ..source.scenario.clone()
    };
    let objects = &source.objects;
    let text = scenario.to_text();
    if objects.is_empty() { text } else { [objects, "---\n", &text].concat() }
}

/// What was undone, as a scenario file's text; of the run it holds nothing else.
pub fn undone(run: &Run) -> String {
    Scenario { actions: run.undone().to_vec(), ..Scenario::default() }.to_text()
}

/// Every document that an object came from, once each. An item of a List is a document of its own: others of the List
/// may have errors, or be the Scenario.
fn documents(manifest: &Manifest) -> String {
    let mut text = String::new();
    let mut last = None;
    for parsed in &manifest.objects {
        let source = &parsed.source;
        // The objects of one document follow each other.
        if !source.is_item && last.replace(source.position) == Some(source.position) {
            continue;
        }
        if !text.is_empty() {
            text.push_str("---\n");
        }
        match source.is_item {
            true => text.push_str(to_yaml(&source.tree).trim_end()),
            false => text.push_str(source.text.trim_end()),
        }
        text.push('\n');
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scenarios::built_in;
    use cluster::api::{Action, parse};
    use cluster::sim::Time;
    use scene::facts::SystemObjects;

    /// A lab that somebody played with for a while.
    fn own(text: &str, manifest: &Manifest) -> Source {
        Source::read("test", Text::Own(text.into()), manifest)
    }

    fn played(text: &str) -> (Run, Source) {
        let manifest = parse(text);
        let (mut run, _) = Run::new(&manifest, None);
        run.advance_to(Time(12_000_000_000), u64::MAX);
        let pod =
            run.world().store().pods.iter().find(|p| p.status.is_ready()).expect("a ready Pod").meta.key();
        run.act(Action::SetReadiness { pod, container: None, pass: false }).expect("it runs");
        run.advance_to(Time(15_500_000_000), u64::MAX);
        let client = run.world().traffic().clients.values().next().expect("a client").spec.name.clone();
        run.act(Action::SetRate { client, rate_milli: 2_500 }).expect("there is such a client");
        run.advance_to(Time(21_234_567_890), u64::MAX);
        (run, own(text, &manifest))
    }

    #[test]
    fn what_was_recorded_goes_to_the_same_moment() {
        for scenario in built_in() {
            let (run, source) = played(scenario.text);
            let text = recorded(&source, &run);
            let manifest = parse(&text);
            assert_eq!(manifest.diagnostics, [], "{}", scenario.name);
            let again = own(&text, &manifest);
            assert_eq!(again.other_model(), None);
            let (mut other, _) = Run::new(&manifest, None);
            other.find_origin(u64::MAX);
            let at = other.time_of(again.opens_at().expect("a moment")).expect("the origin was found");
            other.advance_to(at, u64::MAX);
            assert_eq!(other.world().now(), run.world().now());
            assert_eq!(other.world().hash(), run.world().hash(), "{}", scenario.name);
            assert_eq!(recorded(&again, &other), text, "recording is stable");
        }
    }

    #[test]
    fn the_items_of_a_list_are_recorded_once_each() {
        let text = "apiVersion: v1\nkind: List\nitems:\n- {apiVersion: v1, kind: Namespace, metadata: {name: a}}\n\
                    - {apiVersion: v1, kind: Namespace, metadata: {name: b}}\n";
        let manifest = parse(text);
        assert_eq!(manifest.objects.len(), 2);
        let recorded = recorded(&own(text, &manifest), &Run::new(&manifest, None).0);
        assert_eq!(recorded.matches("kind: Namespace").count(), 2);
        assert_eq!(parse(&recorded).objects.len(), 2);
    }

    #[test]
    fn what_was_left_out_of_a_list_is_not_recorded() {
        let namespace = |name| format!("- {{apiVersion: v1, kind: Namespace, metadata: {{name: {name}}}}}\n");
        let scenario = "- {apiVersion: packetyard/v1alpha1, kind: Scenario, spec: {seed: 3}}\n";
        let text =
            ["apiVersion: v1\nkind: List\nitems:\n", &namespace("a"), &namespace("UPPER"), scenario].concat();
        let manifest = parse(&text);
        let recorded = recorded(&own(&text, &manifest), &Run::new(&manifest, None).0);
        let again = parse(&recorded);
        assert_eq!((again.objects.len(), again.diagnostics), (1, vec![]), "{recorded}");
    }

    #[test]
    fn another_model_is_noticed() {
        let text = "apiVersion: packetyard/v1alpha1\nkind: Scenario\nspec: {model: \"999\"}\n";
        assert_eq!(own(text, &parse(text)).other_model(), Some("999"));
    }

    #[test]
    fn a_step_back_is_the_step_before() {
        let (mut run, _) = Run::new(&parse(built_in()[0].text), None);
        run.advance_to(Time(12_000_000_000), u64::MAX);
        crate::session::pace::step(&mut run, SystemObjects::Hidden);
        let (first, hash) = (run.world().now(), run.world().hash());
        crate::session::pace::step(&mut run, SystemObjects::Hidden);
        assert!(run.world().now() > first);
        assert!(crate::session::pace::step_back(&mut run, SystemObjects::Hidden));
        assert_eq!((run.world().now(), run.world().hash()), (first, hash));
    }

    #[test]
    fn a_step_passes_over_lookups_as_long_as_they_are_hidden() {
        let steps = |system| {
            let (mut run, _) = Run::new(&parse(built_in()[0].text), None);
            run.advance_to(Time(12_000_000_000), u64::MAX);
            let mut steps = 0;
            while run.world().now() < Time(16_000_000_000) {
                crate::session::pace::step(&mut run, system);
                steps += 1;
            }
            steps
        };
        let (hidden, shown) = (steps(SystemObjects::Hidden), steps(SystemObjects::Shown));
        assert!(hidden < shown, "{hidden} and {shown}");
    }
}
