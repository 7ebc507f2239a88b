//! ControllerRevisions: the templates that a StatefulSet or a DaemonSet has had (pkg/controller/history,
//! controller_history.go).

use std::collections::BTreeSet;
use std::sync::Arc;

use super::names::template_hash;
use super::pods::Owner;
use crate::api::{ControllerRevision, Meta, NsName, PodTemplate, Str, Uid};
use crate::sim::World;

/// The label of a Pod that says of which revision it is: a StatefulSet's Pods carry the revision's name, a DaemonSet's
/// hash (apps/v1, ControllerRevisionHashLabelKey).
pub(super) const CONTROLLER_REVISION_HASH_LABEL: &str = "controller-revision-hash";

impl World {
    /// The oldest first (SortControllerRevisions).
    pub(crate) fn revisions_of(&self, owner: Uid) -> Vec<Arc<ControllerRevision>> {
        let mut revisions: Vec<_> = self.store.revisions_of(owner).cloned().collect();
        revisions.sort_by_key(|revision| (revision.revision, revision.meta.created, revision.meta.uid));
        revisions
    }

    /// The revision of a template, which is the newest one then: it is made, or an older one of the same template gets
    /// the highest number. `hash_label` is the label in which the kind keeps the hash. `None` if none may be made.
    pub(crate) fn sync_revision_of(
        &mut self,
        owner: &Owner<'_>,
        template: &PodTemplate,
        hash_label: &str,
    ) -> Option<Arc<ControllerRevision>> {
        let revisions = self.revisions_of(owner.meta.uid);
        let hash = template_hash(template);
        let name = format!("{}-{hash}", owner.meta.name);
        let is_same = |revision: &&Arc<ControllerRevision>| revision.template == *template;
        let newest = revisions.last().map_or(0, |revision| revision.revision);
        match revisions.iter().rev().find(is_same) {
            Some(same) if same.revision == newest => Some(same.clone()),
            Some(same) => {
                let key = same.meta.key();
                let raised = self.update_object::<ControllerRevision>(&key, |r| r.revision = newest + 1);
                Some(raised.unwrap_or_else(|| same.clone()))
            }
            None => {
                let mut labels = template.labels.clone();
                labels.insert(hash_label.into(), hash.as_str().into());
                let meta = Meta {
                    name: name.as_str().into(),
                    namespace: owner.meta.namespace.clone(),
                    labels,
                    annotations: owner.meta.annotations.clone(),
                    owner: Some(owner.reference()),
                    ..Meta::default()
                };
                let revision = newest + 1;
                self.create_object(ControllerRevision { meta, template: template.clone(), revision }).ok()
            }
        }
    }

    /// Deletes the oldest of those that no Pod has and that are not `live`, but for `limit`.
    pub(crate) fn truncate_revisions(&mut self, owner: Uid, limit: u32, live: &BTreeSet<Str>) {
        let revisions = self.revisions_of(owner);
        let dead: Vec<NsName> = revisions
            .iter()
            .filter(|revision| !live.contains(&revision.meta.name))
            .map(|revision| revision.meta.key())
            .collect();
        let surplus = dead.len().saturating_sub(limit as usize);
        for key in dead.iter().take(surplus) {
            self.remove_object::<ControllerRevision>(key);
        }
    }
}
