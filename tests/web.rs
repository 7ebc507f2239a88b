//! The app in a real browser: `cargo xtask test web`.
#![cfg(target_arch = "wasm32")]

use wasm_bindgen::JsCast;
use wasm_bindgen_test::{wasm_bindgen_test, wasm_bindgen_test_configure};
use web_sys::HtmlElement;

wasm_bindgen_test_configure!(run_in_browser);

/// A lab in an element of its own, as boot.js mounts it.
fn mounted() -> HtmlElement {
    let document = web_sys::window().and_then(|window| window.document()).expect("a document");
    let element = document.create_element("div").expect("an element").unchecked_into::<HtmlElement>();
    document.body().expect("a body").append_child(&element).expect("appended");
    packetyard::mount(element.clone(), "{}".into(), None).expect("mounted");
    element
}

#[wasm_bindgen_test]
fn a_lab_is_inside_its_own_shadow_root() {
    let element = mounted();
    let shadow = element.shadow_root().expect("a shadow root");
    assert!(shadow.query_selector("h1").expect("a selector").is_some());
    assert_eq!(element.child_element_count(), 0, "nothing is left beside the shadow root");
}

#[wasm_bindgen_test]
fn two_labs_do_not_share_their_content() {
    let (one, two) = (mounted(), mounted());
    assert!(!one.shadow_root().is_some_and(|root| Some(root) == two.shadow_root()));
}

/// The same seed is the same run here as on the machine that wrote the expectation.
#[wasm_bindgen_test]
fn a_run_has_the_hash_that_it_has_natively() {
    let manifest = cluster::api::parse(include_str!("../crates/cluster/tests/golden/web.yaml"));
    let (mut run, refusals) = cluster::sim::Run::new(&manifest, Some(7));
    assert!(refusals.is_empty());
    run.advance_to(cluster::sim::Time(30_000_000_000), u64::MAX);
    let expected = include_str!("../crates/cluster/tests/golden/web.hash");
    assert_eq!(format!("{:016x}", run.world().hash()), expected.trim());
}
