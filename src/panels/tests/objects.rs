//! The panels of objects: Service, Pod, node, Deployment, load balancer, and the lists of objects.

use crate::in_page::{InPage, deployment, node, pod, service};
use crate::panels::endpoints::EndpointsPanel;
use crate::panels::load_balancer::LoadBalancerPanel;
use crate::panels::node::NodePanel;
use crate::panels::objects::ObjectsPanel;
use crate::panels::pod::PodPanel;
use crate::panels::service::ServicePanel;
use crate::panels::start::StartPanel;
use crate::panels::workload::WorkloadPanel;
use crate::panels::yaml::YamlPanel;
use crate::session::Selection;
use crate::ui::{Dialog, Tab};
use cluster::api::{NsName, ServiceType, SessionAffinity};
use leptos::prelude::*;
use wasm_bindgen_test::wasm_bindgen_test;

async fn service_panel() -> InPage {
    InPage::mount(|world| {
        let uid = service(world, "web");
        view! { <ServicePanel uid/> }
    })
    .await
}

#[wasm_bindgen_test]
async fn a_service_says_where_it_is_called_and_who_answers() {
    let page = service_panel().await;
    let (inside, outside) = page.world(|world| {
        let service = world.store().services.get(&NsName::new("default", "web")).expect("it is there");
        (service.spec.cluster_ips[0].to_string(), service.ingress[0].ip.to_string())
    });
    page.shows(&format!("{inside} inside")).await;
    page.shows(&format!("{outside} outside")).await;
    page.shows("80/TCP → 8080").await;
    page.shows("3 of 3 Pods ready").await;
    page.shows("DNS (").await;
}

#[wasm_bindgen_test]
async fn a_service_is_made_another_type_by_its_panel() {
    let page = service_panel().await;
    assert_eq!(page.control("LoadBalancer").get_attribute("aria-pressed").as_deref(), Some("true"));
    page.press("ClusterIP").await;
    page.until("the button is pressed", || {
        page.control("ClusterIP").get_attribute("aria-pressed").as_deref() == Some("true")
    })
    .await;
    let uid = page.world(|world| service(world, "web"));
    let type_ = page.world(|world| world.store().service_by_uid(uid).map(|s| s.spec.type_));
    assert_eq!(type_, Some(ServiceType::ClusterIP));
}

#[wasm_bindgen_test]
async fn session_affinity_is_chosen_and_its_time_out_written() {
    let page = service_panel().await;
    page.press("ClientIP").await;
    page.shows("sessionAffinityConfig.clientIP.timeoutSeconds").await;
    page.write("sessionAffinityConfig.clientIP.timeoutSeconds", "0").await;
    submit(&page, "timeoutSeconds");
    page.until("the API server says why not", || {
        page.find("[role=alert].pk-fail").is_some_and(says_something)
    })
    .await;
    page.write("sessionAffinityConfig.clientIP.timeoutSeconds", "60").await;
    submit(&page, "timeoutSeconds");
    let affinity = || {
        page.world(|world| {
            let uid = service(world, "web");
            world.store().service_by_uid(uid).map(|s| s.spec.session_affinity)
        })
    };
    page.until("it is set", || affinity() == Some(SessionAffinity::ClientIP { timeout_s: 60 })).await;
}

fn says_something(element: web_sys::HtmlElement) -> bool {
    element.text_content().is_some_and(|text| !text.trim().is_empty())
}

/// What Enter in one of the form's fields does.
fn submit(page: &InPage, form: &str) {
    let form = page.find(&format!("form[aria-label='{form}']")).expect("the form is there");
    crate::in_page::dispatch(&form, "submit");
}

#[wasm_bindgen_test]
async fn a_selector_is_drafted_and_applied() {
    let page = service_panel().await;
    page.press("Take away app=web").await;
    page.write("Add or change", "app=nobody").await;
    submit(&page, "Add a label");
    page.until("the draft is shown", || page.has_control("Take away app=nobody")).await;
    assert!(page.has_control("Leave as it is"), "a draft can be left");
    let preview = page.find(".pk-preview [role=list]").expect("what it would change is said");
    assert!(says_something(preview));
    // The last of that name: policies have an Apply of their own.
    page.find(".pk-preview .pk-main").expect("Apply").click();
    let selects =
        || page.world(|world| world.store().service_by_uid(service(world, "web"))?.spec.selector.clone());
    page.until("it is applied", || selects().is_some_and(|s| s.get("app").is_some_and(|v| &**v == "nobody")))
        .await;
}

#[wasm_bindgen_test]
async fn a_pod_says_where_it_is_and_fails_its_probe_when_told_to() {
    let page = InPage::mount(|world| {
        let uid = pod(world, "web-");
        view! { <PodPanel uid/> }
    })
    .await;
    page.shows("Deployment web").await;
    let uid = page.world(|world| pod(world, "web-"));
    let ip =
        page.world(|world| world.store().pod_by_uid(uid).and_then(|pod| pod.status.pod_ip())).expect("an IP");
    page.shows(&ip.to_string()).await;
    page.press("Fail readiness").await;
    page.until("the button turns round", || page.has_control("Restore readiness")).await;
    assert_eq!(page.world(|world| world.pod_runtime(uid).map(|pod| pod.passes_readiness())), Some(false));
}

#[wasm_bindgen_test]
async fn a_pod_that_is_deleted_is_said_to_go() {
    let page = InPage::mount(|world| {
        let uid = pod(world, "web-");
        view! { <PodPanel uid/> }
    })
    .await;
    page.press("Delete (with its grace period)").await;
    page.shows("Terminating").await;
}

#[wasm_bindgen_test]
async fn a_node_is_cordoned_and_switched_off() {
    let page = InPage::mount(|world| {
        let uid = node(world, "node-1");
        view! { <NodePanel uid/> }
    })
    .await;
    page.shows("Ready").await;
    page.shows("conntrack -L (").await;
    page.press("Cordon (no new Pods here)").await;
    page.shows("Cordoned").await;
    page.press("Power off").await;
    page.shows("Power off").await;
    assert_eq!(page.world(|world| world.machine_named("node-1").map(|machine| machine.power)), Some(false));
}

#[wasm_bindgen_test]
async fn a_deployment_is_scaled_by_its_stepper() {
    let page = InPage::mount(|world| {
        let uid = deployment(world, "web");
        view! { <WorkloadPanel uid/> }
    })
    .await;
    page.shows("3 of 3").await;
    page.press("One replica more of web").await;
    page.shows("of 4").await;
    let replicas = page.world(|world| {
        let uid = deployment(world, "web");
        world.store().deployment_by_uid(uid).map(|d| d.spec.replicas)
    });
    assert_eq!(replicas, Some(4));
}

#[wasm_bindgen_test]
async fn a_deployment_gets_another_image_and_is_restarted_and_paused() {
    let page = InPage::mount(|world| {
        let uid = deployment(world, "web");
        view! { <WorkloadPanel uid/> }
    })
    .await;
    page.write("Container web", "nginx:2").await;
    submit(&page, "Image");
    let image = || {
        page.world(|world| {
            let deployment = world.store().deployment_by_uid(deployment(world, "web")).expect("it is there");
            deployment.spec.template.spec.containers[0].image.to_string()
        })
    };
    page.until("it has the image", || image() == "nginx:2").await;
    page.press("Restart it (new Pods)").await;
    page.press("Pause the rollout of it").await;
    page.shows("Paused").await;
    assert!(!page.has_control("Restart it (new Pods)"), "it would be refused");
    page.press("Resume the rollout of it").await;
    page.until("it goes on", || !page.text().contains("Paused")).await;
}

#[wasm_bindgen_test]
async fn what_a_pod_needs_is_made_missing_by_one_click() {
    let page = InPage::mount(|world| {
        let uid = pod(world, "web-");
        view! { <PodPanel uid/> }
    })
    .await;
    page.shows("image nginx: taken to be there to pull.").await;
    page.press("Make image nginx missing").await;
    page.until("the button turns round", || page.has_control("Bring image nginx")).await;
    page.shows("image nginx: said to be missing.").await;
}

/// A Service whose selector just misses, and one whose port is not declared.
const TROUBLED: &str = "{apiVersion: v1, kind: Pod, metadata: {name: p, labels: {app: web}}, spec: {containers: \
    [{name: c, image: i, ports: [{containerPort: 9000}]}]}}\n---\n\
    {apiVersion: v1, kind: Service, metadata: {name: undeclared}, spec: {selector: {app: web}, ports: \
    [{port: 80, targetPort: 8080}]}}\n---\n\
    {apiVersion: v1, kind: Service, metadata: {name: hostless}, spec: {selector: {app: web}, ports: \
    [{port: 80, targetPort: http}]}}\n---\n\
    {apiVersion: packetyard/v1alpha1, kind: Scenario, spec: {clients: [], at: 30s}}\n";

#[wasm_bindgen_test]
async fn an_empty_service_says_why_in_its_panels() {
    let page = InPage::mount_over(TROUBLED, |world| {
        let uid = service(world, "hostless");
        view! {
            <ServicePanel uid/>
            <EndpointsPanel uid/>
        }
    })
    .await;
    page.shows("For its port 80 no Pod has a port named http; they name none.").await;
    assert_eq!(page.count("p.pk-fail"), 2, "the panel of its endpoints says it too");
}

#[wasm_bindgen_test]
async fn a_port_that_is_not_declared_is_served_by_one_click() {
    let page = InPage::mount_over(TROUBLED, |world| {
        let uid = service(world, "undeclared");
        view! { <ServicePanel uid/> }
    })
    .await;
    page.shows("Service undeclared asks port 8080 of Pod p: others are declared").await;
    page.press("Serve 8080").await;
    page.until("the button turns round", || page.has_control("Refuse 8080")).await;
}

#[wasm_bindgen_test]
async fn the_start_lists_services_that_lack_endpoints_and_what_is_assumed() {
    let page = InPage::mount_over(TROUBLED, |_| view! { <StartPanel/> }).await;
    page.shows("Services that lack endpoints").await;
    page.shows("Ports that are not declared (1)").await;
    page.shows("Taken to be there, or missing (1)").await;
}

#[wasm_bindgen_test]
async fn a_load_balancer_says_which_nodes_are_healthy() {
    let page = InPage::mount(|world| {
        let service = service(world, "web");
        view! { <LoadBalancerPanel service/> }
    })
    .await;
    page.shows("ipMode VIP").await;
    page.shows("node-1").await;
    page.shows("healthy").await;
    page.press("Service web").await;
    let uid = page.world(|world| service(world, "web"));
    assert_eq!(page.session.selection.get_untracked(), Some(Selection::Service(uid)));
}

#[wasm_bindgen_test]
async fn endpoints_are_listed_with_their_conditions() {
    let page = InPage::mount(|world| {
        let uid = service(world, "web");
        view! { <EndpointsPanel uid/> }
    })
    .await;
    page.shows("ready, serving").await;
    assert_eq!(page.count("tbody tr"), 3, "a row for each endpoint");
}

#[wasm_bindgen_test]
async fn objects_are_listed_by_kind_and_a_node_can_be_added() {
    let page = InPage::mount(|_| view! { <ObjectsPanel/> }).await;
    page.shows("Kept, not simulated").await;
    page.shows("ConfigMap settings").await;
    page.shows("4 Pods").await;
    page.press("DNS and API server").await;
    page.shows("6 Pods").await;
    page.shows("kube-system/kube-dns").await;
    page.press("DNS and API server").await;
    page.shows("4 Pods").await;
    let nodes = || page.world(|world| world.machines().len());
    let before = nodes();
    page.press("Add a node").await;
    page.until("there is one more", || nodes() == before + 1).await;
    page.press("Add a client …").await;
    assert_eq!(page.ui.dialog.get_untracked(), Some(Dialog::AddClient));
}

#[wasm_bindgen_test]
async fn an_object_is_printed_as_yaml() {
    let page = InPage::mount(|world| {
        let uid = service(world, "web");
        view! { <YamlPanel uid/> }
    })
    .await;
    page.shows("kind: Service").await;
    page.shows("clusterIP:").await;
}

#[wasm_bindgen_test]
async fn with_nothing_selected_it_is_said_what_there_is() {
    let page = InPage::mount(|_| view! { <StartPanel/> }).await;
    page.shows("1 Service and 4 Pods.").await;
    page.shows("1 object kept, not simulated.").await;
    page.press("Show every object").await;
    assert_eq!(page.ui.tab.get_untracked(), Tab::Objects);
}
