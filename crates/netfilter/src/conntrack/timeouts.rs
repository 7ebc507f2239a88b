//! How long an entry is kept after its last packet.

use crate::Span;

/// The kernel's defaults (`nf_conntrack_tcp_timeout_*` and the like; nf_conntrack_proto_tcp.c,
/// tcp_timeouts). For a network that is slowed down, use [`Timeouts::scaled`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Timeouts {
    pub syn_sent: Span,
    pub syn_recv: Span,
    pub established: Span,
    pub fin_wait: Span,
    pub close_wait: Span,
    pub last_ack: Span,
    pub time_wait: Span,
    pub close: Span,
    pub syn_sent2: Span,
    /// Established by a packet in mid-stream, or with data that is not acknowledged.
    pub unacknowledged: Span,
    pub udp: Span,
    /// UDP in both directions for more than [`Timeouts::udp_becomes_stream`].
    pub udp_stream: Span,
    pub udp_becomes_stream: Span,
    pub sctp_closed: Span,
    /// COOKIE_WAIT and COOKIE_ECHOED.
    pub sctp_cookie: Span,
    pub sctp_established: Span,
    /// SHUTDOWN_SENT and SHUTDOWN_RECD.
    pub sctp_shutdown: Span,
    /// ICMP and ICMPv6.
    pub icmp: Span,
}

impl Default for Timeouts {
    fn default() -> Timeouts {
        let s = Span::from_secs;
        Timeouts {
            syn_sent: s(120),
            syn_recv: s(60),
            established: s(5 * 24 * 3600),
            fin_wait: s(120),
            close_wait: s(60),
            last_ack: s(30),
            time_wait: s(120),
            close: s(10),
            syn_sent2: s(120),
            unacknowledged: s(300),
            udp: s(30),
            udp_stream: s(120),
            udp_becomes_stream: s(2),
            sctp_closed: s(10),
            sctp_cookie: s(3),
            sctp_established: s(210),
            sctp_shutdown: s(3),
            icmp: s(30),
        }
    }
}

impl Timeouts {
    /// All of them, `factor` times as long.
    pub fn scaled(self, factor: u64) -> Timeouts {
        Timeouts {
            syn_sent: self.syn_sent.times(factor),
            syn_recv: self.syn_recv.times(factor),
            established: self.established.times(factor),
            fin_wait: self.fin_wait.times(factor),
            close_wait: self.close_wait.times(factor),
            last_ack: self.last_ack.times(factor),
            time_wait: self.time_wait.times(factor),
            close: self.close.times(factor),
            syn_sent2: self.syn_sent2.times(factor),
            unacknowledged: self.unacknowledged.times(factor),
            udp: self.udp.times(factor),
            udp_stream: self.udp_stream.times(factor),
            udp_becomes_stream: self.udp_becomes_stream.times(factor),
            sctp_closed: self.sctp_closed.times(factor),
            sctp_cookie: self.sctp_cookie.times(factor),
            sctp_established: self.sctp_established.times(factor),
            sctp_shutdown: self.sctp_shutdown.times(factor),
            icmp: self.icmp.times(factor),
        }
    }
}
