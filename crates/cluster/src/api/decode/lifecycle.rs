//! A container's hooks.

use super::field_cursor::FieldCursor;
use super::probe;
use crate::api::diagnostics::Diagnostics;
use crate::api::{DiagnosticKind, Lifecycle, LifecycleHandler, PodSpec, Rule};

pub fn decode(cursor: &FieldCursor<'_>, diagnostics: &mut Diagnostics) -> Lifecycle {
    Lifecycle {
        post_start: handler(&cursor.field("postStart"), diagnostics),
        pre_stop: handler(&cursor.field("preStop"), diagnostics),
    }
}

/// The only one that is set: our type holds no more.
fn handler(cursor: &FieldCursor<'_>, diagnostics: &mut Diagnostics) -> Option<LifecycleHandler> {
    let handlers = ["exec", "httpGet", "tcpSocket", "sleep"].map(|name| cursor.field(name));
    let mut set = handlers.iter().filter(|handler| handler.is_set());
    if set.next().is_none() && cursor.is_set() {
        cursor.error(diagnostics, DiagnosticKind::Forbidden { why: Rule::NoHandler });
    }
    for extra in set {
        extra.error(diagnostics, DiagnosticKind::Forbidden { why: Rule::OneHandler });
    }
    let [exec, http_get, tcp_socket, sleep] = handlers;
    if exec.is_set() {
        return Some(LifecycleHandler::Exec { command: exec.field("command").strings() });
    }
    if sleep.is_set() {
        let seconds = sleep.field("seconds").int().unwrap_or(0);
        let held = u32::try_from(seconds).ok();
        if held.is_none() {
            let default = i64::from(PodSpec::DEFAULT_TERMINATION_GRACE_PERIOD_S);
            sleep.error(diagnostics, sleep_problem(seconds, default));
        }
        return Some(LifecycleHandler::Sleep { seconds: held.unwrap_or(0) });
    }
    if http_get.is_set() {
        probe::http_get(&http_get, diagnostics);
        return Some(LifecycleHandler::HttpGet { port: probe::port(&http_get.field("port"), diagnostics) });
    }
    if tcp_socket.is_set() {
        return Some(LifecycleHandler::TcpSocket {
            port: probe::port(&tcp_socket.field("port"), diagnostics),
        });
    }
    None
}

/// A sleep that is longer than the Pod's grace period, or negative.
pub fn sleep_problem(seconds: i64, grace_s: i64) -> DiagnosticKind {
    let expected = format!("must be non-negative and less than terminationGracePeriodSeconds ({grace_s})");
    DiagnosticKind::Invalid { value: seconds.to_string().into(), expected: expected.into() }
}
