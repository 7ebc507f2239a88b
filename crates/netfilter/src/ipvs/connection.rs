//! What IPVS remembers of a connection, and of a client that is to stay with its server.

use std::net::{IpAddr, SocketAddr};

use super::{IpvsState, ServerKey};
use crate::{Span, Time, Tuple};

/// A connection (`ip_vs_conn`): a line of `ipvsadm -Lcn`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct IpvsConnection {
    /// From the client to the virtual server, as the packet is when IPVS meets it.
    pub request: Tuple,
    pub real_server: SocketAddr,
    pub state: IpvsState,
    /// Counted as ActiveConn.
    pub active: bool,
    pub expires: Time,
    /// When the timer that is running for it goes off; a later `expires` starts it again.
    pub(super) timer: Time,
    /// The persistence template that it was made by.
    pub(super) template: Option<u64>,
}

impl IpvsConnection {
    pub fn server(&self) -> ServerKey {
        ServerKey::of(&self.request)
    }

    /// The answer, before IPVS gives it the virtual server's address again.
    pub fn reply(&self) -> Tuple {
        Tuple {
            src: self.real_server.ip(),
            src_port: self.real_server.port(),
            dst: self.request.src,
            dst_port: self.request.src_port,
            protocol: self.request.protocol,
        }
    }
}

/// Whom a persistence template is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct TemplateKey {
    pub client: IpAddr,
    pub server: ServerKey,
}

/// A persistence template: the client's next connection goes where the last one went.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Template {
    pub id: u64,
    pub real_server: SocketAddr,
    pub expires: Time,
    pub timer: Time,
    /// What the next connection makes of `expires`.
    pub timeout: Span,
    /// How many living connections it made.
    pub controlled: u32,
}

/// ip_vs_conn_expire, `expire_later`: what is still in use looks again after a minute. A template
/// keeps that as its time-out from then on, so it outlives a long connection by a minute only,
/// whatever time was configured.
pub(super) const EXPIRE_LATER: Span = Span::from_secs(60);
