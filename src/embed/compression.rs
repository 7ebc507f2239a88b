//! The browser's own deflate, which costs the page nothing.

use super::LinkError;
use js_sys::{Reflect, Uint8Array};
use wasm_bindgen::prelude::*;
use wasm_bindgen_futures::{JsFuture, spawn_local};
use web_sys::{ReadableStream, ReadableStreamDefaultReader, WritableStream};

/// For our own scenarios, which need no limit.
const NO_LIMIT: usize = usize::MAX;

pub async fn deflate(bytes: &[u8]) -> Result<Vec<u8>, LinkError> {
    run("CompressionStream", bytes, NO_LIMIT).await
}

pub async fn inflate(bytes: &[u8], limit: usize) -> Result<Vec<u8>, LinkError> {
    run("DecompressionStream", bytes, limit).await
}

async fn run(name: &str, bytes: &[u8], limit: usize) -> Result<Vec<u8>, LinkError> {
    let (readable, writable) = stream(name).ok_or(LinkError::NoCompression)?;
    feed(&writable, bytes);
    drain(&readable, limit).await
}

/// Made by name: web-sys counts these types as unstable.
fn stream(name: &str) -> Option<(ReadableStream, WritableStream)> {
    let class: js_sys::Function = Reflect::get(&js_sys::global(), &name.into()).ok()?.dyn_into().ok()?;
    let format = js_sys::Array::of1(&"deflate-raw".into());
    let made = Reflect::construct(&class, &format).ok()?;
    let side = |which: &str| Reflect::get(&made, &which.into()).ok();
    Some((side("readable")?.dyn_into().ok()?, side("writable")?.dyn_into().ok()?))
}

/// Ignores errors, since the other end of the stream fails too and reports them.
fn feed(writable: &WritableStream, bytes: &[u8]) {
    let Ok(writer) = writable.get_writer() else { return };
    let writing = [writer.write_with_chunk(&Uint8Array::from(bytes)), writer.close()];
    for promise in writing {
        spawn_local(async move {
            let _told_elsewhere = JsFuture::from(promise).await;
        });
    }
}

async fn drain(readable: &ReadableStream, limit: usize) -> Result<Vec<u8>, LinkError> {
    let reader: ReadableStreamDefaultReader =
        readable.get_reader().dyn_into().map_err(|_| LinkError::NoCompression)?;
    let mut out = Vec::new();
    loop {
        let chunk = JsFuture::from(reader.read()).await.map_err(|_| LinkError::Damaged)?;
        let of = |key: &str| Reflect::get(&chunk, &key.into()).unwrap_or(JsValue::UNDEFINED);
        if of("done").is_truthy() {
            return Ok(out);
        }
        let part: Uint8Array = of("value").dyn_into().map_err(|_| LinkError::Damaged)?;
        if out.len() + part.length() as usize > limit {
            let cancelled = reader.cancel();
            spawn_local(async move {
                let _gone = JsFuture::from(cancelled).await;
            });
            return Err(LinkError::TooLarge);
        }
        out.extend_from_slice(&part.to_vec());
    }
}
