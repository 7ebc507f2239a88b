//! kube-proxy against upstream's own tables, with this project's names and addresses.

mod agreement;
mod any;
mod categorize;
mod cleanup;
mod connect;
mod disagreement;
mod endpoints;
mod families;
pub(crate) mod fixture;
mod flows;
mod invariants;
mod ipvs_flows;
mod ipvs_text;
mod kept;
mod masquerade;
mod nft_invariants;
mod nft_read;
mod nft_text;
mod nft_walk;
mod packets;
mod printed;
mod restore;
mod text;
mod tracer;
mod walk;
