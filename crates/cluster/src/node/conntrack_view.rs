//! A node's connection table, as a view shows it.

use crate::api::Uid;
use crate::sim::{Span, World};
use netfilter::{Entry, Tuple};

/// One connection of the table.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Tracked {
    pub entry: Entry,
    /// How long it is kept if no packet comes.
    pub left: Span,
}

impl Tracked {
    /// UDP and ICMP have none.
    pub fn state(&self) -> Option<&'static str> {
        self.entry.state()
    }

    /// The tuples of both directions: that of the connection's first packet, and that of its replies.
    pub fn tuples(&self) -> (Tuple, Tuple) {
        (self.entry.original, self.entry.reply)
    }
}

impl World {
    /// The node's conntrack entries, in an order that is the same in every run. `None` if the node does not
    /// exist.
    pub fn conntrack_of(&self, node: Uid) -> Option<Vec<Tracked>> {
        let machine = self.machines.get(&node)?;
        let tracked = |entry: &Entry| Tracked { entry: *entry, left: entry.expires.since(self.clock.now()) };
        Some(machine.stack.conntrack.entries(self.clock.now()).map(tracked).collect())
    }

    /// `conntrack -L` on the node, a line for each connection.
    pub fn conntrack_lines(&self, node: Uid) -> Option<Vec<String>> {
        let rows = self.conntrack_of(node)?;
        Some(rows.iter().map(|row| row.entry.line(self.clock.now()).to_string()).collect())
    }
}
