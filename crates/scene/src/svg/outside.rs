//! Outside the cluster: clients and the cloud's load balancers.

use cluster::api::Uid;
use cluster::traffic::ClientId;

use super::Drawing;
use super::card::{draw_box, open};
use super::line::{self, Item, text, whole};
use super::paper::{Anchor, Paper, Written};
use crate::cards::{ShownBalancer, ShownClient, TARGET};
use crate::geometry::{Rect, point};
use crate::layout::OutsideForm;
use crate::typeface::{ADDRESS, NOTE, TITLE};
use crate::{Selection, words};

const GAP: f64 = 5.0;

/// The lines of a card from top to bottom, of these heights.
fn rows(place: Rect) -> impl FnMut(f64) -> Rect {
    let mut y = place.y + 9.0;
    move |h| {
        y += h;
        Rect { x: place.x + 11.0, y: y - h, w: place.w - 22.0, h }
    }
}

pub fn draw_client(paper: &mut Paper, cx: &Drawing, id: ClientId) {
    let Some(shown) = ShownClient::of(cx.scene, id) else { return };
    let (palette, stand) = (cx.palette, cx.stand(Selection::Client(id)));
    let failures = &cx.highlight.failures;
    let (ended, trouble) = (failures.ended.get(&id).copied(), failures.clients.get(&id).copied());
    let state = words::rate_and_counts(shown.client.rate_milli, ended);
    open(paper, &words::with_trouble(words::client_label(&shown.client, &state), trouble));
    draw_box(paper, shown.place, stand, 9.0, false);
    let mut row = rows(shown.place);
    let mark = shown.mark.as_ref().map(|mark| cx.mark(mark, stand.is_dim()));
    let name = shown.name();
    let name = text(&name, TITLE, stand.ink);
    let failed = trouble.map(|outcome| format!("✕ {}", words::call_failed(outcome)));
    let failed = failed.as_ref().map(|failed| text(failed, NOTE.bold(), palette.bad));
    match cx.scene.layout.outside {
        OutsideForm::Full => {
            line::draw(paper, row(18.0), GAP, vec![name]);
            line::draw(paper, row(15.0), GAP, vec![text(&shown.client.ip, ADDRESS, palette.ink2)]);
            let calls = shown.calls();
            let calls = mark.into_iter().chain([text(&calls, TARGET, stand.ink)]).collect();
            line::draw(paper, row(18.0), GAP, calls);
            line::draw(paper, wider(row(15.0)), GAP, vec![text(&state, NOTE, palette.ink2)]);
            line::draw(paper, row(15.0), GAP, failed.into_iter().collect());
        }
        OutsideForm::Slim => {
            line::draw(paper, row(18.0), GAP, [name].into_iter().chain(mark).collect());
            let second = failed.unwrap_or_else(|| text(&state, NOTE, palette.ink2));
            line::draw(paper, wider(row(15.0)), GAP, vec![second]);
        }
    }
    paper.close();
}

/// The longest rate is a little longer than the other lines.
fn wider(room: Rect) -> Rect {
    Rect { w: room.w + 6.0, ..room }
}

pub fn draw_balancer(paper: &mut Paper, cx: &Drawing, service: Uid) {
    let Some(shown) = ShownBalancer::of(cx.scene, service) else { return };
    let (palette, stand) = (cx.palette, cx.stand(Selection::LoadBalancer(service)));
    open(paper, &words::balancer_label(&shown.balancer, &shown.name));
    draw_box(paper, shown.place, stand, 9.0, false);
    let mut row = rows(shown.place);
    let mark = shown.mark.as_ref().map(|mark| cx.mark(mark, stand.is_dim()));
    let title: Vec<Item> = [whole(words::CLOUD_LB, TITLE, stand.ink)].into_iter().chain(mark).collect();
    line::draw(paper, row(18.0), GAP, title);
    let address = words::balancer_address(&shown.balancer);
    line::draw(paper, row(15.0), GAP, vec![text(&address, ADDRESS, palette.ink2)]);
    if cx.scene.layout.outside == OutsideForm::Full {
        health(paper, cx, &shown, row(15.0));
    }
    paper.close();
}

fn health(paper: &mut Paper, cx: &Drawing, shown: &ShownBalancer, room: Rect) {
    for (i, words) in NOTE.lines(&words::balancer_health(&shown.balancer), room.w, 2).iter().enumerate() {
        let at = point(room.x, room.y + 7.5 + 15.0 * i as f64);
        let written = Written { words, face: NOTE, colour: cx.palette.ink2, is_struck: false };
        line::write(paper, at, Anchor::Start, written);
    }
}
