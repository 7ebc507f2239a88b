//! Points, boxes and the wires between them, in the units of the picture: CSS pixels at zoom 1.

#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Point {
    pub x: f64,
    pub y: f64,
}

pub const fn point(x: f64, y: f64) -> Point {
    Point { x, y }
}

impl Point {
    fn toward(self, other: Point, share: f64) -> Point {
        point(self.x + (other.x - self.x) * share, self.y + (other.y - self.y) * share)
    }

    pub fn distance(self, other: Point) -> f64 {
        let (x, y) = (self.x - other.x, self.y - other.y);
        // Values are small enough not to overflow when squared; `hypot` would add library code to the download.
        (x * x + y * y).sqrt()
    }
}

#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Rect {
    pub x: f64,
    pub y: f64,
    pub w: f64,
    pub h: f64,
}

impl Rect {
    pub fn right(&self) -> f64 {
        self.x + self.w
    }

    pub fn bottom(&self) -> f64 {
        self.y + self.h
    }

    pub fn centre(&self) -> Point {
        point(self.x + self.w / 2.0, self.y + self.h / 2.0)
    }

    pub fn overlaps(&self, other: &Rect) -> bool {
        self.x < other.right() && other.x < self.right() && self.y < other.bottom() && other.y < self.bottom()
    }

    #[cfg(test)]
    pub fn contains(&self, other: &Rect) -> bool {
        self.x <= other.x
            && self.y <= other.y
            && other.right() <= self.right()
            && other.bottom() <= self.bottom()
    }
}

/// A line that a packet goes along. Its corners are round.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Wire {
    points: Vec<Point>,
    /// How far from the start each point is.
    lengths: Vec<f64>,
}

/// Where something on a wire is, and which way it goes (a unit vector).
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct OnWire {
    pub at: Point,
    pub heading: Point,
}

const RADIUS: f64 = 9.0;
/// How many pieces a round corner has.
const PIECES: u32 = 4;

impl Wire {
    pub fn through(corners: &[Point]) -> Wire {
        let corners = without_detours(corners);
        let mut points = Vec::with_capacity(corners.len() * PIECES as usize);
        for (i, corner) in corners.iter().enumerate() {
            match (i.checked_sub(1).map(|i| corners[i]), corners.get(i + 1)) {
                (Some(before), Some(after)) => round(&mut points, before, *corner, *after),
                _ => points.push(*corner),
            }
        }
        let mut lengths = Vec::with_capacity(points.len());
        let mut length = 0.0;
        for (i, p) in points.iter().enumerate() {
            length += i.checked_sub(1).map_or(0.0, |i| points[i].distance(*p));
            lengths.push(length);
        }
        Wire { points, lengths }
    }

    pub fn length(&self) -> f64 {
        self.lengths.last().copied().unwrap_or(0.0)
    }

    pub fn points(&self) -> &[Point] {
        &self.points
    }

    pub fn end(&self) -> Point {
        self.points.last().copied().unwrap_or_default()
    }

    /// The place after `share` (0 to 1) of the way.
    pub fn at(&self, share: f64) -> OnWire {
        let target = self.length() * share.clamp(0.0, 1.0);
        let after = self.lengths.partition_point(|l| *l < target).clamp(1, self.points.len().max(2) - 1);
        let (Some(a), Some(b)) = (self.points.get(after - 1), self.points.get(after)) else {
            return OnWire { at: self.end(), heading: point(1.0, 0.0) };
        };
        let leg = (self.lengths[after] - self.lengths[after - 1]).max(f64::EPSILON);
        let share = (target - self.lengths[after - 1]) / leg;
        OnWire { at: a.toward(*b, share), heading: point((b.x - a.x) / leg, (b.y - a.y) / leg) }
    }

    /// For the `d` of an SVG path.
    pub fn svg(&self) -> String {
        let mut d = String::with_capacity(self.points.len() * 12);
        for (i, p) in self.points.iter().enumerate() {
            let command = if i == 0 { 'M' } else { 'L' };
            d.push_str(&format!("{command}{} {}", tenths(p.x), tenths(p.y)));
        }
        d
    }
}

/// With one decimal. The standard formatting of floats would add much code to the download.
pub fn tenths(x: f64) -> String {
    let tenths = (x * 10.0).round() as i64;
    let sign = if tenths < 0 { "-" } else { "" };
    format!("{sign}{}.{}", tenths.abs() / 10, tenths.abs() % 10)
}

/// A length as a style has it.
pub fn px(x: f64) -> String {
    format!("{}px", tenths(x))
}

/// A place as a transform has it.
pub fn translate(p: Point) -> String {
    format!("translate({},{})", px(p.x), px(p.y))
}

/// A factor as a transform has it.
pub fn scale(factor: f64) -> String {
    let parts = (factor * 1_000.0).round() as i64;
    format!("scale({}.{:03})", parts / 1_000, parts % 1_000)
}

/// A quadratic curve instead of the corner, as large as the legs allow.
fn round(points: &mut Vec<Point>, before: Point, corner: Point, after: Point) {
    let share = |other: Point| (RADIUS / corner.distance(other).max(f64::EPSILON)).min(0.5);
    let from = corner.toward(before, share(before));
    let to = corner.toward(after, share(after));
    for i in 0..=PIECES {
        let t = f64::from(i) / f64::from(PIECES);
        points.push(from.toward(corner, t).toward(corner.toward(to, t), t));
    }
}

/// Drops duplicate points, points on a straight line, and segments that go back the same way.
fn without_detours(corners: &[Point]) -> Vec<Point> {
    let mut kept: Vec<Point> = Vec::with_capacity(corners.len());
    for corner in corners {
        while let [.., a, b] = kept[..] {
            let straight = (b.x - a.x) * (corner.y - b.y) - (b.y - a.y) * (corner.x - b.x);
            if straight.abs() > 0.01 {
                break;
            }
            kept.pop();
        }
        if kept.last().is_none_or(|last| last.distance(*corner) > 0.01) {
            kept.push(*corner);
        }
    }
    kept
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_wire_is_walked_evenly_from_end_to_end() {
        let wire = Wire::through(&[point(0.0, 0.0), point(100.0, 0.0), point(100.0, 50.0)]);
        assert_eq!(wire.at(0.0).at, point(0.0, 0.0));
        assert_eq!(wire.at(1.0).at, point(100.0, 50.0));
        let step = wire.length() / 20.0;
        for i in 0..20 {
            let (a, b) = (wire.at(f64::from(i) / 20.0).at, wire.at(f64::from(i + 1) / 20.0).at);
            assert!(a.distance(b) <= step + 0.01, "never further than the way");
            assert!(a.distance(b) > step * 0.8, "never much less: no jumps at corners");
        }
    }

    #[test]
    fn detours_are_left_out() {
        let wire = Wire::through(&[point(0.0, 0.0), point(-10.0, 0.0), point(-10.0, 0.0), point(20.0, 0.0)]);
        assert_eq!(wire.points(), [point(0.0, 0.0), point(20.0, 0.0)]);
    }

    #[test]
    fn a_wire_without_length_has_a_place_all_the_same() {
        let wire = Wire::through(&[point(5.0, 5.0), point(5.0, 5.0)]);
        assert_eq!(wire.at(0.5).at, point(5.0, 5.0));
    }
}
