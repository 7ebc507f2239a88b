//! A container's hooks.

use super::field_cursor::FieldCursor;
use super::probe;
use crate::api::diagnostics::Diagnostics;
use crate::api::{Lifecycle, LifecycleHandler};

pub fn decode(cursor: &FieldCursor<'_>, diagnostics: &mut Diagnostics) -> Lifecycle {
    Lifecycle {
        post_start: handler(&cursor.field("postStart"), diagnostics),
        pre_stop: handler(&cursor.field("preStop"), diagnostics),
    }
}

fn handler(cursor: &FieldCursor<'_>, diagnostics: &mut Diagnostics) -> Option<LifecycleHandler> {
    let [exec, http_get, tcp_socket, sleep] =
        ["exec", "httpGet", "tcpSocket", "sleep"].map(|name| cursor.field(name));
    if exec.is_set() {
        return Some(LifecycleHandler::Exec { command: exec.field("command").strings() });
    }
    if sleep.is_set() {
        let seconds = sleep.field("seconds").int_in(diagnostics, 0, i64::from(i32::MAX));
        let seconds = seconds.and_then(|s| u32::try_from(s).ok()).unwrap_or(0);
        return Some(LifecycleHandler::Sleep { seconds });
    }
    if http_get.is_set() {
        return Some(LifecycleHandler::HttpGet { port: probe::port(&http_get.field("port"), diagnostics) });
    }
    if tcp_socket.is_set() {
        return Some(LifecycleHandler::TcpSocket {
            port: probe::port(&tcp_socket.field("port"), diagnostics),
        });
    }
    None
}
