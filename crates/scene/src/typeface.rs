//! How wide a text is, where nobody can measure it: as the widest of the fonts that the style sheets name has it.

use crate::words;

/// Of what stands first on a card.
pub const TITLE: Typeface = sans(13.0).bold();
/// Of a Pod.
pub const NAME: Typeface = mono(12.0).bold();
pub const ADDRESS: Typeface = mono(11.0).spaced(-0.03);
pub const NOTE: Typeface = sans(11.0);
pub const CODE: Typeface = mono(11.0);

/// A font, of a size in pixels.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Typeface {
    pub family: Family,
    pub is_bold: bool,
    pub size: f64,
    /// Added after each letter, in parts of the size.
    pub spacing: f64,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Family {
    Sans,
    Mono,
}

impl Family {
    /// As a `font-family` names it; the style sheets have the same.
    pub const fn names(self) -> &'static str {
        match self {
            Family::Sans => "system-ui, -apple-system, \"Segoe UI\", Roboto, \"DejaVu Sans\", sans-serif",
            Family::Mono => "ui-monospace, SFMono-Regular, Menlo, Consolas, \"DejaVu Sans Mono\", monospace",
        }
    }
}

pub const fn sans(size: f64) -> Typeface {
    Typeface { family: Family::Sans, is_bold: false, size, spacing: 0.0 }
}

pub const fn mono(size: f64) -> Typeface {
    Typeface { family: Family::Mono, ..sans(size) }
}

impl Typeface {
    pub const fn bold(self) -> Typeface {
        Typeface { is_bold: true, ..self }
    }

    pub const fn spaced(self, spacing: f64) -> Typeface {
        Typeface { spacing, ..self }
    }

    /// In pixels.
    pub fn width(self, text: &str) -> f64 {
        let thousandths: u32 = text.chars().map(|letter| self.advance(letter)).sum();
        let spacing = self.spacing * text.chars().count() as f64;
        (f64::from(thousandths) / 1_000.0 + spacing) * self.size
    }

    /// In thousandths of the size.
    fn advance(self, letter: char) -> u32 {
        let widths = match (self.family, self.is_bold) {
            (Family::Mono, _) => return if is_wide(letter) { 2 * MONO } else { MONO },
            (Family::Sans, false) => &SANS,
            (Family::Sans, true) => &SANS_BOLD,
        };
        let index = u32::from(letter).checked_sub(u32::from(' ')).and_then(|i| usize::try_from(i).ok());
        match (letter, index.and_then(|i| widths.get(i))) {
            (_, Some(width)) => u32::from(*width),
            ('·' | '’' | '‘', None) => {
                if self.is_bold {
                    380
                } else {
                    318
                }
            }
            ('→' | '✕' | '×', None) => 838,
            ('…', None) => 1_000,
            // An emoji; nothing is wider.
            (_, None) => 1_300,
        }
    }

    /// The text, with an ellipsis where it ends too early for want of room.
    pub fn cut(self, text: &str, room: f64) -> String {
        if self.width(text) <= room {
            return text.to_owned();
        }
        let mut kept: Vec<char> = text.chars().collect();
        while kept.pop().is_some() {
            let cut: String = kept.iter().chain(['…'].iter()).collect();
            if self.width(&cut) <= room {
                return cut;
            }
        }
        String::new()
    }

    /// The text, without some letters of its middle for want of room: what tells names apart is at the end.
    pub fn shorten(self, text: &str, room: f64) -> String {
        let fits = |letters: &usize| self.width(&words::shorten(text, *letters)) <= room;
        let most = text.chars().count();
        (4..=most)
            .rev()
            .find(fits)
            .map_or_else(|| self.cut(text, room), |letters| words::shorten(text, letters))
    }

    /// The text in so many lines, broken between words where that is possible; the last is cut.
    pub fn lines(self, text: &str, room: f64, most: usize) -> Vec<String> {
        let mut lines: Vec<String> = Vec::new();
        let mut rest = text.trim();
        while !rest.is_empty() && lines.len() < most {
            if lines.len() + 1 == most {
                lines.push(self.cut(rest, room));
                break;
            }
            let Some(end) = self.end_of_line(rest, room) else { break };
            let (line, others) = rest.split_at(end);
            lines.push(line.trim_end().to_owned());
            rest = others.trim_start();
        }
        lines.retain(|line| !line.is_empty());
        lines
    }

    /// Where the first line of a text ends: after a word, or within one that has a line alone.
    fn end_of_line(self, text: &str, room: f64) -> Option<usize> {
        let ends = text.char_indices().map(|(at, letter)| at + letter.len_utf8());
        let end = ends.take_while(|end| self.width(text[..*end].trim_end()) <= room).last()?;
        let is_word_end = end == text.len() || text[end..].starts_with(' ') || text[..end].ends_with(' ');
        Some(match text[..end].rfind(' ') {
            Some(space) if !is_word_end => space + 1,
            Some(_) | None => end,
        })
    }
}

/// Whether monospaced fonts give it the room of two.
fn is_wide(letter: char) -> bool {
    u32::from(letter) >= 0x1100 && !matches!(letter, '\u{2000}'..='\u{2bff}')
}

const MONO: u32 = 602;

/// From the space to `~`, in thousandths of the size: DejaVu Sans'.
const SANS: [u16; 95] = [
    318, 401, 460, 838, 636, 950, 780, 275, 390, 390, 500, 838, 318, 361, 318, 337, 636, 636, 636, 636, 636,
    636, 636, 636, 636, 636, 337, 337, 838, 838, 838, 531, 1000, 684, 686, 698, 770, 632, 575, 775, 752, 295,
    295, 656, 557, 863, 748, 787, 603, 787, 695, 635, 611, 732, 684, 989, 685, 611, 685, 390, 337, 390, 838,
    500, 500, 613, 635, 550, 635, 615, 352, 635, 634, 278, 278, 579, 278, 974, 634, 612, 635, 635, 411, 521,
    392, 634, 592, 818, 592, 592, 525, 636, 337, 636, 838,
];

/// The same, bold.
const SANS_BOLD: [u16; 95] = [
    348, 456, 521, 838, 696, 1002, 872, 306, 457, 457, 523, 838, 380, 415, 380, 365, 696, 696, 696, 696, 696,
    696, 696, 696, 696, 696, 400, 400, 838, 838, 838, 580, 1000, 774, 762, 734, 830, 683, 683, 821, 837, 372,
    372, 775, 637, 995, 837, 850, 733, 850, 770, 720, 682, 812, 774, 1103, 771, 724, 725, 457, 365, 457, 838,
    500, 500, 675, 716, 593, 716, 678, 435, 716, 712, 343, 343, 665, 343, 1042, 712, 687, 716, 716, 493, 595,
    478, 712, 652, 924, 645, 652, 582, 712, 365, 712, 838,
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn widths_are_those_of_the_font() {
        for (face, text, expected) in [
            (sans(10.0), "node", 25.0),
            (sans(10.0).bold(), "node", 28.0),
            (mono(10.0), "node", 24.0),
            (mono(10.0).spaced(-0.03), "node", 23.0),
            (sans(10.0), "→", 8.0),
            (sans(10.0), "", 0.0),
        ] {
            assert_eq!(face.width(text).round(), expected, "{face:?} {text}");
        }
        assert!(mono(10.0).width("字") > mono(10.0).width("…"));
    }

    #[test]
    fn what_has_no_room_is_cut() {
        let face = mono(10.0);
        assert_eq!(face.cut("10.244.1.2", 60.3), "10.244.1.2");
        assert_eq!(face.cut("10.244.1.2", 60.0), "10.244.1…");
        assert_eq!(face.cut("10.244.1.2", 3.0), "");
    }

    #[test]
    fn a_name_loses_its_middle() {
        assert_eq!(mono(10.0).shorten("web-7dw8c-x2k4m", 60.3), "web-7…2k4m");
        assert_eq!(mono(10.0).shorten("web", 60.3), "web");
        assert_eq!(mono(10.0).shorten("web-7dw8c-x2k4m", 12.1), "w…");
    }

    #[test]
    fn lines_are_broken_between_words_and_the_last_is_cut() {
        let (face, room) = (mono(10.0), 61.0);
        let lines = |text: &str, most| face.lines(text, room, most).join("|");
        assert_eq!(lines("3 of 3 nodes healthy", 3), "3 of 3|nodes|healthy");
        assert_eq!(lines("3 of 3 nodes healthy", 2), "3 of 3|nodes hea…");
        assert_eq!(lines("verylongwordwithoutspace", 3), "verylongwo|rdwithouts|pace");
        assert_eq!(lines("字字字字字字", 3), "字字字字字|字");
        assert!(face.lines("wide", 1.0, 3).is_empty());
        assert_eq!(lines("", 3), "");
    }
}
