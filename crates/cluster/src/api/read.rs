//! Reads a text into a [`Manifest`]: splits documents and Lists, decodes objects, and runs the checks that need the
//! whole stream.

#[cfg(test)]
mod tests;

use litemap::LiteMap;
use std::sync::Arc;

use super::diagnostics::Diagnostics;
use super::kind::group;
use super::{
    Diagnostic, DiagnosticKind, Entry, FieldValidation, InvalidObject, KubeObject, MAX_DEPTH, Manifest,
    ManifestObject, Node, ObjectRef, Position, ServerWarning, Severity, Source, Str, Tree, Unsimulated,
    Value, decode, scenario, selectors, text,
};
use crate::sim::ClusterRanges;

/// Reads a text as kubectl reads a file. Never fails: what is wrong is in `diagnostics`.
pub fn parse(text: &str) -> Manifest {
    Reader::new(text).finish()
}

/// Reads the objects of a text. A Scenario in it is skipped, including the texts that its actions would apply.
pub(super) fn parse_objects(text: &str, field_validation: FieldValidation) -> Manifest {
    let reader = Reader::new(text).with_field_validation(field_validation);
    Reader { takes_scenario: false, ..reader }.finish()
}

/// Decodes one object again, after an edit of its tree. `None` exactly when there is an error.
pub fn decode_object(tree: &Tree) -> (Option<KubeObject>, Vec<Diagnostic>) {
    let mut diagnostics = Diagnostics::default();
    let typed = decode::decode(tree, &mut diagnostics);
    (typed, diagnostics.finish())
}

/// Objects of one text that are read.
pub const MAX_OBJECTS: usize = 5_000;

/// A text that is read in steps, each of which takes a bounded part of it: whoever has to do other things meanwhile can
/// do them between any two.
pub struct Reader<'a> {
    stream: text::Stream<'a>,
    stage: Stage,
    /// What is still to be decoded, and how deep in Lists it is: what comes next is last.
    undecoded: Vec<(Source, usize)>,
    diagnostics: Diagnostics,
    objects: Vec<ManifestObject>,
    invalid: Vec<InvalidObject>,
    pods: selectors::Pods,
    takes_scenario: bool,
    /// A document could not be read, which may have been the Scenario.
    lacks_document: bool,
    /// `None` as long as it is not known what the Scenario asks for.
    field_validation: Option<FieldValidation>,
    scenario_is_wrong: bool,
    scenario: Option<(Tree, super::Scenario)>,
    /// The limit on objects was exceeded.
    is_full: bool,
    /// Where each object was first.
    seen: LiteMap<(ObjectRef, Str), Position>,
}

/// What comes next in a text that is read. Checks of the whole text go through its objects: from that one on.
#[derive(Clone, Copy)]
enum Stage {
    Documents,
    Objects,
    Selectors(usize),
    PodRange,
    Done,
}

impl<'a> Reader<'a> {
    pub fn new(text: &'a str) -> Reader<'a> {
        let mut diagnostics = Diagnostics::default();
        Reader {
            stream: text::Stream::new(text, &mut diagnostics),
            stage: Stage::Documents,
            undecoded: Vec::new(),
            diagnostics,
            objects: Vec::new(),
            invalid: Vec::new(),
            pods: selectors::Pods::default(),
            takes_scenario: true,
            lacks_document: false,
            field_validation: None,
            scenario_is_wrong: false,
            scenario: None,
            is_full: false,
            seen: LiteMap::new(),
        }
    }

    /// Whatever the Scenario of the text asks for.
    pub fn with_field_validation(self, field_validation: FieldValidation) -> Reader<'a> {
        Reader { field_validation: Some(field_validation), ..self }
    }

    /// Reads some more. True when all of the text is read.
    pub fn step(&mut self) -> bool {
        self.stage = match self.stage {
            Stage::Documents => self.read_documents(),
            Stage::Objects => match self.undecoded.pop() {
                Some((source, depth)) => {
                    self.decode(source, depth);
                    Stage::Objects
                }
                None => Stage::Selectors(0),
            },
            Stage::Selectors(at) => match self.objects.get(at) {
                Some(object) => {
                    self.pods.check(object, &mut self.diagnostics);
                    Stage::Selectors(at + 1)
                }
                None => Stage::PodRange,
            },
            Stage::PodRange => {
                let errors = self.diagnostics.errors();
                self.check_pod_range();
                self.scenario_is_wrong |= self.diagnostics.errors() > errors;
                Stage::Done
            }
            Stage::Done => return true,
        };
        false
    }

    fn read_documents(&mut self) -> Stage {
        let errors = self.diagnostics.errors();
        let documents = self.stream.step(&mut self.diagnostics);
        self.lacks_document |= self.diagnostics.errors() > errors;
        let Some(documents) = documents else {
            let mut asked =
                self.undecoded.iter().filter_map(|(source, _)| FieldValidation::asked_by(&source.tree));
            self.field_validation = self.field_validation.or_else(|| asked.next());
            self.undecoded.reverse();
            return Stage::Objects;
        };
        let source = |document: text::Document| Source {
            tree: document.tree,
            text: document.text,
            position: document.position,
            is_item: false,
        };
        self.undecoded.extend(documents.into_iter().map(|document| (source(document), 0)));
        Stage::Documents
    }

    /// What the text holds, after the steps that are left.
    pub fn finish(mut self) -> Manifest {
        while !self.step() {}
        let lacks_scenario =
            self.lacks_document && self.scenario.is_none() && scenario::is_mentioned_in(self.stream.text());
        Manifest {
            objects: self.objects,
            invalid: self.invalid,
            scenario: self.scenario.map(|(_, scenario)| scenario),
            scenario_is_wrong: self.scenario_is_wrong || lacks_scenario,
            diagnostics: self.diagnostics.finish(),
        }
    }

    fn check_pod_range(&mut self) {
        let Some((tree, scenario)) = &self.scenario else { return };
        let nodes = nodes_in(&self.objects).map(|node| &node.meta.name);
        scenario::check_pod_range(tree, scenario, &nodes.collect::<Vec<_>>(), &mut self.diagnostics);
        let ranges = ClusterRanges::of(scenario, &self.objects);
        let nodes = nodes_in(&self.objects);
        scenario::check_address_pool(tree, scenario, &ranges, nodes, &mut self.diagnostics);
    }

    fn decode(&mut self, mut source: Source, depth: usize) {
        let tree = &source.tree;
        if let Some(items) = list_items(tree)
            && depth < MAX_DEPTH
        {
            let of_list = |tree| Source { tree, is_item: true, ..source.clone() };
            self.undecoded.extend(items.into_iter().map(|item| (of_list(item), depth + 1)).rev());
        } else if scenario::is_scenario(tree) {
            if self.takes_scenario {
                let errors = self.diagnostics.errors();
                self.read_scenario(tree);
                self.scenario_is_wrong |= self.diagnostics.errors() > errors;
            }
        } else {
            self.leave_out_unknown_fields(&mut source.tree);
            match decode::decode(&source.tree, &mut self.diagnostics) {
                Some(object) => self.add(source, object),
                None => self.add_invalid(source),
            }
        }
    }

    fn add_invalid(&mut self, source: Source) {
        let object = decode::written_ref(&source.tree).filter(|_| decode::is_of_served_kind(&source.tree));
        if let Some(object) = object.filter(|_| self.invalid.len() < MAX_OBJECTS) {
            self.invalid.push(InvalidObject { source: Arc::new(source), object, place: self.objects.len() });
        }
    }

    fn leave_out_unknown_fields(&mut self, tree: &mut Tree) {
        let from = self.diagnostics.len();
        match self.field_validation.unwrap_or_default() {
            FieldValidation::Strict => {}
            FieldValidation::Warn => decode::leave_out_unknown_fields(tree, &mut |path, at| {
                let warning = ServerWarning::UnknownField { path: path.shown().into() };
                self.diagnostics.text(Severity::Warning, at, DiagnosticKind::Server { warning });
            }),
            FieldValidation::Ignore => decode::leave_out_unknown_fields(tree, &mut |_, _| {}),
        }
        if let Some(object) = decode::written_ref(tree) {
            self.diagnostics.name_since(from, &object);
        }
    }

    fn read_scenario(&mut self, tree: &Tree) {
        let at = tree.position;
        if let Some((first, _)) = &self.scenario {
            let kind = DiagnosticKind::SecondScenario { first: first.position };
            self.diagnostics.text(Severity::Error, at, kind);
        } else if let Some(scenario) = scenario::decode(tree, &mut self.diagnostics) {
            self.scenario = Some((tree.clone(), scenario));
        }
    }

    fn add(&mut self, source: Source, object: KubeObject) {
        let at = source.tree.position;
        if self.objects.len() >= MAX_OBJECTS {
            if !std::mem::replace(&mut self.is_full, true) {
                let kind = DiagnosticKind::TooManyObjects { limit: MAX_OBJECTS };
                self.diagnostics.text(Severity::Error, at, kind);
            }
            return;
        }
        let name = object.object_ref();
        let group: Str = match &object {
            KubeObject::Unsimulated(Unsimulated { api_version, .. }) => group(api_version).into(),
            KubeObject::Service(_)
            | KubeObject::Deployment(_)
            | KubeObject::ReplicaSet(_)
            | KubeObject::ReplicationController(_)
            | KubeObject::StatefulSet(_)
            | KubeObject::DaemonSet(_)
            | KubeObject::ControllerRevision(_)
            | KubeObject::Job(_)
            | KubeObject::CronJob(_)
            | KubeObject::PodDisruptionBudget(_)
            | KubeObject::Pod(_)
            | KubeObject::Endpoints(_)
            | KubeObject::EndpointSlice(_)
            | KubeObject::Node(_)
            | KubeObject::Namespace(_)
            | KubeObject::PriorityClass(_)
            | KubeObject::ServiceCidr(_) => "".into(),
        };
        let from = self.diagnostics.len();
        if let Some(&first) = self.seen.get(&(name.clone(), group.clone())) {
            // Applying the text leaves the last one in force. But two nodes of the same name cannot exist.
            let is_node = matches!(object, KubeObject::Node(_));
            let (severity, kind) = match is_node {
                true => (Severity::Error, DiagnosticKind::DuplicateNode { first }),
                false => (Severity::Warning, DiagnosticKind::DuplicateObject { first }),
            };
            self.diagnostics.text(severity, at, kind);
            self.diagnostics.name_since(from, &name);
            if is_node {
                return;
            }
        } else {
            self.seen.insert((name, group), at);
        }
        let source = Arc::new(source);
        let parsed = ManifestObject { source, object, position: (at.line, at.column) };
        self.pods.add(&parsed);
        self.objects.push(parsed);
    }
}

/// The items of a `List`, and of any `...List` that has items: each with kind and apiVersion,
/// which the items of a typed list may leave to it (apimachinery, UnstructuredList).
fn list_items(tree: &Tree) -> Option<Vec<Tree>> {
    let kind = tree.field("kind")?.as_str()?.strip_suffix("List")?;
    let items = match tree.field("items").map(|t| &t.value) {
        Some(Value::Seq(items)) => items,
        None | Some(Value::Null) if kind.is_empty() => return Some(Vec::new()),
        _ => return None,
    };
    let version = tree.field("apiVersion");
    let complete = |item: &Tree| {
        let mut item = item.clone();
        if let Value::Map(entries) = &mut item.value
            && !kind.is_empty()
        {
            let known = [("kind", Some(Tree::string(kind))), ("apiVersion", version.cloned())];
            for (key, value) in known {
                if let Some(value) = value
                    && !entries.iter().any(|e| &*e.key == key)
                {
                    let position = value.position;
                    Arc::make_mut(entries).insert(0, Entry { key: key.into(), position, value });
                }
            }
        }
        item
    };
    Some(items.iter().map(complete).collect())
}

fn nodes_in(objects: &[ManifestObject]) -> impl Iterator<Item = &Node> {
    objects.iter().filter_map(|parsed| {
        let KubeObject::Node(node) = &parsed.object else { return None };
        Some(node)
    })
}
