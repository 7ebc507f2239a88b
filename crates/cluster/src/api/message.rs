//! The sentences of diagnostics, in English: what is wrong and what to do. The only place that has
//! them. Where the API server has a short form of its own, it is used.

use std::fmt;

use super::{Diagnostic, DiagnosticKind, Format, NameProblem, Problem, Rule, SpecialRange, Type};

impl fmt::Display for Diagnostic {
    /// `line:column: path: sentence`, without what is not known.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}{}{}", self.place(), self.field(), self.message)
    }
}

impl Diagnostic {
    /// Where it is in the text: `4:7: `; empty if it is in none.
    pub fn place(&self) -> String {
        if self.line > 0 { format!("{}:{}: ", self.line, self.column) } else { String::new() }
    }

    /// Whose it is: `Service default/web: `; empty if that is not known.
    pub fn about(&self) -> String {
        self.object.as_ref().map_or_else(String::new, |object| {
            let namespace = if object.namespace.is_empty() { "" } else { "/" };
            format!("{} {}{namespace}{}: ", object.kind, object.namespace, object.name)
        })
    }

    /// `spec.ports[0].port: `; empty for the whole document, and where the sentence says it as upstream does.
    pub fn field(&self) -> String {
        if self.message.names_its_field() || self.path.is_empty() {
            String::new()
        } else {
            format!("{}: ", self.path)
        }
    }
}

impl DiagnosticKind {
    /// Whether the sentence says itself what it is about, where it must.
    fn names_its_field(&self) -> bool {
        use DiagnosticKind as K;
        match self {
            K::Undecodable { .. }
            | K::UnknownVersion { .. }
            | K::NotSet { .. }
            | K::NoName
            | K::HealthCheckPort { .. }
            | K::Server { .. } => true,
            K::TooLarge { .. }
            | K::TooManyDocuments { .. }
            | K::TooManyNodes { .. }
            | K::TooDeep { .. }
            | K::TooManyInFlow { .. }
            | K::TooManyObjects { .. }
            | K::MoreFindings { .. }
            | K::Syntax { .. }
            | K::BadSeparator { .. }
            | K::IgnoredAfterEnd
            | K::DuplicateKey { .. }
            | K::BadKey
            | K::BadMerge
            | K::UnknownAlias
            | K::NotFinite { .. }
            | K::BadTag { .. }
            | K::NotAnObject { .. }
            | K::WrongType { .. }
            | K::OutOfRange { .. }
            | K::Required
            | K::Unsupported { .. }
            | K::UnsupportedStruct { .. }
            | K::Invalid { .. }
            | K::BadName { .. }
            | K::BadFormat { .. }
            | K::Duplicate { .. }
            | K::TooMany { .. }
            | K::DuplicatePort { .. }
            | K::TooLong { .. }
            | K::SpecialAddress { .. }
            | K::Forbidden { .. }
            | K::Violates { .. }
            | K::NotFound { .. }
            | K::NewSchedulingGate { .. }
            | K::Served { .. }
            | K::UnknownField { .. }
            | K::UnknownArgument { .. }
            | K::FieldNotSimulated { .. }
            | K::KindNotSimulated { .. }
            | K::SelectsNothing { .. }
            | K::DuplicateObject { .. }
            | K::DuplicateNode { .. }
            | K::SecondScenario { .. }
            | K::PodRangeTooSmall { .. }
            | K::ServiceRangeTooSmall { .. }
            | K::PodRangeTooLarge { .. }
            | K::ServiceRangeTooLarge { .. }
            | K::PoolOverlaps { .. } => false,
        }
    }
}

impl fmt::Display for DiagnosticKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        use DiagnosticKind as K;
        match self {
            K::TooLarge { bytes, limit } => write!(
                f,
                "the text has {bytes} bytes; at most {limit} are read. Split it, or leave out what the lab does not need"
            ),
            K::TooManyDocuments { limit } => {
                write!(f, "only the first {limit} documents are read; split the text")
            }
            K::TooManyNodes { limit } => {
                write!(f, "more than {limit} values, aliases expanded; split the text or use fewer aliases")
            }
            K::TooManyInFlow { limit } => write!(
                f,
                "more than {limit} commas and opening brackets; write JSON, or YAML in lines instead of in brackets"
            ),
            K::TooManyObjects { limit } => {
                write!(
                    f,
                    "only the first {limit} objects are read, those of Lists counted each; split the text"
                )
            }
            K::TooDeep { limit } => write!(f, "maps and lists go deeper than {limit} levels"),
            K::MoreFindings { count } => write!(f, "and {count} more; repair these first"),
            K::Syntax { problem } => write!(f, "this is not YAML: {problem}"),
            K::BadSeparator { text } => write!(
                f,
                "invalid Yaml document separator: {text}. Only a comment may follow `---`; put the document on the next line"
            ),
            K::IgnoredAfterEnd => {
                f.write_str("kubectl reads nothing after `...`; begin the next document with a line `---`")
            }
            K::DuplicateKey { key, first } => write!(
                f,
                "the key {key:?} was already set on line {}, column {}; the last one wins, remove one",
                first.line, first.column
            ),
            K::BadKey => f.write_str("a key must be a string, a number or a boolean"),
            K::BadMerge => f.write_str("map merge requires map or sequence of maps as the value"),
            K::UnknownAlias => f.write_str("this alias stands inside the value that it names"),
            K::NotFinite { value } => {
                write!(f, "unsupported value {value}: JSON has no such number; quote it if it is text")
            }
            K::BadTag { value, tag } => write!(f, "cannot decode {value:?} as a !!{tag}"),
            K::NotAnObject { found } => {
                write!(
                    f,
                    "a document must be an object with apiVersion and kind; this is {}",
                    article(*found)
                )
            }
            K::WrongType { expected, found, value } => wrong_type(*expected, *found, value, f),
            K::OutOfRange { value, min, max } => out_of_range(value, *min, *max, f),
            K::NotSet { field } => write!(f, "error validating data: {field} not set"),
            K::NoName => f.write_str("resource name may not be empty"),
            K::Undecodable { kind, api_version, problem } => undecodable(kind, api_version, problem, f),
            K::Required => f.write_str("Required value"),
            K::Unsupported { value, allowed } => {
                write!(f, "Unsupported value: {value:?}: supported values: ")?;
                quoted(allowed, f)
            }
            K::UnsupportedStruct { value, allowed } => {
                write!(f, "Unsupported value: {value}: supported values: ")?;
                quoted(allowed, f)
            }
            K::Invalid { value, expected } if value.is_empty() => write!(f, "Invalid value: {expected}"),
            K::Invalid { value, expected } => write!(f, "Invalid value: {value}: {expected}"),
            K::BadName { value, part, problem } => {
                write!(f, "Invalid value: {value:?}: {part}")?;
                name_problem(*problem, f)
            }
            K::BadFormat { value, format } => write!(f, "Invalid value: {value:?}: {}", format_rule(*format)),
            K::TooMany { count, limit } => write!(f, "Too many: {count}: must have at most {limit} items"),
            K::TooLong { limit } => write!(f, "Too long: may not be more than {limit} bytes"),
            K::Duplicate { value } => write!(f, "Duplicate value: {value:?}"),
            K::SpecialAddress { value, range } => {
                write!(f, "Invalid value: {value:?}: may not be {}", special_range(*range, value))
            }
            K::Forbidden { why } => f.write_str(rule(*why)),
            K::Violates { value, why } => write!(f, "Invalid value: {value}: {}", rule(*why)),
            K::NewSchedulingGate { gate } => {
                write!(f, "Forbidden: only deletion is allowed, but found new scheduling gate '{gate}'")
            }
            K::HealthCheckPort { port, why } => write!(
                f,
                "Internal error occurred: failed to allocate requested HealthCheck NodePort {port}: {}",
                rule(*why)
            ),
            K::NotFound { value } => write!(f, "Not found: {value:?}"),
            K::DuplicatePort { number, protocol, is_node_port } => {
                // The fields of upstream's own type that make two ports the same one.
                let (port, node_port) = if *is_node_port { (&0, number) } else { (number, &0) };
                write!(
                    f,
                    r#"Duplicate value: {{"Name":"","Protocol":"{protocol}","AppProtocol":null,"Port":{port},"TargetPort":0,"NodePort":{node_port}}}"#
                )
            }
            K::UnknownVersion { kind, api_version } => {
                write!(f, "no matches for kind {kind:?} in version {api_version:?}")
            }
            K::Served { api_version } => write!(f, "write apiVersion: {api_version}"),
            K::UnknownField { field } => {
                write!(
                    f,
                    "unknown field {field:?}; kept as it is, and without effect. Check its name and its place"
                )
            }
            K::UnknownArgument { field, known } => {
                write!(f, "unknown field {field:?}; the fields are ")?;
                quoted(known, f)
            }
            K::Server { warning } => warning.fmt(f),
            K::FieldNotSimulated { field } => write!(f, "{field} is kept, not simulated"),
            K::KindNotSimulated { kind } => write!(f, "{kind} is kept, not simulated"),
            K::SelectsNothing { selector, elsewhere, nearest } => {
                write!(
                    f,
                    "no Pod of this text has the labels {selector} in its namespace, so the Service has no endpoints"
                )?;
                match (elsewhere, nearest) {
                    (Some(other), _) => write!(f, "; the namespace {other} has one"),
                    (None, Some((label, true))) => write!(f, "; did you mean {label}?"),
                    (None, Some((label, false))) => write!(f, "; its other labels are on Pods with {label}"),
                    (None, None) => Ok(()),
                }
            }
            K::DuplicateObject { first } => {
                write!(
                    f,
                    "the same object is already on line {}; as with kubectl apply, the last one wins",
                    first.line
                )
            }
            K::DuplicateNode { first } => {
                write!(
                    f,
                    "a node of this name is already on line {}; give each node its own name",
                    first.line
                )
            }
            K::PodRangeTooSmall { value, nodes, longest } => {
                let (are, s) = if *nodes == 1 { ("is", "") } else { ("are", "s") };
                write!(
                    f,
                    "Invalid value: {value:?}: too small: there {are} {nodes} node{s}, each with a range of its own; "
                )?;
                write!(f, "write a prefix of /{longest} or shorter")
            }
            K::ServiceRangeTooSmall { value, longest } => write!(
                f,
                "Invalid value: {value:?}: the service cluster IP range must be at least 8 IP addresses; write a prefix of /{longest} or shorter"
            ),
            K::PodRangeTooLarge { value, shortest } => write!(
                f,
                "Invalid value: {value:?}: too large: kube-controller-manager has at most 65536 parts for nodes, each a /64; write a prefix of /{shortest} or longer"
            ),
            K::ServiceRangeTooLarge { value, shortest } => write!(
                f,
                "Invalid value: {value:?}: too large: the API server allocates IPv6 addresses from a /{shortest} or less; write a prefix of /{shortest} or longer"
            ),
            K::PoolOverlaps { value, other, why } => {
                write!(f, "Invalid value: {value:?}: overlaps with {other}: {why}")
            }
            K::SecondScenario { first } => {
                write!(
                    f,
                    "a text has at most one Scenario, and one is on line {}; this one is left out",
                    first.line
                )
            }
        }
    }
}

fn quoted(texts: &[&str], f: &mut fmt::Formatter<'_>) -> fmt::Result {
    for (index, text) in texts.iter().enumerate() {
        write!(f, "{}{text:?}", if index > 0 { ", " } else { "" })?;
    }
    Ok(())
}

fn article(type_: Type) -> &'static str {
    match type_ {
        Type::Null => "null",
        Type::Boolean => "a boolean",
        Type::Integer => "an integer",
        Type::Number => "a number",
        Type::String => "a string",
        Type::List => "a list",
        Type::Map => "a map",
        Type::IntegerOrString => "an integer or a string",
    }
}

/// What Go's JSON decoder calls a value.
fn wrong_type(expected: Type, found: Type, value: &str, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    write!(f, "must be {}, not {}", article(expected), article(found))?;
    match (expected, found) {
        (Type::String, Type::Boolean) => {
            write!(f, " ({value}); put it in quotes: y, n, yes, no, on and off are booleans too")
        }
        (Type::String, Type::Integer | Type::Number) => {
            write!(f, " ({value}); put it in quotes")
        }
        (Type::Integer, Type::String) if value.parse::<i64>().is_ok() => {
            write!(f, " ({value:?}); write it without quotes")
        }
        (Type::Boolean, Type::String) if value.parse::<bool>().is_ok() => {
            write!(f, " ({value:?}); write it without quotes")
        }
        (_, Type::List | Type::Map) => Ok(()),
        _ => write!(f, " ({value})"),
    }
}

/// field/errors.go and util/validation: the range of a kind of number has its own sentence.
fn out_of_range(value: &str, min: i64, max: i64, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    write!(f, "Invalid value: {value}: must be ")?;
    match (min, max) {
        (0, _) if max >= i64::from(i32::MAX) => f.write_str("greater than or equal to 0"),
        // Weights, and the seconds of an affinity.
        (1, 100) => f.write_str("in the range 1-100"),
        (1, 86_400) => f.write_str("greater than 0 and less than 86400"),
        _ => write!(f, "between {min} and {max}, inclusive"),
    }
}

fn undecodable(kind: &str, api_version: &str, problem: &Problem, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    if !kind.is_empty() {
        let version = api_version.rsplit('/').next().unwrap_or_default();
        // A kind in small letters is looked up by its plural, and found.
        let mut letters = kind.chars();
        let first = letters.next().map(|first| first.to_ascii_uppercase());
        let found: String = first.into_iter().chain(letters).collect();
        write!(f, "{kind} in version {version:?} cannot be handled as a {found}: ")?;
    }
    match problem {
        Problem::UnknownField { path } => write!(f, "strict decoding error: unknown field {path:?}"),
        Problem::Type { found, number, field, expected } => {
            let (blank, found) = (if number.is_empty() { "" } else { " " }, go_name(*found));
            write!(
                f,
                "json: cannot unmarshal {found}{blank}{number} into Go struct field {field} of type {expected}"
            )
        }
        Problem::Quantity => f.write_str(format_rule(Format::Quantity)),
        Problem::NoSuchKind => {
            write!(
                f,
                "no kind {kind:?} is registered for version {api_version:?} in scheme \"pkg/runtime/scheme.go:111\""
            )
        }
    }
}

/// What Go's JSON decoder calls a value.
fn go_name(found: Type) -> &'static str {
    match found {
        Type::Null => "null",
        Type::Boolean => "bool",
        Type::Integer | Type::Number => "number",
        Type::String | Type::IntegerOrString => "string",
        Type::List => "array",
        Type::Map => "object",
    }
}

const LABEL: &str = "[a-z0-9]([-a-z0-9]*[a-z0-9])?";
const SEARCH_LABEL: &str = "_?[a-z0-9]([-_a-z0-9]*[a-z0-9])?";
const QUALIFIED: &str = "([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]";
const ENDS: &str = ", and must start and end with an alphanumeric character";
const QUALIFIED_CHARACTERS: &str = "consist of alphanumeric characters, '-', '_' or '.'";

/// util/validation's RegexError.
fn regex(
    what: fmt::Arguments<'_>,
    examples: &[&str],
    regex: fmt::Arguments<'_>,
    f: &mut fmt::Formatter<'_>,
) -> fmt::Result {
    write!(f, "{what} (e.g. ")?;
    for (index, example) in examples.iter().enumerate() {
        write!(f, "{}'{example}', ", if index > 0 { " or " } else { "" })?;
    }
    write!(f, "regex used for validation is '{regex}')")
}

/// apimachinery, util/validation and api/validate/content.
impl fmt::Display for NameProblem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        name_problem(*self, f)
    }
}

fn name_problem(problem: NameProblem, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    match problem {
        NameProblem::Empty => f.write_str("must be non-empty"),
        NameProblem::TooLong { limit } => write!(f, "must be no more than {limit} characters"),
        NameProblem::TooManyBytes { limit } => write!(f, "must be no more than {limit} bytes"),
        NameProblem::Dots => f.write_str("must not contain dots"),
        NameProblem::NoLabel => regex(
            format_args!("a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-'{ENDS}"),
            &["my-name", "123-abc"],
            format_args!("{LABEL}"),
            f,
        ),
        NameProblem::NoSubdomain => regex(
            format_args!(
                "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.'{ENDS}"
            ),
            &["example.com"],
            format_args!("{LABEL}(\\.{LABEL})*"),
            f,
        ),
        NameProblem::NoSearchDomain => regex(
            format_args!(
                "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '_', '-' or '.'{ENDS}"
            ),
            &["example.com"],
            format_args!("{SEARCH_LABEL}(\\.{SEARCH_LABEL})*"),
            f,
        ),
        NameProblem::NoNamePart => no_name_part("", f),
        NameProblem::NoQualifiedName => {
            no_name_part("a qualified name ", f)?;
            f.write_str(" with an optional DNS subdomain prefix and '/' (e.g. 'example.com/MyName')")
        }
        NameProblem::NoLabelValue => regex(
            format_args!("a valid label must be an empty string or {QUALIFIED_CHARACTERS}{ENDS}"),
            &["MyValue", "my_value", "12345"],
            format_args!("({QUALIFIED})?"),
            f,
        ),
        NameProblem::PortCharacters => {
            f.write_str("must contain only alpha-numeric characters (a-z, 0-9), and hyphens (-)")
        }
        NameProblem::PortWithoutLetter => f.write_str("must contain at least one letter (a-z)"),
        NameProblem::ConsecutiveHyphens => f.write_str("must not contain consecutive hyphens"),
        NameProblem::HyphenAtEnd => f.write_str("must not begin or end with a hyphen"),
        NameProblem::EmptyEnvVarName => f.write_str("environment variable name must be non-empty"),
        NameProblem::NoEnvVarName => f.write_str(
            "a valid environment variable name must consist only of printable ASCII characters other than '='",
        ),
        NameProblem::NoHeader => regex(
            format_args!("a valid HTTP header must consist of alphanumeric characters or '-'"),
            &["X-Header-Name"],
            format_args!("[-A-Za-z0-9]+"),
            f,
        ),
        NameProblem::NoFinalizer => {
            f.write_str("name is neither a standard finalizer name nor is it fully qualified")
        }
    }
}

fn no_name_part(what: &str, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    let examples = ["MyName", "my.name", "123-abc"];
    regex(format_args!("{what}must {QUALIFIED_CHARACTERS}{ENDS}"), &examples, format_args!("{QUALIFIED}"), f)
}

/// What a value must be, in serde's words for a value that is not so.
impl serde::de::Expected for Format {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(format_rule(*self))
    }
}

fn format_rule(format: Format) -> &'static str {
    match format {
        Format::IpAddress => "must be a valid IP address, (e.g. 10.9.8.7 or 2001:db8::ffff)",
        Format::LeadingZeros => "must not have leading 0s",
        Format::Cidr => "must be a valid CIDR value, (e.g. 10.9.8.0/24 or 2001:db8::/64)",
        Format::AddressRange => {
            "must be a range of addresses, such as 172.18.255.200-172.18.255.250 or 10.0.9.0/24"
        }
        Format::HostBits => "must not have bits set beyond the prefix length",
        Format::Duration => "must be a length of time, such as 250ms, 12.5s or 1m30s",
        Format::Moment => "must be a time from when the clients begin, such as 12.5s, 1m30s or -2s",
        Format::Rate => "must be requests per second, such as 2 or 0.5, with at most three decimals",
        Format::Quantity => {
            "quantities must match the regular expression '^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$'"
        }
        Format::Percent => {
            "a valid percent string must be a numeric string followed by an ending '%' (e.g. '1%',  or '93%', regex used for validation is '[0-9]+%')"
        }
        Format::ClientFrom => {
            "must be outside, {ip: ADDRESS}, deploy/NAMESPACE/NAME, rs/NAMESPACE/NAME, pod/NAMESPACE/NAME or node/NAME"
        }
        Format::ObjectRef => "must be KIND/NAMESPACE/NAME, such as Pod/default/web-0, or KIND/NAME",
        Format::NsName => "must be NAMESPACE/NAME, or a name in the namespace default",
        Format::Prerequisite => {
            "must be image/NAME, configmap/NAMESPACE/NAME, secret/NAMESPACE/NAME or persistentvolumeclaim/NAMESPACE/NAME"
        }
        Format::Taint => {
            "must be KEY=VALUE:EFFECT or KEY:EFFECT, or end in - to remove it: KEY:EFFECT- or KEY-"
        }
        Format::Target => "must be a URL, HOST:PORT or service/NAMESPACE/NAME, without blanks",
        Format::PingTarget => {
            "must be a name, an address or service/NAMESPACE/NAME, since a ping has no port"
        }
        Format::ClusterDns => {
            "needs a serviceCIDR of at least 16 addresses, of which kube-dns has the tenth; or `ideal`"
        }
        Format::InterfaceName => "must be the name of an interface: 1 to 15 characters",
        Format::OneWay => "must be false: only a client with protocol UDP sends and waits for no answer",
        Format::SyncPeriod => "must be greater than 0, and at most a year",
        Format::MinSyncPeriod => "must be less than or equal to syncPeriod",
        Format::Seed => "must be a whole number from 0 to 18446744073709551615",
    }
}

fn special_range(range: SpecialRange, value: &str) -> String {
    match range {
        SpecialRange::Unspecified => format!("unspecified ({value})"),
        SpecialRange::Loopback => "in the loopback range (127.0.0.0/8, ::1/128)".into(),
        SpecialRange::LinkLocal => "in the link-local range (169.254.0.0/16, fe80::/10)".into(),
        SpecialRange::LinkLocalMulticast => {
            "in the link-local multicast range (224.0.0.0/24, ff02::/10)".into()
        }
    }
}

/// The whole of a sentence, or what follows after the value.
fn rule(rule: Rule) -> &'static str {
    match rule {
        Rule::NodePortOnClusterIp => "Forbidden: may not be used when `type` is 'ClusterIP'",
        Rule::NodePortRange => {
            "provided port is not in the valid range. The range of valid ports is 30000-32767"
        }
        Rule::NodePortAllocated => "provided port is already allocated",
        Rule::HeadlessNodePort => "may not be set to 'None' for NodePort services",
        Rule::HeadlessLoadBalancer => "may not be set to 'None' for LoadBalancer services",
        Rule::FieldOnExternalName => "Forbidden: may not be set for ExternalName services",
        Rule::NeedsLoadBalancer => "Forbidden: may only be used when `type` is 'LoadBalancer'",
        Rule::ExternalPolicyNeedsExternal => "may only be set for externally-accessible services",
        Rule::HealthPortNeedsLocal => {
            "may only be set when `type` is 'LoadBalancer' and `externalTrafficPolicy` is 'Local'"
        }
        Rule::ClusterIpsFirst => "first value must match `clusterIP`",
        Rule::ClusterIpsWithoutFirst => "must be empty when `clusterIP` is not specified",
        Rule::HeadlessWithOthers => "'None' must be the first and only value",
        Rule::UpToTwo => "may only hold up to 2 values",
        Rule::OneIpPerFamily => "may specify no more than one IP for each IP family",
        Rule::MayNotChange => "may not change once set",
        Rule::Immutable => "field is immutable",
        Rule::ImmutableForbidden => "Forbidden: field is immutable",
        Rule::ImmutableStatefulSet => {
            "Forbidden: updates to statefulset spec for fields other than 'replicas', 'ordinals', 'template', 'updateStrategy', 'revisionHistoryLimit', 'persistentVolumeClaimRetentionPolicy' and 'minReadySeconds' are forbidden"
        }
        Rule::BothFinalizers => "finalizer orphan and foregroundDeletion cannot be both set",
        Rule::NewFinalizers => "Forbidden: no new finalizers can be added if the object is being deleted",
        Rule::ImmutablePod => {
            "Forbidden: pod updates may not change fields other than `spec.containers[*].image`,`spec.initContainers[*].image`,`spec.activeDeadlineSeconds`,`spec.tolerations` (only additions to existing tolerations),`spec.terminationGracePeriodSeconds` (allow it to be set to 1 if it was previously negative)"
        }
        Rule::ContainersOfPod => "Forbidden: pod updates may not add or remove containers",
        Rule::DeadlineRaised => "must be less than or equal to previous value",
        Rule::DeadlineRemoved => "must not update from a positive integer to nil value",
        Rule::TolerationChanged => {
            "Forbidden: existing toleration can not be modified except its tolerationSeconds"
        }
        Rule::NodeNameWithGates => "Forbidden: cannot be set until all schedulingGates have been cleared",
        Rule::NodeSelectorChanged => {
            "only additions to spec.nodeSelector are allowed (no mutations or deletions)"
        }
        Rule::NodeSelectorTermsCounted => {
            "no additions/deletions to non-empty NodeSelectorTerms list are allowed"
        }
        Rule::NodeSelectorTermChanged => "only additions are allowed (no mutations or deletions)",
        Rule::ProviderId => "Forbidden: node updates may not change providerID except from \"\" to valid",
        Rule::PodCidrs => "Forbidden: node updates may not change podCIDR except from \"\" to valid",
        Rule::OneCidrPerFamily => "may specify no more than one CIDR for each IP family",
        Rule::OneServiceCidrPerFamily => {
            "may specify no more than one IP for each IP family, i.e 192.168.0.0/24 and 2001:db8::/64"
        }
        Rule::FamilyNotConfigured => "not configured on this cluster",
        Rule::NotDualStack => "this cluster is not configured for dual-stack services",
        Rule::ReleasesClusterIp => "must be 'SingleStack' to release the secondary cluster IP",
        Rule::ReleasesFamily => "must be 'SingleStack' to release the secondary IP family",
        Rule::SingleStackClusterIps => {
            "must be 'RequireDualStack' or 'PreferDualStack' when multiple cluster IPs are specified"
        }
        Rule::SingleStackFamilies => {
            "must be 'RequireDualStack' or 'PreferDualStack' when multiple IP families are specified"
        }
        Rule::Ipv4Only => "must be an IPv4 address",
        Rule::Ipv6Only => "must be an IPv6 address",
        Rule::OneRangePerFamily => {
            "must be one range, or an IPv4 and an IPv6 range with a comma between them"
        }
        Rule::ServiceFamily => {
            "`podCIDR` has no range of this IP family, so no Pod could answer; give it one, or leave this range out"
        }
        Rule::IpModeOfPool => {
            "Forbidden: may not be set together with `addressPool`: where there is a pool, there are no load balancers"
        }
        Rule::RollingUpdateWithRecreate => {
            "Forbidden: may not be specified when strategy `type` is 'Recreate'"
        }
        Rule::RollingUpdateOnly => "only allowed for updateStrategy 'RollingUpdate'",
        Rule::StatefulSetStrategy => "must be 'RollingUpdate' or 'OnDelete'",
        Rule::SurgeAndUnavailable => "may not be set when maxUnavailable is non-zero",
        Rule::BudgetWithBoth => "minAvailable and maxUnavailable cannot be both set",
        Rule::BothZero => "may not be 0 when `maxSurge` is 0",
        Rule::EmptySelectorOfDeployment => "empty selector is invalid for deployment",
        Rule::EmptySelectorOfDaemonSet => "empty selector is invalid for daemonset",
        Rule::EmptySelectorOfStatefulSet => "empty selector is invalid for statefulset",
        Rule::InvalidSelector => "invalid label selector",
        Rule::SelectorMismatch => "`selector` does not match template `labels`",
        Rule::GeneratedSelector => "`selector` not auto-generated",
        Rule::SuccessThreshold => "must be 1",
        Rule::ValuesWithExists => {
            "Forbidden: may not be specified when `operator` is 'Exists' or 'DoesNotExist'"
        }
        Rule::ValuesMissing => "Required value: must be specified when `operator` is 'In' or 'NotIn'",
        Rule::HostPortMismatch => "must match `containerPort` when `hostNetwork` is true",
        Rule::NoHandler => "Required value: must specify a handler type",
        Rule::OneHandler => "Forbidden: may not specify more than 1 handler type",
        Rule::SidecarOnly => "Forbidden: may not be set for init containers without restartPolicy=Always",
        Rule::GraceOfReadiness => "must not be set for readinessProbes",
        Rule::BlanksAround => "must not have leading or trailing whitespace",
        Rule::ValueAndValueFrom => "may not be specified when `value` is not empty",
        Rule::NoDnsConfig => "Required value: must provide `dnsConfig` when `dnsPolicy` is None",
        Rule::NoNameserver => {
            "Required value: must provide at least one DNS nameserver when `dnsPolicy` is None"
        }
        Rule::TooManyNameservers => "must not have more than 3 nameservers",
        Rule::TooManySearches => "must not have more than 32 search paths",
        Rule::LongSearchList => {
            "must not have more than 2048 characters (including spaces) in the search list"
        }
        Rule::NoOptionName => "Required value: must not be empty",
        Rule::EphemeralContainers => "Forbidden: cannot be set on create",
        Rule::NoTopologyKey => "Required value: can not be empty",
        Rule::NoAddress => "Required value: must contain at least 1 address",
        Rule::NoAddresses => "Required value: must specify `addresses` or `notReadyAddresses`",
        Rule::RestartPolicyOfJob => "Required value: valid values: \"OnFailure\", \"Never\"",
        Rule::NoNodeSelectorTerm => "Required value: must have at least one node selector term",
        Rule::OneValueToCompare => {
            "Required value: must be specified single value when `operator` is 'Lt' or 'Gt'"
        }
        Rule::OneValueOfField => {
            "Required value: must be only one value when `operator` is 'In' or 'NotIn' for node field selector"
        }
        Rule::SelectorOperator => "not a valid selector operator",
        Rule::FieldKey => "not a valid field selector key",
        Rule::LabelKeysWithoutSelector => "Forbidden: must not be specified when labelSelector is not set",
        Rule::ExistsForEveryKey => {
            "operator must be Exists when `key` is empty, which means \"match all values and all keys\""
        }
        Rule::TolerationSecondsNeedNoExecute => "effect must be 'NoExecute' when `tolerationSeconds` is set",
        Rule::ValueWithExists => "value must be empty when `operator` is 'Exists'",
        Rule::NotPositive => "must be greater than zero",
        Rule::PercentAbove100 => "must not be greater than 100%",
        Rule::MinDomainsNeedDoNotSchedule => {
            "can only use minDomains if whenUnsatisfiable=DoNotSchedule, not ScheduleAnyway"
        }
        Rule::SystemPriorityClass => {
            "Forbidden: priority class names with 'system-' prefix are reserved for system use only"
        }
        Rule::PriorityTooHigh => "Forbidden: maximum allowed value of a user defined priority is 1000000000",
    }
}
