//! `packetyard rules`: a node's rules, as `iptables-restore`, `nft -f`, or `ipset` and `ipvsadm` read
//! them.

use crate::args::{Part, Rules as Args};
use crate::failure::Failure;
use crate::input;

pub fn rules(args: &Args) -> Result<String, Failure> {
    let manifest = input::manifest(&args.cluster)?;
    let mut run = input::start(&args.cluster, &manifest)?;
    input::go_to_moment(&args.cluster, &mut run);
    let machine = run.world().machine_named(&args.node);
    let machine = machine.ok_or_else(|| Failure::NotFound(format!("node {:?}", args.node)))?;
    let rules = machine.stack.rules();
    Ok(match (args.part, rules.ipvs()) {
        (Some(Part::Ip), Some(rules)) => rules.ip().to_string(),
        (Some(Part::Ipset), Some(rules)) => rules.ipset().to_string(),
        (Some(Part::Iptables), Some(rules)) => rules.tables.to_string(),
        (Some(Part::Ipvsadm), Some(rules)) => rules.ipvsadm().to_string() + &machine.stack.terminating(),
        (Some(_), None) => return Err(Failure::Usage("--part: only IPVS mode's rules have parts".into())),
        (None, _) => rules.to_string() + &machine.left_over(),
    })
}
