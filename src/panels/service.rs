//! A Service: its type, its addresses and ports, whom it selects, and how its calls end.

use super::assumed::AskedPorts;
use super::endpoints::why_empty;
use super::if_exists::IfExists;
use super::label_editor::LabelEditor;
use super::membership::{pods_of, preview_selector};
use super::menu_items::types_for;
use super::policies::Policies;
use super::select_link::SelectLink;
use super::workload::{ReplicaStepper, is_scaled};
use crate::components::{Choice, Details, Fact, Facts, Listing};
use crate::session::{Session, selection_of};
use crate::text::count;
use crate::ui::Ui;
use cluster::api::{
    Action, CloudProvider, Labels, ObjectRef, Service, ServicePort, ServiceType, TargetPort, Uid,
};
use cluster::sim::World;
use cluster::traffic::Counts;
use leptos::prelude::*;
use std::sync::Arc;

#[component]
pub fn ServicePanel(uid: Uid) -> impl IntoView {
    let session = expect_context::<Session>();
    let service = session.watch_scene(move |world| world.store().service_by_uid(uid).cloned());
    view! {
        <IfExists gone="This Service is gone." object=service let:service>
            <ServiceFacts uid service/>
            <Asked service/>
            <DnsRecords service/>
            <Policies service/>
            <Selector service/>
        </IfExists>
    }
}

#[component]
fn ServiceFacts(uid: Uid, service: Memo<Arc<Service>>) -> impl IntoView {
    let session = expect_context::<Session>();
    let types = Memo::new(move |_| types_for(&service.read()));
    let endpoints = session.watch_scene(move |world| ready_of(world, uid));
    let empty = session.watch_scene(move |world| why_empty(world, uid));
    let requests = session.watch_traffic(move |world| {
        let counts = world.traffic().stats.services.get(&service.read_untracked().meta.key());
        counts.map_or_else(|| "none yet".into(), counted)
    });
    view! {
        // Too wide to stand beside its name.
        <Show when=move || !types.read().is_empty()>
            <TypeChoice service/>
        </Show>
        <Facts>
            <Show when=move || types.read().is_empty()>
                <Fact name="Type">{move || fixed_type(&service.read())}</Fact>
            </Show>
            <Fact name="Addresses">
                <Addresses service/>
            </Fact>
            <Fact name="Ports">
                <div>
                    {move || codes(service.read().spec.ports.iter().map(port))}
                </div>
            </Fact>
            <Fact name="Endpoints">
                <div class="pk-lines">
                    <span>{endpoints}</span>
                    <ShowLet some=empty let:why>
                        <span class="pk-fail">{why}</span>
                    </ShowLet>
                </div>
            </Fact>
            <Fact name="Requests">{requests}</Fact>
            <Fact name="Pods from">
                <Workloads uid/>
            </Fact>
        </Facts>
    }
}

/// `2 of 3 Pods ready`
fn ready_of(world: &World, service: Uid) -> String {
    let pods =
        world.store().service_by_uid(service).map(|service| pods_of(world, service)).unwrap_or_default();
    let ready = pods.iter().filter(|pod| pod.status.is_ready()).count();
    format!("{ready} of {} Pods ready", pods.len())
}

fn fixed_type(service: &Service) -> &'static str {
    if service.spec.headless { "headless" } else { service.spec.type_.as_str() }
}

#[component]
fn TypeChoice(service: Memo<Arc<Service>>) -> impl IntoView {
    let session = expect_context::<Session>();
    let types = types_for(&service.read_untracked()).iter().map(|type_| (*type_, type_.as_str())).collect();
    let choose = move |type_: ServiceType| {
        session.act(Action::SetServiceType { service: service.read_untracked().meta.key(), type_ });
    };
    view! {
        <div class="pk-policies">
            <div class="pk-lines">
                <span class="pk-muted">"Type"</span>
                <span class="pk-row">
                    <Choice
                        name="Type"
                        options=types
                        chosen=Signal::derive(move || Some(service.read().spec.type_))
                        on_choose=choose
                    />
                </span>
            </div>
        </div>
    }
}

#[component]
fn Addresses(service: Memo<Arc<Service>>) -> impl IntoView {
    let session = expect_context::<Session>();
    let cloud = session.watch_scene(|world| world.config().cloud.clone());
    let answers = session.watch_scene(move |world| {
        let assigned = world.pool().assigned.get(&service.read_untracked().meta.key())?;
        Some(
            assigned
                .node
                .and_then(|node| world.node_name(node))
                .map_or_else(|| "no node answers for it".to_owned(), |node| format!("{node} answers for it")),
        )
    });
    view! {
        <div class="pk-lines">
            {move || codes(addresses(&service.read()).into_iter())}
            {move || {
                no_address(&service.read(), &cloud.read()).map(|why| view! { <span class="pk-muted">{why}</span> })
            }}
            {move || answers.get().map(|who| view! { <span class="pk-muted">{who}</span> })}
        </div>
    }
}

fn addresses(service: &Service) -> Vec<String> {
    let spec = &service.spec;
    let inside = spec.cluster_ips.iter().map(|ip| format!("{ip} inside"));
    let outside = service.ingress.iter().map(|ingress| format!("{} outside", ingress.ip));
    let external = spec.external_ips.iter().map(|ip| format!("{ip} external IP"));
    inside.chain(outside).chain(external).collect()
}

/// What is missing, or that nothing is there to call.
fn no_address(service: &Service, cloud: &CloudProvider) -> Option<&'static str> {
    if service.spec.type_ == ServiceType::LoadBalancer && service.ingress.is_empty() {
        return Some(match cloud {
            CloudProvider::Vip | CloudProvider::Proxy => "the cloud is still making a load balancer",
            CloudProvider::AddressPool(_) => "<pending> outside: the address pool has none for it",
            CloudProvider::None => "<pending> outside: the cluster is in no cloud",
        });
    }
    let none = if service.spec.headless { "none: headless" } else { "none" };
    addresses(service).is_empty().then_some(none)
}

fn codes(texts: impl Iterator<Item = String>) -> Vec<AnyView> {
    texts.map(|text| view! { <code class="pk-mono">{text}</code> }.into_any()).collect()
}

/// `80/TCP → 8080, node port 30080`
fn port(port: &ServicePort) -> String {
    let target = match &port.target_port {
        TargetPort::Number(number) => number.to_string(),
        TargetPort::Name(name) => name.to_string(),
    };
    let name = if port.name.is_empty() { String::new() } else { format!("{} ", port.name) };
    let node = if port.node_port == 0 { String::new() } else { format!(", node port {}", port.node_port) };
    format!("{name}{}/{} → {target}{node}", port.port, port.protocol.as_str())
}

/// `120 sent, 97.5 % delivered, 3 failed`
pub fn counted(counts: &Counts) -> String {
    let share = counts.permille_delivered().map(|p| format!(", {}.{} % delivered", p / 10, p % 10));
    let failed = match counts.failed() {
        0 => String::new(),
        n => format!(", {n} failed"),
    };
    format!("{} sent{}{failed}", counts.sent, share.unwrap_or_default())
}

/// The workloads whose Pods it selects.
#[component]
fn Workloads(uid: Uid) -> impl IntoView {
    let session = expect_context::<Session>();
    let workloads = session.watch_scene(move |world| workloads(world, uid));
    view! {
        <Show when=move || !workloads.read().is_empty() fallback=|| "no workload">
            <div class="pk-lines">
                <For each=move || workloads.get() key=|(object, uid)| (object.clone(), *uid) let((object, uid))>
                    <span class="pk-row">
                        <SelectLink to=selection_of(&object.kind, uid)>{object.name.to_string()}</SelectLink>
                        {is_scaled(&object.kind).then(|| view! { <ReplicaStepper uid/> })}
                    </span>
                </For>
            </div>
        </Show>
    }
}

fn workloads(world: &World, service: Uid) -> Vec<(ObjectRef, Uid)> {
    let service = world.store().service_by_uid(service);
    service.map(|service| world.store().workloads_of(service)).unwrap_or_default()
}

/// Ports that its Pods do not declare.
#[component]
fn Asked(service: Memo<Arc<Service>>) -> impl IntoView {
    let session = expect_context::<Session>();
    let asked = session.watch_scene(move |world| world.ports_asked_by(&service.read()));
    view! {
        <Show when=move || !asked.read().is_empty()>
            <div class="pk-section">
                <h3 class="pk-heading">"Ports that its Pods do not declare"</h3>
                <AskedPorts asked/>
            </div>
        </Show>
    }
}

/// The records that a client finds it by.
#[component]
fn DnsRecords(service: Memo<Arc<Service>>) -> impl IntoView {
    let (session, ui) = (expect_context::<Session>(), expect_context::<Ui>());
    let records = session.watch_scene(move |world| {
        world.dns_records(&service.read()).iter().map(ToString::to_string).collect::<Vec<_>>()
    });
    view! {
        <Details summary=move || format!("DNS ({})", count(records.read().len(), "record")) open=ui.dns_open>
            <Show
                when=move || !records.read().is_empty()
                fallback=|| view! { <p class="pk-muted">"No such name: no endpoint is ready."</p> }
            >
                <Listing name="DNS records" text=move || records.read().join("\n")/>
            </Show>
        </Details>
    }
}

#[component]
fn Selector(service: Memo<Arc<Service>>) -> impl IntoView {
    let session = expect_context::<Session>();
    let preview = move |selector: Labels| {
        session.scene_rev();
        session.with_world(|world| preview_selector(world, &service.read(), &selector))
    };
    let apply = move |selector| {
        session.act(Action::SetSelector { service: service.read_untracked().meta.key(), selector })
    };
    view! {
        <LabelEditor
            name="Selector"
            labels=Signal::derive(move || service.read().spec.selector.clone().unwrap_or_default())
            preview
            on_apply=apply
        />
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use netfilter::Protocol;

    #[test]
    fn ports_read_as_kubectl_has_them() {
        let mut p = ServicePort {
            name: "".into(),
            protocol: Protocol::Tcp,
            port: 80,
            target_port: TargetPort::Number(8080),
            node_port: 0,
            app_protocol: None,
        };
        assert_eq!(port(&p), "80/TCP → 8080");
        p.name = "http".into();
        p.node_port = 30080;
        p.target_port = TargetPort::Name("web".into());
        assert_eq!(port(&p), "http 80/TCP → web, node port 30080");
    }

    #[test]
    fn counts_say_what_failed() {
        let counts = Counts { sent: 10, delivered: 6, refused: 2, ..Counts::default() };
        assert_eq!(counted(&counts), "10 sent, 75.0 % delivered, 2 failed");
        assert_eq!(counted(&Counts::default()), "0 sent");
    }
}
