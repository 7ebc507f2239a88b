//! Changes the existing virtual servers into the wanted ones, gracefully: a real server that is not wanted any
//! more keeps its connections and is deleted when they have ended (pkg/proxy/ipvs, syncService, syncEndpoint,
//! cleanLegacyService).

use std::net::SocketAddr;
use std::sync::Arc;

use super::print::Terminating;
use super::server::{RealServer, ServerKey, VirtualServer, VirtualServerState};
use super::{Ipvs, IpvsConnection, IpvsRules};

impl Ipvs {
    /// Replaces the rules.
    pub(crate) fn load(&mut self, rules: Arc<IpvsRules>) {
        self.sync(&rules.servers);
        self.rules = rules;
    }

    /// A sync: adds, changes and deletes virtual servers. Real servers are added at once, and deleted when their
    /// connections have ended. Virtual servers that have not changed since the last sync are skipped.
    pub(super) fn sync(&mut self, wanted: &[VirtualServer]) {
        let last = self.rules.clone();
        let mut before = last.servers.iter().peekable();
        for server in wanted {
            while let Some(gone) = before.next_if(|old| old.key < server.key) {
                self.servers.remove(&gone.key);
            }
            let old = before.next_if(|old| old.key == server.key);
            if !old.is_some_and(|old| old.is_kept_as(server)) {
                self.sync_server(server);
            }
        }
        before.for_each(|gone| drop(self.servers.remove(&gone.key)));
    }

    fn sync_server(&mut self, wanted: &VirtualServer) {
        if self.servers.get(&wanted.key).is_some_and(|state| state.is_as(wanted)) {
            return;
        }
        let counts: Vec<RealServer> =
            wanted.real_servers.iter().map(|address| self.counted(&wanted.key, *address)).collect();
        let new = || Arc::new(VirtualServerState::new(wanted));
        let state = self.servers.entry(wanted.key).or_insert_with(new);
        Arc::make_mut(state).change(wanted, &counts);
    }

    /// A real server to add, with the connections that it still has: ip_vs_trash_get_dest restores a server that
    /// was deleted recently.
    fn counted(&self, key: &ServerKey, address: SocketAddr) -> RealServer {
        let known = self.servers.get(key).and_then(|state| state.real_server(address));
        if let Some(known) = known {
            return RealServer { weight: 1, ..*known };
        }
        let own = |c: &&IpvsConnection| c.real_server == address && c.server() == *key;
        let connections = || self.slots.iter().flatten().filter(own);
        let active = connections().filter(|c| c.active).count() as u32;
        RealServer { address, weight: 1, active, inactive: connections().count() as u32 - active }
    }

    /// Whether a real server is kept only until its connections end.
    pub(crate) fn has_terminating(&self) -> bool {
        self.servers.values().any(|state| state.real_servers.iter().any(|s| s.weight == 0))
    }

    /// Those real servers, each as a line of `ipvsadm -Sn`.
    pub(crate) fn terminating(&self) -> String {
        Terminating(self).to_string()
    }

    /// tryDeleteRs (graceful_termination.go), every minute: deletes the servers with weight 0 that have no
    /// connections left.
    pub(crate) fn delete_terminated(&mut self) {
        for (_, state) in self.servers.iter_mut() {
            let done = |s: &RealServer| s.weight == 0 && s.active + s.inactive == 0;
            if state.real_servers.iter().any(done) {
                Arc::make_mut(state).remove_where(done);
            }
        }
    }
}
