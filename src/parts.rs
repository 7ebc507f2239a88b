//! What panels that are functions are made of. Those that are components take it from [`crate::components`].

use crate::components::{Details, Listing, Table, aria_bool};
use leptos::prelude::*;

pub type Kids = Vec<AnyView>;
pub type Act = Callback<()>;
pub type Take = Callback<String>;

pub fn text(text: impl Into<String>) -> AnyView {
    text.into().into_any()
}

pub fn nothing() -> AnyView {
    ().into_any()
}

/// What is shown again whenever something that it reads changes. What stands inside another one is torn
/// down with each change of the outer one: what has a focus or a state of its own stands outside of it.
pub fn live(view: impl Fn() -> AnyView + Send + 'static) -> AnyView {
    view.into_any()
}

pub fn block(class: &'static str, kids: Kids) -> AnyView {
    view! { <div class=class>{kids}</div> }.into_any()
}

pub fn span(class: &'static str, words: impl Into<String>) -> AnyView {
    let words = words.into();
    view! { <span class=class>{words}</span> }.into_any()
}

pub fn inline(class: &'static str, kids: Kids) -> AnyView {
    view! { <span class=class>{kids}</span> }.into_any()
}

/// A sign for the eye that says nothing to a screen reader.
pub fn sign(class: &'static str, sign: &'static str) -> AnyView {
    view! { <span class=class aria-hidden="true">{sign}</span> }.into_any()
}

pub fn code(words: impl Into<String>) -> AnyView {
    let words = words.into();
    view! { <code class="pk-mono">{words}</code> }.into_any()
}

pub fn para(class: &'static str, kids: Kids) -> AnyView {
    view! { <p class=class>{kids}</p> }.into_any()
}

pub fn says(class: &'static str, words: impl Into<String>) -> AnyView {
    para(class, vec![text(words)])
}

pub fn heading(words: impl Into<String>) -> AnyView {
    let words = words.into();
    view! { <h3 class="pk-heading">{words}</h3> }.into_any()
}

pub fn items(class: &'static str, rows: Kids) -> AnyView {
    let rows: Kids = rows.into_iter().map(|row| view! { <li>{row}</li> }.into_any()).collect();
    view! { <ul class=class role="list">{rows}</ul> }.into_any()
}

/// Facts: a name and what it is.
pub fn facts(rows: Vec<(&'static str, AnyView)>) -> AnyView {
    let rows: Kids =
        rows.into_iter().map(|(name, fact)| view! { <dt>{name}</dt><dd>{fact}</dd> }.into_any()).collect();
    view! { <dl class="pk-facts">{rows}</dl> }.into_any()
}

pub fn table(columns: &'static [&'static str], rows: Vec<Kids>) -> AnyView {
    let row = |cells: Kids| {
        let cells = cells.into_iter().map(|cell| view! { <td>{cell}</td> }).collect_view();
        view! { <tr>{cells}</tr> }
    };
    view! { <Table columns>{rows.into_iter().map(row).collect_view()}</Table> }.into_any()
}

pub fn listing(name: &'static str, words: String) -> AnyView {
    view! { <Listing name text=words/> }.into_any()
}

/// More, on demand.
pub fn more(summary: impl Into<String>, kids: Kids) -> AnyView {
    let summary = summary.into();
    view! { <details class="pk-more"><summary>{summary}</summary>{kids}</details> }.into_any()
}

/// The same where what is open stays open, whatever is shown in its place.
pub fn more_if(open: RwSignal<bool>, summary: impl Into<String>, kids: Kids) -> AnyView {
    view! { <Details summary=summary.into() open>{kids}</Details> }.into_any()
}

/// A button. What it is called is its label, unless `name` says more.
#[derive(Default)]
pub struct Button {
    pub class: &'static str,
    pub label: Kids,
    pub name: Option<String>,
    pub hint: Option<String>,
    pub pressed: Option<bool>,
    /// Opens something: whether that is open.
    pub expanded: Option<bool>,
    pub disabled: bool,
    pub act: Option<Act>,
}

pub fn button(label: impl Into<String>, act: impl Fn() + Send + Sync + 'static) -> Button {
    let act = Callback::new(move |()| act());
    Button { class: "pk-btn", label: vec![text(label)], act: Some(act), ..Button::default() }
}

impl Button {
    pub fn class(self, class: &'static str) -> Button {
        Button { class, ..self }
    }

    pub fn named(self, name: impl Into<String>) -> Button {
        Button { name: Some(name.into()), ..self }
    }

    pub fn hint(self, hint: impl Into<String>) -> Button {
        Button { hint: Some(hint.into()), ..self }
    }

    pub fn pressed(self, pressed: bool) -> Button {
        Button { pressed: Some(pressed), ..self }
    }

    pub fn expanded(self, expanded: bool) -> Button {
        Button { expanded: Some(expanded), ..self }
    }

    pub fn disabled(self, disabled: bool) -> Button {
        Button { disabled, ..self }
    }

    pub fn view(self) -> AnyView {
        // Not `disabled`: a button that loses its use while it has the focus would take the focus,
        // and with it the lab's keys, away.
        let act = self.act.filter(|_| !self.disabled);
        view! {
            <button
                type="button"
                class=self.class
                aria-label=self.name
                title=self.hint
                aria-pressed=self.pressed.map(aria_bool)
                aria-expanded=self.expanded.map(aria_bool)
                aria-disabled=self.disabled.then_some("true")
                on:click=move |_| {
                    if let Some(act) = act {
                        act.run(());
                    }
                }
            >
                {self.label}
            </button>
        }
        .into_any()
    }
}

/// A choice of a few, side by side.
pub fn choice(name: &'static str, options: Vec<(&'static str, bool, Act)>) -> AnyView {
    let options: Kids = options
        .into_iter()
        .map(|(label, on, act)| button(label, move || act.run(())).class("").pressed(on).view())
        .collect();
    view! { <div class="pk-choice" role="group" aria-label=name>{options}</div> }.into_any()
}

/// One line of text to write. `take` has it at each change; Enter submits the form around it.
pub struct Field {
    pub label: &'static str,
    pub value: String,
    pub placeholder: &'static str,
    pub take: Take,
}

impl Field {
    pub fn view(self) -> AnyView {
        self.view_with(None)
    }

    pub fn view_with(self, complaint: Option<&'static str>) -> AnyView {
        let take = self.take;
        view! {
            <label class="pk-field">
                <span>{self.label}</span>
                <input
                    type="text"
                    autocomplete="off"
                    autocapitalize="off"
                    spellcheck="false"
                    placeholder=self.placeholder
                    aria-invalid=complaint.map(|_| "true")
                    aria-describedby=complaint
                    prop:value=self.value
                    on:input=move |event| take.run(event_target_value(&event))
                />
            </label>
        }
        .into_any()
    }
}

pub fn complaint(id: &'static str, words: impl Fn() -> Option<String> + Send + 'static) -> AnyView {
    view! { <p id=id class="pk-complaint pk-fail" role="alert">{words}</p> }.into_any()
}

/// A list to choose from: value and label of each.
pub fn select(name: &'static str, options: Vec<(String, String)>, chosen: &str, take: Take) -> AnyView {
    let options: Kids = options
        .into_iter()
        .map(|(value, label)| {
            let on = value == chosen;
            view! { <option value=value prop:selected=on>{label}</option> }.into_any()
        })
        .collect();
    view! {
        <select class="pk-select" aria-label=name on:change=move |event| take.run(event_target_value(&event))>
            {options}
        </select>
    }
    .into_any()
}

/// Fields and a button that belong together: Enter does what the button does.
pub fn form(name: &'static str, kids: Kids, submit: impl Fn() + 'static) -> AnyView {
    let submit = move |event: web_sys::SubmitEvent| {
        event.prevent_default();
        submit();
    };
    view! { <form class="pk-form" aria-label=name on:submit=submit>{kids}</form> }.into_any()
}

pub fn submit(label: &'static str, disabled: bool) -> AnyView {
    view! { <button type="submit" class="pk-btn pk-main" disabled=disabled>{label}</button> }.into_any()
}
