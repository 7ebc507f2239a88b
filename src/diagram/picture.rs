//! The picture as signals: what there is, where it is, and what stands out.
//!
//! They are few and coarse, since computing everything again takes less than a millisecond.

use leptos::prelude::*;
use scene::camera::{Camera, Viewport};
use scene::facts::PodFacts;
use scene::{Highlight, Scene, Selection, Shown, Standing, display_tenths, navigation};
use std::sync::Arc;

use crate::session::Session;

/// Everything that the picture's parts share.
#[derive(Clone, Copy)]
pub struct Picture {
    pub session: Session,
    pub scene: Memo<Arc<Scene>>,
    pub highlight: Memo<Arc<Highlight>>,
    /// The size of the view.
    pub view: RwSignal<(f64, f64)>,
    pub camera: RwSignal<Camera>,
    /// The box where the reader was last.
    pub current: RwSignal<Option<Selection>>,
    /// Simulated time in tenths of a second, which changes only as often as the texts that show it.
    pub tenths: RwSignal<u64>,
}

impl Picture {
    pub fn new(session: Session) -> Picture {
        let view = RwSignal::new((0.0, 0.0));
        let scene = Memo::new_with_compare(
            move |before: Option<&Arc<Scene>>| {
                session.scene_rev();
                session.rules_rev();
                let shown = Shown {
                    opened: session.opened_rev(),
                    system: session.system.get(),
                    selected: session.selection.get(),
                    view: view.get(),
                };
                let before = before.map(|before| &**before).filter(|before| before.opened == shown.opened);
                session.with_world(|world| Arc::new(Scene::after(before, world, shown)))
            },
            |before, now| before.zip(now).is_none_or(|(before, now)| before.drawn() != now.drawn()),
        );
        let highlight = Memo::new(move |_| {
            session.traffic_rev();
            let (selected, hop) = (session.selection.get(), session.hop.get());
            let scene = scene.get();
            session.with_world(|world| Arc::new(Highlight::of(world, &scene.facts, selected, hop)))
        });
        let camera = RwSignal::new(Camera::default());
        let (current, tenths) = (RwSignal::new(None), RwSignal::new(0));
        Effect::new(move || {
            session.now();
            let shown = session.with_world(display_tenths);
            if shown != tenths.get_untracked() {
                tenths.set(shown);
            }
        });
        Picture { session, scene, highlight, view, camera, current, tenths }
    }

    /// A memo of a part of the scene: it notifies only when that part has changed.
    pub fn watch<T: PartialEq + Send + Sync + 'static>(
        self,
        read: impl Fn(&Scene) -> T + Send + Sync + 'static,
    ) -> Memo<T> {
        Memo::new(move |_| self.scene.with(|scene| read(scene)))
    }

    pub fn viewport(&self) -> Viewport {
        let picture = self.scene.with_untracked(|s| (s.layout.width, s.layout.height));
        Viewport { picture, view: self.view.get_untracked() }
    }

    /// A box's classes: for its role in the selection's chain, and for being hovered.
    pub fn standing(&self, item: Selection) -> String {
        let mut classes = self.highlight.with(|highlight| {
            let chain = match highlight.standing(item, self.session.selection.get()) {
                Standing::Selected => " pk-selected",
                Standing::Lit => " pk-lit",
                Standing::Dim => " pk-dim",
                Standing::Usual => "",
            };
            let hop = if highlight.hop == Some(item) { " pk-here" } else { "" };
            format!("{chain}{hop}")
        });
        if self.is_hovered(item) {
            classes.push_str(" pk-hovered");
        }
        classes
    }

    /// The box itself, in whatever view the pointer is; and the Pods of a Service that is pointed at.
    fn is_hovered(&self, item: Selection) -> bool {
        let hovered = self.session.hover.get();
        if let (Some(Selection::Service(service)), Selection::Pod(pod)) = (hovered, item) {
            let is_its =
                |pods: &[PodFacts]| pods.iter().any(|p| p.uid == pod && p.services.contains(&service));
            return self.scene.with(|scene| is_its(&scene.facts.pods));
        }
        hovered == Some(item)
    }

    /// One stop for all boxes: the one where the reader was last, while it is there; else the first.
    pub fn is_tab_stop(&self, item: Selection) -> bool {
        let current = self.current.get();
        self.scene.with(|scene| {
            let stands = current.filter(|current| navigation::place(&scene.layout, *current).is_some());
            stands.or_else(|| navigation::first(&scene.layout)) == Some(item)
        })
    }
}
