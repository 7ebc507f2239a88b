use super::{Complaint, Form, Submit, TextField};
use leptos::prelude::*;

/// A form to change one value. What the user typed is kept until it is applied, even if the value changes meanwhile. If
/// it is refused, the reason appears under the field.
#[component]
pub fn ValueForm(
    /// Of the form.
    name: &'static str,
    /// Of the field.
    #[prop(into)]
    label: String,
    #[prop(into)] placeholder: String,
    complaint_id: &'static str,
    #[prop(into)] value: Signal<String>,
    /// Or why not.
    #[prop(into)]
    on_apply: Callback<String, Result<(), String>>,
) -> impl IntoView {
    let draft = RwSignal::new(None::<String>);
    let refused = RwSignal::new(None::<String>);
    let written = Signal::derive(move || draft.get().unwrap_or_else(|| value.get()));
    let write = move |text| {
        draft.set(Some(text));
        refused.set(None);
    };
    let apply = move || {
        let Some(text) = draft.get_untracked() else { return };
        let result = on_apply.run(text.trim().to_string());
        if result.is_ok() {
            draft.set(None);
        }
        refused.set(result.err());
    };
    view! {
        <div>
            <Form name on_submit=apply>
                <TextField
                    label
                    placeholder
                    value=written
                    complaint=move || refused.read().is_some().then_some(complaint_id)
                    on_input=write
                />
                <Submit disabled=move || written.read().trim() == *value.read()>"Apply"</Submit>
            </Form>
            <Complaint id=complaint_id words=refused/>
        </div>
    }
}
