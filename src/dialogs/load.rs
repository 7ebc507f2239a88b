//! Loading manifests: pasted, picked or dropped. Errors are listed with their positions; the running lab is not
//! changed until there are none, or the reader leaves out what has them.

use super::files;
use super::findings::Findings;
use super::myths::Myths;
use crate::components::{Button, Submit};
use crate::opening::{Errors, Start, open};
use crate::session::{OWN, Session, Slice, Text, read, soon};
use crate::ui::{Dialog, Ui};
use cluster::api::{DiagnosticKind, FieldValidation, Manifest, Problem};
use leptos::html::Textarea;
use leptos::prelude::*;
use std::sync::Arc;
use wasm_bindgen::JsCast;

/// Parsing a text takes time, so it waits until the user stops typing.
const LOOK_AFTER_MS: u32 = 400;

#[component]
pub fn Load() -> impl IntoView {
    let (session, ui) = (expect_context::<Session>(), expect_context::<Ui>());
    let area = NodeRef::<Textarea>::new();
    let found = RwSignal::new(None::<Arc<Manifest>>);
    // What can be done is done to the text as it is: nothing is offered while it has not been looked through.
    let has_changed = RwSignal::new(false);
    look_through_when_quiet(ui, found, has_changed);
    let found_in_it = move || found.get().filter(|_| !has_changed.get());
    let submitted = move |event: web_sys::SubmitEvent| {
        event.prevent_default();
        load(session, ui, found, Errors::Refuse);
    };
    view! {
        <form class="pk-dialog-body pk-load" on:submit=submitted>
            <p>
                "Paste Kubernetes manifests or a scenario, or drop files anywhere on the lab. Nothing leaves this page."
            </p>
            <label class="pk-field pk-grow">
                <span>"Manifests (YAML or JSON)"</span>
                <textarea
                    node_ref=area
                    class="pk-mono"
                    rows="12"
                    spellcheck="false"
                    autocomplete="off"
                    prop:value=move || ui.draft.get()
                    on:input=move |event| ui.draft.set(event_target_value(&event))
                ></textarea>
            </label>
            <div class="pk-row">
                <ChooseFiles/>
                <span class="pk-spring"></span>
                <span role="status" class="pk-muted">{move || session.is_reading().then_some("Reading …")}</span>
                <Show when=move || session.is_reading()>
                    <Button on_press=move || {
                        focus(area);
                        session.stop_reading();
                    }>"Cancel"</Button>
                </Show>
                <Submit disabled=move || ui.draft.with(|text| text.trim().is_empty())>"Load"</Submit>
            </div>
            <div role="status" class="pk-findings" aria-label="Findings">
                {move || found.get().map(|manifest| view! { <Findings manifest area/> })}
            </div>
            {move || found_in_it().map(|manifest| view! { <WaysOut manifest found area/> })}
            <Myths/>
        </form>
    }
}

#[component]
fn ChooseFiles() -> impl IntoView {
    let (session, ui) = (expect_context::<Session>(), expect_context::<Ui>());
    view! {
        <label class="pk-btn pk-file">
            "Choose files …"
            <input
                type="file"
                multiple=true
                accept=".yaml,.yml,.json,text/yaml,application/json"
                on:change=move |event| picked(session, ui, &event)
            />
        </label>
    }
}

fn picked(session: Session, ui: Ui, event: &web_sys::Event) {
    let input = event.target().and_then(|t| t.dyn_into::<web_sys::HtmlInputElement>().ok());
    let Some(input) = input else { return };
    if let Some(list) = input.files() {
        files::take_files(session, ui, list);
    }
    // The same file can then be picked again.
    input.set_value("");
}

fn look_through_when_quiet(ui: Ui, found: RwSignal<Option<Arc<Manifest>>>, has_changed: RwSignal<bool>) {
    let timer = StoredValue::new_local(None);
    Effect::new(move || {
        let text = ui.draft.get();
        has_changed.set(true);
        if text.trim().is_empty() {
            found.set(None);
            return;
        }
        let look = move || {
            soon(async move {
                let is_still_there = || ui.draft.try_with_untracked(|draft| *draft == text) == Some(true);
                let manifest = read(&text, &mut Slice::first(text.len()), &is_still_there).await?;
                found.try_set(Some(Arc::new(manifest))).map_or(Some(()), |_closed| None)?;
                has_changed.set(false);
                Some(())
            });
        };
        timer.set_value(Some(gloo_timers::callback::Timeout::new(LOOK_AFTER_MS, look)));
    });
}

fn load(session: Session, ui: Ui, found: RwSignal<Option<Arc<Manifest>>>, errors: Errors) {
    let text = ui.draft.get_untracked();
    soon(async move {
        let opened = open(session, OWN, Text::Own(text.clone()), Start::AsItIs, errors).await?;
        // Whoever writes on meanwhile goes on, and sees what the new text holds.
        let is_shown = ui.dialog.get_untracked() == Some(Dialog::Load)
            && ui.draft.with_untracked(|draft| *draft == text);
        match opened {
            Ok(manifest) => {
                if is_shown {
                    ui.close();
                }
                session.notices.offer(&loaded(&manifest), "Undo", |session| session.undo());
            }
            Err(manifest) => {
                if is_shown {
                    found.try_set(Some(Arc::new(*manifest)));
                } else {
                    session.notices.problem("The text has errors: the lab stays as it is. Load shows them.");
                }
            }
        }
        Some(())
    });
}

fn loaded(manifest: &Manifest) -> String {
    let left_out = match manifest.errors().count() {
        0 => String::new(),
        1 => " 1 error: what has it is left out.".to_owned(),
        errors => format!(" {errors} errors: what has them is left out."),
    };
    format!("Loaded: {}.{left_out}", files::holds(manifest))
}

/// What can be done with a text that has errors, beside mending them.
#[component]
fn WaysOut(
    manifest: Arc<Manifest>,
    found: RwSignal<Option<Arc<Manifest>>>,
    area: NodeRef<Textarea>,
) -> impl IntoView {
    let (session, ui) = (expect_context::<Session>(), expect_context::<Ui>());
    let rest = (manifest.errors().next().is_some() && manifest.has_rest()).then(|| {
        let name = match manifest.objects.len() {
            1 => "Load the other object".to_owned(),
            objects => format!("Load the other {objects} objects"),
        };
        view! {
            <Button on_press=move || load(session, ui, found, Errors::LeaveOut) hint="As kubectl apply does">
                {name}
            </Button>
        }
    });
    let lenient = has_unknown_fields(&manifest).then(|| {
        let leave_out = move || {
            focus(area);
            match ui.draft.with_untracked(|text| FieldValidation::Ignore.written_into(text)) {
                Some(text) => ui.draft.set(text),
                None => session.notices.problem(
                    "It could not be written into the Scenario: give its spec the field “fieldValidation: Ignore”.",
                ),
            }
        };
        view! {
            <Button
                on_press=leave_out
                hint="As kubectl apply --validate=false: writes fieldValidation: Ignore into the text's Scenario"
            >
                "Leave unknown fields out"
            </Button>
        }
    });
    let any = rest.is_some() || lenient.is_some();
    any.then(|| view! { <div class="pk-row">{rest} {lenient}</div> })
}

/// Before what has the focus goes away.
fn focus(area: NodeRef<Textarea>) {
    if let Some(area) = area.get_untracked() {
        let _gone = area.focus();
    }
}

fn has_unknown_fields(manifest: &Manifest) -> bool {
    let is_one = |message: &DiagnosticKind| {
        matches!(message, DiagnosticKind::Undecodable { problem: Problem::UnknownField { .. }, .. })
    };
    manifest.diagnostics.iter().any(|found| is_one(&found.message))
}
