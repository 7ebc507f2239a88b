//! The ServiceAccount that each Pod runs as, and the volume with its token (plugin/pkg/admission/serviceaccount).

use super::pod_spec::mirror_service_account;
use super::{ServedIn, default, each};
use crate::api::write::{map, text};
use crate::api::{Pod, Tree};

/// DefaultAPITokenMountPath.
const MOUNT_PATH: &str = "/var/run/secrets/kubernetes.io/serviceaccount";
/// pkg/serviceaccount, WarnOnlyBoundTokenExpirationSeconds.
const EXPIRATION_SECONDS: i64 = 3607;

pub fn admit(spec: &mut Tree, pod: &Pod, cluster: &dyn ServedIn) {
    default(spec, "serviceAccountName", text("default"));
    mirror_service_account(spec);
    let name = spec.field("serviceAccountName").and_then(Tree::as_str).cloned().unwrap_or_default();
    let account = cluster.service_account(&pod.meta.namespace, &name);
    if spec.field("imagePullSecrets").is_none_or(|secrets| secrets.items().is_empty())
        && let Some(secrets) = account.as_ref().and_then(|account| account.field("imagePullSecrets"))
    {
        spec.put("imagePullSecrets", secrets.clone());
    }
    let automount = |tree: &Tree| tree.field("automountServiceAccountToken").and_then(Tree::as_bool);
    if automount(spec).or_else(|| account.as_ref().and_then(automount)).unwrap_or(true) {
        mount_token(spec, &volume_name(pod));
    }
}

/// A container that mounts something there already keeps it.
fn mount_token(spec: &mut Tree, volume: &str) {
    let mut is_needed = false;
    for list in ["initContainers", "containers"] {
        each(spec, list, |_, container| {
            let mut mounts = container.field("volumeMounts").map_or(&[][..], Tree::items).to_vec();
            let path = |mount: &Tree| mount.field("mountPath").and_then(Tree::as_str).cloned();
            if mounts.iter().any(|mount| path(mount).is_some_and(|path| &*path == MOUNT_PATH)) {
                return;
            }
            is_needed = true;
            mounts.push(map([
                ("mountPath", text(MOUNT_PATH)),
                ("name", text(volume)),
                ("readOnly", Tree::bool(true)),
            ]));
            container.put("volumeMounts", Tree::seq(mounts));
        });
    }
    if is_needed {
        let mut volumes = spec.field("volumes").map_or(&[][..], Tree::items).to_vec();
        volumes.push(map([("name", text(volume)), ("projected", token_sources())]));
        spec.put("volumes", Tree::seq(volumes));
    }
}

/// TokenVolumeSource.
fn token_sources() -> Tree {
    let token = map([("expirationSeconds", Tree::int(EXPIRATION_SECONDS)), ("path", text("token"))]);
    let certificate = map([("key", text("ca.crt")), ("path", text("ca.crt"))]);
    let certificates = map([("items", Tree::seq(vec![certificate])), ("name", text("kube-root-ca.crt"))]);
    let field = map([("apiVersion", text("v1")), ("fieldPath", text("metadata.namespace"))]);
    let namespace = map([("fieldRef", field), ("path", text("namespace"))]);
    let downward = map([("items", Tree::seq(vec![namespace]))]);
    let sources = vec![
        map([("serviceAccountToken", token)]),
        map([("configMap", certificates)]),
        map([("downwardAPI", downward)]),
    ];
    map([("defaultMode", Tree::int(420)), ("sources", Tree::seq(sources))])
}

/// `kube-api-access-` and five letters, which upstream draws. Here they follow from the uid: the same Pod has the same
/// name whenever it is printed.
pub fn volume_name(pod: &Pod) -> String {
    const ALPHABET: &[u8; 27] = b"bcdfghjklmnpqrstvwxz2456789";
    let mut bits = u64::from(pod.meta.uid.0).wrapping_add(1).wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 16;
    let mut name = "kube-api-access-".to_string();
    for _ in 0..5 {
        name.push(char::from(ALPHABET[(bits % 27) as usize]));
        bits /= 27;
    }
    name
}
