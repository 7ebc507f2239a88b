//! TCP as conntrack sees it (nf_conntrack_proto_tcp.c).

use super::entry::Direction;
use super::timeouts::Timeouts;
use crate::Span;
use crate::skb::TcpFlags;

/// A TCP connection's state, as `conntrack -L` names it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub enum TcpState {
    /// Not TCP, or nothing seen yet.
    #[default]
    None,
    SynSent,
    SynRecv,
    Established,
    FinWait,
    CloseWait,
    LastAck,
    TimeWait,
    Close,
    /// SYN seen from both ends.
    SynSent2,
}

/// What a packet does to a connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Step {
    To(TcpState),
    /// The packet passes and changes nothing.
    Ignore,
    /// The packet does not belong to the connection.
    Invalid,
    /// A new connection on an old one's tuple.
    Reopen,
}

/// `tcp_conntracks` in nf_conntrack_proto_tcp.c: what `flags`, going in `direction`, does to a
/// connection in state `from`.
pub(super) fn step(from: TcpState, direction: Direction, flags: TcpFlags) -> Step {
    use TcpState as S;
    // get_conntrack_index: RST before SYN before FIN before ACK.
    if flags.has(TcpFlags::RST) {
        return if from == S::None { Step::Invalid } else { Step::To(S::Close) };
    }
    if flags.has(TcpFlags::SYN) {
        return if flags.has(TcpFlags::ACK) { syn_ack(from, direction) } else { syn(from, direction) };
    }
    if flags.has(TcpFlags::FIN) {
        return fin(from);
    }
    if flags.has(TcpFlags::ACK) { ack(from, direction) } else { Step::Invalid }
}

fn syn(from: TcpState, direction: Direction) -> Step {
    use TcpState as S;
    match (direction, from) {
        (Direction::Original, S::None | S::SynSent) => Step::To(S::SynSent),
        (Direction::Reply, S::SynSent) => Step::To(S::SynSent2),
        (Direction::Original | Direction::Reply, S::SynSent2) => Step::To(S::SynSent2),
        (Direction::Original | Direction::Reply, S::TimeWait) => Step::Reopen,
        (Direction::Original, S::Close) => Step::Reopen,
        (Direction::Original, S::SynRecv | S::Established | S::FinWait | S::CloseWait | S::LastAck) => {
            Step::Ignore
        }
        (
            Direction::Reply,
            S::None | S::SynRecv | S::Established | S::FinWait | S::CloseWait | S::LastAck | S::Close,
        ) => Step::Invalid,
    }
}

fn syn_ack(from: TcpState, direction: Direction) -> Step {
    use TcpState as S;
    match (direction, from) {
        (Direction::Original, S::SynRecv | S::SynSent2) => Step::To(S::SynRecv),
        (Direction::Reply, S::SynSent | S::SynSent2) => Step::To(S::SynRecv),
        (Direction::Original | Direction::Reply, S::None) | (Direction::Original, S::SynSent) => {
            Step::Invalid
        }
        (Direction::Reply, S::SynRecv) => Step::Ignore,
        (direction, S::Established | S::FinWait | S::CloseWait | S::LastAck | S::TimeWait | S::Close) => {
            match direction {
                Direction::Original => Step::Invalid,
                Direction::Reply => Step::Ignore,
            }
        }
    }
}

fn fin(from: TcpState) -> Step {
    use TcpState as S;
    match from {
        S::None | S::SynSent | S::SynSent2 => Step::Invalid,
        S::SynRecv | S::Established => Step::To(S::FinWait),
        S::FinWait | S::CloseWait | S::LastAck => Step::To(S::LastAck),
        S::TimeWait => Step::To(S::TimeWait),
        S::Close => Step::To(S::Close),
    }
}

fn ack(from: TcpState, direction: Direction) -> Step {
    use TcpState as S;
    match (direction, from) {
        // Picked up in mid-stream: nf_conntrack_tcp_loose is 1 by default.
        (Direction::Original, S::None) => Step::To(S::Established),
        (Direction::Original, S::SynSent | S::SynSent2) | (Direction::Reply, S::None) => Step::Invalid,
        (Direction::Original, S::SynRecv) => Step::To(S::Established),
        (Direction::Reply, S::SynSent | S::SynSent2) => Step::Ignore,
        (Direction::Reply, S::SynRecv) => Step::To(S::SynRecv),
        (Direction::Original | Direction::Reply, S::Established) => Step::To(S::Established),
        (Direction::Original | Direction::Reply, S::FinWait | S::CloseWait) => Step::To(S::CloseWait),
        (Direction::Original | Direction::Reply, S::LastAck | S::TimeWait) => Step::To(S::TimeWait),
        (Direction::Original | Direction::Reply, S::Close) => Step::To(S::Close),
    }
}

impl TcpState {
    pub fn as_str(self) -> &'static str {
        match self {
            TcpState::None => "NONE",
            TcpState::SynSent => "SYN_SENT",
            TcpState::SynRecv => "SYN_RECV",
            TcpState::Established => "ESTABLISHED",
            TcpState::FinWait => "FIN_WAIT",
            TcpState::CloseWait => "CLOSE_WAIT",
            TcpState::LastAck => "LAST_ACK",
            TcpState::TimeWait => "TIME_WAIT",
            TcpState::Close => "CLOSE",
            TcpState::SynSent2 => "SYN_SENT2",
        }
    }

    pub(super) fn timeout(self, timeouts: &Timeouts) -> Span {
        match self {
            TcpState::None | TcpState::SynSent => timeouts.syn_sent,
            TcpState::SynRecv => timeouts.syn_recv,
            TcpState::Established => timeouts.established,
            TcpState::FinWait => timeouts.fin_wait,
            TcpState::CloseWait => timeouts.close_wait,
            TcpState::LastAck => timeouts.last_ack,
            TcpState::TimeWait => timeouts.time_wait,
            TcpState::Close => timeouts.close,
            TcpState::SynSent2 => timeouts.syn_sent2,
        }
    }
}
