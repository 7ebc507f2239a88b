//! `packetyard rules`: a node's rules, as `iptables-restore` or `nft -f` reads them.

use crate::args::Rules as Args;
use crate::failure::Failure;
use crate::input;

pub fn rules(args: &Args) -> Result<String, Failure> {
    let manifest = input::manifest(&args.cluster)?;
    let mut run = input::start(&args.cluster, &manifest)?;
    input::go_to_moment(&args.cluster, &mut run);
    let machine = run.world().machine_named(&args.node);
    let machine = machine.ok_or_else(|| Failure::NotFound(format!("node {:?}", args.node)))?;
    Ok(machine.stack.rules().to_string())
}
