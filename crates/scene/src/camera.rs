//! The camera: the transform from the picture to the view.

use super::geometry::{Point, Rect, point};

#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Camera {
    /// Where the picture's corner is in the view.
    pub x: f64,
    pub y: f64,
    pub zoom: f64,
    /// True until the user moves the camera: it follows the layout until then.
    pub follows: bool,
}

impl Default for Camera {
    fn default() -> Camera {
        Camera { x: 0.0, y: 0.0, zoom: 1.0, follows: true }
    }
}

/// The picture's size and the view's.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Viewport {
    pub picture: (f64, f64),
    pub view: (f64, f64),
}

const LEAST: f64 = 0.25;
const MOST: f64 = 3.0;
/// How many pixels of the picture always stay in view.
const KEPT: f64 = 80.0;
pub const STEP: f64 = 1.25;

impl Camera {
    /// As wide as the view: the layout is made for that width, and to be as high as the view where that can be read.
    pub fn fitted(viewport: Viewport) -> Camera {
        let zoom = (viewport.view.0 / viewport.picture.0.max(1.0)).clamp(LEAST, MOST);
        Camera { x: 0.0, y: 0.0, zoom, follows: true }
    }

    /// Shows the whole picture, at any scale.
    pub fn whole(viewport: Viewport) -> Camera {
        let zoom = (viewport.view.0 / viewport.picture.0.max(1.0))
            .min(viewport.view.1 / viewport.picture.1.max(1.0));
        let zoom = zoom.clamp(LEAST, MOST);
        let x = ((viewport.view.0 - viewport.picture.0 * zoom) / 2.0).max(0.0);
        Camera { x, y: 0.0, zoom, follows: false }
    }

    pub fn to_view(self, p: Point) -> Point {
        point(p.x * self.zoom + self.x, p.y * self.zoom + self.y)
    }

    pub fn to_picture(self, p: Point) -> Point {
        point((p.x - self.x) / self.zoom, (p.y - self.y) / self.zoom)
    }

    /// Zooms so that the point at `at` does not move.
    pub fn zoomed(self, factor: f64, at: Point, viewport: Viewport) -> Camera {
        let zoom = (self.zoom * factor).clamp(LEAST, MOST);
        let under = self.to_picture(at);
        Camera { x: at.x - under.x * zoom, y: at.y - under.y * zoom, zoom, follows: false }.clamped(viewport)
    }

    pub fn panned(self, dx: f64, dy: f64, viewport: Viewport) -> Camera {
        Camera { x: self.x + dx, y: self.y + dy, follows: false, ..self }.clamped(viewport)
    }

    /// Moved no further than needed for `rect` to be in view.
    pub fn showing(self, rect: Rect, viewport: Viewport) -> Camera {
        let (a, b) = (self.to_view(point(rect.x, rect.y)), self.to_view(point(rect.right(), rect.bottom())));
        let shift = |from: f64, to: f64, size: f64| match () {
            () if to - from > size || from < MARGIN => MARGIN - from,
            () if to > size - MARGIN => size - MARGIN - to,
            () => 0.0,
        };
        let (dx, dy) = (shift(a.x, b.x, viewport.view.0), shift(a.y, b.y, viewport.view.1));
        let outside = a.x < 0.0 || a.y < 0.0 || b.x > viewport.view.0 || b.y > viewport.view.1;
        if outside { self.panned(dx, dy, viewport) } else { self }
    }

    /// Whether the picture is larger than the view, so that there is something to pan to.
    pub fn overflows(self, viewport: Viewport) -> (bool, bool) {
        (
            viewport.picture.0 * self.zoom > viewport.view.0 + 1.0 || self.x < -1.0,
            viewport.picture.1 * self.zoom > viewport.view.1 + 1.0 || self.y < -1.0,
        )
    }

    fn clamped(self, viewport: Viewport) -> Camera {
        // Not `f64::clamp`: in a view of no size it would panic.
        let clamp = |at: f64, picture: f64, view: f64| {
            let size = picture * self.zoom;
            let (least, most) = match size <= view {
                // It fits into the view, but may be moved around in it.
                true => (KEPT.min(view) - size, (view - KEPT).max(0.0)),
                false => (view - size - KEPT, KEPT),
            };
            at.max(least).min(most)
        };
        Camera {
            x: clamp(self.x, viewport.picture.0, viewport.view.0),
            y: clamp(self.y, viewport.picture.1, viewport.view.1),
            ..self
        }
    }
}

const MARGIN: f64 = 12.0;

#[cfg(test)]
mod tests {
    use super::*;

    const ROOM: Viewport = Viewport { picture: (1000.0, 1500.0), view: (1000.0, 700.0) };

    #[test]
    fn the_picture_is_as_wide_as_the_view() {
        assert_eq!(Camera::fitted(ROOM).zoom, 1.0);
        let small = Viewport { picture: (800.0, 560.0), ..ROOM };
        assert_eq!(Camera::fitted(small).zoom, 1.25);
        assert_eq!(Camera::whole(ROOM).zoom, 700.0 / 1500.0);
    }

    #[test]
    fn what_is_under_the_pointer_stays_there() {
        let at = point(400.0, 300.0);
        let before = Camera::fitted(ROOM);
        let after = before.zoomed(1.5, at, ROOM);
        assert!(before.to_picture(at).distance(after.to_picture(at)) < 0.01);
    }

    #[test]
    fn the_picture_cannot_be_lost() {
        let far = Camera::fitted(ROOM).panned(1e6, -1e6, ROOM);
        assert!(far.x <= 1000.0 - KEPT + 1.0 && far.y >= 700.0 - 1500.0 - KEPT - 1.0);
    }

    #[test]
    fn a_box_that_is_out_of_view_is_brought_in() {
        let rect = Rect { x: 10.0, y: 1400.0, w: 100.0, h: 50.0 };
        let camera = Camera::fitted(ROOM).showing(rect, ROOM);
        assert!(camera.to_view(point(110.0, 1450.0)).y <= 700.0);
        let seen = Rect { y: 100.0, ..rect };
        assert_eq!(Camera::fitted(ROOM).showing(seen, ROOM), Camera::fitted(ROOM));
    }
}
