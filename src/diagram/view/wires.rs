//! Wires: the network's own lines, faintly, and those that packets use.

use cluster::sim::World;
use leptos::prelude::*;

use crate::diagram::picture::Picture;
use scene::marks::SERVICE_COLOURS;
use scene::network::{network, ring, used};

#[component]
pub fn Wires() -> impl IntoView {
    let picture = expect_context::<Picture>();
    let network = move || picture.scene.with(|scene| network(&scene.layout));
    let ports = move || picture.scene.with(|scene| scene.layout.nodes.iter().map(ring).collect::<String>());
    let used = Memo::new(move |_| {
        picture.session.traffic_rev();
        picture.scene.with(|scene| {
            let chain = |world: &World| {
                picture.highlight.with(|highlight| used(world, scene, highlight.chain.as_ref()))
            };
            picture.session.with_world(chain)
        })
    });
    let is_lit = move || picture.highlight.with(|highlight| highlight.chain.is_some());
    // What no Service is known of has no colour.
    let colours = std::iter::once(None).chain((0..SERVICE_COLOURS).map(Some));
    let wires = colours.map(|colour| {
        let class = colour.map_or_else(|| "pk-wire".to_owned(), |colour| format!("pk-wire pk-s{colour}"));
        let d = move || used.with(|used| used.get(&colour).cloned());
        view! { <path class=class class:pk-wire-lit=is_lit d=d></path> }
    });
    view! {
        <svg class="pk-wires" width="100%" height="100%" aria-hidden="true">
            <path class="pk-network" d=network></path>
            {wires.collect_view()}
            <path class="pk-port" d=ports></path>
        </svg>
    }
}
