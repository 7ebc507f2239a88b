//! Real manifests, as published.

use crate::api::{Severity, parse, to_yaml};
use crate::skipped::skipped;

#[test]
fn published_manifests_are_read_without_a_problem() {
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/manifests");
    let Ok(files) = std::fs::read_dir(&folder) else {
        return skipped("published manifests", &format!("{} is not there", folder.display()));
    };
    for file in files {
        let path = file.unwrap().path();
        let manifest = parse(&std::fs::read_to_string(&path).unwrap());
        assert!(!manifest.objects.is_empty(), "{}", path.display());
        for finding in &manifest.diagnostics {
            assert_eq!(finding.severity, Severity::Info, "{}: {finding}", path.display());
        }
        for object in &manifest.objects {
            let printed = to_yaml(&object.source.tree);
            let again = parse(&printed);
            assert_eq!(again.objects[0].source.tree, object.source.tree, "{printed}");
            assert_eq!(again.objects[0].object, object.object, "{printed}");
        }
    }
}
