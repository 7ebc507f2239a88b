//! The canonical text of a Pod template: equivalent templates have the same text.

use super::fields;
use super::schema::{Default, Field, Shape};
use crate::api::{Entry, PodTemplate, Str, Tree, Value, served, to_json, write};

/// The template as JSON with sorted keys, without fields that have their default value. Two templates have the
/// same text if the API server would store the same for both: the order of keys, comments and quotes do not
/// matter; every other change does, even of a field that is not simulated. Adding a field to our structs later
/// changes no text.
///
/// For values whose fields are not known here (volumes, affinity), writing out a default counts as a change;
/// upstream it does not.
pub fn canonical_template(template: &PodTemplate) -> String {
    let mut tree = template.written.clone();
    write::overlay_template(&mut tree, template);
    to_json(&canonical(&tree, Shape::Obj(fields::TEMPLATE)))
}

/// The same with the defaults of values whose fields are not known here, and with quantities as they are stored: no
/// change upstream is one of this text.
pub fn complete_template(template: &PodTemplate) -> String {
    let mut tree = template.written.clone();
    write::overlay_template(&mut tree, template);
    served::complete_pod_spec(write::at(&mut tree, "spec"), &template.spec);
    to_json(&canonical(&tree, Shape::Obj(fields::TEMPLATE)))
}

/// Of a tree that has nothing but fields of `spec`.
pub fn canonical_pod_spec(spec: &Tree) -> String {
    let mut tree = Tree::map();
    tree.put("spec", spec.clone());
    to_json(&canonical(&tree, Shape::Obj(fields::TEMPLATE)))
}

/// Scalars become strings: `cpu: 1` and `cpu: "1"` are the same quantity, and no field of a valid template
/// distinguishes a number from a string of the same spelling.
fn canonical(tree: &Tree, shape: Shape) -> Tree {
    match &tree.value {
        Value::Null => Tree::string(""),
        Value::Bool(value) => Tree::string(if *value { "true" } else { "false" }),
        Value::Int(number) => Tree::string(&number.to_string()),
        Value::Float(text) | Value::String(text) => Tree::string(text),
        Value::Seq(items) => {
            let shape = if let Shape::List(of) = shape { Shape::Obj(of) } else { Shape::Any };
            Tree::seq(items.iter().map(|item| canonical(item, shape)).collect())
        }
        Value::Map(entries) => canonical_map(entries, shape),
    }
}

fn canonical_map(entries: &[Entry], shape: Shape) -> Tree {
    let mut out = Tree::map();
    for entry in entries {
        let fields = if let Shape::Obj(of) = shape { of.fields } else { &[] };
        let field = fields.iter().find(|f| f.name == &*entry.key);
        // In a map of strings null is the empty string; elsewhere it is the same as no field.
        let is_absent =
            entry.value.value == Value::Null && !matches!(shape, Shape::StrMap | Shape::Quantities);
        let value = canonical(&entry.value, field.map_or(Shape::Any, |f| f.shape));
        if !is_absent && !field.is_some_and(|f| is_default(f, &value, entries)) {
            out.put(&entry.key, value);
        }
    }
    out.sorted()
}

/// Whether the field's value, which is canonical already, equals the default.
fn is_default(field: &Field, value: &Tree, siblings: &[Entry]) -> bool {
    match &value.value {
        Value::Seq(items) => items.is_empty(),
        Value::Map(entries) if entries.is_empty() => {
            field.default == Default::EmptyObject || matches!(field.shape, Shape::StrMap | Shape::Quantities)
        }
        Value::String(text) if text.is_empty() => matches!(field.shape, Shape::Str),
        Value::String(text) => match field.default {
            Default::Nothing | Default::EmptyObject => false,
            Default::Scalar(default) => **text == *default,
            Default::Int(default) => **text == *default.to_string(),
            Default::NonZero(default) => **text == *default.to_string() || &**text == "0",
            Default::ImagePullPolicy => &**text == pull_policy(siblings),
        },
        Value::Map(_) | Value::Null | Value::Bool(_) | Value::Int(_) | Value::Float(_) => false,
    }
}

pub fn pull_policy(container: &[Entry]) -> &'static str {
    let image = container.iter().find(|e| &*e.key == "image").and_then(|e| e.value.as_str());
    pull_policy_of(image.map_or("", Str::as_ref))
}

/// SetDefaults_Container: an image without tag and digest is `latest`.
pub fn pull_policy_of(image: &str) -> &'static str {
    let name = image.rsplit('/').next().unwrap_or_default();
    let (name, has_digest) = name.split_once('@').map_or((name, false), |(name, _)| (name, true));
    match name.split_once(':') {
        Some((_, "latest")) => "Always",
        None if !has_digest => "Always",
        None | Some(_) => "IfNotPresent",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::api::{KubeObject, parse};

    const PLAIN: &str = "\
metadata:
  labels: {app: web}
spec:
  containers:
    - name: web
      image: registry.example/web:1.2
      ports: [{containerPort: 8080}]
      readinessProbe: {httpGet: {port: 8080}}
      resources: {requests: {cpu: 1}}
";

    /// Of a Deployment with this template.
    fn text(template: &str) -> String {
        let head = "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: web}\nspec:\n  selector: {matchLabels: {app: web}}\n  template:\n";
        let body: String = template.lines().map(|line| format!("    {line}\n")).collect();
        let manifest = parse(&format!("{head}{body}"));
        let [parsed] = &manifest.objects[..] else { panic!("one object: {:?}", manifest.diagnostics) };
        let KubeObject::Deployment(deployment) = &parsed.object else { panic!("a Deployment") };
        canonical_template(&deployment.spec.template)
    }

    /// This text must not change: shared links contain Pod names, and those contain its hash.
    #[test]
    fn the_text_of_a_template() {
        let expected = concat!(
            r#"{"metadata":{"labels":{"app":"web"}},"#,
            r#""spec":{"containers":[{"image":"registry.example/web:1.2","name":"web","#,
            r#""ports":[{"containerPort":"8080"}],"readinessProbe":{"httpGet":{"port":"8080"}},"#,
            r#""resources":{"requests":{"cpu":"1"}}}]}}"#,
        );
        assert_eq!(text(PLAIN), expected);
    }

    #[test]
    fn order_comments_quotes_and_defaults_count_for_nothing() {
        let spelled_out = r#"
spec:
  restartPolicy: Always
  dnsPolicy: ClusterFirst
  schedulerName: default-scheduler
  terminationGracePeriodSeconds: 30
  securityContext: {}
  hostNetwork: false
  hostname: ""
  nodeSelector: {}
  initContainers: []
  serviceAccountName: null
  containers:
    - resources: {limits: {}, requests: {"cpu": "1"}} # a quantity
      image: "registry.example/web:1.2"
      imagePullPolicy: IfNotPresent
      terminationMessagePath: /dev/termination-log
      terminationMessagePolicy: File
      command: []
      tty: false
      readinessProbe:
        httpGet: {scheme: HTTP, path: /, port: 8080}
        initialDelaySeconds: 0
        timeoutSeconds: 1
        periodSeconds: 0
        successThreshold: 1
        failureThreshold: 3
      ports: [{protocol: TCP, hostPort: 0, containerPort: 8080}]
      name: 'web'
metadata: {creationTimestamp: null, annotations: {}, labels: {app: web}}
"#;
        assert_eq!(text(spelled_out), text(PLAIN));
    }

    #[test]
    fn each_change_counts() {
        let changes = [
            ("  labels: {app: web}", "  labels: {app: web, tier: \"\"}"),
            ("  labels: {app: web}", "  labels: {app: web}\n  annotations: {restartedAt: now}"),
            ("web:1.2", "web:1.3"),
            ("containerPort: 8080", "containerPort: 8081"),
            ("containerPort: 8080", "containerPort: 8080, protocol: UDP"),
            ("port: 8080}}", "port: 8080, path: /ready}}"),
            ("port: 8080}}", "port: 8080}, periodSeconds: 5}"),
            ("cpu: 1", "cpu: 2"),
            ("cpu: 1", "memory: 1"),
            ("      resources", "      args: [\"\"]\n      resources"),
            ("      resources", "      imagePullPolicy: Always\n      resources"),
            ("      resources", "      env: [{name: A}]\n      resources"),
            ("      resources", "      lifecycle: {preStop: {sleep: {seconds: 5}}}\n      resources"),
            ("      resources", "      livenessProbe: {tcpSocket: {port: 8080}}\n      resources"),
            ("spec:", "spec:\n  terminationGracePeriodSeconds: 0"),
            ("spec:", "spec:\n  enableServiceLinks: false"),
            ("spec:", "spec:\n  volumes: [{name: scratch, emptyDir: {}}]"),
            ("spec:", "spec:\n  volumes: [{name: scratch, emptyDir: {medium: Memory}}]"),
            ("spec:", "spec:\n  priorityClassName: high"),
        ];
        let mut texts = vec![text(PLAIN)];
        for (from, to) in changes {
            let changed = PLAIN.replacen(from, to, 1);
            assert_ne!(changed, PLAIN, "{from} stands in the template");
            texts.push(text(&changed));
        }
        let count = texts.len();
        texts.sort();
        texts.dedup();
        assert_eq!(texts.len(), count);
    }

    #[test]
    fn a_template_without_a_source_has_the_text_of_its_fields() {
        let mut template = PodTemplate::default();
        template.labels.insert("app".into(), "web".into());
        assert_eq!(canonical_template(&template), r#"{"metadata":{"labels":{"app":"web"}}}"#);
    }

    #[test]
    fn the_pull_policy_follows_the_tag() {
        let policy = |image: &str| {
            let mut container = Tree::map();
            container.put("image", Tree::string(image));
            pull_policy(container.entries())
        };
        for image in ["web", "web:latest", "registry.example:5000/web", "web:latest@sha256:0f"] {
            assert_eq!(policy(image), "Always", "{image}");
        }
        for image in ["web:1", "web@sha256:0f", "registry.example:5000/web:1.2"] {
            assert_eq!(policy(image), "IfNotPresent", "{image}");
        }
    }
}
