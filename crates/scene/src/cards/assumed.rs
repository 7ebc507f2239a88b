//! What a card shows of ports that are asked and that no Pod declares.

use cluster::diagnosis::AskedPort;

/// The first that is refused, or else the first.
#[derive(Clone, Debug, PartialEq)]
pub struct AssumedPort {
    pub words: String,
    pub is_served: bool,
}

impl AssumedPort {
    pub fn of(asked: &[AskedPort]) -> Option<AssumedPort> {
        let asked = asked.iter().min_by_key(|asked| asked.taken_for.is_served())?;
        Some(AssumedPort { words: ::words::asked_port_short(asked), is_served: asked.taken_for.is_served() })
    }
}
