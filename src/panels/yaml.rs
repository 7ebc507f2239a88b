//! An object as the API server would send it.

use super::if_exists::IfExists;
use crate::components::Listing;
use crate::session::Session;
use cluster::api::{Uid, to_tree, to_yaml};
use cluster::sim::World;
use leptos::prelude::*;

#[component]
pub fn YamlPanel(uid: Uid) -> impl IntoView {
    let session = expect_context::<Session>();
    let yaml = session.watch_scene(move |world| printed(world, uid));
    view! {
        <IfExists gone="This object is gone." object=yaml let:yaml>
            <Listing name="YAML" text=yaml/>
        </IfExists>
    }
}

fn printed(world: &World, uid: Uid) -> Option<String> {
    let store = world.store();
    let object = store.get(&store.object_ref(uid)?)?;
    Some(to_yaml(&to_tree(&object, store.written(uid))))
}
