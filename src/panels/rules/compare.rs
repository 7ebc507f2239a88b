//! Two listings side by side: the same Service's rules in another mode, or on another node.

use super::column::Column;
use super::{Looking, nodes, usual_node};
use crate::parts::*;
use crate::session::Session;
use crate::shell::Ui;
use cluster::node::kube_proxy::ProxyMode;
use leptos::prelude::*;

pub fn dialog(session: Session, ui: Ui) -> AnyView {
    let of = session.selection.get_untracked();
    let looking = Looking::new(session, ui, of);
    let node = session.with_world(|world| usual_node(world, of));
    let own = session.with_world(|world| world.config().proxy_mode);
    let other = ProxyMode::ALL.into_iter().find(|mode| *mode != own);
    let left = Column::new(looking, node, None);
    let right = Column::new(looking, node, other);
    block(
        "pk-dialog-body",
        vec![
            block("pk-row pk-rules-controls", vec![live(move || looking.scopes()), looking.filters()]),
            block(
                "pk-side-by-side",
                vec![
                    side(session, left, ["Left: node", "Left: mode"]),
                    side(session, right, ["Right: node", "Right: mode"]),
                ],
            ),
        ],
    )
}

fn side(session: Session, column: Column, names: [&'static str; 2]) -> AnyView {
    let head = block("pk-row", vec![nodes(session, column.node, names[0]), modes(session, column, names[1])]);
    block("pk-side", vec![head, column.view()])
}

/// The node's own mode first.
fn modes(session: Session, column: Column, name: &'static str) -> AnyView {
    live(move || {
        session.rules_rev();
        let own = session.with_world(|world| {
            let machine = column.node.get().and_then(|node| world.machines().get(&node));
            machine.map(|machine| machine.proxy.mode)
        });
        let mut modes: Vec<ProxyMode> = ProxyMode::ALL.into_iter().collect();
        modes.sort_by_key(|mode| Some(*mode) != own);
        let label = |mode: &ProxyMode| match Some(*mode) == own {
            true => format!("{} mode", mode.as_str()),
            false => format!("as in {} mode", mode.as_str()),
        };
        let options = modes.iter().map(|mode| (mode.as_str().to_string(), label(mode))).collect();
        let chosen = column.mode.get().or(own).map_or("", ProxyMode::as_str);
        let take = move |value: String| column.mode.set(ProxyMode::named(&value));
        select(name, options, chosen, Callback::new(take))
    })
}
