//! What is behind the boxes: the cluster's edge and the names of the lanes.

use leptos::prelude::*;

use super::card::Placed;
use crate::diagram::picture::Picture;
use scene::geometry::Rect;
use scene::layout::{Form, Layout};
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
    let waiting = picture.watch(|scene| waiting(&scene.layout));
    view! {
        <Placed class="pk-cluster" place=cluster>
            <div class="pk-cluster-title">
                <span class="pk-lane-title">{words::CLUSTER}</span>
                <span class="pk-note">{ranges}</span>
            </div>
        </Placed>
        <Placed class="pk-outside-title" place=move || picture.scene.with(|scene| outside(&scene.layout))>
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

/// Where the name of the lane outside stands.
fn outside(layout: &Layout) -> Rect {
    let cluster = layout.cluster;
    match layout.form {
        Form::Wide => Rect { x: 16.0, y: cluster.y + 9.0, w: cluster.x - 40.0, h: 90.0 },
        Form::Narrow => Rect { x: cluster.x, y: 8.0, w: cluster.w, h: 20.0 },
    }
}

/// Where the name of the lane of waiting Pods stands, where there are any.
fn waiting(layout: &Layout) -> Option<Rect> {
    let (_, first) = layout.waiting.first()?;
    Some(Rect { y: first.y - 24.0, h: 20.0, w: 260.0, ..*first })
}
