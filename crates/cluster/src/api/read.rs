//! Reads a text into a [`Manifest`]: splits documents and Lists, decodes objects, and runs the checks that need the
//! whole stream.

use litemap::LiteMap;
use std::sync::Arc;

use super::diagnostics::Diagnostics;
use super::{
    Diagnostic, DiagnosticKind, Entry, KubeObject, MAX_DEPTH, Manifest, ManifestObject, ObjectRef, Position,
    Severity, Source, Str, Tree, Unsimulated, Value, decode, families, scenario, selectors, text,
};

/// Reads a text as kubectl reads a file. Never fails: what is wrong is in `diagnostics`.
pub fn parse(text: &str) -> Manifest {
    read(text, Reader { takes_scenario: true, ..Reader::default() })
}

/// Reads the objects of a text. A Scenario in it is skipped, including the texts that its actions would apply.
pub(super) fn parse_objects(text: &str) -> Manifest {
    read(text, Reader::default())
}

fn read(text: &str, mut reader: Reader) -> Manifest {
    for document in text::documents(text, &mut reader.diagnostics) {
        let source = Source { tree: document.tree, text: document.text, position: document.position };
        reader.read(source, 0);
    }
    selectors::check(&reader.objects, &mut reader.diagnostics);
    if reader.takes_scenario {
        // The text of an action does not describe the cluster that it is applied to.
        families::check(&reader.objects, reader.scenario.as_ref().map(|(_, s)| s), &mut reader.diagnostics);
    }
    if let Some((tree, scenario)) = &reader.scenario {
        let nodes = reader.objects.iter().filter_map(|parsed| {
            let KubeObject::Node(node) = &parsed.object else { return None };
            Some(&node.meta.name)
        });
        scenario::check_pod_range(tree, scenario, &nodes.collect::<Vec<_>>(), &mut reader.diagnostics);
    }
    Manifest {
        objects: reader.objects,
        scenario: reader.scenario.map(|(_, scenario)| scenario),
        diagnostics: reader.diagnostics.finish(),
    }
}

/// Decodes one object again, after an edit of its tree. `None` exactly when there is an error.
pub fn decode_object(tree: &Tree) -> (Option<KubeObject>, Vec<Diagnostic>) {
    let mut diagnostics = Diagnostics::default();
    let typed = decode::decode(tree, &mut diagnostics);
    (typed, diagnostics.finish())
}

/// Objects of one text that are read.
pub const MAX_OBJECTS: usize = 5_000;

#[derive(Default)]
struct Reader {
    diagnostics: Diagnostics,
    objects: Vec<ManifestObject>,
    takes_scenario: bool,
    scenario: Option<(Tree, super::Scenario)>,
    /// The limit on objects was exceeded.
    is_full: bool,
    /// Where each object was first.
    seen: LiteMap<(ObjectRef, Str), Position>,
}

impl Reader {
    fn read(&mut self, source: Source, depth: usize) {
        let tree = &source.tree;
        if let Some(items) = list_items(tree)
            && depth < MAX_DEPTH
        {
            for item in items {
                let (text, position) = (source.text.clone(), source.position);
                self.read(Source { tree: item, text, position }, depth + 1);
            }
        } else if scenario::is_scenario(tree) {
            if self.takes_scenario {
                self.read_scenario(tree);
            }
        } else if let Some(object) = decode::decode(tree, &mut self.diagnostics) {
            self.add(source, object);
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
            KubeObject::Unsimulated(Unsimulated { api_version, .. }) => {
                api_version.split_once('/').map_or("", |(g, _)| g).into()
            }
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
            | KubeObject::PriorityClass(_) => "".into(),
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
        self.objects.push(ManifestObject {
            source: Arc::new(source),
            object,
            position: (at.line, at.column),
        });
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
