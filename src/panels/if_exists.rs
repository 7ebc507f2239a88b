//! What a panel says of an object stands as long as the object is there.

use leptos::either::Either;
use leptos::prelude::*;

/// Mounts its children once, with what is read of the object.
#[component]
pub fn IfExists<T, V>(
    /// What is said while there is none.
    #[prop(optional)]
    gone: Option<&'static str>,
    object: Memo<Option<T>>,
    children: impl Fn(Memo<T>) -> V + Send + 'static,
) -> impl IntoView
where
    T: Clone + PartialEq + Send + Sync + 'static,
    V: IntoView + 'static,
{
    let exists = Memo::new(move |_| object.read().is_some());
    move || {
        let first = if exists.get() { object.get_untracked() } else { None };
        match first {
            Some(first) => Either::Left(children(last_known(first, move || object.get()))),
            None => Either::Right(gone.map(|gone| view! { <p class="pk-muted">{gone}</p> })),
        }
    }
}

/// What `read` finds, or found last: of something that goes before what is shown of it does.
pub fn last_known<T>(first: T, read: impl Fn() -> Option<T> + Send + Sync + 'static) -> Memo<T>
where
    T: Clone + PartialEq + Send + Sync + 'static,
{
    Memo::new(move |last: Option<&T>| read().unwrap_or_else(|| last.unwrap_or(&first).clone()))
}
