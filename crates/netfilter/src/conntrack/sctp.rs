//! SCTP as conntrack sees it (nf_conntrack_proto_sctp.c), without heartbeats and the end of a shutdown, which are not
//! simulated. Verification tags are taken to be right.

use super::entry::Direction;
use super::timeouts::Timeouts;
use crate::Span;
use crate::skb::Chunk;

/// An association's state, as `conntrack -L` names it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub enum SctpState {
    /// Not SCTP, or nothing seen yet.
    #[default]
    None,
    /// An INIT is seen and no answer, or it is over.
    Closed,
    CookieWait,
    CookieEchoed,
    Established,
    /// A SHUTDOWN in the original direction.
    ShutdownSent,
    /// A SHUTDOWN in the reply's direction.
    ShutdownRecd,
}

/// sctp_new: what the first packet of an association leads to; `None` for one that cannot be the first.
pub(super) fn first(chunk: Chunk) -> Option<SctpState> {
    match chunk {
        Chunk::Init | Chunk::InitAck | Chunk::CookieEcho | Chunk::Shutdown => {
            step(SctpState::None, Direction::Original, chunk)
        }
        Chunk::CookieAck | Chunk::Data | Chunk::Abort => None,
    }
}

/// `sctp_conntracks`: what a packet does to an association; `None` for one that does not belong to it.
pub(super) fn step(from: SctpState, direction: Direction, chunk: Chunk) -> Option<SctpState> {
    use SctpState as S;
    if from == S::None && direction == Direction::Reply {
        return None;
    }
    let opened = if from == S::None { S::Closed } else { from };
    Some(match (chunk, direction, from) {
        (Chunk::Init, Direction::Original, S::ShutdownSent | S::ShutdownRecd) => S::Closed,
        (Chunk::InitAck, Direction::Reply, S::Closed) => S::CookieWait,
        (Chunk::CookieEcho, _, S::CookieWait) => S::CookieEchoed,
        (Chunk::CookieAck, _, S::CookieEchoed) => S::Established,
        (Chunk::Shutdown, Direction::Original, S::Established) => S::ShutdownSent,
        (Chunk::Shutdown, Direction::Reply, S::Established) => S::ShutdownRecd,
        (Chunk::Abort, _, _) => S::Closed,
        (Chunk::Data, _, _) => from,
        (Chunk::Init | Chunk::InitAck | Chunk::CookieEcho | Chunk::CookieAck | Chunk::Shutdown, _, _) => {
            opened
        }
    })
}

impl SctpState {
    pub fn as_str(self) -> &'static str {
        match self {
            SctpState::None => "NONE",
            SctpState::Closed => "CLOSED",
            SctpState::CookieWait => "COOKIE_WAIT",
            SctpState::CookieEchoed => "COOKIE_ECHOED",
            SctpState::Established => "ESTABLISHED",
            SctpState::ShutdownSent => "SHUTDOWN_SENT",
            SctpState::ShutdownRecd => "SHUTDOWN_RECD",
        }
    }

    pub(super) fn timeout(self, timeouts: &Timeouts) -> Span {
        match self {
            SctpState::None | SctpState::Closed => timeouts.sctp_closed,
            SctpState::CookieWait | SctpState::CookieEchoed => timeouts.sctp_cookie,
            SctpState::Established => timeouts.sctp_established,
            SctpState::ShutdownSent | SctpState::ShutdownRecd => timeouts.sctp_shutdown,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_association_goes_through_its_states() {
        let (there, back) = (Direction::Original, Direction::Reply);
        let mut state = first(Chunk::Init).expect("an INIT begins one");
        let mut seen = vec![state.as_str()];
        for (direction, chunk) in [
            (there, Chunk::Init),
            (back, Chunk::InitAck),
            (there, Chunk::CookieEcho),
            (back, Chunk::CookieAck),
            (there, Chunk::Data),
            (there, Chunk::Shutdown),
            (there, Chunk::Init),
        ] {
            state = step(state, direction, chunk).expect("it belongs to it");
            seen.push(state.as_str());
        }
        assert_eq!(
            seen,
            [
                "CLOSED",
                "CLOSED",
                "COOKIE_WAIT",
                "COOKIE_ECHOED",
                "ESTABLISHED",
                "ESTABLISHED",
                "SHUTDOWN_SENT",
                "CLOSED"
            ]
        );
    }

    #[test]
    fn data_and_refusals_begin_no_association() {
        for chunk in [Chunk::Data, Chunk::Abort, Chunk::CookieAck] {
            assert_eq!(first(chunk), None, "{chunk:?}");
        }
        assert_eq!(step(SctpState::None, Direction::Reply, Chunk::InitAck), None);
        assert_eq!(step(SctpState::Closed, Direction::Reply, Chunk::Abort), Some(SctpState::Closed));
    }
}
