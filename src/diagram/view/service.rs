//! Services. They are drawn dashed, since a Service is no process and no packet passes through it.

use cluster::api::{Action, ServiceType, Uid};
use leptos::prelude::*;

use super::assumed::AssumedChip;
use super::card::{Card, CardBody, part};
use crate::components::aria_bool;
use crate::diagram::picture::Picture;
use crate::session::Selection;
use scene::cards::{SWITCHED_TYPES, ShownService};
use scene::layout::CardForm;
use scene::marks::Mark;
use scene::words;

/// By how much it says.
fn class(shown: &ShownService) -> String {
    let form = match shown.form {
        CardForm::Broad => "broad",
        CardForm::Tall => "tall",
        CardForm::Small => "small",
        CardForm::Chip => "chip",
    };
    let focus = if shown.is_focus { " pk-focus" } else { "" };
    format!("pk-service pk-service-{form} {}{focus}", shown.mark.class())
}

#[component]
pub fn ServiceCard(uid: Uid) -> impl IntoView {
    let picture = expect_context::<Picture>();
    let shown = picture.watch(move |scene| ShownService::of(scene, uid));
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
            class=part(shown, class)
            label=part(shown, ShownService::label)
            place=part(shown, |s| s.place)
            hint=part(shown, |s| Some(s.trouble().join("\n")).filter(|said| !said.is_empty()))
        >
            <CardBody>{lines}</CardBody>
            <Show when=part(shown, ShownService::has_types)>
                <TypeSwitch uid shown/>
            </Show>
        </Card>
    }
}

type Of = Memo<Option<ShownService>>;

#[component]
fn BroadLines(shown: Of) -> impl IntoView {
    view! {
        <div class="pk-line">
            <Title shown/>
            <span class="pk-ip">{part(shown, |s| words::address(&s.service))}</span>
            <WaysIn shown/>
        </div>
        <div class="pk-line pk-beside">
            <Ready shown words=part(shown, |s| s.endpoints(words::endpoints))/>
            <Selector shown/>
            <AssumedChip assumed=part(shown, ShownService::assumed)/>
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
            <Selector shown/>
            <WaysIn shown/>
            <AssumedChip assumed=part(shown, ShownService::assumed)/>
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
            <span class="pk-type">{part(shown, ShownService::small_kind)}</span>
            <Ready shown words=part(shown, |s| words::ready_only(&s.service))/>
        </div>
    }
}

#[component]
fn Title(shown: Of) -> impl IntoView {
    let mark = part(shown, |s| Some(s.mark.clone()));
    view! {
        {move || mark().map(|mark| view! { <MarkSign mark/> })}
        <span class="pk-title" class:pk-none=part(shown, ShownService::is_down)>{part(shown, ShownService::name)}</span>
    }
}

/// All of it: nothing else says which Pods belong.
#[component]
fn Selector(shown: Of) -> impl IntoView {
    let selector = part(shown, |s| s.service.selector.clone());
    move || selector().into_iter().map(|label| view! { <span class="pk-chip">{label}</span> }).collect_view()
}

#[component]
fn Ready(shown: Of, #[prop(into)] words: Signal<String>) -> impl IntoView {
    view! {
        <span class="pk-ready" class:pk-none=part(shown, ShownService::is_down)>
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
    let buttons = SWITCHED_TYPES.map(|type_| {
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
