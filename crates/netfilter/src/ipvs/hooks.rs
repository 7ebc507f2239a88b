//! What IPVS does to a packet in each of its hooks (net/netfilter/ipvs/ip_vs_core.c).

use std::net::SocketAddr;

use super::table::{Arrival, Taken};
use super::{Ipvs, IpvsDrop, ServerKey};
use crate::conntrack::{Conntrack, Direction};
use crate::skb::{Ct, IcmpError, IpvsMark, Kind, Skb};
use crate::stack::{Context, Verdict};
use crate::{Hook, RuleHit, Tuple};

impl Ipvs {
    /// ip_vs_out_hook, then ip_vs_in_hook. In FORWARD the second is ip_vs_forward_icmp, which has no effect here,
    /// since an ICMP error to a virtual server is addressed to this node.
    pub(crate) fn run_hook(
        &mut self,
        hook: Hook,
        skb: &mut Skb,
        cx: &mut Context,
        conntrack: &mut Conntrack,
    ) -> Verdict {
        // Without a virtual server the hooks are not registered (ip_vs_register_hooks).
        if self.is_off() || skb.ipvs != IpvsMark::Unseen {
            return Verdict::Accept;
        }
        if let Kind::IcmpError(error) = skb.kind {
            self.error(hook, skb, error);
            return Verdict::Accept;
        }
        // ip_vs_in_hook: ip_vs_proto_data_get has nothing for ICMP.
        if let Kind::Echo(_) = skb.kind {
            return Verdict::Accept;
        }
        if let Some(server) = self.answer(&skb.tuple, skb.kind, cx.now) {
            (skb.tuple.src, skb.tuple.src_port) = (server.ip(), server.port());
            skb.ipvs = IpvsMark::Answer;
            return Verdict::Accept;
        }
        if hook == Hook::Forward { Verdict::Accept } else { self.request(hook, skb, cx, conntrack) }
    }

    fn request(&mut self, hook: Hook, skb: &mut Skb, cx: &mut Context, conntrack: &mut Conntrack) -> Verdict {
        let server = ServerKey::of(&skb.tuple);
        let confirmed = matches!(skb.ct, Ct::Tracked(ct) if ct.confirmed);
        let arrival = Arrival { tuple: &skb.tuple, kind: skb.kind, confirmed };
        match self.take(arrival, cx.now, conntrack) {
            Taken::No => Verdict::Accept,
            Taken::Dropped(why) => {
                if why == IpvsDrop::NoDestination {
                    self.note_server(hook, server, None, None, cx);
                }
                Verdict::Ipvs(server, why)
            }
            Taken::To { real_server, chosen } => {
                (skb.tuple.dst, skb.tuple.dst_port) = (real_server.ip(), real_server.port());
                skb.ipvs = IpvsMark::Request;
                update_conntrack(skb, real_server);
                if chosen {
                    self.note_server(hook, server, Some(real_server), Some(skb.tuple), cx);
                }
                Verdict::Accept
            }
        }
    }

    /// ip_vs_out_icmp, ip_vs_in_icmp and ip_vs_nat_icmp: an error about a request gets the virtual server as its
    /// source; an error about a reply goes to the real server.
    fn error(&self, hook: Hook, skb: &mut Skb, mut error: IcmpError) {
        if let Some(server) = self.virtual_server_behind(&error.inner.reversed()) {
            skb.tuple.src = server.ip();
            (error.inner.dst, error.inner.dst_port) = (server.ip(), server.port());
            skb.ipvs = IpvsMark::Answer;
        } else if let Some(real) =
            self.real_server_behind(&error.inner.reversed()).filter(|_| hook != Hook::Forward)
        {
            skb.tuple.dst = real.ip();
            (error.inner.src, error.inner.src_port) = (real.ip(), real.port());
            skb.ipvs = IpvsMark::Request;
        }
        skb.kind = Kind::IcmpError(error);
    }

    /// Adds the virtual server to the trace, in the form of a rule: see [`super::IpvsRules::at`].
    fn note_server(
        &self,
        hook: Hook,
        server: ServerKey,
        real: Option<SocketAddr>,
        tuple_after: Option<Tuple>,
        cx: &mut Context,
    ) {
        let Some(trace) = &mut cx.trace else { return };
        let Some(at) = self.rules.at(&server, real) else { return };
        trace.push(RuleHit { hook, table: at.table, chain: at.chain, rule: at.rule, tuple_after });
    }
}

/// ip_vs_update_conntrack: sets the reply's source of an unconfirmed connection to the real server. It is not
/// marked as rewritten by NAT.
fn update_conntrack(skb: &mut Skb, real_server: SocketAddr) {
    if let Ct::Tracked(ct) = &mut skb.ct
        && !ct.confirmed
        && ct.direction == Direction::Original
    {
        ct.answer_comes_from(real_server);
    }
}
