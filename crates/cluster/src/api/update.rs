//! Updates of an object that is there: what kubectl sends, and how the API server reads it.

use super::diagnostics::Diagnostics;
use super::patch::{Schema, three_way};
use super::patched_pod::without_token;
use super::served::token_volume;
use super::write::{at, put_or_remove};
use super::{Diagnostic, Entry, KubeObject, Service, ServiceType, Step, Tree, decode, to_tree};

/// An object as it is, and as it is to be.
pub struct Update {
    pub live: Tree,
    pub new: Tree,
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
            return Update { live, new };
        }
        let new = three_way(schema, &live, last, text);
        Update { live, new }
    }

    pub fn changes_nothing(&self) -> bool {
        self.live == self.new
    }

    /// Whether it changes more than metadata: what `metadata.generation` counts. Of status nothing is sent.
    pub fn changes_spec(&self) -> bool {
        let is_counted = |entry: &&Entry| !["metadata", "status"].contains(&&*entry.key);
        let counted = |tree| Tree::entries(tree).iter().filter(is_counted).collect::<Vec<_>>();
        counted(&self.live) != counted(&self.new)
    }

    /// The Service. What the API server allocates and defaults is not looked at yet.
    pub fn service(&self) -> Result<Service, Vec<Diagnostic>> {
        let mut tree = self.new.clone();
        normalize_cluster_ips(&mut tree, &self.live);
        let mut diagnostics = Diagnostics::default();
        let service = decode::service::decode(&decode::FieldCursor::root(&tree), &mut diagnostics);
        match diagnostics.errors() {
            0 => Ok(service),
            _ => Err(diagnostics.finish()),
        }
    }
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
