//! Memos of the World: each is computed again when its part of the World has changed, and notifies only if the
//! result differs.

use super::Session;
use cluster::sim::World;
use leptos::prelude::*;

impl Session {
    /// A memo of objects, clients, and their states.
    pub fn watch_scene<T: PartialEq + Send + Sync + 'static>(
        self,
        read: impl Fn(&World) -> T + Send + Sync + 'static,
    ) -> Memo<T> {
        Memo::new(move |_| {
            self.scene_rev();
            self.with_world(&read)
        })
    }

    /// A memo of nodes' rules, and how old they are.
    pub fn watch_rules<T: PartialEq + Send + Sync + 'static>(
        self,
        read: impl Fn(&World) -> T + Send + Sync + 'static,
    ) -> Memo<T> {
        Memo::new(move |_| {
            self.rules_rev();
            self.with_world(&read)
        })
    }

    /// A memo of the age of nodes' rules: updated with each change of them, and about ten times a second.
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

    /// A memo of counts and connections: updated at most four times a second.
    pub fn watch_traffic<T: PartialEq + Send + Sync + 'static>(
        self,
        read: impl Fn(&World) -> T + Send + Sync + 'static,
    ) -> Memo<T> {
        Memo::new(move |_| {
            self.traffic_rev();
            self.with_world(&read)
        })
    }

    /// A memo of the log: updated at most four times a second.
    pub fn watch_log<T: PartialEq + Send + Sync + 'static>(
        self,
        read: impl Fn(&World) -> T + Send + Sync + 'static,
    ) -> Memo<T> {
        Memo::new(move |_| {
            self.log_rev();
            self.with_world(&read)
        })
    }
}
