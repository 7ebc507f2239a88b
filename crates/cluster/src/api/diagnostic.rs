//! Errors, warnings and notes about a text, as ids and arguments. The sentences are in `message.rs`.

use serde::Serialize;

use super::{ObjectRef, Position, ServerWarning, Str, tree::Type};

#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Diagnostic {
    pub severity: Severity,
    /// From 1; 0 if it is not in a text.
    pub line: u32,
    pub column: u32,
    pub object: Option<ObjectRef>,
    /// As kubectl writes it: `spec.ports[0].port`. Empty for the whole document.
    pub path: String,
    pub message: DiagnosticKind,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub enum Severity {
    /// The object or document is refused.
    Error,
    /// Accepted, but probably not what was meant.
    Warning,
    /// Accepted; worth knowing.
    Info,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub enum DiagnosticKind {
    // The text.
    TooLarge {
        bytes: usize,
        limit: usize,
    },
    TooManyDocuments {
        limit: usize,
    },
    TooManyNodes {
        limit: usize,
    },
    TooDeep {
        limit: usize,
    },
    /// Commas and opening brackets, in a text that is YAML.
    TooManyInFlow {
        limit: usize,
    },
    /// Each item of a List counts.
    TooManyObjects {
        limit: usize,
    },
    /// The last entry of a list of diagnostics that was cut.
    MoreFindings {
        count: usize,
    },
    /// The parser's own words.
    Syntax {
        problem: Str,
    },
    BadSeparator {
        text: Str,
    },
    /// Text after `...` that belongs to no document.
    IgnoredAfterEnd,
    DuplicateKey {
        key: Str,
        first: Position,
    },
    /// A key that is null, a list or a map.
    BadKey,
    BadMerge,
    UnknownAlias,
    /// `.inf` and `.nan` have no JSON form.
    NotFinite {
        value: Str,
    },
    BadTag {
        value: Str,
        tag: Str,
    },

    // The object.
    NotAnObject {
        found: Type,
    },
    WrongType {
        expected: Type,
        found: Type,
        value: Str,
    },
    OutOfRange {
        value: Str,
        min: i64,
        max: i64,
    },
    Required,
    /// `kind` or `apiVersion`, without which kubectl cannot tell what it is.
    NotSet {
        field: &'static str,
    },
    /// kubectl apply asks for the object by its name.
    NoName,
    /// The API server's decoder does not take the object, or if `kind` is empty kubectl's does not.
    Undecodable {
        kind: Str,
        api_version: Str,
        problem: Problem,
    },
    Unsupported {
        value: Str,
        allowed: &'static [&'static str],
    },
    /// `value` is as JSON writes it.
    UnsupportedStruct {
        value: Str,
        allowed: &'static [&'static str],
    },
    /// A value in a Scenario that its type refuses: the value as shown, and what it must be.
    Invalid {
        value: Str,
        expected: Str,
    },
    BadName {
        value: Str,
        /// Which part of it is meant, with a blank; empty for all of it.
        part: &'static str,
        problem: NameProblem,
    },
    BadFormat {
        value: Str,
        format: Format,
    },
    Duplicate {
        value: Str,
    },
    TooMany {
        count: usize,
        limit: u32,
    },
    /// All of them are the same object.
    DuplicatePort {
        number: u16,
        protocol: &'static str,
        is_node_port: bool,
    },
    /// In bytes.
    TooLong {
        limit: usize,
    },
    /// An address that leads to no endpoint.
    SpecialAddress {
        value: Str,
        range: SpecialRange,
    },
    Forbidden {
        why: Rule,
    },
    /// `value` is as JSON writes it.
    Violates {
        value: Str,
        why: Rule,
    },
    NotFound {
        value: Str,
    },
    /// An update of a Pod may only take gates away.
    NewSchedulingGate {
        gate: Str,
    },
    /// Upstream's allocator says this without a field.
    HealthCheckPort {
        port: u16,
        why: Rule,
    },
    UnknownVersion {
        kind: Str,
        api_version: Str,
    },
    /// The version in which the kind is read here.
    Served {
        api_version: &'static str,
    },
    UnknownField {
        field: Str,
    },
    /// An unknown field of an action or client, which is then refused.
    UnknownArgument {
        field: Str,
        known: &'static [&'static str],
    },
    /// What the API server warns of; the sentence names the field.
    Server {
        warning: ServerWarning,
    },
    FieldNotSimulated {
        field: Str,
    },
    KindNotSimulated {
        kind: Str,
    },

    // The stream.
    /// A Service whose selector no Pod of the text matches in its namespace; in `elsewhere`, another one, there is one.
    /// `nearest` is a label that does exist, and whether it was probably meant.
    SelectsNothing {
        selector: Str,
        elsewhere: Option<Str>,
        nearest: Option<(Str, bool)>,
    },
    DuplicateObject {
        first: Position,
    },
    DuplicateNode {
        first: Position,
    },
    SecondScenario {
        first: Position,
    },
    /// The Pod range has too few parts for the nodes. A prefix of length `longest` would be enough.
    PodRangeTooSmall {
        value: Str,
        nodes: u32,
        longest: u8,
    },
    ServiceRangeTooSmall {
        value: Str,
        longest: u8,
    },
    /// Nobody would give nodes parts of it. A prefix of length `shortest` would be taken.
    PodRangeTooLarge {
        value: Str,
        shortest: u8,
    },
    ServiceRangeTooLarge {
        value: Str,
        shortest: u8,
    },
    /// A range of an address pool has addresses that something else has, or that nothing can have.
    PoolOverlaps {
        value: Str,
        other: Str,
        why: &'static str,
    },
}

/// Which rule a name breaks (apimachinery, util/validation).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub enum NameRule {
    Dns1123Label,
    Dns1123Subdomain,
    /// Of a search list: a subdomain that may have underscores.
    SearchDomain,
    /// The key of a label or an annotation.
    QualifiedName,
    LabelValue,
    PortName,
    EnvVarName,
    HeaderName,
}

/// What is wrong with a name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub enum NameProblem {
    Empty,
    /// In characters.
    TooLong {
        limit: u32,
    },
    TooManyBytes {
        limit: u32,
    },
    NoLabel,
    Dots,
    NoSubdomain,
    NoSearchDomain,
    NoQualifiedName,
    NoNamePart,
    NoLabelValue,
    PortCharacters,
    PortWithoutLetter,
    ConsecutiveHyphens,
    HyphenAtEnd,
    NoEnvVarName,
    EmptyEnvVarName,
    NoHeader,
    NoFinalizer,
}

/// What a decoder says.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub enum Problem {
    UnknownField {
        path: Str,
    },
    /// In the words of encoding/json. `number` is empty unless it is one of a wrong kind.
    Type {
        found: Type,
        number: Str,
        field: Str,
        expected: Str,
    },
    Quantity,
    /// A kind of a version that has no such kind.
    NoSuchKind,
}

/// What a text should have been.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub enum Format {
    IpAddress,
    /// An IPv4 address with digits that may be octal.
    LeadingZeros,
    Cidr,
    /// A prefix with bits behind it.
    HostBits,
    /// `FIRST-LAST`, or a prefix.
    AddressRange,
    Duration,
    Moment,
    /// Requests per second with at most three decimals.
    Rate,
    Percent,
    /// An amount of a resource.
    Quantity,
    /// `outside`, `{ip: ...}` or `kind/namespace/name`.
    ClientFrom,
    /// `Kind/namespace/name`.
    ObjectRef,
    /// `namespace/name`.
    NsName,
    /// `image/NAME`, or a ConfigMap, Secret or claim.
    Prerequisite,
    /// `key=value:effect`, or `key-`.
    Taint,
    /// A URL, `host:port` or `service/namespace/name`.
    Target,
    /// A host without a port, or `service/namespace/name`.
    PingTarget,
    /// False, but for UDP.
    OneWay,
    InterfaceName,
    /// `pods` needs a Service range with a tenth address.
    ClusterDns,
    Seed,
    /// kube-proxy's `syncPeriod`.
    SyncPeriod,
    /// kube-proxy's `minSyncPeriod`.
    MinSyncPeriod,
}

/// Ranges in which an endpoint cannot be (core validation.go, ValidateEndpointIP).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub enum SpecialRange {
    Unspecified,
    Loopback,
    LinkLocal,
    LinkLocalMulticast,
}

/// Why a field may not be set, or not to this value.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub enum Rule {
    NodePortOnClusterIp,
    NodePortRange,
    NodePortAllocated,
    HeadlessNodePort,
    HeadlessLoadBalancer,
    FieldOnExternalName,
    NeedsLoadBalancer,
    ExternalPolicyNeedsExternal,
    HealthPortNeedsLocal,
    ClusterIpsFirst,
    ClusterIpsWithoutFirst,
    HeadlessWithOthers,
    UpToTwo,
    OneIpPerFamily,
    MayNotChange,
    Immutable,
    ImmutableForbidden,
    ImmutableStatefulSet,
    ImmutablePod,
    NewFinalizers,
    BothFinalizers,
    ContainersOfPod,
    DeadlineRaised,
    DeadlineRemoved,
    TolerationChanged,
    NodeNameWithGates,
    NodeSelectorChanged,
    NodeSelectorTermsCounted,
    NodeSelectorTermChanged,
    ProviderId,
    PodCidrs,
    OneCidrPerFamily,
    OneServiceCidrPerFamily,
    FamilyNotConfigured,
    NotDualStack,
    ReleasesClusterIp,
    ReleasesFamily,
    SingleStackClusterIps,
    SingleStackFamilies,
    Ipv4Only,
    Ipv6Only,
    /// A Scenario's ranges for one thing.
    OneRangePerFamily,
    /// The Pods have no addresses of a family of which Services would.
    ServiceFamily,
    /// Of a Scenario's cloud.
    IpModeOfPool,
    RollingUpdateWithRecreate,
    RollingUpdateOnly,
    StatefulSetStrategy,
    BothZero,
    BudgetWithBoth,
    SurgeAndUnavailable,
    EmptySelectorOfDeployment,
    EmptySelectorOfDaemonSet,
    EmptySelectorOfStatefulSet,
    InvalidSelector,
    SelectorMismatch,
    GeneratedSelector,
    SuccessThreshold,
    ValuesWithExists,
    ValuesMissing,
    HostPortMismatch,
    NoHandler,
    OneHandler,
    SidecarOnly,
    GraceOfReadiness,
    BlanksAround,
    ValueAndValueFrom,
    NoDnsConfig,
    NoNameserver,
    TooManyNameservers,
    TooManySearches,
    LongSearchList,
    NoOptionName,
    EphemeralContainers,
    NoTopologyKey,
    NoAddress,
    NoAddresses,
    RestartPolicyOfJob,
    NoNodeSelectorTerm,
    OneValueToCompare,
    OneValueOfField,
    SelectorOperator,
    FieldKey,
    LabelKeysWithoutSelector,
    ExistsForEveryKey,
    TolerationSecondsNeedNoExecute,
    ValueWithExists,
    NotPositive,
    PercentAbove100,
    MinDomainsNeedDoNotSchedule,
    SystemPriorityClass,
    PriorityTooHigh,
}

/// The beginning of a text, for a diagnostic: the text may be very long.
pub(super) fn clip(text: &str) -> Str {
    const MAX: usize = 300;
    match text.char_indices().nth(MAX) {
        None => text.into(),
        Some((end, _)) => [&text[..end], "…"].concat().into(),
    }
}
