//! Mounts a single part of the app in a page, for the tests that wasm-pack runs in browsers.

use crate::session::{Session, Source, StartMode, Text};
use crate::ui::Ui;
use cluster::api::{NsName, Uid, parse};
use cluster::sim::{Run, World};
use js_sys::Promise;
use leptos::mount::mount_to;
use leptos::prelude::*;
use std::any::Any;
use std::cell::Cell;
use std::rc::Rc;
use wasm_bindgen::JsCast;
use wasm_bindgen_futures::JsFuture;
use web_sys::{
    Element, Event, EventInit, HtmlElement, HtmlInputElement, HtmlTextAreaElement, KeyboardEvent,
    KeyboardEventInit,
};

wasm_bindgen_test::wasm_bindgen_test_configure!(run_in_browser);

/// Three Pods behind a Service of type LoadBalancer, called from outside and from a Pod; and an object that is kept
/// only. It stands still, ten seconds in, while requests are on their way.
pub const CLUSTER: &str = include_str!("in_page.yaml");

/// A component in an element of its own, over a run that stands still.
pub struct InPage {
    pub session: Session,
    pub ui: Ui,
    pub element: HtmlElement,
    _mounted: Box<dyn Any>,
}

impl Drop for InPage {
    fn drop(&mut self) {
        self.element.remove();
    }
}

impl InPage {
    /// Mounts what `part` makes of the run of [`CLUSTER`].
    pub async fn mount<V: IntoView + 'static>(part: impl FnOnce(&World) -> V + 'static) -> InPage {
        InPage::mount_over(CLUSTER, part).await
    }

    pub async fn mount_over<V: IntoView + 'static>(
        manifest: &'static str,
        part: impl FnOnce(&World) -> V + 'static,
    ) -> InPage {
        let element = document().create_element("div").expect("an element").unchecked_into::<HtmlElement>();
        document().body().expect("a body").append_child(&element).expect("appended");
        let contexts = Rc::new(Cell::new(None));
        let told = Rc::clone(&contexts);
        let mounted = mount_to(element.clone(), move || {
            let (session, ui) = (Session::new(None, None), Ui::default());
            provide_context(session);
            provide_context(ui);
            session.start_frames();
            session.notices.set_refusal_words(crate::text::refusal);
            let manifest = parse(manifest);
            assert_eq!(manifest.diagnostics, [], "the test's manifests are without fault");
            let (run, _) = Run::new(&manifest, None);
            session.open_run(run, Source::read("test", Text::BuiltIn, &manifest), StartMode::Paused);
            told.set(Some((session, ui)));
            session.with_world(part)
        });
        let (session, ui) = contexts.take().expect("it was mounted");
        let page = InPage { session, ui, element, _mounted: Box::new(mounted) };
        // Effects run once before anything is done.
        frame().await;
        page.until("it stands", || page.session.motion_or_gone() == Some(crate::session::Motion::Paused))
            .await;
        page
    }

    /// The notices on show.
    pub fn said(&self) -> Vec<String> {
        let notices = self.session.notices;
        notices.shown().iter().map(|notice| notices.text(&notice.said)).collect()
    }

    pub fn text(&self) -> String {
        self.element.text_content().unwrap_or_default()
    }

    /// Waits until this text is shown.
    pub async fn shows(&self, words: &str) {
        for _ in 0..FRAMES {
            if self.text().contains(words) {
                return;
            }
            frame().await;
        }
        panic!("it shows “{words}”; it shows: {}", self.text());
    }

    pub async fn until(&self, what: &str, mut holds: impl FnMut() -> bool) {
        for _ in 0..FRAMES {
            if holds() {
                return;
            }
            frame().await;
        }
        panic!("{what}; it shows: {}", self.text());
    }

    pub fn find(&self, selector: &str) -> Option<HtmlElement> {
        self.element.query_selector(selector).expect("a selector").map(JsCast::unchecked_into)
    }

    pub fn count(&self, selector: &str) -> u32 {
        self.element.query_selector_all(selector).expect("a selector").length()
    }

    /// The control of this name, as a screen reader has it: its `aria-label`, else what it says.
    pub fn control(&self, name: &str) -> HtmlElement {
        let all = self.element.query_selector_all(CONTROLS).expect("a selector");
        let mut all =
            (0..all.length()).filter_map(|at| all.get(at)).map(JsCast::unchecked_into::<HtmlElement>);
        let found = all.find(|control| self::name(control) == name);
        found.unwrap_or_else(|| panic!("there is a control “{name}” in: {}", self.text()))
    }

    pub fn has_control(&self, name: &str) -> bool {
        let all = self.element.query_selector_all(CONTROLS).expect("a selector");
        (0..all.length())
            .filter_map(|at| all.get(at))
            .any(|control| self::name(control.unchecked_ref()) == name)
    }

    pub async fn press(&self, name: &str) {
        self.control(name).click();
        frame().await;
    }

    /// Writes into the field of this label, or chooses in the list of this name.
    pub async fn write(&self, name: &str, text: &str) {
        let field = self.control(name);
        let event = if let Some(input) = field.dyn_ref::<HtmlInputElement>() {
            input.set_value(text);
            "input"
        } else if let Some(area) = field.dyn_ref::<HtmlTextAreaElement>() {
            area.set_value(text);
            "input"
        } else {
            field.unchecked_ref::<web_sys::HtmlSelectElement>().set_value(text);
            "change"
        };
        dispatch(&field, event);
        frame().await;
    }

    pub fn world<R>(&self, read: impl FnOnce(&World) -> R) -> R {
        self.session.with_world(read)
    }
}

const FRAMES: u32 = 300;

const CONTROLS: &str =
    "button, summary, input, textarea, select, a, [role=menuitem], [role=group], [role=region]";

fn name(control: &HtmlElement) -> String {
    if let Some(label) = control.get_attribute("aria-label") {
        return label;
    }
    let label = control.closest("label").expect("a selector");
    let label = label.and_then(|label| label.query_selector("span").expect("a selector"));
    said(label.as_ref().unwrap_or(control)).trim().to_string()
}

/// The text of an element without parts that are hidden from screen readers.
fn said(element: &Element) -> String {
    let nodes = element.child_nodes();
    let nodes = (0..nodes.length()).filter_map(|at| nodes.get(at));
    nodes
        .map(|node| match node.dyn_ref::<Element>() {
            Some(hidden) if hidden.get_attribute("aria-hidden").as_deref() == Some("true") => String::new(),
            Some(element) => said(element),
            None if node.node_type() == web_sys::Node::TEXT_NODE => node.text_content().unwrap_or_default(),
            None => String::new(),
        })
        .collect()
}

pub fn dispatch(target: &Element, event: &str) {
    let init = EventInit::new();
    init.set_bubbles(true);
    let event = Event::new_with_event_init_dict(event, &init).expect("an event");
    target.dispatch_event(&event).expect("dispatched");
}

/// A key is pressed while `target` has the focus.
pub fn key_down(target: &Element, key: &str) {
    key_down_with(target, key, &KeyboardEventInit::new());
}

/// The same with Ctrl, Shift or another key of `init`.
pub fn key_down_with(target: &Element, key: &str, init: &KeyboardEventInit) {
    init.set_bubbles(true);
    init.set_cancelable(true);
    init.set_key(key);
    let event = KeyboardEvent::new_with_keyboard_event_init_dict("keydown", init).expect("an event");
    target.dispatch_event(&event).expect("dispatched");
}

/// The page's next frame.
pub async fn frame() {
    let frame = Promise::new(&mut |resolve, _| {
        window().request_animation_frame(&resolve).expect("a frame is promised");
    });
    JsFuture::from(frame).await.expect("a frame");
}

pub fn service(world: &World, name: &str) -> Uid {
    world.store().services.get(&NsName::new("default", name)).expect("the Service is there").meta.uid
}

pub fn deployment(world: &World, name: &str) -> Uid {
    world.store().deployments.get(&NsName::new("default", name)).expect("the Deployment is there").meta.uid
}

/// The first Pod whose name begins so.
pub fn pod(world: &World, name: &str) -> Uid {
    let mut pods = world.store().pods.iter().filter(|pod| pod.meta.name.starts_with(name));
    pods.next().expect("the Pod is there").meta.uid
}

pub fn node(world: &World, name: &str) -> Uid {
    world.machine_named(name).expect("the node is there").uid
}
