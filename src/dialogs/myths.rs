//! The myths: what is often said and is not so.

use crate::components::{Button, Details};
use crate::opening::{Start, open_key};
use crate::scenarios::{Myth, claim, key_of, myths};
use crate::session::Session;
use crate::ui::Ui;
use leptos::prelude::*;

/// All of them, each to be opened with one click.
#[component]
pub fn Myths() -> impl IntoView {
    let (session, ui) = (expect_context::<Session>(), expect_context::<Ui>());
    let open = move |myth: &'static Myth| {
        ui.close();
        open_key(session, &key_of(myth.name), Start::AsItIs);
    };
    let rows = myths().iter().map(move |myth| {
        let scenario = myth.scenario();
        let truth = scenario.description.as_deref().map(str::to_owned);
        view! {
            <li>
                <Button on_press=move || open(myth) class="pk-connection pk-myth">
                    <b>{claim(&scenario)}</b>
                    " "
                    <span class="pk-muted">{truth}</span>
                </Button>
            </li>
        }
    });
    view! {
        <Details summary=format!("Myths: {} popular explanations that are wrong", myths().len())>
            <p class="pk-muted">
                "What is often said, and is not so. Each opens a cluster that shows what is true."
            </p>
            <ul class="pk-list" role="list">{rows.collect_view()}</ul>
        </Details>
    }
}
