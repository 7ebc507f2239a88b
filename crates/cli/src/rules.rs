//! `packetyard rules`: a node's rules, as `iptables-restore`, `nft -f`, or `ipset` and `ipvsadm` read
//! them; those of each IP family, the primary one first.

use crate::args::{Part, Rules as Args};
use crate::failure::Failure;
use crate::input;
use crate::input::Input;
use cluster::node::Machine;
use netfilter::{Family, Hooks};

pub fn rules(args: &Args) -> Result<String, Failure> {
    let mut input = Input::read(&args.cluster)?;
    let mut run = input.start(&args.cluster)?;
    input::go_to_moment(&args.cluster, &mut run);
    let machine = run.world().machine_named(&args.node);
    let machine = machine.ok_or_else(|| Failure::NotFound(format!("node {:?}", args.node)))?;
    let families = machine.stack.hooks().iter();
    let text = families.map(|(family, hooks)| of_family(machine, family, hooks, args.part));
    input.answer(text.collect::<Result<_, _>>()?)
}

fn of_family(
    machine: &Machine,
    family: Family,
    hooks: &Hooks,
    part: Option<Part>,
) -> Result<String, Failure> {
    let rules = hooks.rules();
    Ok(match (part, rules.ipvs()) {
        (Some(Part::Ip), Some(rules)) => rules.ip().to_string(),
        (Some(Part::Ipset), Some(rules)) => rules.ipset().to_string(),
        (Some(Part::Iptables), Some(rules)) => rules.tables.to_string(),
        (Some(Part::Ipvsadm), Some(rules)) => rules.ipvsadm().to_string() + &hooks.terminating(),
        (Some(_), None) => return Err(Failure::Usage("--part: only IPVS mode's rules have parts".into())),
        (None, _) => rules.to_string() + &machine.left_over(family) + &failed(machine, family),
    })
}

/// Says it, as a comment, where the last sync failed: these are not the rules that kube-proxy would have.
fn failed(machine: &Machine, family: Family) -> String {
    let failed = machine.proxy.proxiers.get(family).and_then(|proxier| proxier.failed.as_ref());
    let said =
        |port: String| format!("# kube-proxy could not write its rules: {}\n", words::refused_by_nft(&port));
    failed.map_or_else(String::new, |failed| said(failed.port.to_string()))
}
