//! Colours are checked by number: every text at WCAG AA on everything it stands on.

use scene::marks::SERVICE_COLOURS;
use scene::palette::{Palette, Theme};
use scene::typeface::Family;

const THEME_CSS: &str = include_str!("theme.css");

/// The value of a custom property in the block that `selector` opens.
fn token(selector: &str, name: &str) -> String {
    let block = THEME_CSS.split(&format!("{selector} {{")).nth(1).expect("the block is there");
    let block = block.split('}').next().unwrap_or_default();
    let value = block.split(&format!("--{name}: ")).nth(1).unwrap_or_else(|| panic!("{selector} has {name}"));
    value.split(';').next().unwrap_or_default().trim().to_owned()
}

const THEMES: [(&str, Theme); 2] = [(".pk-app", Theme::Light), (".pk-app[data-theme=\"dark\"]", Theme::Dark)];

fn luminance(colour: &str) -> f64 {
    let channel = |i: usize| {
        let value = f64::from(u8::from_str_radix(&colour[i..i + 2], 16).expect("a colour")) / 255.0;
        if value <= 0.04045 { value / 12.92 } else { ((value + 0.055) / 1.055).powf(2.4) }
    };
    0.2126 * channel(1) + 0.7152 * channel(3) + 0.0722 * channel(5)
}

fn contrast(a: &str, b: &str) -> f64 {
    let (a, b) = (luminance(a), luminance(b));
    (a.max(b) + 0.05) / (a.min(b) + 0.05)
}

#[test]
fn texts_can_be_read_on_what_they_stand_on() {
    for (selector, _) in THEMES {
        let get = |name: &str| token(selector, name);
        let check = |text: &str, ground: &str, least: f64| {
            let found = contrast(&get(text), &get(ground));
            assert!(found >= least, "{selector}: {text} on {ground} is {found:.2}");
        };
        for ground in ["bg", "panel", "sunk", "okbg", "warnbg", "badbg"] {
            check("ink", ground, 4.5);
            check("ink2", ground, 4.5);
        }
        for text in ["ok", "warn", "bad"] {
            ["bg", "panel", "sunk"].into_iter().for_each(|ground| check(text, ground, 4.5));
            check(text, &format!("{text}bg"), 4.5);
        }
        for i in 0..SERVICE_COLOURS {
            let service = format!("svc{i}");
            ["bg", "panel", "sunk", "on"].into_iter().for_each(|other| check(&service, other, 4.5));
        }
        check("control", "panel", 3.0);
        check("focus", "bg", 3.0);
        check("focus", "panel", 3.0);
    }
}

#[test]
fn the_canvas_and_figures_have_the_sheets_colours() {
    for (selector, theme) in THEMES {
        let Palette {
            bg,
            panel,
            sunk,
            ink,
            ink2,
            line,
            line2,
            control,
            focus,
            on,
            ok,
            okbg,
            warn,
            warnbg,
            bad,
            badbg,
            services,
        } = theme.palette();
        let same = [
            ("bg", bg),
            ("panel", panel),
            ("sunk", sunk),
            ("ink", ink),
            ("ink2", ink2),
            ("line", line),
            ("line2", line2),
            ("control", control),
            ("focus", focus),
            ("on", on),
            ("ok", ok),
            ("okbg", okbg),
            ("warn", warn),
            ("warnbg", warnbg),
            ("bad", bad),
            ("badbg", badbg),
        ];
        for (name, value) in same {
            assert_eq!(token(selector, name), *value, "{selector} {name}");
        }
        for (i, value) in services.iter().enumerate() {
            assert_eq!(token(selector, &format!("svc{i}")), *value, "{selector} svc{i}");
        }
    }
}

#[test]
fn figures_have_the_sheets_fonts() {
    for (name, family) in [("pk-sans", Family::Sans), ("pk-mono", Family::Mono)] {
        assert_eq!(token(":host", name), family.names());
    }
}
