//! What the card of each thing says, in the room that it has: the same for whoever draws it.

mod assumed;
mod node;
mod outside;
mod pod;
mod rules;
mod service;

pub use assumed::AssumedPort;
pub use node::{ProxyWords, ShownNode};
pub use outside::{ShownBalancer, ShownClient, TARGET};
pub use pod::{CallLine, MOST_LABELS, NAME_LETTER, ShownGhost, ShownPod, Tone, tone};
pub use rules::{RowTone, row_words, rows_that_fit, rules_title};
pub use service::{SWITCHED_TYPES, ShownService};
