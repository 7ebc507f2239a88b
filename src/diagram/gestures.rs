//! What pointer, wheel and keys do in the picture.

use leptos::prelude::*;
use std::rc::Rc;

use wasm_bindgen::JsCast;
use web_sys::{Event, FocusOptions, HtmlElement, KeyboardEvent, MouseEvent, PointerEvent, WheelEvent};

use super::input::{Input, On};
use crate::diagram::picture::Picture;
use crate::session::Selection;
use scene::camera::{Camera, STEP};
use scene::geometry::{Point, Rect, point};
use scene::navigation::{self, Direction};

/// How near to a packet a click has to be: a finger is less exact.
const NEAR: f64 = 10.0;
const NEAR_FINGER: f64 = 20.0;
/// A press that moved less than this is a click.
const STILL: f64 = 6.0;
const LONG_PRESS_MS: u32 = 500;

impl Input {
    pub(super) fn gesture(&self, name: &str, event: &Event, on: On) -> Option<()> {
        match name {
            "keydown" => self.key(event.dyn_ref()?, on),
            "wheel" => self.wheel(event.dyn_ref()?),
            "click" => self.click(event.dyn_ref()?, on),
            "contextmenu" => self.menu(event.dyn_ref()?, on),
            "pointerdown" => self.down(event.dyn_ref()?, on),
            "pointermove" => self.moved(event.dyn_ref()?),
            "pointerup" | "pointercancel" => self.up(event.dyn_ref()?),
            "focusin" => self.focused(on),
            _ => {}
        }
        Some(())
    }

    /// Of a client's coordinates, the place in the view.
    fn in_view(&self, x: i32, y: i32) -> Point {
        let Some(frame) = self.frame.get_untracked() else { return Point::default() };
        let rect = frame.get_bounding_client_rect();
        point(f64::from(x) - rect.x(), f64::from(y) - rect.y())
    }

    /// A packet under the pointer, else the box there.
    fn under(&self, event: &MouseEvent, on: On, near: f64) -> Option<Selection> {
        let camera = self.picture.camera.get_untracked();
        let at = camera.to_picture(self.in_view(event.client_x(), event.client_y()));
        let packet = self.hits.packet_at(at, near / camera.zoom).map(Selection::Packet);
        packet.or(on.item)
    }

    fn click(&self, event: &MouseEvent, on: On) {
        // A click from the keyboard has no position and does not end a drag.
        let of_key = event.detail() == 0;
        if self.hand.spent.take() && !of_key || on.control {
            return;
        }
        let near = if self.hand.travelled.take() < 0.0 { NEAR_FINGER } else { NEAR };
        let found = if of_key { on.item } else { self.under(event, on, near) };
        self.picture.session.select(found);
    }

    fn menu(&self, event: &MouseEvent, on: On) {
        let Some(item) = self.under(event, on, NEAR).filter(|_| !on.control) else { return };
        event.prevent_default();
        // The menu key gives no place worth having: the box's own is better.
        match event.button() {
            0 => self.menu_of(item),
            _ => self.picture.session.open_menu(item, event.client_x().into(), event.client_y().into()),
        }
    }

    /// The menu beside the box.
    fn menu_of(&self, item: Selection) {
        let Some(element) = self.element(item) else { return };
        let rect = element.get_bounding_client_rect();
        self.picture.session.open_menu(item, rect.x() + 24.0_f64.min(rect.width()), rect.y() + 28.0);
    }

    fn element(&self, item: Selection) -> Option<HtmlElement> {
        let frame = self.frame.get_untracked()?;
        let found = frame.query_selector(&format!("[data-item=\"{}\"]", navigation::code(item)));
        found.ok().flatten()?.dyn_into().ok()
    }

    fn key(&self, event: &KeyboardEvent, on: On) {
        if event.ctrl_key() || event.meta_key() || event.alt_key() {
            return;
        }
        let key = event.key();
        let done = match (key.as_str(), on.item) {
            ("ContextMenu", Some(item)) => self.acted(|| self.menu_of(item)),
            ("F10", Some(item)) if event.shift_key() => self.acted(|| self.menu_of(item)),
            ("Escape", _) if self.picture.session.selection.get_untracked().is_some() => {
                self.acted(|| self.picture.session.select(None))
            }
            ("+" | "=", _) => self.acted(|| zoom(self.picture, STEP)),
            ("-" | "_", _) => self.acted(|| zoom(self.picture, 1.0 / STEP)),
            ("0", _) => self.acted(|| fit(self.picture)),
            (_, Some(item)) => Direction::of_key(&key).is_some_and(|way| self.walk(item, way)),
            _ => false,
        };
        if done {
            event.prevent_default();
            event.stop_propagation();
        }
    }

    fn acted(&self, act: impl FnOnce()) -> bool {
        act();
        true
    }

    fn walk(&self, from: Selection, way: Direction) -> bool {
        let next = self.picture.scene.with_untracked(|s| navigation::next(&s.layout, from, way));
        if let Some(element) = next.and_then(|next| self.element(next)) {
            let options = FocusOptions::new();
            // Otherwise the browser would scroll the frame, independently of the camera.
            options.set_prevent_scroll(true);
            drop(element.focus_with_options(&options));
        }
        // Also at the picture's edge, so that the page does not scroll.
        true
    }

    /// What has the focus is shown.
    fn focused(&self, on: On) {
        let Some(item) = on.item else { return };
        if let Some(rect) = self.picture.scene.with_untracked(|s| navigation::place(&s.layout, item)) {
            self.show(rect);
        }
    }

    fn show(&self, rect: Rect) {
        let viewport = self.picture.viewport();
        let camera = self.picture.camera.get_untracked();
        let moved = camera.showing(rect, viewport);
        if moved != camera {
            self.picture.camera.set(moved);
        }
    }

    /// With Ctrl (or a pinch on a touchpad, which browsers report so): zoom. Else pan, if there is
    /// anything to pan to; a picture that fits leaves the wheel to the page.
    fn wheel(&self, event: &WheelEvent) {
        let viewport = self.picture.viewport();
        let camera = self.picture.camera.get_untracked();
        let moved = if event.ctrl_key() || event.meta_key() {
            let at = self.in_view(event.client_x(), event.client_y());
            camera.zoomed((-event.delta_y() * 0.004).exp(), at, viewport)
        } else {
            let (across, down) = camera.overflows(viewport);
            let unit = if event.delta_mode() == 0 { 1.0 } else { 24.0 };
            let (mut dx, mut dy) = (event.delta_x() * unit, event.delta_y() * unit);
            if event.shift_key() {
                (dx, dy) = (dx + dy, 0.0);
            }
            let (dx, dy) = (if across { -dx } else { 0.0 }, if down { -dy } else { 0.0 });
            if dx == 0.0 && dy == 0.0 {
                return;
            }
            camera.panned(dx, dy, viewport)
        };
        event.prevent_default();
        if moved != camera {
            self.picture.camera.set(moved);
        }
    }

    fn down(&self, event: &PointerEvent, on: On) {
        if on.control || event.button() > 1 {
            return;
        }
        let at = self.in_view(event.client_x(), event.client_y());
        let mut pointers = self.hand.pointers.borrow_mut();
        pointers.retain(|(id, _)| *id != event.pointer_id());
        pointers.push((event.pointer_id(), at));
        let finger = event.pointer_type() == "touch";
        self.hand.travelled.set(if finger { -f64::EPSILON } else { 0.0 });
        self.hand.spent.set(false);
        let pressed = self.under(event, on, NEAR_FINGER).filter(|_| finger && pointers.len() == 1);
        *self.hand.long_press.borrow_mut() = pressed.map(|item| self.press_long(item, event));
    }

    fn press_long(&self, item: Selection, event: &PointerEvent) -> gloo_timers::callback::Timeout {
        let (session, hand) = (self.picture.session, Rc::clone(&self.hand));
        let (x, y) = (event.client_x().into(), event.client_y().into());
        gloo_timers::callback::Timeout::new(LONG_PRESS_MS, move || {
            hand.spent.set(true);
            session.open_menu(item, x, y);
        })
    }

    fn moved(&self, event: &PointerEvent) {
        let at = self.in_view(event.client_x(), event.client_y());
        let mut pointers = self.hand.pointers.borrow_mut();
        let Some(index) = pointers.iter().position(|(id, _)| *id == event.pointer_id()) else { return };
        let before = pointers[index].1;
        let other = (pointers.len() == 2).then(|| pointers[1 - index].1);
        let far = self.hand.travelled.get().abs() + before.distance(at);
        let sign = if self.hand.travelled.get() < 0.0 { -1.0 } else { 1.0 };
        self.hand.travelled.set(sign * far);
        if far < STILL {
            return;
        }
        pointers[index].1 = at;
        drop(pointers);
        self.hand.long_press.take();
        self.hand.spent.set(true);
        let viewport = self.picture.viewport();
        let camera = self.picture.camera.get_untracked();
        let moved = match other {
            // Two fingers: the point between them stays between them.
            Some(other) => {
                let factor = other.distance(at) / other.distance(before).max(1.0);
                let middle = |a: Point| point((a.x + other.x) / 2.0, (a.y + other.y) / 2.0);
                let (from, to) = (middle(before), middle(at));
                camera.zoomed(factor, from, viewport).panned(to.x - from.x, to.y - from.y, viewport)
            }
            None => {
                let (across, down) = camera.overflows(viewport);
                let finger = event.pointer_type() == "touch";
                let free = |overflows: bool, d: f64| if overflows || !finger { d } else { 0.0 };
                camera.panned(free(across, at.x - before.x), free(down, at.y - before.y), viewport)
            }
        };
        if moved != camera {
            self.picture.camera.set(moved);
        }
    }

    fn up(&self, event: &PointerEvent) {
        self.hand.long_press.take();
        self.hand.pointers.borrow_mut().retain(|(id, _)| *id != event.pointer_id());
    }
}

#[derive(Clone, Copy)]
pub enum Zoom {
    In,
    Out,
    Fit,
}

pub fn zoom_by_button(picture: Picture, how: Zoom) {
    match how {
        Zoom::In => zoom(picture, STEP),
        Zoom::Out => zoom(picture, 1.0 / STEP),
        Zoom::Fit => fit(picture),
    }
}

fn zoom(picture: Picture, factor: f64) {
    let viewport = picture.viewport();
    let middle = point(viewport.view.0 / 2.0, viewport.view.1 / 2.0);
    picture.camera.update(|camera| *camera = camera.zoomed(factor, middle, viewport));
}

/// Back to where it follows the layout; from there, all of it, however small.
fn fit(picture: Picture) {
    let viewport = picture.viewport();
    picture.camera.update(|camera| {
        let fitted = Camera::fitted(viewport);
        *camera = if *camera == fitted { Camera::whole(viewport) } else { fitted };
    });
}
