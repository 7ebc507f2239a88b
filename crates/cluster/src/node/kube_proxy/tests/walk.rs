//! An interpreter of iptables' rules, read from their text: the idea of upstream's iptablesTracer
//! (pkg/proxy/iptables/proxier_test.go), but through all hooks, with marks, states and affinity.

use super::ipset_read::Sets;
use super::printed::{Base, Packet, Printed, Virtual};
use super::restore::{Ask, End, Restore, Rule, Target, What};

impl Printed for Restore {
    fn bases(&self, hook: &str) -> Vec<Base> {
        let name = hook.to_ascii_uppercase();
        let of = |table: &str, priority, nat| {
            let chain = self.chain(table, &name)?;
            assert_ne!(chain.policy, "-", "{name} is built in");
            Some(Base { priority, nat, name: name.clone() })
        };
        // NF_IP_PRI_NAT_DST, NF_IP_PRI_NAT_SRC, NF_IP_PRI_FILTER.
        let nat = if ["prerouting", "output"].contains(&hook) { -100 } else { 100 };
        [of("nat", nat, true), of("filter", 0, false)].into_iter().flatten().collect()
    }

    fn run<'a>(&self, base: &Base, packet: Packet<'a>) -> Vec<Packet<'a>> {
        let table = if base.nat { "nat" } else { "filter" };
        let by_policy = |(mut packet, way): (Packet<'a>, Way)| {
            if way == Way::Back && self.chain(table, &base.name).unwrap().policy == "DROP" {
                packet.stopped = Some("DROP");
            }
            packet
        };
        self.walk(table, &base.name, packet).into_iter().map(by_policy).collect()
    }
}

/// How a packet left a chain.
#[derive(PartialEq)]
enum Way {
    /// To the chain that it came from, or to the policy.
    Back,
    /// A rule decided.
    Decided,
}

impl Restore {
    /// Packets with a verdict come first, in the order of the rules.
    fn walk<'a>(&self, table: &str, name: &str, packet: Packet<'a>) -> Vec<(Packet<'a>, Way)> {
        let chain = self.chain(table, name).unwrap();
        let (mut here, mut left) = (vec![packet], Vec::new());
        for rule in &chain.rules {
            let mut next = Vec::new();
            for packet in here {
                let (matching, other) = matching(rule, &self.sets, packet);
                if let Some(packet) = matching {
                    self.target(table, rule, packet, &mut next, &mut left);
                }
                next.extend(other);
            }
            here = next;
        }
        left.extend(here.into_iter().map(|packet| (packet, Way::Back)));
        left
    }

    /// `next`: packets that go on to the next rule. `left`: packets that leave the chain.
    fn target<'a>(
        &self,
        table: &str,
        rule: &Rule,
        mut packet: Packet<'a>,
        next: &mut Vec<Packet<'a>>,
        left: &mut Vec<(Packet<'a>, Way)>,
    ) {
        match &rule.target {
            None => {}
            Some(Target::Or(bits)) => packet.mark |= bits,
            Some(Target::Xor(bits)) => packet.mark ^= bits,
            Some(Target::Set(bits)) => packet.mark = *bits,
            Some(Target::Return) => return left.push((packet, Way::Back)),
            Some(Target::Jump(to)) => {
                for (packet, way) in self.walk(table, to, packet) {
                    match way {
                        Way::Back => next.push(packet),
                        Way::Decided => left.push((packet, way)),
                    }
                }
                return;
            }
            Some(verdict) => {
                decide(verdict, &mut packet);
                return left.push((packet, Way::Decided));
            }
        }
        next.push(packet);
    }
}

fn decide(verdict: &Target, packet: &mut Packet) {
    match verdict {
        Target::Accept => packet.accepted = true,
        Target::Drop => packet.stopped = Some("DROP"),
        Target::Reject => packet.stopped = Some("REJECT"),
        Target::Dnat(to) => packet.rewrite(*to),
        Target::Masquerade => packet.masquerade(),
        other => panic!("no verdict: {other:?}"),
    }
}

/// The packet if the rule can match it, and the packet if it can fail to: both, if that is random.
fn matching<'a>(
    rule: &Rule,
    sets: &Sets,
    mut packet: Packet<'a>,
) -> (Option<Packet<'a>>, Option<Packet<'a>>) {
    let header = rule.asks.iter().filter(|ask| ask.what.is_of_header());
    let matches = rule.asks.iter().filter(|ask| !ask.what.is_of_header());
    let mut by_chance = false;
    for ask in header.chain(matches) {
        match ask.what {
            What::Probability(chance) if chance < 1.0 => by_chance = true,
            _ if holds(ask, sets, &mut packet) != ask.not => {}
            _ => return (None, Some(packet)),
        }
    }
    let other = by_chance.then(|| packet.clone());
    (Some(packet), other)
}

/// Without regard to `!`.
fn holds(ask: &Ask, sets: &Sets, packet: &mut Packet) -> bool {
    let tuple = packet.tuple;
    let by = |is_it: &dyn Fn(&Virtual) -> bool| packet.balanced.as_ref().is_some_and(is_it);
    let address = |end: &End| if *end == End::Source { tuple.src } else { tuple.dst };
    match &ask.what {
        What::Address(end, prefix) => prefix.has(address(end)),
        What::Interface(name) => match name.strip_suffix('+') {
            Some(prefix) => packet.interface.starts_with(prefix),
            None => packet.interface == name,
        },
        What::Protocol(name) => tuple.protocol.lower() == name,
        What::Port(port) => tuple.dst_port == *port,
        What::Local(end) => packet.is_here(address(end)),
        What::Mark { value, mask } => packet.mark & mask == *value,
        What::States(states) => states.iter().any(|state| is_in_state(packet, state)),
        What::Probability(_) => true,
        What::Holds(list) => packet.noted.contains(list),
        What::Note(list) => {
            packet.noted.insert(list.clone());
            true
        }
        What::InSet(name, ends) => sets.get(name).is_some_and(|set| set.has(ends, &tuple)),
        // The hooks see routed packets, not those that a bridge forwards between its ports.
        What::FromBridge => false,
        What::VirtualAddress(prefix) => by(&|server| prefix.has(server.at.ip())),
        What::VirtualProtocol(name) => by(&|server| server.protocol.lower() == name),
        What::VirtualPort(port) => by(&|server| server.at.port() == *port),
    }
}

/// Of a connection's first packet.
fn is_in_state(packet: &Packet, state: &str) -> bool {
    match state {
        "NEW" => true,
        "DNAT" => packet.dnat,
        "SNAT" => packet.masqueraded,
        "INVALID" | "RELATED" | "ESTABLISHED" => false,
        other => panic!("a state: {other}"),
    }
}
