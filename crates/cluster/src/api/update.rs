//! Updates of an object that is there: what kubectl sends, and how the API server reads it.

use std::collections::BTreeMap;

use super::diagnostics::Diagnostics;
use super::patch::{self, PatchProblem, PatchType, Schema, three_way};
use super::patched_pod::without_token;
use super::served::token_volume;
use super::write::{at, put_or_remove};
use super::{
    Codec, Diagnostic, DiagnosticKind, Entry, FieldError, FieldPath, Kind, KubeObject, Rule, ServerWarning,
    Service, ServiceType, Step, Tree, Value, decode, to_tree,
};

/// An object as it is, and as it is to be.
pub struct Update {
    pub live: Tree,
    pub new: Tree,
    /// What the API server says of it if it takes it.
    pub warnings: Vec<ServerWarning>,
}

impl Update {
    /// What `kubectl apply` makes of it. `written`: see [`to_tree`]. `last`: the text that was applied last; `None` of
    /// an object that was not applied.
    pub fn applied(old: &KubeObject, written: Option<&Tree>, last: Option<&Tree>, text: &Tree) -> Update {
        let live = to_tree(old, written);
        let schema = Schema::of(&old.kind());
        if let KubeObject::Pod(pod) = old {
            let volume = token_volume(pod);
            let [live, text] = [&live, text].map(|tree| without_token(tree, &volume));
            let last = last.map(|last| without_token(last, &volume));
            let new = three_way(schema, &live, last.as_ref(), &text);
            return Update { live, new, warnings: Vec::new() };
        }
        let new = three_way(schema, &live, last, text);
        Update { live, new, warnings: Vec::new() }
    }

    /// What `kubectl patch` makes of it. `served`: the object as the API server hands it out, with every default, which
    /// is what a patch is of.
    pub fn patched(
        old: &KubeObject,
        written: Option<&Tree>,
        served: &Tree,
        type_: PatchType,
        patch: &Tree,
    ) -> Result<Update, PatchProblem> {
        let (live, served) = (to_tree(old, written).unplaced(), served.unplaced());
        let patched = patch::patched(&old.kind(), type_, &served, patch)?;
        let mut new = with_changes(Some(&live), Some(&served), &patched);
        if decode::written_ref(&new) != Some(old.object_ref()) {
            return Err(PatchProblem::OfAnother);
        }
        // kubectl does not ask for strict validation here, and the API server warns where nobody asks.
        let mut warnings = Vec::new();
        decode::leave_out_unknown_fields(&mut new, &mut |path, _| {
            warnings.push(ServerWarning::UnknownField { path: path.shown().into() });
        });
        Ok(Update { live, new, warnings })
    }

    /// What `kubectl replace` makes of it.
    pub fn replaced(old: &KubeObject, written: Option<&Tree>, text: &Tree) -> Update {
        Update { live: to_tree(old, written), new: text.clone(), warnings: Vec::new() }
    }

    /// Whether it was made of an older state than the one that is there, and says so.
    pub fn is_of_an_older_state(&self) -> bool {
        let version = |tree| Tree::get(tree, &["metadata".into(), "resourceVersion".into()]);
        // An empty one asks for none.
        let asked = version(&self.new).filter(|version| version.as_str().is_none_or(|text| !text.is_empty()));
        asked.is_some_and(|asked| Some(asked) != version(&self.live))
    }

    /// What is wrong with it if the object is Terminating (apimachinery api/validation/objectmeta.go,
    /// ValidateNoNewFinalizers).
    pub fn new_finalizer(&self) -> Option<FieldError> {
        let path = ["metadata".into(), "finalizers".into()];
        let of = |tree: &Tree| tree.get(&path).map_or(Vec::new(), |list| list.items().to_vec());
        let (live, new) = (of(&self.live), of(&self.new));
        let is_new = new.iter().any(|finalizer| !live.contains(finalizer));
        let error = || {
            let message = DiagnosticKind::Forbidden { why: Rule::NewFinalizers };
            FieldPath::new("metadata").child("finalizers").error(message)
        };
        is_new.then(error)
    }

    pub fn changes_nothing(&self) -> bool {
        self.live.sorted() == self.new.sorted()
    }

    /// Whether a request raises `metadata.generation`, which counts changes of what is stored, however it is written
    /// (PrepareForUpdate of each kind's strategy.go). `before`, `after`: as the API server hands the object out.
    pub fn raises_generation(kind: &Kind, before: &Tree, after: &Tree) -> bool {
        let differs = |field| {
            let of = |tree: &Tree| tree.get(&["metadata".into(), Step::Key(field)]).cloned();
            of(before) != of(after)
        };
        let is_other = spec_of(before) != spec_of(after);
        match kind {
            // They are copied to its ReplicaSets.
            Kind::Deployment => is_other || differs("annotations"),
            Kind::EndpointSlice => is_other || differs("labels"),
            // What of a Job is only kept cannot be changed, and its selector is not in the text yet.
            Kind::PriorityClass | Kind::Job => false,
            Kind::ReplicaSet
            | Kind::ReplicationController
            | Kind::StatefulSet
            | Kind::DaemonSet
            | Kind::ControllerRevision
            | Kind::CronJob
            | Kind::Pod
            | Kind::PodDisruptionBudget
            | Kind::Service
            | Kind::Endpoints
            | Kind::Node
            | Kind::Namespace
            | Kind::ServiceCidr
            | Kind::Other(_) => is_other && kind.has_generation(),
        }
    }

    /// The Service. What the API server allocates and defaults is not looked at yet.
    pub fn service(&self) -> Result<Service, Vec<Diagnostic>> {
        let mut tree = self.new.clone();
        normalize_cluster_ips(&mut tree, &self.live);
        let mut diagnostics = Diagnostics::default();
        let root = decode::FieldCursor::root(&tree);
        decode::check_shape(&root, Service::SHAPE, &mut diagnostics);
        let service = decode::service::decode(&root, &mut diagnostics);
        match diagnostics.errors() {
            0 => Ok(service),
            _ => Err(diagnostics.finish()),
        }
    }
}

/// All but what belongs to every object.
fn spec_of(tree: &Tree) -> Vec<Entry> {
    let is_counted = |entry: &&Entry| !["metadata", "status"].contains(&&*entry.key);
    tree.entries().iter().filter(is_counted).cloned().collect()
}

/// `live` with what is different in `new` from `old`, so that what was defaulted does not become what was written.
/// Lists of other items are taken as they are.
fn with_changes(live: Option<&Tree>, old: Option<&Tree>, new: &Tree) -> Tree {
    let (Some(live), Some(old)) = (live, old) else { return new.clone() };
    if old == new {
        return live.clone();
    }
    match (&live.value, &old.value, &new.value) {
        (Value::Map(live), Value::Map(old), Value::Map(new_entries)) => {
            let [live, old] = [live, old].map(|entries| {
                entries.iter().map(|entry| (&entry.key, &entry.value)).collect::<BTreeMap<_, _>>()
            });
            let changed = new_entries.iter().filter_map(|entry| {
                let (live, old) = (live.get(&entry.key).copied(), old.get(&entry.key).copied());
                let is_defaulted = live.is_none() && old == Some(&entry.value);
                let value = with_changes(live, old, &entry.value);
                (!is_defaulted).then(|| Entry { value, ..entry.clone() })
            });
            Tree { value: Value::Map(changed.collect::<Vec<_>>().into()), position: new.position }
        }
        (Value::Seq(live), Value::Seq(old), Value::Seq(items))
            if live.len() == items.len() && have_the_same_names(old, items) =>
        {
            let changed = live.iter().zip(old.iter()).zip(items.iter());
            let changed =
                changed.map(|((live, old), new)| with_changes(Some(live), Some(old), new)).collect();
            Tree { position: new.position, ..Tree::seq(changed) }
        }
        (
            Value::Null
            | Value::Bool(_)
            | Value::Int(_)
            | Value::Float(_)
            | Value::String(_)
            | Value::Seq(_)
            | Value::Map(_),
            _,
            _,
        ) => new.clone(),
    }
}

/// Items that have changed their places are not compared with others.
fn have_the_same_names(old: &[Tree], new: &[Tree]) -> bool {
    old.len() == new.len() && old.iter().zip(new).all(|(old, new)| old.field("name") == new.field("name"))
}

/// Of the addresses, an empty text and an empty list say nothing: they stay (registry/core/service/storage,
/// patchAllocatedValues). Where the single address is another one, the list follows it (normalizeClusterIPs).
fn normalize_cluster_ips(tree: &mut Tree, live: &Tree) {
    let of = |tree: &Tree, field| tree.get(&["spec".into(), Step::Key(field)]).cloned();
    let one = |tree: &Tree| of(tree, "clusterIP").filter(|ip| ip.as_str().is_none_or(|ip| !ip.is_empty()));
    let many = |tree: &Tree| of(tree, "clusterIPs").filter(|ips| *ips != Tree::seq(Vec::new()));
    let has_address = |tree: &Tree| {
        of(tree, "type").is_none_or(|type_| type_ != Tree::string(ServiceType::ExternalName.as_str()))
    };
    let (mut new_one, mut new_many) = (one(tree), many(tree));
    if has_address(live) && has_address(tree) {
        new_one = new_one.or_else(|| one(live));
        new_many = new_many.or_else(|| many(live));
    }
    if new_one == one(live) {
        new_many = new_many.or_else(|| many(live));
    } else if new_many == many(live) {
        new_many = new_one.clone().map(|one| Tree::seq(vec![one]));
    }
    let spec = at(tree, "spec");
    put_or_remove(spec, "clusterIP", new_one);
    put_or_remove(spec, "clusterIPs", new_many);
}
