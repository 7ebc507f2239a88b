//! Services: dashed, for none is a process and nothing passes through it.

use cluster::api::{Action, ServiceType, Uid};
use leptos::prelude::*;

use super::card::Card;
use crate::diagram::facts::{ServiceFacts, ServiceForm};
use crate::diagram::layout::CardForm;
use crate::diagram::marks::Mark;
use crate::diagram::scene::Picture;
use crate::diagram::words;
use crate::parts::{Kids, block, live, nothing, span};
use crate::session::Selection;

const TYPES: [ServiceType; 3] = [ServiceType::ClusterIP, ServiceType::NodePort, ServiceType::LoadBalancer];

pub fn cards(picture: Picture) -> AnyView {
    let uids = move || picture.scene.with(|s| s.layout.services.iter().map(|(u, _)| *u).collect::<Vec<_>>());
    view! { <For each=uids key=|uid| *uid children=move |uid| card(picture, uid) /> }.into_any()
}

fn card(picture: Picture, uid: Uid) -> AnyView {
    let facts =
        Memo::new(move |_| picture.facts.with(|facts| facts.services.iter().find(|s| s.uid == uid).cloned()));
    let rect = Memo::new(move |_| picture.scene.with(|s| s.layout.service(uid)).unwrap_or_default());
    let form = Memo::new(move |_| picture.scene.with(|s| s.layout.card));
    let mark = Memo::new(move |_| picture.scene.with(|s| s.mark(uid).cloned()));
    let label =
        Signal::derive(move || facts.with(|f| f.as_ref().map(words::service_label).unwrap_or_default()));
    let class = Signal::derive(move || {
        let colour = mark.with(|m| m.as_ref().map_or("", |m| m.class()));
        let focus = if picture.focus.get() == Some(uid) { " pk-focus" } else { "" };
        let form = match form.get() {
            CardForm::Broad => "broad",
            CardForm::Tall => "tall",
            CardForm::Small => "small",
            CardForm::Chip => "chip",
        };
        format!("pk-service pk-service-{form} {colour}{focus}")
    });
    let body = live(move || {
        facts.with(|facts| {
            mark.with(|mark| match (facts, mark) {
                (Some(facts), Some(mark)) => body(facts, mark, form.get(), rect.get().w),
                _ => nothing(),
            })
        })
    });
    let controls = live(move || {
        let has_room = matches!(form.get(), CardForm::Broad | CardForm::Tall);
        facts.with(|facts| match facts {
            Some(facts) if has_room && facts.form == ServiceForm::Virtual => types(picture, facts),
            _ => nothing(),
        })
    });
    let item = Selection::Service(uid);
    Card { picture, item, class, rect: rect.into(), label, body, controls: Some(controls) }.view()
}

/// The letter of a Service on its colour.
pub fn mark(mark: &Mark) -> AnyView {
    let class = format!("pk-mark {}", mark.class());
    let letter = mark.letter.clone();
    view! { <span class=class>{letter}</span> }.into_any()
}

fn body(service: &ServiceFacts, of: &Mark, form: CardForm, width: f64) -> AnyView {
    // 13 px bold, about 7.4 px for each letter.
    let name = words::shorten(&service.key.name, ((width - 48.0) / 8.2) as usize);
    let head = || vec![mark(of), span("pk-title", name.clone())];
    let selector = || service.selector.first().map(|s| span("pk-chip", s.clone()));
    let ready_class = match (service.form, service.ready) {
        (ServiceForm::External, _) => "pk-ready",
        (_, 0) => "pk-ready pk-none",
        _ => "pk-ready",
    };
    match form {
        CardForm::Broad => {
            let mut first = head();
            first.push(span("pk-ip", words::address(service)));
            first.extend(words::ways_in(service).map(|way| span("pk-way", way)));
            let mut second = vec![span(ready_class, words::endpoints(service))];
            second.extend(selector());
            vec![block("pk-line", first), block("pk-line pk-beside", second)].into_any()
        }
        CardForm::Tall => {
            let mut last: Kids = vec![span(ready_class, words::endpoints_short(service))];
            last.extend(words::ways_in(service).map(|way| span("pk-way", way)));
            vec![
                block("pk-line", head()),
                block("pk-line", vec![span("pk-ip", words::address(service))]),
                block("pk-line pk-under", last),
            ]
            .into_any()
        }
        CardForm::Small => {
            let type_ = if service.form == ServiceForm::Headless {
                "Headless"
            } else {
                words::type_name(service.type_)
            };
            vec![
                block("pk-line", head()),
                block("pk-line", vec![span("pk-ip", words::address_short(service))]),
                block("pk-line", vec![span("pk-type", type_), span(ready_class, words::ready_only(service))]),
            ]
            .into_any()
        }
        CardForm::Chip => block("pk-line", head()),
    }
}

/// The type, to be changed where it is seen.
fn types(picture: Picture, service: &ServiceFacts) -> AnyView {
    let (key, now, uid) = (service.key.clone(), service.type_, service.uid);
    let button = |type_: ServiceType| {
        let key = key.clone();
        let set = move |_| {
            if type_ != now {
                picture.session.act(Action::SetServiceType { service: key.clone(), type_ });
            }
        };
        // Reached by Tab from the card that the reader is at; the menu offers the same.
        let tabindex =
            move || if picture.current.get() == Some(Selection::Service(uid)) { "0" } else { "-1" };
        view! {
            <button type="button" aria-pressed=(type_ == now).to_string() tabindex=tabindex on:click=set>
                {words::type_name(type_)}
            </button>
        }
        .into_any()
    };
    let buttons: Kids = TYPES.into_iter().map(button).collect();
    let label = format!("{} {}", words::TYPE_OF, service.key.name);
    view! { <div class="pk-types" role="group" aria-label=label>{buttons}</div> }.into_any()
}
