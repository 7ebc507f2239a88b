//! `packetyard assumptions [TOPIC]`: where the model simplifies, chooses, or leaves something out.

use schemars::JsonSchema;
use serde::Serialize;
use words::{Assumption, Topic};

use crate::args::{Assumptions as Args, Format};
use crate::failure::Failure;

/// Where the model simplifies, chooses, or leaves something out.
#[derive(Serialize, JsonSchema)]
pub struct Row {
    /// Its anchor in docs/assumptions.md.
    id: String,
    topic: &'static str,
    title: &'static str,
    text: String,
}

pub fn assumptions(args: &Args) -> Result<String, Failure> {
    let wanted = args.topic.map(Topic::from);
    let all = words::assumptions();
    let found = all.into_iter().filter(|assumption| wanted.is_none_or(|topic| topic == assumption.topic));
    match args.output {
        Format::Text => Ok(text(&found.collect::<Vec<_>>())),
        Format::Json => crate::words::json(&found.map(row).collect::<Vec<_>>()),
    }
}

fn row(assumption: Assumption) -> Row {
    let id = assumption.id();
    let Assumption { topic, title, text } = assumption;
    Row { id, topic: topic.title(), title, text }
}

fn text(assumptions: &[Assumption]) -> String {
    let mut out = String::new();
    for (i, Assumption { topic, title, text }) in assumptions.iter().enumerate() {
        let is_first = assumptions[..i].iter().all(|earlier| earlier.topic != *topic);
        if is_first {
            let space = if i == 0 { "" } else { "\n" };
            out += &format!("{space}{}\n", topic.title());
        }
        out += &format!("  {title}: {text}\n");
    }
    out
}
