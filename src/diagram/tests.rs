//! The canvas shows what the trace says: packets where they are, in the colour of their Service, filled on the way
//! there and hollow on the way back; and nothing else.

use super::packets::{PaintContext, Painter};
use crate::in_page::CLUSTER;
use cluster::api::parse;
use cluster::sim::{Run, Span, Time};
use leptos::prelude::document;
use scene::camera::{Camera, Viewport};
use scene::dots::Dot;
use scene::facts::SystemObjects;
use scene::palette::Theme;
use scene::{Scene, Shown};
use wasm_bindgen::JsCast;
use wasm_bindgen_test::wasm_bindgen_test;
use web_sys::{CanvasRenderingContext2d, HtmlCanvasElement};

const VIEW: (f64, f64) = (1_000.0, 700.0);

/// A run at a moment at which `wanted` holds of the packets on their way, and what was painted of it.
struct Painted {
    scene: Scene,
    painter: Painter,
    camera: Camera,
    pixels: Vec<u8>,
}

impl Painted {
    fn when(wanted: impl Fn(&[Dot]) -> bool) -> Painted {
        let (mut run, _) = Run::new(&parse(CLUSTER), None);
        // Until nothing that was lost while the cluster started is marked any more.
        assert!(run.advance_to(Time::ZERO + Span::from_secs(10), u64::MAX));
        for _ in 0..20_000 {
            run.step();
            let (painted, context) = Painted::of(&run);
            if wanted(&painted.painter.dots) {
                return painted.with_pixels(&context);
            }
        }
        panic!("no such moment in 20,000 events");
    }

    /// Without its pixels: to read them takes long.
    fn of(run: &Run) -> (Painted, CanvasRenderingContext2d) {
        let world = run.world();
        let shown = Shown { opened: 1, system: SystemObjects::Hidden, selected: None, view: VIEW };
        let scene = Scene::after(None, world, shown);
        let viewport = Viewport { picture: (scene.layout.width, scene.layout.height), view: VIEW };
        let camera = Camera::whole(viewport);
        let (_, context) = canvas();
        let mut painter = Painter::default();
        painter.paint(
            &context,
            world,
            &PaintContext {
                scene: &scene,
                chain: None,
                camera,
                palette: Theme::Light.palette(),
                selected: None,
                arrows: false,
                density: 1.0,
                view: VIEW,
            },
        );
        (Painted { scene, painter, camera, pixels: Vec::new() }, context)
    }

    fn with_pixels(mut self, context: &CanvasRenderingContext2d) -> Painted {
        let pixels = context.get_image_data(0.0, 0.0, VIEW.0, VIEW.1).expect("pixels");
        self.pixels = pixels.data().0;
        self
    }

    /// Red, green, blue and opacity at a place of the picture.
    fn at(&self, x: f64, y: f64) -> [u8; 4] {
        let p = self.camera.to_view(scene::geometry::point(x, y));
        let index = 4 * (p.y.round() as usize * VIEW.0 as usize + p.x.round() as usize);
        self.pixels[index..index + 4].try_into().expect("four")
    }
}

fn canvas() -> (HtmlCanvasElement, CanvasRenderingContext2d) {
    let canvas: HtmlCanvasElement = document().create_element("canvas").expect("an element").unchecked_into();
    canvas.set_width(VIEW.0 as u32);
    canvas.set_height(VIEW.1 as u32);
    let context = canvas.get_context("2d").expect("2d").expect("a context").unchecked_into();
    (canvas, context)
}

fn far_apart(dots: &[Dot]) -> bool {
    let near = |a: &Dot, b: &Dot| (a.at.x - b.at.x).hypot(a.at.y - b.at.y) < 40.0;
    dots.iter().enumerate().all(|(i, a)| dots[i + 1..].iter().all(|b| !near(a, b)))
}

/// `#1f6feb` as bytes.
fn rgb(colour: &str) -> [u8; 3] {
    let byte = |at: usize| u8::from_str_radix(&colour[at..at + 2], 16).expect("a colour in hex");
    [byte(1), byte(3), byte(5)]
}

fn is_near(found: [u8; 4], wanted: [u8; 3]) -> bool {
    found[3] > 200 && found.iter().zip(wanted).all(|(a, b)| a.abs_diff(b) < 24)
}

#[wasm_bindgen_test]
fn a_packet_on_its_way_is_a_disc_in_its_services_colour() {
    // A large one has a letter in its middle.
    let is_plain = |dot: &Dot| !dot.reply && !dot.large && dot.service.is_some();
    let painted = Painted::when(|dots| dots.iter().any(is_plain) && far_apart(dots));
    let dot = painted.painter.dots.iter().find(|dot| is_plain(dot)).expect("one");
    let mark = dot.service.and_then(|service| painted.scene.mark(service)).expect("its Service has a colour");
    let colour = rgb(Theme::Light.palette().services[mark.colour]);
    let found = painted.at(dot.at.x, dot.at.y);
    assert!(is_near(found, colour), "{found:?} at {:?}, the Service's colour is {colour:?}", dot.at);
}

#[wasm_bindgen_test]
fn a_reply_is_hollow() {
    let wanted = |dots: &[Dot]| dots.iter().any(|d| d.reply && d.service.is_some()) && far_apart(dots);
    let painted = Painted::when(wanted);
    let dot = painted.painter.dots.iter().find(|dot| dot.reply && dot.service.is_some()).expect("one");
    let within = painted.at(dot.at.x, dot.at.y);
    assert!(is_near(within, rgb(Theme::Light.palette().panel)), "{within:?} in the middle of a reply");
}

#[wasm_bindgen_test]
fn where_no_packet_is_nothing_is_painted() {
    let painted = Painted::when(|dots| !dots.is_empty() && far_apart(dots));
    let near = |x: f64, y: f64| {
        painted.painter.dots.iter().any(|dot| {
            let at = painted.camera.to_view(dot.at);
            (at.x - x).hypot(at.y - y) < 20.0
        })
    };
    for (index, pixel) in painted.pixels.chunks_exact(4).enumerate() {
        let (x, y) = ((index % VIEW.0 as usize) as f64, (index / VIEW.0 as usize) as f64);
        assert!(pixel[3] == 0 || near(x, y), "painted at {x}, {y}, where no packet is");
    }
}
