//! The programs that load rules into a kernel and lay wires in it.

use super::debian;
use crate::run::{self, Outcome};

const PROGRAMS: [&str; 7] = [
    "ip",
    "nft",
    "conntrack",
    "iptables-nft-restore",
    "iptables-legacy-restore",
    "ip6tables-legacy-restore",
    "nfacct",
];
const PACKAGES: [&str; 5] = ["iproute2", "nftables", "conntrack", "iptables", "nfacct"];

pub fn require() -> Outcome {
    if missing().is_none() {
        return Ok(());
    }
    debian::install(
        "the proof against a kernel needs ip, nft, conntrack, iptables and nfacct",
        &PACKAGES,
        "10 s",
    )?;
    match missing() {
        None => Ok(()),
        Some(program) => Err(format!("{program} is not on PATH after the installation")),
    }
}

fn missing() -> Option<&'static str> {
    PROGRAMS.into_iter().find(|program| run::find(program).is_none())
}
