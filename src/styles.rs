//! The lab's style sheets: what stands beside each component, in two. A later file wins over an earlier one.

/// What the first view needs. Tokens and what everything shares come first.
const AT_FIRST: [&str; 19] = [
    include_str!("theme/theme.css"),
    include_str!("components/words.css"),
    include_str!("components/rows.css"),
    include_str!("components/controls.css"),
    include_str!("components/button.css"),
    include_str!("components/chip.css"),
    include_str!("diagram/view/stage.css"),
    include_str!("diagram/view/card.css"),
    include_str!("diagram/view/frames.css"),
    include_str!("diagram/view/outside.css"),
    include_str!("diagram/view/service.css"),
    include_str!("diagram/view/node.css"),
    include_str!("diagram/view/rules.css"),
    include_str!("diagram/view/pod.css"),
    include_str!("diagram/view/wires.css"),
    include_str!("diagram/view/zoom.css"),
    include_str!("shell/shell.css"),
    include_str!("shell/places.css"),
    include_str!("ui/toasts.css"),
];

/// What comes with the tools.
const OF_TOOLS: [&str; 31] = [
    include_str!("components/choice.css"),
    include_str!("components/details.css"),
    include_str!("components/facts.css"),
    include_str!("components/field.css"),
    include_str!("components/form.css"),
    include_str!("components/listing.css"),
    include_str!("components/slider.css"),
    include_str!("components/table.css"),
    include_str!("components/tag.css"),
    include_str!("header.css"),
    include_str!("timeline/transport.css"),
    include_str!("timeline/track.css"),
    include_str!("panels/connections.css"),
    include_str!("panels/events.css"),
    include_str!("panels/inspector.css"),
    include_str!("panels/label_editor.css"),
    include_str!("panels/list_field.css"),
    include_str!("panels/path/path.css"),
    include_str!("panels/policies/policies.css"),
    include_str!("panels/rules/rules.css"),
    include_str!("panels/rules/shares.css"),
    include_str!("panels/select_link.css"),
    include_str!("panels/start.css"),
    include_str!("panels/tabs.css"),
    include_str!("panels/workload.css"),
    include_str!("panels/assumed.css"),
    include_str!("context_menu.css"),
    include_str!("dialogs/dialog.css"),
    include_str!("dialogs/load.css"),
    include_str!("dialogs/myths.css"),
    include_str!("dialogs/share.css"),
];

pub fn at_first() -> String {
    AT_FIRST.concat()
}

pub fn of_tools() -> String {
    OF_TOOLS.concat()
}
