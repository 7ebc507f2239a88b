//! An object as the API server would send it.

use super::gone;
use crate::parts::*;
use crate::session::{Selection, Session};
use cluster::api::{Meta, Typed, Uid, to_tree, to_yaml};
use cluster::sim::World;
use cluster::store::Other;
use leptos::prelude::*;

pub fn of(session: Session, of: Selection) -> AnyView {
    live(move || {
        session.scene_rev();
        match session.with_world(|world| printed(world, of.uid()?)) {
            Some(yaml) => listing("YAML", yaml),
            None => gone("object"),
        }
    })
}

fn printed(world: &World, uid: Uid) -> Option<String> {
    let object = typed(world, uid)?;
    let written = world.store().source(uid).map(|source| source.tree.clone());
    Some(to_yaml(&to_tree(&object, written.as_ref())))
}

fn typed(world: &World, uid: Uid) -> Option<Typed> {
    let store = world.store();
    let is = |meta: &Meta| meta.uid == uid;
    None.or_else(|| store.pods.iter().find(|o| is(&o.meta)).map(|o| Typed::Pod((**o).clone())))
        .or_else(|| store.services.iter().find(|o| is(&o.meta)).map(|o| Typed::Service((**o).clone())))
        .or_else(|| store.nodes.iter().find(|o| is(&o.meta)).map(|o| Typed::Node((**o).clone())))
        .or_else(|| store.deployments.iter().find(|o| is(&o.meta)).map(|o| Typed::Deployment((**o).clone())))
        .or_else(|| store.replica_sets.iter().find(|o| is(&o.meta)).map(|o| Typed::ReplicaSet((**o).clone())))
        .or_else(|| store.slices.iter().find(|o| is(&o.meta)).map(|o| Typed::EndpointSlice((**o).clone())))
        .or_else(|| store.others.iter().find(|o| is(&o.meta)).map(|o| other(o)))
}

fn other(object: &Other) -> Typed {
    Typed::Other {
        kind: object.kind.clone(),
        api_version: object.api_version.clone(),
        meta: object.meta.clone(),
    }
}
