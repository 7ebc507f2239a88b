//! The colours, of the light theme and of the dark one. The page's style sheet has the same, which a test of the page
//! compares.

use crate::marks::SERVICE_COLOURS;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Theme {
    Light,
    Dark,
}

#[derive(Debug, PartialEq, Eq)]
pub struct Palette {
    pub bg: &'static str,
    pub panel: &'static str,
    /// Lower than a panel: what a node's rules stand on.
    pub sunk: &'static str,
    pub ink: &'static str,
    pub ink2: &'static str,
    pub line: &'static str,
    pub line2: &'static str,
    pub control: &'static str,
    pub focus: &'static str,
    /// On a Service's colour.
    pub on: &'static str,
    pub ok: &'static str,
    pub okbg: &'static str,
    pub warn: &'static str,
    pub warnbg: &'static str,
    pub bad: &'static str,
    pub badbg: &'static str,
    /// Okabe and Ito's, made dark or light enough to be read as text and to carry it.
    pub services: [&'static str; SERVICE_COLOURS],
}

static LIGHT: Palette = Palette {
    bg: "#f6f7f9",
    panel: "#ffffff",
    sunk: "#f1f3f6",
    ink: "#16202c",
    ink2: "#4d5b6b",
    line: "#d3dae2",
    line2: "#e6eaef",
    control: "#7d8997",
    focus: "#0b5fd6",
    on: "#ffffff",
    ok: "#0a6b44",
    okbg: "#e3f4ec",
    warn: "#7a4f00",
    warnbg: "#fdf0d5",
    bad: "#a81f18",
    badbg: "#fbe4e2",
    services: ["#0069a8", "#b54a00", "#007857", "#9c3d75", "#806000", "#4a5568"],
};

static DARK: Palette = Palette {
    bg: "#0f141a",
    panel: "#161d26",
    sunk: "#131920",
    ink: "#e6ebf1",
    ink2: "#a3b0bf",
    line: "#2f3b4a",
    line2: "#232d39",
    control: "#6f7f91",
    focus: "#6fb1ff",
    on: "#0b1118",
    ok: "#56d39b",
    okbg: "#12352a",
    warn: "#f0c060",
    warnbg: "#3a2d10",
    bad: "#ff8a80",
    badbg: "#3d1a18",
    services: ["#56b4e9", "#ff9d5c", "#3fd0a0", "#e79cc6", "#e2d04b", "#b6c2cf"],
};

impl Theme {
    pub fn palette(self) -> &'static Palette {
        match self {
            Theme::Light => &LIGHT,
            Theme::Dark => &DARK,
        }
    }
}

impl Palette {
    /// Of a Service; of what none is known of.
    pub fn service(&self, colour: Option<usize>) -> &'static str {
        colour.map_or(self.ink2, |colour| self.services[colour % SERVICE_COLOURS])
    }

    /// The colour of what is selected.
    pub fn accent(&self) -> &'static str {
        self.services[0]
    }
}

/// Of two colours so many parts of a hundred of the first, as `color-mix(in srgb, ...)` has it.
pub fn mix(first: &str, parts: u32, second: &str) -> String {
    let channel = |colour: &str, at: usize| {
        colour.get(at..at + 2).and_then(|digits| u32::from_str_radix(digits, 16).ok()).unwrap_or(0)
    };
    let parts = parts.min(100);
    let mixed = [1, 3, 5].map(|at| {
        let sum = channel(first, at) * parts + channel(second, at) * (100 - parts);
        format!("{:02x}", (sum + 50) / 100)
    });
    ["#", &mixed.concat()].concat()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn colours_are_mixed_by_parts() {
        assert_eq!(mix("#ffffff", 60, "#000000"), "#999999");
        assert_eq!(mix("#0069a8", 100, "#ffffff"), "#0069a8");
        assert_eq!(mix("#0069a8", 0, "#ffffff"), "#ffffff");
        assert_eq!(mix("#0069a8", 9, "#ffffff"), "#e8f2f7");
    }
}
