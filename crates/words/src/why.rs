//! Why a packet went where it went: from its trace, hop by hop, and in one sentence.

use std::net::SocketAddr;

use cluster::diagnosis::MissingEndpoints;
use cluster::node::kube_proxy::{SelectionReason, selection_reason, service_port_of};
use cluster::sim::World;
use cluster::trace::{
    ConnectionRecord, Hop, HopKind, LossClass, Outcome, PacketKind, PacketTrace, PacketVerdict, Place,
};
use cluster::traffic::Target;
use netfilter::{Protocol, RuleEffect, RuleHit, Scheduler, Tuple};

use crate::called::{alias_called, kept_address, port_called, service_called};
use crate::unresolved::unresolved;
use crate::{loss_class, outcome, packet_verdict, place};

/// The answer to "why there?".
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Why {
    pub verdict: &'static str,
    pub sentence: String,
}

/// How a connection ended, in the words of its heading and of its row in a list.
pub fn verdict(record: &ConnectionRecord) -> &'static str {
    let Some((_, ended)) = record.ended else { return "under way" };
    // More specific than "a rule dropped it".
    if let (Outcome::TimedOut { .. }, Some(class @ (LossClass::ReplyLost | LossClass::SourceNotAllowed))) =
        (ended, record.lost.map(|lost| lost.class))
    {
        return loss_class(class);
    }
    if is_rejected_ping(record) {
        return "refused: a rule rejects what is for no port of a Service";
    }
    outcome(ended)
}

/// Nobody asks a ping for its port.
fn is_rejected_ping(record: &ConnectionRecord) -> bool {
    let is_ping = record.tuple.is_some_and(|tuple| tuple.protocol == Protocol::Icmp);
    is_ping && record.lost.is_some_and(|lost| lost.class == LossClass::NoSuchPort)
}

/// A headless Service that was called at its own port, where its Pods have another.
fn unmapped_port(world: &World, record: &ConnectionRecord) -> Option<String> {
    let Some((_, Outcome::Refused { .. })) = record.ended else { return None };
    let Target::Host { port, .. } = Target::parse(&record.target)? else { return None };
    let key = service_called(world, record)?;
    let service = world.store().services.get(&key).filter(|service| service.spec.headless)?;
    let called = service.spec.ports.iter().find(|of| of.port == port)?;
    let mut ports = world.store().slices_of(service.meta.uid).flat_map(|slice| &slice.ports);
    let target = ports.find(|of| of.name == called.name && of.port != port)?.port;
    Some(format!(" {} is headless, so no rule maps its port {port}: its Pods have {target}.", key.name))
}

/// What happened to a connection, in a sentence or two, from the packet that decided it.
pub fn why(world: &World, record: &ConnectionRecord) -> Why {
    let ended = record.ended.map(|(_, outcome)| outcome);
    let alias = alias_called(world, record);
    let mut sentence = match ended {
        Some(Outcome::Unresolved) => match alias {
            Some(alias) => format!("{alias}, which no record here answers for: no connection was opened."),
            None => unresolved(world, record),
        },
        Some(Outcome::NetworkUnreachable) => {
            "The client has no address of the IP family that it called: nothing was sent.".to_string()
        }
        Some(Outcome::NoAddress) => {
            "The Service has no address that can be called from outside: nothing was sent.".to_string()
        }
        Some(
            Outcome::Delivered
            | Outcome::Refused { .. }
            | Outcome::HostUnreachable
            | Outcome::Reset
            | Outcome::TimedOut { .. }
            | Outcome::NotReceived { .. }
            | Outcome::NoDns { .. }
            | Outcome::Abandoned,
        )
        | None => match first_of(record) {
            Some(packet) => alias.map_or_else(String::new, |alias| alias + ". ") + &decision(world, packet),
            None => "Its first packet is still on its way.".to_string(),
        },
    };
    if let Some(kept) = kept_address(world, record) {
        sentence = format!("{kept} {sentence}");
    }
    if let (Some((seen, _)), Some(tuple)) = (record.server_saw, record.tuple)
        && seen != tuple.src
    {
        sentence.push_str(&format!(
            " The app sees {seen}, not {}: a node put its own address in its place, so the reply comes back through it.",
            tuple.src
        ));
    }
    if let Some(unmapped) = unmapped_port(world, record) {
        sentence.push_str(&unmapped);
    }
    // A question that was lost and asked again says nothing of the request.
    let packets = if record.tuple.is_some() { &record.packets } else { &record.lookup };
    if let Some(failed) = packets.iter().rev().find(|p| p.ended.is_some_and(|(_, v)| v.is_failure())) {
        sentence.push(' ');
        sentence.push_str(&failure(world, failed));
    }
    if let Some(empty) = empty_service(world, record) {
        sentence.push_str(&format!(" {empty}."));
    }
    Why { verdict: verdict(record), sentence }
}

/// The packet that decided it: of the request, or of the lookup if no request was sent.
fn first_of(record: &ConnectionRecord) -> Option<&PacketTrace> {
    let asked = record.lookup.iter().rev().find(|packet| !packet.kind.is_reply());
    let sent = record.packets.iter().find(|packet| !packet.kind.is_reply());
    sent.or(asked).map(|packet| &**packet)
}

/// Why the Service that was called has no endpoints at the called port, where that is why the call failed and still so.
fn empty_service(world: &World, record: &ConnectionRecord) -> Option<String> {
    if record.lost.map(|lost| lost.class) != Some(LossClass::NoEndpoints) {
        return None;
    }
    let (key, uid) = record.service.as_ref()?;
    let service = world.store().service_by_uid(*uid)?;
    let called = port_called(service, record)?;
    let is_there = |missing: &MissingEndpoints| {
        missing.serving == 0
            && (missing.ports.is_empty() || missing.ports.iter().any(|port| port.name == called.name))
    };
    let missing = world.missing_endpoints(service).into_iter().find(is_there)?;
    Some(format!("{} {}", key.name, crate::has_no_endpoints(&missing)))
}

fn failure(world: &World, packet: &PacketTrace) -> String {
    let Some((_, verdict)) = packet.ended else { return String::new() };
    let at = packet.last_place().map_or(String::new(), |p| format!(" at {}", place(world, p)));
    if packet.lost.is_some_and(|lost| lost.class == LossClass::ReplyLost) {
        return format!(
            "The answer was lost{at}: it came back by another way than the request, past the node that \
             rewrote it, so nobody put the original addresses back."
        );
    }
    let stale = match packet.lost {
        Some(lost) if lost.stale_rule => " It was sent by a rule that was out of date.",
        _ => "",
    };
    if packet.kind == PacketKind::EchoRequest && verdict == PacketVerdict::NoSuchPort {
        return format!("It ended{at}: a rule rejects what is for no port of a Service.{stale}");
    }
    format!("It ended{at}: {}.{stale}", packet_verdict(verdict))
}

/// How a load balancer with `ipMode: Proxy` rewrote it, and what the node did that chose an endpoint.
fn decision(world: &World, packet: &PacketTrace) -> String {
    let redirected = |h: &&Hop| (h.before.dst, h.before.dst_port) != (h.after.dst, h.after.dst_port);
    let by_balancer = |h: &&Hop| matches!(h.place, Place::LoadBalancer(_));
    let proxied = packet.hops.iter().filter(redirected).find(by_balancer).map(|hop| {
        let called = SocketAddr::new(hop.after.dst, hop.after.dst_port);
        format!("{} called {called} from an address of its own. ", place(world, hop.place))
    });
    let chose = packet.hops.iter().filter(redirected).find(|h| !by_balancer(h));
    let said = match chose {
        Some(hop) => {
            let to = pod_with(world, hop.after).unwrap_or_else(|| hop.after.dst.to_string());
            format!("{} sent it to {to}{}.", place(world, hop.place), choice(hop).unwrap_or_default())
        }
        None => no_destination_chosen(world, packet),
    };
    proxied.unwrap_or_default() + &said
}

/// For a packet whose destination no node's rule rewrote.
fn no_destination_chosen(world: &World, packet: &PacketTrace) -> String {
    let last = packet.hops.iter().rev().find(|h| !h.hits.is_empty());
    if let Some((hop, by)) = last.and_then(|hop| Some((hop, stopped_by(hop)?))) {
        return format!("{} stopped it: {by}.", place(world, hop.place));
    }
    let at_node = |h: &&Hop| matches!(h.place, Place::Node(_)) && h.kind != HopKind::Sent;
    if !packet.hops.iter().any(|h| at_node(&h)) {
        return no_node_met(world, packet);
    }
    let masqueraded = packet.hops.iter().filter(at_node).find(|h| h.before.src != h.after.src);
    match masqueraded {
        Some(hop) => format!(
            "No rule rewrote its destination, the address that was called. {} put {} in place of its source, {}: \
             masquerade.",
            place(world, hop.place),
            hop.after.src,
            hop.before.src
        ),
        None if packet.ended.is_some_and(|(_, verdict)| verdict == PacketVerdict::NodeIsOff) => {
            "No rule was asked.".to_string()
        }
        None => "No rule rewrote it: it went straight to the address that was called.".to_string(),
    }
}

/// For a packet that passed no node's rules, or not yet.
fn no_node_met(world: &World, packet: &PacketTrace) -> String {
    let last = packet.hops.last().filter(|_| packet.ended.is_some());
    match last.map(|hop| hop.place) {
        None => "No node has decided about it yet.".to_string(),
        Some(at @ Place::LoadBalancer(_)) => {
            format!("It came to {}, and no further: it met no node's rules.", place(world, at))
        }
        Some(Place::Pod(_)) => "It never left its Pod: it met no node's rules.".to_string(),
        Some(Place::Outside(_) | Place::Node(_) | Place::Internet) => "It met no node's rules.".to_string(),
    }
}

fn pod_with(world: &World, tuple: Tuple) -> Option<String> {
    let pod =
        world.store().pods.iter().find(|p| p.status.pod_ips.is_some_and(|ips| ips.contains(&tuple.dst)))?;
    Some(format!("{} ({})", pod.meta.name, tuple.dst))
}

/// How the endpoint was chosen: by which rule of how many, and at what odds.
fn choice(hop: &Hop) -> Option<String> {
    Some(match selection_reason(hop.rules.as_ref()?, &hop.hits)? {
        SelectionReason::OnlyEndpoint => ": its rules know no other endpoint".to_string(),
        SelectionReason::Probability { one_in, of } => {
            format!(": its dice matched a 1-in-{one_in} rule, one of {of} endpoints")
        }
        SelectionReason::Remainder { of } => {
            format!(": the dice passed over every earlier rule, and the last of {of} takes the rest")
        }
        SelectionReason::Random { of } => {
            format!(": its rules drew one of {of} endpoints, each as likely as the others")
        }
        SelectionReason::SessionAffinity => ": session affinity binds the client to it".to_string(),
        SelectionReason::Scheduled { scheduler, of, persistent } => {
            let by = if persistent { "persistence, or else " } else { "" };
            format!(": IPVS chose it by {by}{} among {of} real servers", scheduler_name(scheduler))
        }
    })
}

fn scheduler_name(scheduler: Scheduler) -> &'static str {
    match scheduler {
        Scheduler::Rr => "round robin",
        Scheduler::Wrr => "weighted round robin",
        Scheduler::Lc => "least connections",
        Scheduler::Wlc => "weighted least connections",
        Scheduler::Sh => "source hashing",
        Scheduler::Dh => "destination hashing",
        Scheduler::Sed => "shortest expected delay",
        Scheduler::Nq => "never queue",
    }
}

/// The reason, if a rule stopped the packet. In iptables mode it is the rule's comment. In nftables mode it follows
/// from the map element that led to the rule: the element names the Service, and its map the reason.
fn stopped_by(hop: &Hop) -> Option<String> {
    let rules = hop.rules.as_ref()?;
    let effect = rules.effect(hop.hits.last()?.at())?;
    if !matches!(effect, RuleEffect::Drop | RuleEffect::Reject) {
        return None;
    }
    let at = hop.hits.iter().rev().map(RuleHit::at).find(|at| rules.comment(*at).is_some());
    let last = hop.hits.last()?.at();
    let comment = at.and_then(|at| rules.comment(at)).unwrap_or("a rule");
    let chain = at.and_then(|at| rules.chain_name(at)).unwrap_or_default();
    Some(match (chain, service_port_of(rules, last)) {
        ("no-endpoint-services" | "no-endpoint-nodeports", _) if effect == RuleEffect::Reject => {
            format!("{comment} has no endpoints")
        }
        ("no-endpoint-services" | "no-endpoint-nodeports", _) => format!("{comment} has no local endpoints"),
        (_, Some(service)) if rules.chain_name(last).is_some_and(|name| name.starts_with("firewall-")) => {
            format!("{service} takes only traffic from its loadBalancerSourceRanges")
        }
        _ => comment.to_string(),
    })
}

/// What one place did with the packet.
pub fn hop(world: &World, packet: &PacketTrace, hop: &Hop) -> String {
    let at = place(world, hop.place);
    let dnat = (hop.before.dst, hop.before.dst_port) != (hop.after.dst, hop.after.dst_port);
    let snat = (hop.before.src, hop.before.src_port) != (hop.after.src, hop.after.src_port);
    let reply = packet.kind.is_reply();
    match &hop.kind {
        HopKind::Sent => match packet.kind {
            PacketKind::Syn => format!("{at} opens a connection"),
            PacketKind::Request => format!("{at} sends its request"),
            PacketKind::Response => format!("{at} answers"),
            PacketKind::SynAck => format!("{at} accepts"),
            PacketKind::EchoRequest => format!("{at} pings"),
            PacketKind::DnsQuery(_) => format!("{at} asks the cluster's DNS"),
            PacketKind::DnsAnswer(_) => format!("{at} answers"),
            PacketKind::EchoReply => format!("{at} answers the ping"),
            PacketKind::Reset => format!("{at} refuses: nothing listens there"),
            PacketKind::Fin
            | PacketKind::ServerFin
            | PacketKind::PortUnreachable
            | PacketKind::HostUnreachable => format!("{at} sends {}", crate::packet_kind(packet)),
        },
        HopKind::Balanced { node } => format!("{at} picks {node}"),
        HopKind::Forwarded => match (dnat, snat, reply) {
            (true, true, false) => format!("{at} rewrites both ends (DNAT, then SNAT)"),
            (true, false, false) => format!("{at} rewrites the destination (DNAT)"),
            (false, true, false) => format!("{at} rewrites the source (SNAT)"),
            (false, false, _) => format!("{at} passes it on unchanged"),
            (_, _, true) => format!("{at} puts the original addresses back (conntrack)"),
        },
        HopKind::Delivered => match hop.place {
            Place::Pod(_) | Place::Outside(_) | Place::Node(_) => format!("{at} receives it"),
            Place::LoadBalancer(_) | Place::Internet => format!("{at} takes it"),
        },
        HopKind::Refused => format!("{at} refuses it"),
        HopKind::Dropped => format!("{at} drops it"),
    }
}
