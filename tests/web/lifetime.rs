//! A lab begins and ends with its element, and what it had is given back.

use crate::support::{Lab, frames, until};
use js_sys::{Function, Reflect};
use leptos::prelude::window;
use stats_alloc::{INSTRUMENTED_SYSTEM, StatsAlloc};
use std::alloc::System;
use std::cell::Cell;
use std::rc::Rc;
use wasm_bindgen::prelude::*;
use wasm_bindgen_test::wasm_bindgen_test;

#[global_allocator]
static ALLOCATOR: &StatsAlloc<System> = &INSTRUMENTED_SYSTEM;

fn bytes_in_use() -> isize {
    let stats = ALLOCATOR.stats();
    stats.bytes_allocated as isize - stats.bytes_deallocated as isize
}

#[wasm_bindgen_test]
fn a_lab_is_inside_its_own_shadow_root() {
    let lab = Lab::mount("{}");
    assert!(lab.root().query_selector("h1").expect("a selector").is_some());
    assert_eq!(lab.element().child_element_count(), 0, "nothing is left beside the shadow root");
    lab.remove();
}

#[wasm_bindgen_test]
fn two_labs_do_not_share_their_content() {
    let (one, two) = (Lab::mount("{}"), Lab::mount("{}"));
    assert!(one.root() != two.root());
    one.remove();
    two.remove();
}

#[wasm_bindgen_test]
async fn one_lab_goes_and_the_other_goes_on() {
    let (one, two) = (Lab::mount("{}"), Lab::mount("{}"));
    let clock = |lab: &Lab| {
        let clock = lab.root().query_selector(".pk-clock").expect("a selector").expect("a clock");
        clock.text_content().unwrap_or_default()
    };
    one.remove();
    let before = clock(&two);
    until("the other lab's clock goes", || clock(&two) != before).await;
    two.remove();
}

/// What a mounted lab holds is given back when its element goes: memory of the module, and what the module holds
/// of the page's. The first labs also make what stays for all: tables, caches, the page's fonts.
#[wasm_bindgen_test]
async fn to_mount_and_remove_a_lab_leaks_nothing() {
    for _ in 0..3 {
        come_and_go().await;
    }
    let (bytes, handles) = (bytes_in_use(), wasm_bindgen::externref_heap_live_count());
    for _ in 0..10 {
        come_and_go().await;
    }
    let grown = bytes_in_use() - bytes;
    let handles_grown = wasm_bindgen::externref_heap_live_count().saturating_sub(handles);
    assert!(grown < 10_000, "ten labs that are gone left {grown} bytes");
    assert!(handles_grown < 10, "ten labs that are gone left {handles_grown} handles of the page's objects");
}

async fn come_and_go() {
    let lab = Lab::mount("{}");
    until("the lab has its picture", || lab.root().query_selector("canvas").is_ok_and(|c| c.is_some())).await;
    frames(3).await;
    lab.remove();
    frames(3).await;
}

/// A lab asks for frames while it runs, and for none when it is gone.
#[wasm_bindgen_test]
async fn a_lab_that_is_gone_asks_for_no_more_frames() {
    let key = JsValue::from("requestAnimationFrame");
    let real: Function = Reflect::get(&window(), &key).expect("a property").dyn_into().expect("a function");
    let asked = Rc::new(Cell::new(0_u32));
    let counting = Closure::<dyn Fn(JsValue) -> JsValue>::new({
        let (real, asked) = (real.clone(), Rc::clone(&asked));
        move |callback: JsValue| {
            asked.set(asked.get() + 1);
            real.call1(&window(), &callback).expect("a frame is promised")
        }
    });
    Reflect::set(&window(), &key, counting.as_ref()).expect("replaced");
    let lab = Lab::mount("{}");
    frames(5).await;
    let while_there = asked.replace(0);
    lab.remove();
    frames(2).await;
    asked.set(0);
    frames(5).await;
    let afterwards = asked.get();
    Reflect::set(&window(), &key, &real).expect("put back");
    // Each `frames` asks for its own.
    assert!(while_there > 5, "it runs: it asked for {while_there} frames while the test asked for 5");
    assert_eq!(afterwards, 5, "only the test asks for frames");
}
