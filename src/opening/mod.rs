//! What a lab shows: the run behind a link, a scenario, the reader's own text; and the work that was left on it.

mod link;
mod resume;

use crate::embed::Options;
use crate::scenarios::{KEY_PREFIX, built_in, is_myth, key_of, text_of_key};
use crate::session::{Session, Source, StartMode, Text, Turn, soon};
use cluster::api::Manifest;
pub use link::leave_link_once_changed;

/// What it shows first.
pub fn begin(session: Session, options: &Options) {
    let start = Start::With(options.start_mode());
    let asked = options.scenario.clone();
    let follows_links = asked.is_none();
    match (session.resumed(), link::of_address()) {
        (Some(stopped), _) => soon(resume::after_a_stop(session, stopped, asked, start)),
        (None, Some(link)) if follows_links => link::open(session, link, start),
        (None, _) => soon(open_asked_or_last(session, asked, start)),
    }
    if follows_links {
        link::follow(session, start);
    }
}

/// The scenario of this name, else the text that was open last; with the work on it.
async fn open_asked_or_last(session: Session, asked: Option<String>, start: Start) -> Option<()> {
    let key = match &asked {
        Some(name) => key_of(name),
        None => session.last_opened().unwrap_or_default(),
    };
    if let Some(name) = asked.filter(|_| !is_myth(&key) && text_of_key(&key).is_none()) {
        let known: Vec<String> = built_in().iter().map(|scenario| scenario.name.to_string()).collect();
        let known = crate::text::and(&known);
        session.notices.problem(format!("There is no scenario named “{name}”. There are {known}."));
    }
    open_as_left(session, key, start).await
}

/// Opens a scenario or the reader's own text as it was left; the first scenario where there is no such text.
pub fn open_key(session: Session, key: &str, start: Start) {
    session.save_now();
    soon(open_as_left(session, key.to_owned(), start));
}

async fn open_as_left(session: Session, key: String, start: Start) -> Option<()> {
    let Some(text) = text_of(session, &key) else {
        if let Some(name) = key.strip_prefix(KEY_PREFIX).filter(|_| is_myth(&key)) {
            session.notices.problem(format!("There is no myth named “{name}”. “Load” has a list of them."));
        }
        return open_first(session, start).await;
    };
    if resume::go_on_with_saved(session, &key, &text, start).await? {
        return Some(());
    }
    open_or_first(session, &key, text, start).await
}

/// The text that a key stands for.
fn text_of(session: Session, key: &str) -> Option<Text> {
    match text_of_key(key) {
        Some(_) => Some(Text::BuiltIn),
        None => session.saved_original(key).map(Text::Own),
    }
}

async fn open_first(session: Session, start: Start) -> Option<()> {
    let key = key_of(built_in()[0].name);
    open(session, &key, Text::BuiltIn, start, Errors::Refuse).await.map(|_opened| ())
}

/// The text from its beginning, without what has errors; the first scenario if nothing is left.
async fn open_or_first(session: Session, key: &str, text: Text, start: Start) -> Option<()> {
    match open(session, key, text, start, Errors::LeaveOut).await? {
        Ok(manifest) => {
            if has_error(&manifest) {
                session.notices.problem("The text has errors: what has them is left out.");
            }
            Some(())
        }
        Err(_) => open_first(session, start).await,
    }
}

/// Whether time passes once a text stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Start {
    With(StartMode),
    /// As it does, or does not, in the lab until then.
    AsItIs,
}

impl Start {
    fn now(self, session: Session) -> StartMode {
        match self {
            Start::With(mode) => mode,
            Start::AsItIs => session.start_mode(),
        }
    }
}

/// What becomes of a text with errors in it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Errors {
    /// It is not opened.
    Refuse,
    /// The objects that have none are there, as `kubectl apply` does it.
    LeaveOut,
}

/// Opens a text from its beginning. If it is refused nothing changes, and its findings come back; `None` if another
/// text was to be opened meanwhile, or the lab is gone.
pub async fn open(
    session: Session,
    key: &str,
    text: Text,
    start: Start,
    errors: Errors,
) -> Option<Result<Manifest, Box<Manifest>>> {
    open_in_turn(session.next_turn(), key, text, start, errors).await
}

async fn open_in_turn(
    mut turn: Turn,
    key: &str,
    text: Text,
    start: Start,
    errors: Errors,
) -> Option<Result<Manifest, Box<Manifest>>> {
    let manifest = turn.read(written(key, &text)).await?;
    let may_open = !has_error(&manifest) || (errors == Errors::LeaveOut && manifest.has_rest());
    if !may_open {
        return Some(Err(Box::new(manifest)));
    }
    let (run, refusals) = turn.load(&manifest).await?;
    let session = turn.session();
    session.open_run(run, Source::read(key, text, &manifest), start.now(session));
    for refusal in refusals {
        session.notices.refused(refusal);
    }
    Some(Ok(manifest))
}

fn written<'a>(key: &str, text: &'a Text) -> &'a str {
    match text {
        Text::Own(text) => text,
        Text::BuiltIn => text_of_key(key).unwrap_or_default(),
    }
}

fn has_error(manifest: &Manifest) -> bool {
    manifest.errors().next().is_some()
}

/// The text that the lab has, from its beginning.
pub fn start_again(session: Session) {
    let (key, text) = session.with_source(|s| (s.key.clone(), s.text.clone()));
    soon(async move {
        if open(session, &key, text, Start::AsItIs, Errors::LeaveOut).await?.is_ok() {
            session.forget_saved();
            session.notices.offer("Started again from the beginning.", "Undo", |session| session.undo());
        }
        Some(())
    });
}
