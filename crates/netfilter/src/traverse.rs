//! A packet's path through one node, hook by hook. The simulation uses it, and so do the tests that compare it
//! with a real kernel.

use std::net::IpAddr;

use super::ruleset::{Family, Hook};
use super::skb::Skb;
use super::stack::{Context, Stack, Verdict};
use crate::Tuple;

/// The interface of packets from a node to itself.
const LOOPBACK: &str = "lo";

/// Where a packet goes next on this node, as its routing table says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Route {
    /// To a process on this node.
    Local,
    /// Out through an interface; its address, which MASQUERADE takes.
    Out(IpAddr),
    /// Nowhere.
    None,
}

/// How a packet's path through the node ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Traversal {
    /// Delivered to a process on this node.
    Local,
    /// Sent out.
    Out,
    NoRoute,
    Stopped(Hook, Verdict),
}

/// A machine: its kernel and its routing table.
pub trait Host {
    fn stack(&mut self) -> &mut Stack;

    /// Looked up once, with the tuple after PREROUTING or OUTPUT, and again if IPVS then changes the destination.
    fn route(&mut self, tuple: &Tuple) -> Route;
}

/// A network stack with a routing table that is just a function.
struct Plain<'a, R> {
    stack: &'a mut Stack,
    table: R,
}

impl<R: Fn(&Tuple) -> Route> Host for Plain<'_, R> {
    #[inline]
    fn stack(&mut self) -> &mut Stack {
        self.stack
    }

    #[inline]
    fn route(&mut self, tuple: &Tuple) -> Route {
        (self.table)(tuple)
    }
}

impl Stack {
    /// As [`receive`].
    pub fn receive(&mut self, skb: &mut Skb, cx: &mut Context, route: impl Fn(&Tuple) -> Route) -> Traversal {
        receive(&mut Plain { stack: self, table: route }, skb, cx)
    }

    /// As [`send`].
    pub fn send(&mut self, skb: &mut Skb, cx: &mut Context, route: impl Fn(&Tuple) -> Route) -> Traversal {
        send(&mut Plain { stack: self, table: route }, skb, cx)
    }
}

/// A packet arrives from an interface: through to another one, or up to a process.
pub fn receive<H: Host>(host: &mut H, skb: &mut Skb, cx: &mut Context) -> Traversal {
    if !host.stack().has_hooks_for(skb) {
        return unhooked(host, skb);
    }
    if let Some(stopped) = stopped(Hook::Prerouting, &host.stack().prerouting(skb, cx)) {
        return stopped;
    }
    match host.route(&skb.tuple) {
        Route::None => Traversal::NoRoute,
        Route::Out(address) => forwarded(host, skb, cx, address),
        Route::Local => local_in(host, skb, cx),
    }
}

/// A process on this node sends a packet. To a process on this node it goes over loopback: out through
/// POSTROUTING and in again through PREROUTING.
pub fn send<H: Host>(host: &mut H, skb: &mut Skb, cx: &mut Context) -> Traversal {
    if !host.stack().has_hooks_for(skb) {
        return unhooked(host, skb);
    }
    if let Some(stopped) = stopped(Hook::Output, &host.stack().output(skb, cx)) {
        return stopped;
    }
    match host.route(&skb.tuple) {
        Route::None => Traversal::NoRoute,
        // ip_vs_xmit.c, crosses_local_route_boundary: IPVS sends nothing elsewhere from a loopback address.
        Route::Out(_) if skb.has_real_server() && skb.tuple.src.is_loopback() => Traversal::NoRoute,
        Route::Out(address) => leave(host, skb, cx, address),
        Route::Local => {
            // lo has no address of global scope, so inet_select_addr takes one of another interface. The primary one
            // of the packet's family comes first.
            let own = host.stack().addresses.iter().find(|own| Family::of(**own) == skb.family());
            let address = own.copied().unwrap_or(skb.tuple.dst);
            let left = leave(host, skb, cx, address);
            if left != Traversal::Out {
                return left;
            }
            skb.in_interface = LOOPBACK;
            if let Some(stopped) = stopped(Hook::Prerouting, &host.stack().prerouting(skb, cx)) {
                return stopped;
            }
            // IPVS has already seen the packet at OUTPUT.
            stopped(Hook::Input, &host.stack().input(skb, cx)).unwrap_or(Traversal::Local)
        }
    }
}

/// A packet of a family without hooks passes no rules: only the routing table decides.
fn unhooked<H: Host>(host: &mut H, skb: &Skb) -> Traversal {
    match host.route(&skb.tuple) {
        Route::None => Traversal::NoRoute,
        Route::Local => Traversal::Local,
        Route::Out(_) => Traversal::Out,
    }
}

/// After PREROUTING, when the packet is for this node.
fn local_in<H: Host>(host: &mut H, skb: &mut Skb, cx: &mut Context) -> Traversal {
    match stopped(Hook::Input, &host.stack().input(skb, cx)) {
        Some(stopped) => stopped,
        None if skb.has_real_server() => leave_by_ipvs(host, skb, cx),
        None => Traversal::Local,
    }
}

/// IPVS gave the packet a real server: it goes there.
fn leave_by_ipvs<H: Host>(host: &mut H, skb: &mut Skb, cx: &mut Context) -> Traversal {
    match host.route(&skb.tuple) {
        Route::None => Traversal::NoRoute,
        Route::Local => {
            stopped(Hook::Input, &host.stack().input_to_process(skb, cx)).unwrap_or(Traversal::Local)
        }
        Route::Out(address) => match stopped(Hook::Output, &host.stack().reinjected(skb, cx)) {
            Some(stopped) => stopped,
            None => leave(host, skb, cx, address),
        },
    }
}

/// After PREROUTING, when the packet goes on through the interface with this address.
fn forwarded<H: Host>(host: &mut H, skb: &mut Skb, cx: &mut Context, out_addr: IpAddr) -> Traversal {
    match stopped(Hook::Forward, &host.stack().forward(skb, cx)) {
        Some(stopped) => stopped,
        None => leave(host, skb, cx, out_addr),
    }
}

fn leave<H: Host>(host: &mut H, skb: &mut Skb, cx: &mut Context, out_addr: IpAddr) -> Traversal {
    stopped(Hook::Postrouting, &host.stack().postrouting(skb, cx, out_addr)).unwrap_or(Traversal::Out)
}

/// Takes a reference for speed: most verdicts are `Accept`, which writes one byte. Copying a whole verdict would
/// wait for the earlier writes to its other bytes.
#[inline]
fn stopped(hook: Hook, verdict: &Verdict) -> Option<Traversal> {
    if matches!(verdict, Verdict::Accept) { None } else { Some(stop(hook, verdict)) }
}

#[inline(never)]
fn stop(hook: Hook, verdict: &Verdict) -> Traversal {
    Traversal::Stopped(hook, *verdict)
}
