//! The context menu alone in a page.

use super::*;
use crate::in_page::{InPage, node, service};
use crate::ui::Tab;
use wasm_bindgen_test::wasm_bindgen_test;

async fn menu(of: impl FnOnce(&cluster::sim::World) -> Selection + 'static) -> InPage {
    InPage::mount(move |world| {
        let (lab, at) = (NodeRef::<Div>::new(), MenuAt { of: of(world), x: 20.0, y: 20.0 });
        view! { <div node_ref=lab>{context_menu(lab, at)}</div> }
    })
    .await
}

#[wasm_bindgen_test]
async fn what_a_node_offers_is_done_to_it() {
    let page = menu(|world| Selection::Node(node(world, "node-1"))).await;
    assert!(page.count("[role=menuitem]") > 5);
    page.press("Power off").await;
    assert_eq!(page.world(|world| world.machine_named("node-1").map(|node| node.power)), Some(false));
}

#[wasm_bindgen_test]
async fn what_a_service_offers_to_show_is_shown() {
    let page = menu(|world| Selection::Service(service(world, "web"))).await;
    page.press("Show its rules").await;
    assert_eq!(page.ui.tab.get_untracked(), Tab::Rules);
    assert!(page.session.selection.get_untracked().is_some(), "it is selected");
}

#[wasm_bindgen_test]
async fn what_a_pod_offers_is_done_to_its_workload_too() {
    let page = menu(|world| Selection::Pod(crate::in_page::pod(world, "web-"))).await;
    page.press("Restart Deployment web (new Pods)").await;
    let restarted = page.world(|world| {
        let web = crate::in_page::deployment(world, "web");
        world.store().deployment_by_uid(web).is_some_and(|d| d.meta.generation == 2)
    });
    assert!(restarted);
}
