//! A Deployment: how many Pods it wants and has.

use super::membership::pods_of_deployment;
use super::pod::status_words;
use super::{gone, link_to};
use crate::parts::*;
use crate::session::{Selection, Session};
use cluster::api::{Action, Deployment, Uid};
use leptos::prelude::*;

pub fn about(session: Session, uid: Uid) -> AnyView {
    live(move || {
        session.scene_rev();
        let found = session.with_world(|w| w.store().deployments.iter().find(|d| d.meta.uid == uid).cloned());
        let Some(deployment) = found else { return gone("Deployment") };
        let pods = session.with_world(|w| pods_of_deployment(w, &deployment));
        let ready = pods.iter().filter(|p| p.status.ready).count();
        let rows = pods
            .iter()
            .map(|pod| {
                let (words, class) = status_words(pod);
                let link = link_to(session, Selection::Pod(pod.meta.uid), pod.meta.name.to_string());
                inline("pk-row", vec![link, span(class, words)])
            })
            .collect();
        block(
            "",
            vec![
                facts(vec![
                    ("Replicas", stepper(session, &deployment)),
                    ("Ready", text(format!("{ready} of {}", deployment.replicas))),
                ]),
                heading("Pods"),
                items("pk-list", rows),
            ],
        )
    })
}

/// Fewer, the number, more.
pub fn stepper(session: Session, deployment: &Deployment) -> AnyView {
    let (key, now) = (deployment.meta.key(), deployment.replicas);
    let name = deployment.meta.name.to_string();
    let scale = move |replicas: u32| {
        let deployment = key.clone();
        move || {
            session.act(Action::Scale { deployment: deployment.clone(), replicas });
        }
    };
    inline(
        "pk-stepper",
        vec![
            button("−", scale(now.saturating_sub(1)))
                .named(format!("One replica less of {name}"))
                .disabled(now == 0)
                .view(),
            span("pk-mono", now.to_string()),
            button("+", scale(now + 1)).named(format!("One replica more of {name}")).view(),
        ],
    )
}
