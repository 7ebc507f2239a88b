//! What is behind the boxes: the cluster's edge and the names of the lanes.

use leptos::prelude::*;

use super::card::Placed;
use crate::diagram::picture::Picture;
use scene::layout::OutsideForm;
use scene::words;

#[component]
pub fn Frames() -> impl IntoView {
    let picture = expect_context::<Picture>();
    let cluster = move || picture.scene.with(|scene| scene.layout.cluster);
    let ranges = move || {
        picture.scene.with(|scene| words::ranges(&scene.facts.pod_ranges, &scene.facts.service_ranges))
    };
    let is_nobody_outside =
        move || picture.scene.with(|s| s.layout.clients.is_empty() && s.layout.balancers.is_empty());
    let is_slim = move || picture.scene.with(|scene| scene.layout.outside == OutsideForm::Slim);
    let waiting = picture.watch(|scene| scene.layout.waiting_title());
    view! {
        <Placed class="pk-cluster" place=cluster>
            <div class="pk-cluster-title" class:pk-cluster-slim=is_slim>
                <span class="pk-lane-title">{words::CLUSTER}</span>
                <span class="pk-note">{ranges}</span>
            </div>
        </Placed>
        <Placed class="pk-outside-title" place=move || picture.scene.with(|scene| scene.layout.outside_title())>
            <span class="pk-lane-title">{words::OUTSIDE}</span>
            <Show when=is_nobody_outside>
                <span class="pk-note">{words::NOBODY_OUTSIDE}</span>
            </Show>
        </Placed>
        <Show when=move || waiting.get().is_some()>
            <Placed class="pk-lane-title" place=move || waiting.get().unwrap_or_default()>
                <span>{words::WAITING_FOR_A_NODE}</span>
            </Placed>
        </Show>
    }
}
