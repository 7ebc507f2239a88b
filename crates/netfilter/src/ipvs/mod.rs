//! IPVS: the kernel's own load balancer (net/netfilter/ipvs), for virtual servers
//! that are masqueraded (`-m`) and connections that conntrack knows too (`net.ipv4.vs.conntrack=1`).
//!
//! A packet meets it at these places, by the priorities of `ip_vs_ops`:
//!
//! | hook | after | what |
//! |---|---|---|
//! | LOCAL_IN | the filter table, before nat | answers to a process here are given the virtual server's address again; requests to a virtual server get a real server, and go on through LOCAL_OUT |
//! | LOCAL_OUT | nat, before the filter table | the same, for what this node itself sends |
//! | FORWARD | the filter table | answers on their way back |
//!
//! Where the model departs from Linux:
//!
//! | departure | why it does not matter here |
//! |---|---|
//! | real servers have weight 1 or 0, no thresholds | even load balancing needs nothing else |
//! | no synchronisation daemon, no application helpers (FTP), no firewall marks | nothing here can ask for one |
//! | SCTP has two states, before and after the first answer | no rule looks at them |
//! | `ip_vs_random_dropentry` and the other defences are off, as by default | |

mod connection;
mod hooks;
mod print;
mod scheduler;
mod sctp;
mod server;
mod state;
mod sync;
mod table;
#[cfg(test)]
mod tests;
mod view;

pub use connection::IpvsConnection;
pub use scheduler::Scheduler;
pub use sctp::IpvsSctpState;
pub use server::{IpvsRules, RealServer, ServerKey, VirtualServer, VirtualServerState};
pub use state::IpvsState;
pub use table::{Ipvs, IpvsDrop};
