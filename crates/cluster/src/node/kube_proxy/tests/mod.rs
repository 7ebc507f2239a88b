//! kube-proxy against upstream's own tables, with this project's names and addresses.

mod categorize;
mod cleanup;
mod cleanup_table;
mod endpoints;
pub(crate) mod fixture;
mod flows;
mod invariants;
mod ipvs_flows;
mod ipvs_text;
mod kept;
mod masquerade;
mod nft_invariants;
mod nft_text;
mod nft_tracer;
mod terminating;
mod text;
mod tracer;
mod tracer_rows;
