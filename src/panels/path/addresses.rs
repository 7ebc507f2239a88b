//! Source and destination of a packet; what changed is struck, with the new beside it.

use leptos::either::Either;
use leptos::prelude::*;
use netfilter::Tuple;
use std::net::IpAddr;

/// As they are printed, before and after a place.
#[derive(Clone, Debug, PartialEq)]
pub struct AddressChange {
    source: [String; 2],
    destination: [String; 2],
}

impl AddressChange {
    /// An ICMP error has no ports of its own.
    pub fn new(before: Tuple, after: Tuple, is_error: bool) -> AddressChange {
        let print = |ip: IpAddr, end: String| if is_error { ip.to_string() } else { end };
        AddressChange {
            source: [before, after].map(|t| print(t.src, t.source())),
            destination: [before, after].map(|t| print(t.dst, t.destination())),
        }
    }
}

#[component]
pub fn Addresses(change: AddressChange) -> impl IntoView {
    view! {
        <div class="pk-tuple pk-mono">
            <Address change=change.source/>
            " → "
            <Address change=change.destination/>
        </div>
    }
}

#[component]
fn Address(change: [String; 2]) -> impl IntoView {
    let [before, after] = change;
    if before == after {
        return Either::Left(view! { <span>{before}</span> });
    }
    Either::Right(view! {
        <span>
            <del>{before}</del>
            " "
            <ins>{after}</ins>
        </span>
    })
}
