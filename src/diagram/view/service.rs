//! Services. They are drawn dashed, since a Service is no process and no packet passes through it.

use cluster::api::{Action, ServiceType, Uid};
use leptos::prelude::*;

use super::assumed::{AssumedChip, AssumedPort};
use super::card::{Card, CardBody, part};
use crate::components::aria_bool;
use crate::diagram::picture::Picture;
use crate::session::Selection;
use scene::Scene;
use scene::facts::{ServiceFacts, ServiceForm};
use scene::geometry::Rect;
use scene::layout::CardForm;
use scene::marks::Mark;
use scene::words;

/// What the card of a Service shows.
#[derive(Clone, PartialEq)]
struct Shown {
    service: ServiceFacts,
    mark: Mark,
    place: Rect,
    form: CardForm,
    /// The nodes show their rules for it.
    is_focus: bool,
}

impl Shown {
    fn of(scene: &Scene, uid: Uid) -> Option<Shown> {
        Some(Shown {
            service: scene.facts.services.iter().find(|service| service.uid == uid)?.clone(),
            mark: scene.mark(uid)?.clone(),
            place: scene.layout.service(uid)?,
            form: scene.layout.card,
            is_focus: scene.focus == Some(uid),
        })
    }

    fn class(&self) -> String {
        let form = match self.form {
            CardForm::Broad => "broad",
            CardForm::Tall => "tall",
            CardForm::Small => "small",
            CardForm::Chip => "chip",
        };
        let focus = if self.is_focus { " pk-focus" } else { "" };
        format!("pk-service pk-service-{form} {}{focus}", self.mark.class())
    }

    fn name(&self) -> String {
        // 13 px bold: about 8 px for each letter.
        words::shorten(&self.service.key.name, ((self.place.w - 48.0) / 8.2) as usize)
    }

    /// Nobody, or nobody at one of its ports, can be called.
    fn is_down(&self) -> bool {
        self.service.missing.iter().any(|missing| missing.serving == 0)
    }

    fn label(&self) -> String {
        words::service_label(&self.service, &self.trouble())
    }

    /// Where it lacks endpoints, and why; and what is assumed of its Pods.
    fn trouble(&self) -> Vec<String> {
        let missing = self.service.missing.iter().map(::words::no_endpoints);
        missing.chain(self.service.assumed.iter().map(::words::asked_port)).collect()
    }

    /// How many endpoints are ready, or why none is.
    fn endpoints(&self, counted: fn(&ServiceFacts) -> String) -> String {
        match self.service.missing.first() {
            Some(missing) => ::words::no_endpoints(missing),
            None => counted(&self.service),
        }
    }

    /// A port that it asks and that its Pods do not declare.
    fn assumed(&self) -> Option<AssumedPort> {
        AssumedPort::of(&self.service.assumed)
    }

    /// Whether its type can be changed on the card.
    fn has_types(&self) -> bool {
        let has_room = matches!(self.form, CardForm::Broad | CardForm::Tall);
        has_room && self.service.form == ServiceForm::Virtual
    }
}

#[component]
pub fn ServiceCard(uid: Uid) -> impl IntoView {
    let picture = expect_context::<Picture>();
    let shown = picture.watch(move |scene| Shown::of(scene, uid));
    let form = picture.watch(|scene| scene.layout.card);
    let lines = move || match form.get() {
        CardForm::Broad => view! { <BroadLines shown/> }.into_any(),
        CardForm::Tall => view! { <TallLines shown/> }.into_any(),
        CardForm::Small => view! { <SmallLines shown/> }.into_any(),
        CardForm::Chip => view! { <div class="pk-line"><Title shown/></div> }.into_any(),
    };
    view! {
        <Card
            item=Selection::Service(uid)
            class=part(shown, Shown::class)
            label=part(shown, Shown::label)
            place=part(shown, |s| s.place)
            hint=part(shown, |s| Some(s.trouble().join("\n")).filter(|said| !said.is_empty()))
        >
            <CardBody>{lines}</CardBody>
            <Show when=part(shown, Shown::has_types)>
                <TypeSwitch uid shown/>
            </Show>
        </Card>
    }
}

type Of = Memo<Option<Shown>>;

#[component]
fn BroadLines(shown: Of) -> impl IntoView {
    let selector = part(shown, |s| s.service.selector.first().cloned());
    view! {
        <div class="pk-line">
            <Title shown/>
            <span class="pk-ip">{part(shown, |s| words::address(&s.service))}</span>
            <WaysIn shown/>
        </div>
        <div class="pk-line pk-beside">
            <Ready shown words=part(shown, |s| s.endpoints(words::endpoints))/>
            {move || selector().map(|label| view! { <span class="pk-chip">{label}</span> })}
            <AssumedChip assumed=part(shown, Shown::assumed)/>
        </div>
    }
}

#[component]
fn TallLines(shown: Of) -> impl IntoView {
    view! {
        <div class="pk-line">
            <Title shown/>
        </div>
        <div class="pk-line">
            <span class="pk-ip">{part(shown, |s| words::address(&s.service))}</span>
        </div>
        <div class="pk-line pk-under">
            <Ready shown words=part(shown, |s| s.endpoints(words::endpoints_short))/>
            <WaysIn shown/>
            <AssumedChip assumed=part(shown, Shown::assumed)/>
        </div>
    }
}

#[component]
fn SmallLines(shown: Of) -> impl IntoView {
    view! {
        <div class="pk-line">
            <Title shown/>
        </div>
        <div class="pk-line">
            <span class="pk-ip">{part(shown, |s| words::address_short(&s.service))}</span>
        </div>
        <div class="pk-line">
            <span class="pk-type">{part(shown, small_kind)}</span>
            <Ready shown words=part(shown, |s| words::ready_only(&s.service))/>
        </div>
    }
}

#[component]
fn Title(shown: Of) -> impl IntoView {
    let mark = part(shown, |s| Some(s.mark.clone()));
    view! {
        {move || mark().map(|mark| view! { <MarkSign mark/> })}
        <span class="pk-title" class:pk-none=part(shown, Shown::is_down)>{part(shown, Shown::name)}</span>
    }
}

/// Where there is little room: its type, or what is wrong with it.
fn small_kind(shown: &Shown) -> String {
    let empty = shown.service.missing.first().map(::words::no_endpoints_short);
    let refused = || shown.assumed().filter(|port| !port.is_served).map(|port| port.words);
    empty.or_else(refused).unwrap_or_else(|| words::kind(&shown.service).into())
}

#[component]
fn Ready(shown: Of, #[prop(into)] words: Signal<String>) -> impl IntoView {
    view! {
        <span class="pk-ready" class:pk-none=part(shown, Shown::is_down)>
            {move || words.get()}
        </span>
    }
}

/// Beside its ClusterIP.
#[component]
fn WaysIn(shown: Of) -> impl IntoView {
    let ways = part(shown, |s| words::ways_in(&s.service));
    move || ways().map(|ways| view! { <span class="pk-way">{ways}</span> })
}

/// The letter of a Service on its colour.
#[component]
pub fn MarkSign(mark: Mark) -> impl IntoView {
    let class = mark.mark_class();
    view! { <span class=class>{mark.letter}</span> }
}

const TYPES: [ServiceType; 3] = [ServiceType::ClusterIP, ServiceType::NodePort, ServiceType::LoadBalancer];

/// The type, to be changed where it is seen.
#[component]
fn TypeSwitch(uid: Uid, shown: Of) -> impl IntoView {
    let picture = expect_context::<Picture>();
    let now = part(shown, |s| Some(s.service.type_));
    let key = part(shown, |s| Some(s.service.key.clone()));
    let choose = move |type_: ServiceType| {
        if let Some(service) = untrack(key).filter(|_| untrack(now) != Some(type_)) {
            picture.session.act(Action::SetServiceType { service, type_ });
        }
    };
    // Reached by Tab from the card that the reader is at; the menu offers the same.
    let tabindex = move || if picture.current.get() == Some(Selection::Service(uid)) { "0" } else { "-1" };
    let buttons = TYPES.map(|type_| {
        view! {
            <button
                type="button"
                tabindex=tabindex
                aria-pressed=move || aria_bool(now() == Some(type_))
                on:click=move |_| choose(type_)
            >
                {words::type_name(type_)}
            </button>
        }
    });
    let name = part(shown, |s| format!("{} {}", words::TYPE_OF, s.service.key.name));
    view! {
        <div class="pk-types" role="group" aria-label=name>
            {buttons.into_iter().collect_view()}
        </div>
    }
}
