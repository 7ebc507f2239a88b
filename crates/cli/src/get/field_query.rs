//! `--field-selector` (apimachinery pkg/fields/selector.go; which fields a kind has: pkg/apis/*/v1/conversion.go and
//! the strategies in pkg/registry).

use cluster::api::{Kind, Tree};

use super::object::{Document, scalar};

/// All of its requirements are met by the objects that it selects.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct FieldQuery(Vec<Requirement>);

#[derive(Clone, Debug, PartialEq, Eq)]
struct Requirement {
    field: String,
    is_equal: bool,
    value: String,
}

impl FieldQuery {
    pub fn parse(query: &str) -> Result<FieldQuery, String> {
        let mut terms = terms(query);
        terms.sort_unstable();
        let requirement = |term: &&str| requirement(query, term);
        Ok(FieldQuery(
            terms.iter().filter(|term| !term.is_empty()).map(requirement).collect::<Result<_, _>>()?,
        ))
    }

    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// What the API server says of a field that it does not look for in objects of that kind.
    pub fn check(&self, kind: &Kind, of_definition: Option<&[String]>) -> Result<(), String> {
        self.0.iter().try_for_each(|requirement| check(kind, of_definition, &requirement.field))
    }

    pub fn matches(&self, kind: &Kind, document: &Tree) -> bool {
        let matches = |of: &Requirement| (value(kind, document, &of.field) == of.value) == of.is_equal;
        self.0.iter().all(matches)
    }
}

/// What commas part, if no backslash is before them.
fn terms(query: &str) -> Vec<&str> {
    let (mut terms, mut start, mut is_escaped) = (Vec::new(), 0, false);
    for (at, c) in query.char_indices() {
        match c {
            _ if is_escaped => is_escaped = false,
            '\\' => is_escaped = true,
            ',' => {
                terms.push(&query[start..at]);
                start = at + 1;
            }
            _ => {}
        }
    }
    terms.push(&query[start..]);
    terms
}

fn requirement(query: &str, term: &str) -> Result<Requirement, String> {
    let found = term.char_indices().find_map(|(at, _)| {
        let operator = ["!=", "==", "="].into_iter().find(|operator| term[at..].starts_with(operator))?;
        Some((&term[..at], operator, &term[at + operator.len()..]))
    });
    let Some((field, operator, value)) = found else {
        return Err(format!("invalid selector: '{query}'; can't understand '{term}'"));
    };
    Ok(Requirement { field: field.into(), is_equal: operator != "!=", value: unescaped(value)? })
}

fn unescaped(value: &str) -> Result<String, String> {
    let mut text = String::new();
    let mut chars = value.chars();
    while let Some(c) = chars.next() {
        match c {
            '\\' => match chars.next() {
                Some(c @ ('\\' | ',' | '=')) => text.push(c),
                other => {
                    let sequence: String = other.into_iter().collect();
                    return Err(format!("invalid field selector: invalid escape sequence: \\{sequence}"));
                }
            },
            // Upstream prints the number of the character.
            ',' | '=' => {
                let number = u32::from(c);
                return Err(format!("invalid field selector: unescaped character in value: {number}"));
            }
            c => text.push(c),
        }
    }
    Ok(text)
}

/// The fields that objects of a kind are chosen by, where these are not only name and namespace.
fn own_fields(kind: &Kind) -> Option<&'static [&'static str]> {
    const NAMES: &[&str] = &["metadata.name", "metadata.namespace"];
    Some(match kind {
        Kind::Pod => &[
            "metadata.name",
            "metadata.namespace",
            "spec.host",
            "spec.hostNetwork",
            "spec.nodeName",
            "spec.restartPolicy",
            "spec.schedulerName",
            "spec.serviceAccountName",
            "status.nominatedNodeName",
            "status.phase",
            "status.podIP",
            "status.podIPs",
        ],
        Kind::Node => &["metadata.name", "spec.unschedulable"],
        Kind::ReplicationController => &["metadata.name", "metadata.namespace", "status.replicas"],
        Kind::Namespace => &["metadata.name", "status.phase"],
        Kind::Service => &["metadata.name", "metadata.namespace", "spec.clusterIP", "spec.type"],
        Kind::Job => &["metadata.name", "metadata.namespace", "status.successful"],
        Kind::Other(kind) => match &**kind {
            "Event" => &[
                "involvedObject.apiVersion",
                "involvedObject.fieldPath",
                "involvedObject.kind",
                "involvedObject.name",
                "involvedObject.namespace",
                "involvedObject.resourceVersion",
                "involvedObject.uid",
                "metadata.name",
                "metadata.namespace",
                "reason",
                "reportingComponent",
                "source",
                "type",
            ],
            "Secret" => &["metadata.name", "metadata.namespace", "type"],
            "CertificateSigningRequest" => &["metadata.name", "spec.signerName"],
            "ResourceSlice" => &["metadata.name", "spec.driver", "spec.nodeName"],
            _ => return None,
        },
        Kind::Endpoints
        | Kind::EndpointSlice
        | Kind::Deployment
        | Kind::ReplicaSet
        | Kind::StatefulSet
        | Kind::DaemonSet
        | Kind::ControllerRevision
        | Kind::CronJob
        | Kind::PodDisruptionBudget
        | Kind::PriorityClass
        | Kind::ServiceCidr => NAMES,
    })
}

fn check(kind: &Kind, of_definition: Option<&[String]>, field: &str) -> Result<(), String> {
    const NAMES: [&str; 2] = ["metadata.name", "metadata.namespace"];
    let own = own_fields(kind).unwrap_or(&NAMES);
    let is_there =
        own.contains(&field) || of_definition.is_some_and(|fields| fields.iter().any(|f| f == field));
    if is_there {
        return Ok(());
    }
    Err(match kind {
        Kind::Job => format!("field label {field:?} not supported for Job"),
        Kind::Other(name) if &**name == "ResourceSlice" => {
            format!("field label not supported for resource.k8s.io/v1, Kind=ResourceSlice: {field}")
        }
        _ if own == NAMES && of_definition.is_none() => {
            format!("{field:?} is not a known field selector: only \"metadata.name\", \"metadata.namespace\"")
        }
        _ => format!("field label not supported: {field}"),
    })
}

/// ToSelectableFields, GetAttrs.
fn value(kind: &Kind, document: &Tree, field: &str) -> String {
    match (kind, field) {
        (Kind::Pod, "spec.host") => document.text("spec.nodeName"),
        // A Pod's fields have its first address alone.
        (Kind::Pod, "status.podIPs") => String::new(),
        (Kind::Pod, "spec.hostNetwork") | (Kind::Node, "spec.unschedulable") => {
            document.flag(field).to_string()
        }
        (Kind::ReplicationController, "status.replicas") => document.number(field).to_string(),
        (Kind::Job, "status.successful") => document.number("status.succeeded").to_string(),
        (Kind::Other(kind), "source") if &**kind == "Event" => {
            let component = document.text("source.component");
            if component.is_empty() { document.text("reportingComponent") } else { component }
        }
        _ => document.at(field).map_or_else(String::new, scalar),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// upstream's TestSplitTerms, TestSplitTerm and TestSelectorParse have their like.
    #[test]
    fn queries_are_read_as_upstreams() {
        let parsed = |query: &str| match FieldQuery::parse(query) {
            Err(problem) => problem,
            Ok(FieldQuery(all)) => {
                let one = |r: &Requirement| {
                    format!("{}{}{}", r.field, if r.is_equal { "=" } else { "!=" }, r.value)
                };
                all.iter().map(one).collect::<Vec<_>>().join(" ")
            }
        };
        for (query, expected) in [
            ("", ""),
            (",,", ""),
            ("x=a,y=b,z=c", "x=a y=b z=c"),
            ("z==c,x!=a", "x!=a z=c"),
            ("a=", "a="),
            (r"a=b\,c\=d\\", r"a=b,c=d\"),
            ("x", "invalid selector: 'x'; can't understand 'x'"),
            ("a=1,b", "invalid selector: 'a=1,b'; can't understand 'b'"),
            ("a=b=c", "invalid field selector: unescaped character in value: 61"),
            (r"a=\x", r"invalid field selector: invalid escape sequence: \x"),
            (r"a=x\", r"invalid field selector: invalid escape sequence: \"),
        ] {
            assert_eq!(parsed(query), expected, "{query}");
        }
    }

    #[test]
    fn a_kind_has_the_fields_of_its_conversion() {
        let said = |kind: &Kind, field: &str| {
            FieldQuery::parse(&format!("{field}=x")).and_then(|query| query.check(kind, None)).err()
        };
        assert_eq!(said(&Kind::Pod, "spec.nodeName"), None);
        assert_eq!(
            said(&Kind::Pod, "spec.priority"),
            Some("field label not supported: spec.priority".into())
        );
        assert!(said(&Kind::Node, "metadata.namespace").is_some());
        assert_eq!(
            said(&Kind::Deployment, "status.replicas").as_deref(),
            Some(
                "\"status.replicas\" is not a known field selector: only \"metadata.name\", \
                 \"metadata.namespace\""
            )
        );
        assert_eq!(
            said(&Kind::Job, "status.active").as_deref(),
            Some("field label \"status.active\" not supported for Job")
        );
        let of_definition = ["spec.litres".to_string()];
        let query = FieldQuery::parse("spec.litres=1,spec.lid=x").expect("it is a query");
        assert_eq!(
            query.check(&Kind::Other("Kettle".into()), Some(&of_definition)),
            Err("field label not supported: spec.lid".into())
        );
    }
}
