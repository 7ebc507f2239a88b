//! What upstream's kube-proxy made of one cluster, kept for where there is no Go.

use std::fs;
use std::path::PathBuf;

use cluster::api::parse;
use cluster::node::kube_proxy::ProxyMode;
use serde::{Deserialize, Serialize};

use crate::kernel::Kernel;
use crate::kube_proxy::{KubeProxy, family_name};
use crate::record::{Session, record};

/// What one node's kernel holds of a family at the end.
#[derive(Serialize, Deserialize)]
pub struct Recorded {
    pub node: String,
    pub mode: String,
    pub family: String,
    pub kernel: Kernel,
}

fn folder() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/recorded")
}

/// The cluster's lives in all modes, in the order of the record.
pub fn sessions() -> Result<Vec<Session>, String> {
    let file = folder().join("cluster.yaml");
    let text = fs::read_to_string(&file).map_err(|error| format!("{}: {error}", file.display()))?;
    let manifest = parse(&text);
    if let Some(error) = manifest.errors().next() {
        return Err(format!("{}: {error:?}", file.display()));
    }
    Ok(ProxyMode::ALL.iter().flat_map(|mode| record(&manifest, *mode)).collect())
}

impl Recorded {
    pub fn read() -> Result<Vec<Recorded>, String> {
        let file = folder().join("upstream.json");
        let text = fs::read_to_string(&file).map_err(|error| format!("{}: {error}", file.display()))?;
        serde_json::from_str(&text).map_err(|error| format!("{}: {error}", file.display()))
    }

    pub fn write(upstream: &mut KubeProxy) -> Result<(), String> {
        let mut all = Vec::new();
        for session in sessions()? {
            let last = upstream.play(&session)?.pop().ok_or("a life without a sync")?;
            all.push(Recorded {
                node: session.node.to_string(),
                mode: session.mode.as_str().to_owned(),
                family: family_name(session.config.family).to_owned(),
                kernel: last.kernel,
            });
        }
        let text = serde_json::to_string_pretty(&all).map_err(|error| error.to_string())?;
        let file = folder().join("upstream.json");
        fs::write(&file, text + "\n").map_err(|error| format!("{}: {error}", file.display()))
    }
}
