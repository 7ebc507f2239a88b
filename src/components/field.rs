use leptos::html::Input;
use leptos::prelude::*;

/// One line of text to write. Enter submits the form around it.
#[component]
pub fn TextField(
    #[prop(into)] label: String,
    #[prop(into)] value: Signal<String>,
    #[prop(optional, into)] placeholder: String,
    /// The id of the [`Complaint`] about it, while there is one.
    #[prop(optional, into)]
    complaint: Signal<Option<&'static str>>,
    /// For who gives it the focus.
    #[prop(optional)]
    input: NodeRef<Input>,
    #[prop(into)] on_input: UnsyncCallback<(String,)>,
) -> impl IntoView {
    view! {
        <label class="pk-field">
            <span>{label}</span>
            <input
                node_ref=input
                type="text"
                autocomplete="off"
                autocapitalize="off"
                spellcheck="false"
                placeholder=placeholder
                aria-invalid=move || complaint.get().map(|_| "true")
                aria-describedby=move || complaint.get()
                prop:value=move || value.get()
                on:input=move |event| on_input.run((event_target_value(&event),))
            />
        </label>
    }
}

/// What is wrong with what was written: said at once.
#[component]
pub fn Complaint(id: &'static str, #[prop(into)] words: Signal<Option<String>>) -> impl IntoView {
    view! {
        <p id=id class="pk-complaint pk-fail" role="alert">
            {move || words.get()}
        </p>
    }
}
