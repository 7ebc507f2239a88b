//! Services: dashed, for none is a process and nothing passes through it.

use cluster::api::{Action, ServiceType, Uid};
use leptos::prelude::*;

use super::card::Shell;
use crate::components::aria_bool;
use crate::diagram::picture::Picture;
use crate::parts::{Kids, block, span};
use crate::session::Selection;
use scene::Scene;
use scene::facts::{ServiceFacts, ServiceForm};
use scene::layout::CardForm;
use scene::marks::Mark;
use scene::words;

const TYPES: [ServiceType; 3] = [ServiceType::ClusterIP, ServiceType::NodePort, ServiceType::LoadBalancer];

fn find(scene: &Scene, uid: Uid) -> Option<&ServiceFacts> {
    scene.facts.services.iter().find(|s| s.uid == uid)
}

pub fn shell(picture: Picture, uid: Uid) -> Option<Shell> {
    picture.scene.with(|scene| {
        let colour = scene.mark(uid)?.class();
        let focus = if scene.focus == Some(uid) { " pk-focus" } else { "" };
        let form = match scene.layout.card {
            CardForm::Broad => "broad",
            CardForm::Tall => "tall",
            CardForm::Small => "small",
            CardForm::Chip => "chip",
        };
        Some(Shell {
            class: format!("pk-service pk-service-{form} {colour}{focus}"),
            label: words::service_label(find(scene, uid)?),
            rect: scene.layout.service(uid)?,
        })
    })
}

/// The letter of a Service on its colour.
pub fn mark(mark: &Mark) -> AnyView {
    span(mark.mark_class(), mark.letter.clone())
}

pub fn inside(picture: Picture, uid: Uid) -> Option<AnyView> {
    picture.scene.with(|scene| {
        let width = scene.layout.service(uid)?.w;
        Some(body(find(scene, uid)?, scene.mark(uid)?, scene.layout.card, width))
    })
}

fn body(service: &ServiceFacts, of: &Mark, form: CardForm, width: f64) -> AnyView {
    // 13 px bold: about 8 px for each letter.
    let name = words::shorten(&service.key.name, ((width - 48.0) / 8.2) as usize);
    let none = service.ready == 0 && service.form != ServiceForm::External;
    let ready = if none { "pk-ready pk-none" } else { "pk-ready" };
    let ways_in = || words::ways_in(service).map(|way| span("pk-way", way));
    let mut head = vec![mark(of), span(if none { "pk-title pk-none" } else { "pk-title" }, name)];
    let lines = match form {
        CardForm::Broad => {
            head.push(span("pk-ip", words::address(service)));
            head.extend(ways_in());
            let mut second = vec![span(ready, words::endpoints(service))];
            second.extend(service.selector.first().map(|s| span("pk-chip", s.clone())));
            vec![block("pk-line", head), block("pk-line pk-beside", second)]
        }
        CardForm::Tall => {
            let mut last: Kids = vec![span(ready, words::endpoints_short(service))];
            last.extend(ways_in());
            let address = span("pk-ip", words::address(service));
            vec![block("pk-line", head), block("pk-line", vec![address]), block("pk-line pk-under", last)]
        }
        CardForm::Small => {
            let kind = vec![span("pk-type", words::kind(service)), span(ready, words::ready_only(service))];
            let address = span("pk-ip", words::address_short(service));
            vec![block("pk-line", head), block("pk-line", vec![address]), block("pk-line", kind)]
        }
        CardForm::Chip => vec![block("pk-line", head)],
    };
    lines.into_any()
}

/// The type, to be changed where it is seen.
pub fn controls(picture: Picture, uid: Uid) -> Option<AnyView> {
    let (key, now) = picture.scene.with(|scene| {
        let has_room = matches!(scene.layout.card, CardForm::Broad | CardForm::Tall);
        let service = find(scene, uid).filter(|s| has_room && s.form == ServiceForm::Virtual)?;
        Some((service.key.clone(), service.type_))
    })?;
    // Reached by Tab from the card that the reader is at; the menu offers the same.
    let tabindex = if picture.current.get() == Some(Selection::Service(uid)) { "0" } else { "-1" };
    let choice = |type_: ServiceType| {
        let key = key.clone();
        let set = move |_| {
            if type_ != now {
                picture.session.act(Action::SetServiceType { service: key.clone(), type_ });
            }
        };
        view! {
            <button type="button" tabindex=tabindex aria-pressed=aria_bool(type_ == now) on:click=set>
                {words::type_name(type_)}
            </button>
        }
        .into_any()
    };
    let buttons: Kids = TYPES.into_iter().map(choice).collect();
    let label = format!("{} {}", words::TYPE_OF, key.name);
    Some(view! { <div class="pk-types" role="group" aria-label=label>{buttons}</div> }.into_any())
}
