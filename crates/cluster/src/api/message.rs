//! The sentences of diagnostics, in English: what is wrong and what to do. The only place that has
//! them. Where the API server has a short form of its own, it is used.

use std::fmt;

use super::{Diagnostic, DiagnosticKind, Format, NameRule, Rule, SpecialRange, Type};

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

    /// `spec.ports[0].port: `; empty for the whole document.
    pub fn field(&self) -> String {
        if self.path.is_empty() { String::new() } else { format!("{}: ", self.path) }
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
                write!(f, "a document must be an object with apiVersion and kind; this is {}", article(*found))
            }
            K::WrongType { expected, found, value } => wrong_type(*expected, *found, value, f),
            K::OutOfRange { value, min, max } => {
                write!(f, "Invalid value: {value}: must be between {min} and {max}, inclusive")
            }
            K::Required => f.write_str("Required value"),
            K::Unsupported { value, allowed } => {
                write!(f, "Unsupported value: {value:?}: supported values: ")?;
                quoted(allowed, f)
            }
            K::Invalid { value, expected } if value.is_empty() => write!(f, "Invalid value: {expected}"),
            K::Invalid { value, expected } => write!(f, "Invalid value: {value}: {expected}"),
            K::BadName { value, rule } => write!(f, "Invalid value: {value:?}: {}", name_rule(*rule)),
            K::BadFormat { value, format } => write!(f, "Invalid value: {value:?}: {}", format_rule(*format)),
            K::TooMany { count, limit } => write!(f, "Too many: {count}: must have at most {limit} items"),
            K::TooLong { limit } => write!(f, "Too long: may not be more than {limit} bytes"),
            K::Duplicate { value } => write!(f, "Duplicate value: {value:?}"),
            K::SpecialAddress { value, range } => {
                write!(f, "Invalid value: {value:?}: may not be {}", special_range(*range, value))
            }
            K::Forbidden { why } => f.write_str(rule(*why)),
            K::SelectorMismatch => f.write_str(
                "Invalid value: `selector` does not match template `labels`; every label of the selector must be among them",
            ),
            K::UnknownVersion { kind, api_version, served } => {
                write!(f, "no matches for kind {kind:?} in version {api_version:?}; write apiVersion: {served}")
            }
            K::UnknownField { field } => {
                write!(f, "unknown field {field:?}; kept as it is, and without effect. Check its name and its place")
            }
            K::UnknownArgument { field, known } => {
                write!(f, "unknown field {field:?}; the fields are ")?;
                quoted(known, f)
            }
            K::FieldNotSimulated { field } => write!(f, "{field} is kept, not simulated"),
            K::KindNotSimulated { kind } => write!(f, "{kind} is kept, not simulated"),
            K::SelectsNothing { selector, nearest } => {
                write!(f, "no Pod of this text has the labels {selector} in its namespace, so the Service has no endpoints")?;
                match nearest {
                    Some(label) => write!(f, "; did you mean {label}?"),
                    None => Ok(()),
                }
            }
            K::DuplicateObject { first } => {
                write!(f, "the same object is already on line {}; as with kubectl apply, the last one wins", first.line)
            }
            K::DuplicateNode { first } => {
                write!(f, "a node of this name is already on line {}; give each node its own name", first.line)
            }
            K::PodRangeTooSmall { value, nodes, longest } => {
                let (are, s) = if *nodes == 1 { ("is", "") } else { ("are", "s") };
                write!(f, "Invalid value: {value:?}: too small: there {are} {nodes} node{s}, each with a range of its own; ")?;
                write!(f, "write a prefix of /{longest} or shorter")
            }
            K::ServiceRangeTooSmall { value, longest } => write!(
                f,
                "Invalid value: {value:?}: the service cluster IP range must be at least 8 IP addresses; write a prefix of /{longest} or shorter"
            ),
            K::SecondScenario { first } => {
                write!(f, "a text has at most one Scenario, and one is on line {}; this one is left out", first.line)
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
        (Type::Integer | Type::Boolean, Type::String) if !value.is_empty() => {
            write!(f, " ({value:?}); write it without quotes")
        }
        (_, Type::List | Type::Map) => Ok(()),
        _ => write!(f, " ({value})"),
    }
}

fn name_rule(rule: NameRule) -> &'static str {
    match rule {
        NameRule::Dns1123Label => {
            "must be a lowercase RFC 1123 label: a-z, 0-9 and '-', a letter or digit at both ends, at most 63 characters"
        }
        NameRule::Dns1123Subdomain => {
            "must be a lowercase RFC 1123 subdomain: a-z, 0-9, '-' and '.', a letter or digit at both ends of each part, at most 253 characters"
        }
        NameRule::QualifiedName => {
            "must be a qualified name: letters, digits, '-', '_' and '.', a letter or digit at both ends, at most 63 characters, after an optional DNS prefix and '/'"
        }
        NameRule::LabelValue => {
            "must be a label value: empty, or letters, digits, '-', '_' and '.', a letter or digit at both ends, at most 63 characters"
        }
        NameRule::PortName => {
            "must be a port name: a-z, 0-9 and single '-' inside, at least one letter, at most 15 characters"
        }
        NameRule::EnvVarName => "must be printable ASCII without '='",
    }
}

/// What a value must be, in serde's words for a value that is not so.
impl serde::de::Expected for Format {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(format_rule(*self))
    }
}

fn format_rule(format: Format) -> &'static str {
    match format {
        Format::IpAddress => "must be a valid IP address, such as 10.9.8.7 or 2001:db8::1",
        Format::Cidr => "must be a valid CIDR value, such as 10.9.8.0/24 or 2001:db8::/64",
        Format::Duration => "must be a length of time, such as 250ms, 12.5s or 1m30s",
        Format::Moment => "must be a time from when the clients begin, such as 12.5s, 1m30s or -2s",
        Format::Rate => "must be requests per second, such as 2 or 0.5, with at most three decimals",
        Format::Quantity => {
            "quantities must match the regular expression '^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$'"
        }
        Format::Percent => "must be an integer or a percentage, such as 25%",
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

fn rule(rule: Rule) -> &'static str {
    match rule {
        Rule::NodePortOnClusterIp => "Forbidden: may not be used when `type` is 'ClusterIP'",
        Rule::HeadlessNeedsClusterIpType => {
            "Invalid value: may not be set to 'None' for NodePort and LoadBalancer services"
        }
        Rule::FieldOnExternalName => "Forbidden: may not be set for ExternalName services",
        Rule::SourceRangesNeedLoadBalancer
        | Rule::ClassNeedsLoadBalancer
        | Rule::AllocateNeedsLoadBalancer => "Forbidden: may only be used when `type` is 'LoadBalancer'",
        Rule::ExternalPolicyNeedsExternal => {
            "Invalid value: may only be set for externally-accessible services (NodePort, LoadBalancer, or with externalIPs)"
        }
        Rule::HealthPortNeedsLocal => {
            "Invalid value: may only be set when `type` is 'LoadBalancer' and `externalTrafficPolicy` is 'Local'"
        }
        Rule::AffinityTimeoutNeedsClientIp => "Forbidden: must not be set when session affinity is None",
        Rule::RollingUpdateWithRecreate => {
            "Forbidden: may not be specified when strategy `type` is 'Recreate'"
        }
        Rule::SurgeAndUnavailable => "Invalid value: may not be set when maxUnavailable is non-zero",
        Rule::BudgetWithBoth => "Invalid value: minAvailable and maxUnavailable cannot be both set",
        Rule::BothZero => "Invalid value: may not be 0 when `maxSurge` is 0",
        Rule::EmptySelector => {
            "Invalid value: an empty selector is not allowed; name at least one label of the template"
        }
        Rule::ClusterIpsMismatch => {
            "Invalid value: `clusterIP` must be the first value of `clusterIPs`, and 'None' the only one"
        }
        Rule::FamilyMismatch => {
            "Invalid value: at most one address for each IP family, and each of the family that is declared"
        }
        Rule::ServiceFamily => "Invalid value: must be of the same IP family as `podCIDR`",
        Rule::SuccessThreshold => "Invalid value: must be 1",
        Rule::ValuesWithExists => {
            "Forbidden: may not be specified when `operator` is 'Exists' or 'DoesNotExist'"
        }
        Rule::ValuesMissing => "Required value: must be specified when `operator` is 'In' or 'NotIn'",
        Rule::HostPortMismatch => "Invalid value: must match `containerPort` when `hostNetwork` is true",
        Rule::OneHandler => "Forbidden: may not specify more than 1 handler type",
        Rule::NoNodeSelectorTerm => "Required value: must have at least one node selector term",
        Rule::OneValueToCompare => {
            "Required value: must be specified single value when `operator` is 'Lt' or 'Gt'"
        }
        Rule::OneValueOfField => {
            "Required value: must be only one value when `operator` is 'In' or 'NotIn' for node field selector"
        }
        Rule::FieldOperator => "Invalid value: not a valid selector operator",
        Rule::FieldKey => "Invalid value: not a valid field selector key",
        Rule::LabelKeysWithoutSelector => "Forbidden: must not be specified when labelSelector is not set",
        Rule::ExistsForEveryKey => {
            "Invalid value: operator must be Exists when `key` is empty, which means \"match all values and all keys\""
        }
        Rule::TolerationSecondsNeedNoExecute => {
            "Invalid value: effect must be 'NoExecute' when `tolerationSeconds` is set"
        }
        Rule::ValueWithExists => "Invalid value: value must be empty when `operator` is 'Exists'",
        Rule::NotPositive => "Invalid value: must be greater than zero",
        Rule::MinDomainsNeedDoNotSchedule => {
            "Invalid value: can only use minDomains if whenUnsatisfiable=DoNotSchedule, not ScheduleAnyway"
        }
        Rule::SystemPriorityClass => {
            "Forbidden: priority class names with 'system-' prefix are reserved for system use only"
        }
        Rule::PriorityTooHigh => "Forbidden: maximum allowed value of a user defined priority is 1000000000",
    }
}
