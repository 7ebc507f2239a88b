//! The lab's style sheet: what stands beside each component, in one. A later file wins over an earlier one.

/// Tokens and what everything shares come first.
const FILES: [&str; 19] = [
    include_str!("theme/theme.css"),
    include_str!("theme/parts.css"),
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
    include_str!("shell/header.css"),
    include_str!("shell/transport.css"),
    include_str!("shell/track.css"),
    include_str!("ui/toasts.css"),
    include_str!("theme/inspector.css"),
    include_str!("theme/later.css"),
];

pub fn sheet() -> String {
    FILES.concat()
}
