use leptos::prelude::*;

/// A table; its children are the rows.
#[component]
pub fn Table(columns: &'static [&'static str], children: Children) -> impl IntoView {
    let head = columns.iter().map(|name| view! { <th scope="col">{*name}</th> }).collect_view();
    view! {
        <div class="pk-scroll" tabindex="0" role="group" aria-label="Table">
            <table class="pk-table">
                <thead>
                    <tr>{head}</tr>
                </thead>
                <tbody>{children()}</tbody>
            </table>
        </div>
    }
}
