//! Texts with many of whatever must be told from others.

use super::{object, problems};
use crate::api::parse;

/// Each of many names is looked up, and not compared with all others.
#[test]
fn many_containers_volumes_and_mounts() {
    const MANY: usize = 4_000;
    let list = |of: &dyn Fn(usize) -> String| (0..MANY).map(of).collect::<Vec<String>>().concat();
    let volumes = list(&|i| format!("- {{name: v{}, emptyDir: {{}}}}\n", i % (MANY - 1)));
    let mounts = list(&|i| format!("  - {{name: v{i}, mountPath: /{i}}}\n"));
    let init = list(&|i| format!("- {{name: i{i}, image: i}}\n"));
    let main = list(&|i| format!("- {{name: c{}, image: i}}\n", i % (MANY - 1)));
    let spec = format!(
        "volumes:\n{volumes}initContainers:\n{init}- {{name: c7, image: i}}\ncontainers:\n{main}- name: last\n  image: i\n  volumeMounts:\n{mounts}"
    );
    let last = MANY - 1;
    assert_eq!(
        problems(&parse(&object("v1", "Pod", &spec))),
        [
            format!("spec.containers[{MANY}].volumeMounts[{last}].name: Not found: \"v{last}\""),
            format!("spec.initContainers[{MANY}].name: Duplicate value: \"c7\""),
            format!("spec.containers[{last}].name: Duplicate value: \"c0\""),
            format!("spec.volumes[{last}].name: Duplicate value: \"v0\""),
        ]
    );
}

#[test]
fn many_ports_of_a_service() {
    const MANY: usize = 7_000;
    let port = |number: usize, protocol: &str| {
        format!("- {{name: {}-{number}, port: {number}, protocol: {protocol}}}\n", protocol.to_lowercase())
    };
    let ports: String = (1..=MANY).flat_map(|number| [port(number, "TCP"), port(number, "UDP")]).collect();
    let again = "- {name: again, port: 5, protocol: UDP}\n";
    let found = problems(&parse(&object("v1", "Service", &format!("ports:\n{ports}{again}"))));
    let [found] = &found[..] else { panic!("{found:?}") };
    assert!(found.starts_with(&format!("spec.ports[{}]: Duplicate value: ", 2 * MANY)), "{found}");
}
