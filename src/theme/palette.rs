//! The colours that the canvas needs as text; the same as in theme.css, which a test compares.

use scene::marks::SERVICE_COLOURS;

#[derive(Debug, PartialEq, Eq)]
pub struct Palette {
    pub bg: &'static str,
    pub panel: &'static str,
    pub ink: &'static str,
    pub ink2: &'static str,
    pub bad: &'static str,
    pub badbg: &'static str,
    pub focus: &'static str,
    /// On a Service's colour.
    pub on: &'static str,
    /// Okabe and Ito's, made dark or light enough to be read as text and to carry it.
    pub services: [&'static str; SERVICE_COLOURS],
}

static LIGHT: Palette = Palette {
    bg: "#f6f7f9",
    panel: "#ffffff",
    ink: "#16202c",
    ink2: "#4d5b6b",
    bad: "#a81f18",
    badbg: "#fbe4e2",
    focus: "#0b5fd6",
    on: "#ffffff",
    services: ["#0069a8", "#b54a00", "#007857", "#9c3d75", "#806000", "#4a5568"],
};

static DARK: Palette = Palette {
    bg: "#0f141a",
    panel: "#161d26",
    ink: "#e6ebf1",
    ink2: "#a3b0bf",
    bad: "#ff8a80",
    badbg: "#3d1a18",
    focus: "#6fb1ff",
    on: "#0b1118",
    services: ["#56b4e9", "#ff9d5c", "#3fd0a0", "#e79cc6", "#e2d04b", "#b6c2cf"],
};

pub fn palette(dark: bool) -> &'static Palette {
    if dark { &DARK } else { &LIGHT }
}
