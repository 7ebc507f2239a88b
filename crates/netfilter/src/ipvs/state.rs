//! A connection's state, as IPVS sees it (ip_vs_proto_tcp.c, ip_vs_proto_udp.c).

use super::sctp::{self, IpvsSctpState};
use crate::{Kind, Span, TcpFlags};

/// As `ipvsadm -Lcn` names it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub enum IpvsState {
    #[default]
    None,
    Established,
    SynSent,
    SynRecv,
    FinWait,
    TimeWait,
    Close,
    CloseWait,
    /// UDP.
    Udp,
    Sctp(IpvsSctpState),
}

/// A packet's direction: from the client to the virtual server, or back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Way {
    Input,
    Output,
}

impl IpvsState {
    pub fn as_str(self) -> &'static str {
        match self {
            IpvsState::None => "NONE",
            IpvsState::Established => "ESTABLISHED",
            IpvsState::SynSent => "SYN_SENT",
            IpvsState::SynRecv => "SYN_RECV",
            IpvsState::FinWait => "FIN_WAIT",
            IpvsState::TimeWait => "TIME_WAIT",
            IpvsState::Close => "CLOSE",
            IpvsState::CloseWait => "CLOSE_WAIT",
            IpvsState::Udp => "UDP",
            IpvsState::Sctp(state) => state.as_str(),
        }
    }

    /// How long a connection in this state is kept after its last packet (tcp_timeouts, udp_timeouts). An
    /// established connection is deleted after 15 idle minutes, long before conntrack's entry expires.
    /// `ipvsadm --set` would change these time-outs.
    pub fn timeout(self) -> Span {
        Span::from_secs(match self {
            IpvsState::None => 2,
            IpvsState::Established => 15 * 60,
            IpvsState::SynSent | IpvsState::FinWait | IpvsState::TimeWait => 2 * 60,
            IpvsState::SynRecv | IpvsState::CloseWait => 60,
            IpvsState::Close => 10,
            IpvsState::Udp => 5 * 60,
            IpvsState::Sctp(state) => return state.timeout(),
        })
    }

    /// tcp_state_active_table and set_sctp_state: does the connection count as ActiveConn?
    pub fn is_active(self) -> bool {
        matches!(
            self,
            IpvsState::Established
                | IpvsState::SynSent
                | IpvsState::SynRecv
                | IpvsState::Sctp(IpvsSctpState::Established)
        )
    }

    /// is_new_conn_expected: the connection is over, and its port may be in use again.
    pub(super) fn is_over(self) -> bool {
        matches!(self, IpvsState::TimeWait | IpvsState::Close | IpvsState::Sctp(IpvsSctpState::Closed))
    }

    /// The state after a packet.
    pub(super) fn after(self, way: Way, kind: Kind) -> IpvsState {
        match kind {
            Kind::Tcp(flags) => tcp(self, way, flags),
            Kind::Sctp(chunk) => sctp::step(self, way, chunk),
            Kind::Datagram | Kind::Echo(_) | Kind::IcmpError(_) => IpvsState::Udp,
        }
    }
}

/// `tcp_states`. No transition leads to LAST_ACK, and LISTEN and SYNACK belong to features that are not
/// used here.
fn tcp(from: IpvsState, way: Way, flags: TcpFlags) -> IpvsState {
    // tcp_state_idx: RST before SYN before FIN before ACK.
    if flags.has(TcpFlags::RST) {
        return reset(from, way);
    }
    if flags.has(TcpFlags::SYN) {
        return syn(from, way);
    }
    if flags.has(TcpFlags::FIN) {
        return fin(from, way);
    }
    if flags.has(TcpFlags::ACK) { ack(from) } else { IpvsState::Close }
}

fn syn(from: IpvsState, way: Way) -> IpvsState {
    use IpvsState as S;
    match (way, from) {
        (Way::Input | Way::Output, S::Established) | (Way::Input, S::SynSent) => S::Established,
        (Way::Input | Way::Output, S::SynRecv) => S::SynRecv,
        (Way::Output, S::SynSent) => S::SynSent,
        (way, S::None | S::FinWait | S::TimeWait | S::Close | S::CloseWait | S::Udp | S::Sctp(_)) => {
            match way {
                Way::Input => S::SynRecv,
                Way::Output => S::SynSent,
            }
        }
    }
}

fn fin(from: IpvsState, way: Way) -> IpvsState {
    use IpvsState as S;
    match (way, from) {
        (Way::Input | Way::Output, S::SynSent | S::Close) => from,
        (Way::Input, S::None) => S::Close,
        (Way::Input, S::Established | S::CloseWait) => S::CloseWait,
        (Way::Output, S::Established | S::FinWait) => S::FinWait,
        (Way::Input, S::FinWait) | (Way::Output, S::None | S::CloseWait) => S::TimeWait,
        (Way::Input | Way::Output, S::SynRecv | S::TimeWait | S::Udp | S::Sctp(_)) => S::TimeWait,
    }
}

/// The transition for an ACK, which is the same in both directions.
fn ack(from: IpvsState) -> IpvsState {
    use IpvsState as S;
    match from {
        S::None | S::SynRecv => S::Established,
        S::Established
        | S::SynSent
        | S::FinWait
        | S::TimeWait
        | S::Close
        | S::CloseWait
        | S::Udp
        | S::Sctp(_) => from,
    }
}

fn reset(from: IpvsState, way: Way) -> IpvsState {
    use IpvsState as S;
    match (way, from) {
        (Way::Input, S::SynRecv) | (Way::Output, S::SynSent | S::TimeWait) => from,
        (Way::Input, S::SynSent | S::TimeWait) | (Way::Output, S::SynRecv) => S::Close,
        (
            Way::Input | Way::Output,
            S::None | S::Established | S::FinWait | S::Close | S::CloseWait | S::Udp | S::Sctp(_),
        ) => S::Close,
    }
}
