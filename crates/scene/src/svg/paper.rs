//! Writes SVG: elements, their attributes and their text, escaped. Looks are presentation attributes, which need no
//! permission of a page's security policy, as a `style` would.

use crate::geometry::{Point, Rect, tenths};
use crate::typeface::{Family, Typeface};

#[derive(Default)]
pub struct Paper {
    text: String,
    open: Vec<&'static str>,
}

/// How a shape is filled and outlined.
#[derive(Clone, Copy, Default)]
pub struct Look<'a> {
    pub fill: Option<&'a str>,
    pub stroke: Option<(&'a str, f64)>,
    /// Of its outline: the lengths of dashes and gaps.
    pub dashes: Option<&'a str>,
    /// Of its corners.
    pub radius: f64,
    /// Of a hundred.
    pub opacity: Option<u32>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Anchor {
    Start,
    Middle,
    End,
}

/// What is written, and how.
#[derive(Clone, Copy)]
pub struct Written<'a> {
    pub words: &'a str,
    pub face: Typeface,
    pub colour: &'a str,
    pub is_struck: bool,
}

impl<'a> Look<'a> {
    pub fn filled(colour: &'a str) -> Look<'a> {
        Look { fill: Some(colour), ..Look::default() }
    }

    pub fn outlined(self, colour: &'a str, width: f64) -> Look<'a> {
        Look { stroke: Some((colour, width)), ..self }
    }

    pub fn dashed(self, dashes: &'a str) -> Look<'a> {
        Look { dashes: Some(dashes), ..self }
    }

    pub fn rounded(self, radius: f64) -> Look<'a> {
        Look { radius, ..self }
    }

    pub fn with_opacity(self, share: f64) -> Look<'a> {
        let parts = (share.clamp(0.0, 1.0) * 100.0).round() as u32;
        Look { opacity: (parts < 100).then_some(parts), ..self }
    }
}

impl Paper {
    pub fn open(&mut self, name: &'static str, attributes: &[(&str, &str)]) {
        self.start(name, attributes);
        self.text.push('>');
        self.open.push(name);
        self.text.push('\n');
    }

    pub fn close(&mut self) {
        if let Some(name) = self.open.pop() {
            self.text.push_str(&format!("</{name}>\n"));
        }
    }

    /// An element with nothing but text in it.
    pub fn leaf(&mut self, name: &str, attributes: &[(&str, &str)], words: &str) {
        self.start(name, attributes);
        self.text.push('>');
        escape(&mut self.text, words);
        self.text.push_str(&format!("</{name}>\n"));
    }

    pub fn finish(mut self) -> String {
        while !self.open.is_empty() {
            self.close();
        }
        self.text
    }

    pub fn rect(&mut self, rect: Rect, look: Look) {
        let [x, y, w, h, r] = [rect.x, rect.y, rect.w.max(0.0), rect.h.max(0.0), look.radius].map(number);
        let place = [("x", &*x), ("y", &*y), ("width", &*w), ("height", &*h)];
        let corners = [("rx", &*r)];
        let corners = if look.radius > 0.0 { &corners[..] } else { &[] };
        self.shape("rect", &[&place, corners].concat(), look);
    }

    /// A box with its border inside of it, as CSS draws one.
    pub fn bordered(&mut self, rect: Rect, look: Look) {
        let half = look.stroke.map_or(0.0, |(_, width)| width / 2.0);
        let within =
            Rect { x: rect.x + half, y: rect.y + half, w: rect.w - 2.0 * half, h: rect.h - 2.0 * half };
        self.rect(within, Look { radius: (look.radius - half).max(0.0), ..look });
    }

    pub fn circle(&mut self, at: Point, radius: f64, look: Look) {
        let [x, y, r] = [at.x, at.y, radius].map(number);
        self.shape("circle", &[("cx", &x), ("cy", &y), ("r", &r)], look);
    }

    pub fn polygon(&mut self, corners: &[Point], look: Look) {
        let corners: Vec<String> =
            corners.iter().map(|p| format!("{},{}", number(p.x), number(p.y))).collect();
        self.shape("polygon", &[("points", &corners.join(" "))], look);
    }

    pub fn path(&mut self, d: &str, look: Look) {
        self.shape("path", &[("d", d)], look);
    }

    /// `at`: where its baseline begins, has its middle, or ends.
    pub fn write(&mut self, at: Point, anchor: Anchor, written: Written) {
        let Written { words, face, colour, is_struck } = written;
        if words.is_empty() {
            return;
        }
        let [x, y, size] = [at.x, at.y, face.size].map(number);
        let spacing = hundredths(face.spacing * face.size);
        let mut attributes = vec![("x", &*x), ("y", &*y), ("font-size", &*size), ("fill", colour)];
        if face.family == Family::Mono {
            attributes.push(("font-family", Family::Mono.names()));
        }
        if face.is_bold {
            attributes.push(("font-weight", "600"));
        }
        if face.spacing != 0.0 {
            attributes.push(("letter-spacing", &spacing));
        }
        match anchor {
            Anchor::Start => {}
            Anchor::Middle => attributes.push(("text-anchor", "middle")),
            Anchor::End => attributes.push(("text-anchor", "end")),
        }
        if is_struck {
            attributes.push(("text-decoration", "line-through"));
        }
        self.leaf("text", &attributes, words);
    }

    fn shape(&mut self, name: &str, place: &[(&str, &str)], look: Look) {
        self.start(name, place);
        self.attribute("fill", look.fill.unwrap_or("none"));
        if let Some((colour, width)) = look.stroke {
            self.attribute("stroke", colour);
            self.attribute("stroke-width", &number(width));
        }
        if let Some(dashes) = look.dashes {
            self.attribute("stroke-dasharray", dashes);
        }
        if let Some(parts) = look.opacity {
            self.attribute("opacity", &format!("0.{parts:02}"));
        }
        self.text.push_str("/>\n");
    }

    fn start(&mut self, name: &str, attributes: &[(&str, &str)]) {
        self.text.push('<');
        self.text.push_str(name);
        for (name, value) in attributes {
            self.attribute(name, value);
        }
    }

    fn attribute(&mut self, name: &str, value: &str) {
        self.text.push_str(&format!(" {name}=\""));
        escape(&mut self.text, value);
        self.text.push('"');
    }
}

/// With one decimal where it has any.
pub fn number(x: f64) -> String {
    let text = tenths(x);
    text.strip_suffix(".0").unwrap_or(&text).to_owned()
}

fn hundredths(x: f64) -> String {
    let parts = (x * 100.0).round() as i64;
    let sign = if parts < 0 { "-" } else { "" };
    format!("{sign}{}.{:02}", parts.abs() / 100, parts.abs() % 100)
}

/// XML 1.0 has no way to write most control characters.
fn escape(out: &mut String, text: &str) {
    for letter in text.chars() {
        match letter {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\n' | '\t' => out.push(' '),
            '\u{fffe}' | '\u{ffff}' => out.push('\u{fffd}'),
            letter if letter.is_control() => out.push('\u{fffd}'),
            letter => out.push(letter),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_read_again() {
        let mut paper = Paper::default();
        let name = "a<b & \"c\" \u{7}'>\u{ffff}";
        paper.open("g", &[("id", name)]);
        paper.leaf("title", &[], name);
        let text = paper.finish();
        let read = roxmltree::Document::parse(&text).expect("it is XML");
        let read_name = "a<b & \"c\" \u{fffd}'>\u{fffd}";
        assert_eq!(read.root_element().attribute("id"), Some(read_name));
        assert_eq!(
            read.descendants().find_map(|node| node.text().filter(|t| t.trim() == read_name)),
            Some(read_name)
        );
    }

    #[test]
    fn numbers_have_a_decimal_where_they_need_one() {
        assert_eq!([1.0, -0.04, 0.25, -12.34].map(number), ["1", "0", "0.3", "-12.3"]);
        assert_eq!([-0.33, 0.66, 1.0].map(hundredths), ["-0.33", "0.66", "1.00"]);
    }
}
