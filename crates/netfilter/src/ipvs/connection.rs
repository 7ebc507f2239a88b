//! IPVS' connections and persistence templates.

use std::net::{IpAddr, SocketAddr};

use super::{IpvsState, ServerKey};
use crate::{Span, Time, Tuple};

/// A connection (`ip_vs_conn`): a line of `ipvsadm -Lcn`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct IpvsConnection {
    /// The tuple from the client to the virtual server, as IPVS sees the packet.
    pub request: Tuple,
    pub real_server: SocketAddr,
    pub state: IpvsState,
    /// Counted as ActiveConn.
    pub active: bool,
    pub expires: Time,
    /// When its running timer fires. If `expires` is later by then, the timer starts again.
    pub(super) timer: Time,
    /// The persistence template by which its server was chosen.
    pub(super) template: Option<u64>,
}

impl IpvsConnection {
    pub fn server(&self) -> ServerKey {
        ServerKey::of(&self.request)
    }

    /// The reply's tuple, before IPVS sets its source to the virtual server's address.
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

/// What a persistence template is found by.
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
    /// How long the template is kept after the next connection.
    pub timeout: Span,
    /// How many open connections use it.
    pub controlled: u32,
}

/// ip_vs_conn_expire, `expire_later`: a connection or template that is still in use checks again after a
/// minute. For a template that minute then remains its time-out, so it outlives a long connection by only a
/// minute, whatever time-out was configured.
pub(super) const EXPIRE_LATER: Span = Span::from_secs(60);
