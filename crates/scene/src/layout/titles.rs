//! Where the names of the lanes stand, and where the cluster could end.

use super::{Form, Layout};
use crate::geometry::Rect;

/// Below what is lowest in the cluster.
const PADDING: f64 = 14.0;

impl Layout {
    /// The name of the lane outside, and that nobody is there.
    pub fn outside_title(&self) -> Rect {
        let cluster = self.cluster;
        match self.form {
            Form::Wide => Rect { x: 16.0, y: cluster.y + 9.0, w: cluster.x - 40.0, h: 90.0 },
            Form::Narrow => Rect { x: cluster.x, y: 8.0, w: cluster.w, h: 20.0 },
        }
    }

    /// The name of the lane of waiting Pods, where there are any.
    pub fn waiting_title(&self) -> Option<Rect> {
        let (_, first) = self.waiting.first()?;
        Some(Rect { y: first.y - 24.0, h: 20.0, w: 260.0, ..*first })
    }

    /// The lowest that anything in the cluster or outside needs the cluster's edge to be.
    pub fn least_bottom(&self) -> f64 {
        let nodes = self.nodes.iter().map(|node| node.rect.bottom());
        let inside = nodes.chain(self.waiting.iter().chain(&self.services).map(|(_, rect)| rect.bottom()));
        let outside = self.clients.iter().map(|(_, rect)| rect.bottom());
        let outside = outside.chain(self.balancers.iter().map(|(_, rect)| rect.bottom()));
        let inside = inside.fold(self.cluster.y, f64::max) + PADDING;
        outside.fold(inside, f64::max)
    }
}
