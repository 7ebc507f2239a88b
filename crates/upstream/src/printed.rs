//! Our printed rules, taken apart into what the kernel would hold. It shares nothing with what prints them.

use cluster::node::kube_proxy::ProxyMode;

use crate::kernel::Kernel;

pub fn read(mode: ProxyMode, text: &str) -> Kernel {
    let mut kernel = Kernel::new();
    match mode {
        ProxyMode::Iptables => iptables(text, &mut kernel),
        ProxyMode::Nftables => nftables(text, &mut kernel),
        ProxyMode::Ipvs => ipvs(text, &mut kernel),
    }
    kernel
}

/// As iptables-save prints, without the rules of the CNI plugins.
fn iptables(text: &str, kernel: &mut Kernel) {
    let mut table = "";
    for line in text.lines() {
        if let Some(name) = line.strip_prefix('*') {
            table = name;
        } else if let Some(chain) = line.strip_prefix(':') {
            let name = chain.split(' ').next().unwrap_or_default();
            let again = !is_plugins(name) && kernel.insert(format!("{table} {name}"), Vec::new()).is_some();
            if again {
                not_understood(line, kernel);
            }
        } else if let Some(rule) = line.strip_prefix("-A ") {
            let name = rule.split(' ').next().unwrap_or_default();
            let to = rule.rsplit_once(" -j ").map_or("", |(_, to)| to);
            if is_plugins(name) || is_plugins(to) {
                continue;
            }
            match kernel.get_mut(&format!("{table} {name}")) {
                Some(rules) => rules.push(line.to_owned()),
                None => not_understood(line, kernel),
            }
        } else if !line.is_empty() && line != "COMMIT" && !line.starts_with('#') {
            not_understood(line, kernel);
        }
    }
}

/// Chains of the CNI plugins bridge and portmap.
fn is_plugins(chain: &str) -> bool {
    chain.starts_with("CNI-")
}

/// As `nft list table` prints.
fn nftables(text: &str, kernel: &mut Kernel) {
    let mut lines = text.lines().filter(|line| !line.starts_with('#'));
    let mut object = String::new();
    while let Some(line) = lines.next() {
        let words = line.trim();
        match indent(line) {
            0 => {}
            // The table's own comment is not compared: upstream's fake does not keep the one that it is given again.
            1 if words.starts_with("comment ") || words == "}" => {}
            1 => match words.strip_suffix(" {") {
                Some(name) => {
                    object = name.to_owned();
                    kernel.entry(object.clone()).or_default();
                }
                None => not_understood(line, kernel),
            },
            _ => {
                let held = kernel.entry(object.clone()).or_default();
                match words.strip_prefix("elements = {") {
                    Some(first) => held.extend(elements(first, &mut lines)),
                    None => held.push(words.to_owned()),
                }
            }
        }
    }
}

fn indent(line: &str) -> usize {
    line.chars().take_while(|c| *c == '\t').count()
}

/// `a, b }` over several lines. Neither keys nor verdicts have commas, and comments are names.
fn elements<'a>(first: &'a str, lines: &mut impl Iterator<Item = &'a str>) -> Vec<String> {
    let mut all = first.trim().to_owned();
    while !all.ends_with('}') {
        let Some(line) = lines.next() else { break };
        all = format!("{all} {}", line.trim());
    }
    let all = all.trim_end_matches('}').split(',').map(|element| format!("element {}", element.trim()));
    all.collect()
}

/// What `ip`, `ipset`, `iptables-restore` and `ipvsadm` read, each after a line that names it.
fn ipvs(text: &str, kernel: &mut Kernel) {
    let mut tool = String::new();
    let mut tables = String::new();
    for line in text.lines() {
        if let Some(heading) = line.strip_prefix("# ") {
            tool = heading.split([' ', '-']).next().unwrap_or_default().replace("ip6tables", "iptables");
            continue;
        }
        let words: Vec<&str> = line.split(' ').collect();
        match (tool.as_str(), words.as_slice()) {
            ("iptables", _) => tables += &format!("{line}\n"),
            ("ip", ["link", "add", name, "type", "dummy"]) => {
                kernel.entry(format!("link {name}")).or_default();
            }
            ("ip", ["addr", "add", address, "dev", name]) => {
                let alone = address.strip_suffix("/32").or(address.strip_suffix("/128")).unwrap_or(address);
                kernel.entry(format!("link {name}")).or_default().push(alone.to_owned());
            }
            ("ipset", ["create" | "add", name, ..]) => {
                kernel.entry(format!("ipset {name}")).or_default().push(line.to_owned());
            }
            ("ipvsadm", ["-A" | "-a", flag, server, ..]) => {
                kernel.entry(format!("ipvs {flag} {server}")).or_default().push(line.to_owned());
            }
            _ => not_understood(line, kernel),
        }
    }
    iptables(&tables, kernel);
}

/// Upstream has no such object, so that it is a difference.
fn not_understood(line: &str, kernel: &mut Kernel) {
    kernel.entry("not understood".to_owned()).or_default().push(line.to_owned());
}
