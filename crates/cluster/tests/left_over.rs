//! What a node's kernel has beside the rules that kube-proxy wrote last.

mod support;

use cluster::sim::Run;
use support::{seconds, start};

fn scenario(name: &str) -> Run {
    let file = format!("{}/tests/scenarios/{name}/input.yaml", env!("CARGO_MANIFEST_DIR"));
    start(&std::fs::read_to_string(file).expect("the corpus has it"), 7)
}

/// GracefulDeleteRS: `ipvsadm -Sn` shows a real server without weight as long as it has connections.
#[test]
fn a_real_server_whose_connections_go_on_is_printed_without_weight() {
    let mut run = scenario("ipvs-lets-connections-end");
    let mut drained = 0;
    for second in 1..=60 {
        run.advance_to(seconds(second), u64::MAX);
        for machine in run.world().machines().values() {
            let (text, rules) = (machine.left_over(), machine.stack.rules().to_string());
            for line in text.lines() {
                let server = line.strip_suffix(" -m -w 0").unwrap_or_else(|| panic!("{line}"));
                assert!(server.starts_with("-a -t 10.96."), "{line}");
                assert!(!rules.contains(server), "kube-proxy wants it no more: {line}");
                let (virtual_server, _) = server[3..].split_once(" -r ").expect("it has one");
                assert!(rules.contains(&format!("-A {virtual_server} ")), "{rules}");
                drained += 1;
            }
        }
    }
    assert!(drained > 3, "it drained for a while");
}
