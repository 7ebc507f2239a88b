//! `packetyard rules`: a node's rules, as `iptables-restore`, `nft -f`, or `ipset` and `ipvsadm` read
//! them; those of each IP family, the primary one first, or of the one that is asked for.

use crate::args::{IpFamily, Part, Rules as Args};
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
    let asked = args.family.map(|family| match family {
        IpFamily::Ipv4 => Family::V4,
        IpFamily::Ipv6 => Family::V6,
    });
    let all = machine.stack.hooks().iter();
    let shown: Vec<_> = all.filter(|(family, _)| asked.is_none_or(|asked| asked == *family)).collect();
    if shown.is_empty() {
        let family = asked.map_or("", Family::as_str);
        return Err(Failure::NotFound(format!("IP family {family} in the cluster")));
    }
    // What a program reads has the rules of one family; of both, a comment keeps them apart.
    let is_headed = shown.len() > 1 && args.part.is_none();
    let text = shown.into_iter().map(|(family, hooks)| {
        let heading = if is_headed { format!("# {}\n", family.as_str()) } else { String::new() };
        Ok(heading + &of_family(machine, family, hooks, args.part)?)
    });
    input.answer(text.collect::<Result<_, Failure>>()?)
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
