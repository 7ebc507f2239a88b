//! What makes a StatefulSet's Pod the one that it is: its ordinal, name, labels, hostname and claims
//! (stateful_set_utils.go).

use std::sync::Arc;

use super::Sync;
use crate::api::{
    Kind, Meta, NsName, OwnerRef, Pod, Retention, StatefulSet, StatefulSetUpdateStrategy, Str, Tree,
    Unsimulated, Volume, VolumeClaimTemplate, VolumeSource,
};
use crate::control::revisions::CONTROLLER_REVISION_HASH_LABEL;
use crate::sim::{LogEntry, World};
use crate::store::Document;

const POD_NAME_LABEL: &str = "statefulset.kubernetes.io/pod-name";
const POD_INDEX_LABEL: &str = "apps.kubernetes.io/pod-index";
const CLAIM: &str = "PersistentVolumeClaim";

/// getParentNameAndOrdinal: `web-2` is the set's third Pod.
pub(super) fn ordinal_of(set: &StatefulSet, pod: &Pod) -> Option<u32> {
    let (parent, ordinal) = pod.meta.name.rsplit_once('-')?;
    let is_number = !ordinal.is_empty() && ordinal.bytes().all(|b| b.is_ascii_digit());
    (parent == &*set.meta.name && is_number).then(|| ordinal.parse().ok())?
}

pub(super) fn is_member(set: &StatefulSet, pod: &Pod) -> bool {
    ordinal_of(set, pod).is_some()
}

pub(super) fn pod_name(set: &StatefulSet, ordinal: u32) -> Str {
    format!("{}-{ordinal}", set.meta.name).as_str().into()
}

/// newVersionedStatefulSetPod: below the partition a Pod has the revision that it had.
pub(super) fn new_pod(sync: &Sync<'_>, ordinal: u32) -> Pod {
    let set = sync.set;
    let is_old = match set.spec.update_strategy {
        StatefulSetUpdateStrategy::RollingUpdate { partition } => {
            ordinal < set.spec.start.saturating_add(partition)
        }
        StatefulSetUpdateStrategy::OnDelete => false,
    };
    let revision = if is_old { &sync.current } else { &sync.update };
    let mut pod = sync.owner.pod_of(&revision.template);
    let name = pod_name(set, ordinal);
    pod.meta.name = name.clone();
    let labels = &mut pod.meta.labels;
    labels.insert(POD_NAME_LABEL.into(), name.clone());
    labels.insert(POD_INDEX_LABEL.into(), ordinal.to_string().as_str().into());
    labels.insert(CONTROLLER_REVISION_HASH_LABEL.into(), revision.meta.name.clone());
    set_claim_volumes(set, &mut pod, ordinal);
    pod.spec.hostname = Some(name);
    pod.spec.subdomain = Some(set.spec.service_name.clone()).filter(|name| !name.is_empty());
    pod
}

/// updateStorage: a volume for each claim, in place of one of that name in the template.
fn set_claim_volumes(set: &StatefulSet, pod: &mut Pod, ordinal: u32) {
    let claims = &set.spec.volume_claim_templates;
    let mut volumes: Vec<Volume> = claims
        .iter()
        .map(|template| {
            let claim = claim_name(set, template, ordinal).as_str().into();
            Volume { name: template.name.clone(), source: VolumeSource::PersistentVolumeClaim { claim } }
        })
        .collect();
    let is_claim = |volume: &Volume| claims.iter().any(|template| template.name == volume.name);
    volumes.extend(pod.spec.volumes.iter().filter(|volume| !is_claim(volume)).cloned());
    pod.spec.volumes = volumes;
}

/// getPersistentVolumeClaimName.
fn claim_name(set: &StatefulSet, template: &VolumeClaimTemplate, ordinal: u32) -> String {
    format!("{}-{}-{ordinal}", template.name, set.meta.name)
}

/// identityMatches.
pub(super) fn identity_matches(pod: &Pod) -> bool {
    pod.meta.labels.get(POD_NAME_LABEL) == Some(&pod.meta.name)
}

impl World {
    /// updateIdentity: the label that says its name was changed by somebody.
    pub(super) fn restore_identity(&mut self, pod: &Pod, ordinal: u32) {
        self.update_object::<Pod>(&pod.meta.key(), |pod| {
            let name = pod.meta.name.clone();
            pod.meta.labels.insert(POD_NAME_LABEL.into(), name);
            pod.meta.labels.insert(POD_INDEX_LABEL.into(), ordinal.to_string().as_str().into());
        });
    }

    /// createMissingPersistentVolumeClaims. A claim outlives its Pod, and the next Pod of the same name finds it.
    pub(super) fn create_missing_claims(&mut self, sync: &Sync<'_>, pod: &Str, ordinal: u32) {
        for template in &sync.set.spec.volume_claim_templates {
            let name = claim_name(sync.set, template, ordinal);
            let object = self.new_claim(sync, template, &name);
            if self.store.unsimulated.get(&crate::store::Stored::key(&object)).is_some() {
                continue;
            }
            let Ok(claim) = self.create_object(object) else { continue };
            let document = Document { written: claim_document(template), last_applied: None };
            self.store.set_document(claim.meta.uid, document);
            let owner = sync.owner.object_ref();
            let claim = name.as_str().into();
            self.record(LogEntry::SuccessfulCreateClaim { owner, pod: pod.clone(), claim });
        }
    }

    fn new_claim(&self, sync: &Sync<'_>, template: &VolumeClaimTemplate, name: &str) -> Unsimulated {
        let set = sync.set;
        let mut labels = template.labels.clone();
        labels.extend(set.spec.selector.match_labels.iter().map(|(k, v)| (k.clone(), v.clone())));
        let owner = match set.spec.when_deleted {
            Retention::Retain => None,
            Retention::Delete => Some(sync.owner.reference()),
        };
        let namespace = set.meta.namespace.clone();
        let annotations = template.annotations.clone();
        let meta = Meta { name: name.into(), namespace, labels, annotations, owner, ..Meta::default() };
        Unsimulated { kind: CLAIM.into(), api_version: "v1".into(), meta }
    }

    /// updateClaimOwnerRefForSetAndPod: with `whenScaled: Delete` the claims of a Pod that is scaled away go with it.
    pub(super) fn hand_claims_to(&mut self, sync: &Sync<'_>, pod: &Pod, ordinal: u32) {
        let set = sync.set;
        if set.spec.when_scaled == Retention::Retain {
            return;
        }
        let owner = OwnerRef::new(Kind::Pod, &pod.meta);
        for template in &set.spec.volume_claim_templates {
            let name = format!("{CLAIM}.{}", claim_name(set, template, ordinal));
            let key = NsName::new(&set.meta.namespace, &name);
            let is_its = |claim: &Arc<Unsimulated>| claim.meta.owner.as_ref() == Some(&owner);
            if !self.store.unsimulated.get(&key).is_none_or(is_its) {
                self.update_object::<Unsimulated>(&key, |claim| claim.meta.owner = Some(owner.clone()));
            }
        }
    }
}

/// What a claim prints besides its metadata.
fn claim_document(template: &VolumeClaimTemplate) -> Tree {
    let mut tree = Tree::map();
    for field in ["apiVersion", "kind", "metadata", "spec"] {
        if let Some(value) = template.written.field(field) {
            tree.put(field, value.clone());
        }
    }
    tree.put("apiVersion", Tree::string("v1"));
    tree.put("kind", Tree::string(CLAIM));
    tree
}
