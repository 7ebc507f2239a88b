//! A scene as a still figure in SVG: the same boxes, wires and packets as in the page, for print, slides and documents.
//!
//! It is a function of the World, the scene and the theme alone: the same moment gives the same text.

mod card;
mod failures;
mod frames;
mod line;
mod node;
mod outside;
mod packets;
mod paper;
mod pod;
mod rules;
mod service;
#[cfg(test)]
mod tests;
mod wires;

use cluster::sim::World;

use crate::dots::dots;
use crate::geometry::Rect;
use crate::palette::{Palette, Theme};
use crate::routes::Routes;
use crate::typeface::Family;
use crate::{Highlight, Scene, Selection, navigation, words};
use paper::{Look, Paper, number};

/// What is drawn, and how.
#[derive(Clone, Copy)]
pub struct Figure<'a> {
    pub world: &'a World,
    pub scene: &'a Scene,
    pub selected: Option<Selection>,
    pub theme: Theme,
    pub size: Size,
}

/// The size of the figure, in pixels.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Size {
    /// As wide as the view that its scene is made for, and as high as it needs to be.
    AsNeeded,
    /// This one. All of the scene is in it, as large as fits.
    Exactly(u32, u32),
}

/// What every part is drawn with.
struct Drawing<'a> {
    world: &'a World,
    scene: &'a Scene,
    highlight: Highlight,
    selected: Option<Selection>,
    palette: &'static Palette,
    /// By which packets are drawn: as the page does where the picture is enlarged.
    zoom: f64,
}

pub fn figure(figure: &Figure) -> String {
    let Figure { world, scene, selected, theme, size } = *figure;
    let frame = Frame::of(scene, size);
    let highlight = Highlight::of(world, &scene.facts, selected, None);
    let drawing =
        Drawing { world, scene, highlight, selected, palette: theme.palette(), zoom: frame.zoom.max(1.0) };
    let mut paper = Paper::default();
    let (mut routes, mut packets) = (Routes::default(), Vec::new());
    dots(world, scene, &mut routes, drawing.highlight.chain.as_ref(), &mut packets);
    let failed = crate::failures::failures(world, scene, &mut routes, drawing.highlight.chain.as_ref());

    frame.open(&mut paper);
    let at = world.moment(world.now());
    let failures = failed.iter().map(|failure| failure.times as usize).sum();
    let selected = selected.and_then(|selected| selected.name(world));
    let description = words::figure_description(&scene.facts, packets.len(), failures, selected.as_deref());
    paper.leaf("title", &[], &words::figure_title(&scene.facts, at));
    paper.leaf("desc", &[], &description);
    paper.rect(frame.view, Look::filled(drawing.palette.bg));
    frames::draw(&mut paper, &drawing, frame.bottom);
    for (item, _) in navigation::stops(&scene.layout) {
        drawing.card(&mut paper, item);
    }
    pod::draw_ghosts(&mut paper, &drawing);
    wires::draw(&mut paper, &drawing);
    packets::draw(&mut paper, &drawing, &packets, &mut routes);
    failures::draw(&mut paper, &drawing, &failed);
    paper.finish()
}

impl Drawing<'_> {
    fn card(&self, paper: &mut Paper, item: Selection) {
        match item {
            Selection::Pod(uid) => pod::draw(paper, self, uid),
            Selection::Service(uid) => service::draw(paper, self, uid),
            Selection::Node(uid) => node::draw(paper, self, uid),
            Selection::Client(id) => outside::draw_client(paper, self, id),
            Selection::LoadBalancer(service) => outside::draw_balancer(paper, self, service),
            // They have no box of their own.
            Selection::Workload(_)
            | Selection::Connection(_)
            | Selection::Packet(_)
            | Selection::Object(_) => {}
        }
    }
}

/// The part of the scene that is in the figure, and how large it is there.
struct Frame {
    view: Rect,
    width: f64,
    height: f64,
    zoom: f64,
    /// Where the cluster ends.
    bottom: f64,
}

impl Frame {
    fn of(scene: &Scene, size: Size) -> Frame {
        let layout = &scene.layout;
        let (whole, bottom) = (layout.height, layout.cluster.bottom());
        match size {
            Size::AsNeeded => {
                let bottom = layout.least_bottom().min(bottom);
                let height = whole - (layout.cluster.bottom() - bottom);
                let view = Rect { x: 0.0, y: 0.0, w: layout.width, h: height };
                let (width, height) = ((view.w * layout.scale).ceil(), (view.h * layout.scale).ceil());
                Frame { view, width, height, zoom: layout.scale, bottom }
            }
            Size::Exactly(width, height) => {
                let (width, height) = (f64::from(width), f64::from(height));
                let zoom = (width / layout.width).min(height / whole);
                let (w, h) = (width / zoom, height / zoom);
                let view = Rect { x: (layout.width - w) / 2.0, y: (whole - h) / 2.0, w, h };
                Frame { view, width, height, zoom, bottom }
            }
        }
    }

    fn open(&self, paper: &mut Paper) {
        let [width, height] = [self.width, self.height].map(number);
        let view = [self.view.x, self.view.y, self.view.w, self.view.h].map(number).join(" ");
        let attributes = [
            ("xmlns", "http://www.w3.org/2000/svg"),
            ("width", &width),
            ("height", &height),
            ("viewBox", &view),
            ("role", "graphics-document document"),
            ("font-family", Family::Sans.names()),
        ];
        paper.open("svg", &attributes);
    }
}
