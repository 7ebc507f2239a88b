//! Can it run here? Everything that a cluster needs is tried once, for nothing.

use crate::netns::{Netns, Outcome};
use crate::rules;

/// What kube-proxy's rules are made of, as one rule set for each family.
const MATCHES: &str = "*filter
:PROBE - [0:0]
-A PROBE -m conntrack --ctstate INVALID -m nfacct --nfacct-name ct_state_invalid_dropped_pkts -j DROP
-A PROBE -m comment --comment probe -m addrtype --dst-type LOCAL -p tcp -m tcp --dport 1 -j REJECT
COMMIT
*nat
:PROBE - [0:0]
-A PROBE -m mark ! --mark 0x4000/0x4000 -j RETURN
-A PROBE -m statistic --mode random --probability 0.5 -j MARK --or-mark 0x4000
-A PROBE -m recent --name PROBE --rcheck --seconds 1 --reap -j RETURN
-A PROBE -p tcp -m tcp -m recent --name PROBE --set -j DNAT --to-destination ADDRESS
-A PROBE -j MASQUERADE --random-fully
COMMIT
";

const PROGRAMS: [(&str, &str); 4] = [
    ("iptables-nft-restore", "192.0.2.1:1"),
    ("iptables-legacy-restore", "192.0.2.1:1"),
    ("ip6tables-nft-restore", "[2001:db8::1]:1"),
    ("ip6tables-legacy-restore", "[2001:db8::1]:1"),
];

pub fn check() -> Outcome {
    let (one, other) = (Netns::new()?, Netns::new()?);
    one.ip(&[
        "link add probe type bridge".to_owned(),
        format!("link add wire type veth peer name eth0 netns {}", other.path()),
    ])?;
    // Bridged packets have to meet the rules (br_netfilter).
    one.sysctl(&[("bridge/bridge-nf-call-iptables".to_owned(), "1")])?;
    for (program, address) in PROGRAMS {
        // Each in a namespace of its own: the two iptables do not share a table.
        let probe = Netns::new()?;
        rules::add_counters(&probe)?;
        probe.run(program, &[], &MATCHES.replace("ADDRESS", address))?;
    }
    one.run("nft", &["flush", "ruleset"], "")?;
    one.run("conntrack", &["-F"], "").map(drop)
}
