//! What is read of the World, as memos: each is worked out again when the part that it is of has changed, and
//! tells nobody where the outcome is the same.

use super::Session;
use cluster::sim::World;
use leptos::prelude::*;

impl Session {
    /// Of objects, clients, and what state they are in.
    pub fn watch_scene<T: PartialEq + Send + Sync + 'static>(
        self,
        read: impl Fn(&World) -> T + Send + Sync + 'static,
    ) -> Memo<T> {
        Memo::new(move |_| {
            self.scene_rev();
            self.with_world(&read)
        })
    }

    /// Of the rules of nodes, and how old they are.
    pub fn watch_rules<T: PartialEq + Send + Sync + 'static>(
        self,
        read: impl Fn(&World) -> T + Send + Sync + 'static,
    ) -> Memo<T> {
        Memo::new(move |_| {
            self.rules_rev();
            self.with_world(&read)
        })
    }

    /// Of how old the rules of nodes are: with each change of them, and about ten times a second.
    pub fn watch_rules_age<T: PartialEq + Send + Sync + 'static>(
        self,
        read: impl Fn(&World) -> T + Send + Sync + 'static,
    ) -> Memo<T> {
        Memo::new(move |_| {
            self.rules_rev();
            self.now();
            self.with_world(&read)
        })
    }

    /// Of counts and connections: at most four times a second.
    pub fn watch_traffic<T: PartialEq + Send + Sync + 'static>(
        self,
        read: impl Fn(&World) -> T + Send + Sync + 'static,
    ) -> Memo<T> {
        Memo::new(move |_| {
            self.traffic_rev();
            self.with_world(&read)
        })
    }

    /// Of the log: at most four times a second.
    pub fn watch_log<T: PartialEq + Send + Sync + 'static>(
        self,
        read: impl Fn(&World) -> T + Send + Sync + 'static,
    ) -> Memo<T> {
        Memo::new(move |_| {
            self.log_rev();
            self.with_world(&read)
        })
    }

    /// Of what was opened.
    pub fn watch_source<T: PartialEq + Send + Sync + 'static>(
        self,
        read: impl Fn(&super::Source) -> T + Send + Sync + 'static,
    ) -> Memo<T> {
        Memo::new(move |_| {
            self.opened_rev();
            self.with_source(&read)
        })
    }
}
