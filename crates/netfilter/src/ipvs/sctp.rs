//! An SCTP association's state, as IPVS sees it (ip_vs_proto_sctp.c), without those of associations that a server
//! opens, and without the end of a shutdown, which is not simulated.

use super::state::{IpvsState, Way};
use crate::{Chunk, Span};

/// As `ipvsadm -Lcn` names it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum IpvsSctpState {
    /// After the first INIT.
    Init1,
    /// After a further one.
    Init,
    CookieSent,
    CookieReplied,
    Established,
    ShutdownSent,
    ShutdownReceived,
    /// The INIT was answered by ABORT.
    Rejected,
    Closed,
}

/// `sctp_states`. `from`: of a new association None.
pub(super) fn step(from: IpvsState, way: Way, chunk: Chunk) -> IpvsState {
    use IpvsSctpState as S;
    let IpvsState::Sctp(from) = from else { return IpvsState::Sctp(first(way, chunk)) };
    IpvsState::Sctp(match (way, chunk, from) {
        (Way::Input, Chunk::Init, S::Init1 | S::Rejected | S::Closed) => S::Init,
        (Way::Input, Chunk::CookieEcho, S::Init1) => S::Init,
        (Way::Input, Chunk::CookieEcho, S::CookieSent) => S::CookieReplied,
        (Way::Input, Chunk::Shutdown, S::Established) => S::ShutdownReceived,
        (Way::Output, Chunk::InitAck, S::Init1 | S::Init) => S::CookieSent,
        (Way::Output, Chunk::CookieAck, S::Init1 | S::Init | S::CookieSent | S::CookieReplied) => {
            S::Established
        }
        (
            Way::Output,
            Chunk::Shutdown,
            S::Init1 | S::Init | S::CookieSent | S::CookieReplied | S::Established,
        ) => S::ShutdownSent,
        (Way::Output, Chunk::Abort, S::Init1) => S::Rejected,
        (Way::Input | Way::Output, Chunk::Abort, _) => S::Closed,
        (
            Way::Input | Way::Output,
            Chunk::Init
            | Chunk::InitAck
            | Chunk::CookieEcho
            | Chunk::CookieAck
            | Chunk::Data
            | Chunk::Shutdown,
            _,
        ) => from,
    })
}

/// Only an INIT begins an association, so nothing else is asked for here: Closed stands for the rest of the row of
/// IP_VS_SCTP_S_NONE.
fn first(way: Way, chunk: Chunk) -> IpvsSctpState {
    if (way, chunk) == (Way::Input, Chunk::Init) { IpvsSctpState::Init1 } else { IpvsSctpState::Closed }
}

impl IpvsSctpState {
    pub(super) fn as_str(self) -> &'static str {
        match self {
            IpvsSctpState::Init1 => "INIT1",
            IpvsSctpState::Init => "INIT",
            IpvsSctpState::CookieSent => "C-SENT",
            IpvsSctpState::CookieReplied => "C-REPLIED",
            IpvsSctpState::Established => "ESTABLISHED",
            IpvsSctpState::ShutdownSent => "S-SENT",
            IpvsSctpState::ShutdownReceived => "S-RECEIVED",
            IpvsSctpState::Rejected => "REJECTED",
            IpvsSctpState::Closed => "CLOSED",
        }
    }

    /// sctp_timeouts: mostly RTO.Max and a second.
    pub(super) fn timeout(self) -> Span {
        Span::from_secs(match self {
            IpvsSctpState::Init1 | IpvsSctpState::Rejected => 4,
            IpvsSctpState::Init
            | IpvsSctpState::CookieSent
            | IpvsSctpState::CookieReplied
            | IpvsSctpState::ShutdownSent
            | IpvsSctpState::ShutdownReceived
            | IpvsSctpState::Closed => 61,
            IpvsSctpState::Established => 15 * 60,
        })
    }
}
