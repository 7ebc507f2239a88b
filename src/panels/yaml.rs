//! An object as the API server would send it.

use super::gone;
use crate::parts::*;
use crate::session::{Selection, Session};
use cluster::api::{Uid, to_tree, to_yaml};
use cluster::sim::World;
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
    let store = world.store();
    let object = store.get(&store.object_ref(uid)?)?;
    Some(to_yaml(&to_tree(&object, store.source(uid).map(|source| &source.tree))))
}
