//! What a person can type.

use clap::{ArgAction, Args as ClapArgs, Parser, Subcommand, ValueEnum};
use cluster::api::FieldValidation;
use cluster::dns::RecordType;
use cluster::sim::{Moment, Span};
use netfilter::Scheduler;

use crate::exit_status::ExitStatus;

/// Of a picture, in pixels: smaller, nothing could be read; larger, no program would show it.
const SIDES: std::ops::RangeInclusive<u32> = 200..=10_000;
const SCHEDULERS: [&str; 8] = Scheduler::NAMES;

/// A laboratory for Kubernetes Services: see where packets go, and why.
#[derive(Parser)]
#[command(name = "packetyard", version, after_help = ExitStatus::help())]
pub struct Args {
    #[command(subcommand)]
    pub command: Command,
}

#[derive(Subcommand)]
pub enum Command {
    /// Run the cluster and its clients; print what came of the requests, and the run's hash.
    Run(Run),
    /// Open connections and print each one's way, hop by hop, with the rules that decided.
    Trace(Trace),
    /// Look a name up, as a Pod, a node or somebody outside does: each query, and how the cluster's DNS answers it.
    Dig(Dig),
    /// Print objects, as kubectl would.
    Get(Get),
    /// Say what kubectl apply of a file would do in the cluster.
    Apply(ChangeTexts),
    /// Say what kubectl create of a file would do in the cluster.
    Create(ChangeTexts),
    /// Say what kubectl replace of a file would do in the cluster.
    Replace(ChangeTexts),
    /// Say what kubectl patch would do in the cluster.
    Patch(ChangePatch),
    /// Say what kubectl delete would do in the cluster.
    Delete(ChangeDelete),
    /// Print a node's rules, as the programs that load them read them.
    Rules(Rules),
    /// Draw the cluster and its packets at one moment, as the page does, for print, slides and documents.
    Picture(Picture),
    /// Print what the model assumes: where it simplifies a real cluster, chooses, or leaves something out.
    Assumptions(Assumptions),
    /// Print the JSON Schema of what a command prints with -o json.
    Schema(Schema),
}

#[derive(ClapArgs)]
pub struct Cluster {
    /// A manifest file, a folder of them, or - for standard input. May be given more than once.
    #[arg(short, long = "filename", required = true, value_name = "FILE|DIR|-")]
    pub file: Vec<String>,
    /// The seed of all chance in the run; the scenario's own by default.
    #[arg(long)]
    pub seed: Option<u64>,
    /// The moment of the run to look at, such as 12.5s after the clients begin, or -2s before; by default when
    /// everything that can become ready is ready.
    #[arg(long, value_name = "TIME", value_parser = moment, allow_hyphen_values = true)]
    pub at: Option<Moment>,
    /// Let the clients begin with the cluster, and count time from there, instead of when it has settled.
    #[arg(long)]
    pub from_start: bool,
    /// How kube-proxy writes its rules; the scenario's own way by default, or else iptables.
    #[arg(long, value_enum)]
    pub proxy_mode: Option<ProxyMode>,
    /// How IPVS mode chooses; the scenario's own way by default, or else rr.
    #[arg(long, value_name = "SCHEDULER", value_parser = SCHEDULERS)]
    pub ipvs_scheduler: Option<String>,
    /// What becomes of fields that a kind does not have, as with kubectl apply: strict (or true) refuses the object,
    /// warn leaves them out and says so, ignore (or false) leaves them out; the scenario's own way by default, or else
    /// strict.
    #[arg(
        long, value_name = "HOW", value_parser = field_validation, num_args = 0..=1, require_equals = true,
        default_missing_value = "strict"
    )]
    pub validate: Option<FieldValidation>,
    /// Do not list findings about the manifests on standard error, nor what is assumed of the Pods.
    #[arg(short, long)]
    pub quiet: bool,
}

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum ProxyMode {
    Iptables,
    Ipvs,
    Nftables,
}

impl From<ProxyMode> for cluster::node::kube_proxy::ProxyMode {
    fn from(mode: ProxyMode) -> Self {
        match mode {
            ProxyMode::Iptables => Self::Iptables,
            ProxyMode::Ipvs => Self::Ipvs,
            ProxyMode::Nftables => Self::Nftables,
        }
    }
}

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Format {
    Text,
    Json,
}

#[derive(ClapArgs)]
pub struct Run {
    #[command(flatten)]
    pub cluster: Cluster,
    /// How long to run.
    #[arg(long = "for", value_name = "TIME", value_parser = duration, default_value = "60s")]
    pub length: Span,
    #[arg(short, long, value_enum, default_value_t = Format::Text)]
    pub output: Format,
}

#[derive(ClapArgs)]
pub struct Trace {
    #[command(flatten)]
    pub cluster: Cluster,
    /// pod/NAMESPACE/NAME, deploy/NAMESPACE/NAME, node/NAME, external or external/IP
    #[arg(long)]
    pub from: String,
    /// HOST:PORT or pod/NAMESPACE/NAME:PORT, with /tcp (the default), /udp or /sctp; HOST/icmp or
    /// pod/NAMESPACE/NAME/icmp for a ping; HOST is a name as the caller would write it, or an address.
    #[arg(long)]
    pub to: String,
    /// How many connections, one after the other.
    #[arg(long, default_value_t = 1, value_parser = clap::value_parser!(u32).range(1..=10_000))]
    pub count: u32,
    /// Print the way of each packet of a lookup, too, and not only of those that were lost.
    #[arg(long)]
    pub lookups: bool,
    #[arg(short, long, value_enum, default_value_t = Format::Text)]
    pub output: Format,
}

#[derive(ClapArgs)]
pub struct Dig {
    #[command(flatten)]
    pub cluster: Cluster,
    /// pod/NAMESPACE/NAME, deploy/NAMESPACE/NAME, node/NAME or external
    #[arg(long)]
    pub from: String,
    /// As the client would write it, or an address, whose names are looked up.
    pub name: String,
    /// A, AAAA, SRV, PTR, CNAME, TXT, NS, SOA, MX ...; A and AAAA by default.
    #[arg(value_name = "TYPE", value_parser = record_type)]
    pub kind: Option<RecordType>,
    /// The data of the answers alone.
    #[arg(long)]
    pub short: bool,
    #[arg(short, long, value_enum, default_value_t = Format::Text)]
    pub output: Format,
}

#[derive(ClapArgs)]
pub struct Get {
    #[command(flatten)]
    pub cluster: Cluster,
    /// KIND[,KIND] [NAME ...] or KIND/NAME ...: any kind by its name, plural or short name (pods, svc, deploy, ep, cm),
    /// also with its group (deployments.apps); all; events; others (every kind that is not simulated);
    /// conntrack with --node: its connections, as `conntrack -L` prints them; dns [NAME]: the records of Services
    #[arg(required = true, value_name = "KIND")]
    pub resources: Vec<String>,
    /// The node whose conntrack table to print.
    #[arg(long)]
    pub node: Option<String>,
    /// The namespace; all of them by default.
    #[arg(short, long)]
    pub namespace: Option<String>,
    /// All namespaces, whatever --namespace says.
    #[arg(short = 'A', long)]
    pub all_namespaces: bool,
    /// Only objects with such labels: a=b, a!=b, 'a in (b,c)', 'a notin (b)', a, '!a', 'a>1', 'a<9'; several with
    /// commas.
    #[arg(short = 'l', long, value_name = "QUERY")]
    pub selector: Option<String>,
    /// Only objects with such fields: metadata.name=web, spec.nodeName=node-1, status.phase!=Running; several with
    /// commas. Which fields a kind has, is what the API server has for it.
    #[arg(long, value_name = "QUERY")]
    pub field_selector: Option<String>,
    /// text, wide, yaml, json, name, jsonpath=TEMPLATE, jsonpath-as-json=TEMPLATE, jsonpath-file=FILE,
    /// custom-columns=HEADER:PATH,... or custom-columns-file=FILE, as kubectl has them
    #[arg(short, long, value_name = "FORMAT")]
    pub output: Option<String>,
    /// The template or the columns of --output, if they are not there.
    #[arg(long)]
    pub template: Option<String>,
    /// Whether a field or a key that an object does not have is nothing, instead of an error, in a JSONPath template.
    #[arg(long, action = ArgAction::Set, num_args = 0..=1, require_equals = true, default_value_t = true,
        default_missing_value = "true")]
    pub allow_missing_template_keys: bool,
    /// Sort by this field: .metadata.name, '{.spec.replicas}'
    #[arg(long, value_name = "PATH")]
    pub sort_by: Option<String>,
    /// Tables and custom columns without their headers.
    #[arg(long)]
    pub no_headers: bool,
    /// All labels of each object as the last column.
    #[arg(long)]
    pub show_labels: bool,
    /// The values of these labels as columns; several with commas, or given more than once.
    #[arg(short = 'L', long, value_name = "LABEL", value_delimiter = ',')]
    pub label_columns: Vec<String>,
    /// The kind before each name.
    #[arg(long)]
    pub show_kind: bool,
    /// An object that is not there is no error.
    #[arg(long)]
    pub ignore_not_found: bool,
    /// What is there, and then each change of it, until --until.
    #[arg(short, long)]
    pub watch: bool,
    /// The changes alone.
    #[arg(long)]
    pub watch_only: bool,
    /// With --watch or --watch-only: whether each object was added, modified or deleted.
    #[arg(long)]
    pub output_watch_events: bool,
    /// The moment at which the watch ends, as --at names it.
    #[arg(long, value_name = "TIME", value_parser = moment, allow_hyphen_values = true)]
    pub until: Option<Moment>,
}

impl Get {
    pub fn watches(&self) -> bool {
        self.watch || self.watch_only
    }

    /// A flag that only objects have a use for, and records and connections have not.
    pub fn is_of_objects(&self) -> bool {
        self.watches()
            || self.field_selector.is_some()
            || self.sort_by.is_some()
            || self.no_headers
            || self.show_labels
            || !self.label_columns.is_empty()
            || self.show_kind
            || self.ignore_not_found
    }

    /// `None` is all of them. An empty one is none that was given, as for kubectl.
    pub fn namespace(&self) -> Option<&str> {
        self.namespace.as_deref().filter(|namespace| !self.all_namespaces && !namespace.is_empty())
    }
}

/// What the commands share that change objects.
#[derive(ClapArgs)]
pub struct Change {
    #[command(flatten)]
    pub cluster: Cluster,
    /// Required: the cluster is simulated, and what is done to it is forgotten.
    #[arg(long, value_enum, num_args = 0..=1, require_equals = true, default_missing_value = "server", required = true)]
    pub dry_run: DryRun,
    /// The namespace of objects that are named here.
    #[arg(short, long, default_value = "default")]
    namespace: String,
}

impl Change {
    pub fn namespace(&self) -> &str {
        if self.namespace.is_empty() { "default" } else { &self.namespace }
    }
}

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum DryRun {
    /// As if the API server had done it, with its defaults and its checks.
    Server,
}

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum ChangeOutput {
    Text,
    Name,
    Yaml,
    Json,
}

#[derive(ClapArgs)]
pub struct ChangeTexts {
    #[command(flatten)]
    pub change: Change,
    /// What is applied, created or replaced: manifest files, folders of them, or - for standard input.
    #[arg(required = true, value_name = "CHANGE")]
    pub texts: Vec<String>,
    #[arg(short, long, value_enum, default_value_t = ChangeOutput::Text)]
    pub output: ChangeOutput,
}

#[derive(ClapArgs)]
pub struct ChangePatch {
    #[command(flatten)]
    pub change: Change,
    /// KIND NAME or KIND/NAME
    #[arg(required = true, value_name = "KIND")]
    pub objects: Vec<String>,
    /// The patch, in JSON or YAML.
    #[arg(short, long)]
    pub patch: Option<String>,
    /// A file with the patch.
    #[arg(long, value_name = "FILE")]
    pub patch_file: Option<String>,
    #[arg(long = "type", value_enum, default_value_t = PatchType::Strategic)]
    pub type_: PatchType,
    #[arg(short, long, value_enum, default_value_t = ChangeOutput::Text)]
    pub output: ChangeOutput,
}

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum PatchType {
    /// Lists are merged by their items' merge keys.
    Strategic,
    /// RFC 7386
    Merge,
    /// RFC 6902
    Json,
}

impl From<PatchType> for cluster::api::PatchType {
    fn from(type_: PatchType) -> Self {
        match type_ {
            PatchType::Strategic => Self::Strategic,
            PatchType::Merge => Self::Merge,
            PatchType::Json => Self::Json,
        }
    }
}

#[derive(ClapArgs)]
pub struct ChangeDelete {
    #[command(flatten)]
    pub change: Change,
    /// KIND NAME ..., KIND/NAME ..., or manifest files: what ends in .yaml, .yml or .json, and - for standard input
    #[arg(required = true, value_name = "KIND")]
    pub objects: Vec<String>,
    /// What becomes of the objects that the deleted ones own: they go after them, before them, or stay.
    #[arg(long, value_enum, default_value_t = Cascade::Background)]
    pub cascade: Cascade,
    /// The seconds that a Pod has to end; its own by default. 0 counts as 1 without --force.
    #[arg(long, value_name = "SECONDS", conflicts_with = "now")]
    grace_period: Option<u32>,
    /// As --grace-period=1.
    #[arg(long)]
    now: bool,
    /// Without --grace-period and --now: the API server waits for no kubelet.
    #[arg(long)]
    force: bool,
    #[arg(short, long, value_enum, default_value_t = DeleteOutput::Text)]
    pub output: DeleteOutput,
}

impl ChangeDelete {
    /// kubectl pkg/cmd/delete/delete.go, Complete.
    pub fn grace_period(&self) -> Option<u32> {
        match self.grace_period {
            None if self.now => Some(1),
            None => self.force.then_some(0),
            Some(0) if !self.force => Some(1),
            seconds => seconds,
        }
    }
}

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Cascade {
    Background,
    Foreground,
    Orphan,
}

impl From<Cascade> for cluster::api::Propagation {
    fn from(cascade: Cascade) -> Self {
        match cascade {
            Cascade::Background => Self::Background,
            Cascade::Foreground => Self::Foreground,
            Cascade::Orphan => Self::Orphan,
        }
    }
}

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum DeleteOutput {
    Text,
    Name,
}

#[derive(ClapArgs)]
pub struct Rules {
    #[command(flatten)]
    pub cluster: Cluster,
    /// The node's name.
    #[arg(long)]
    pub node: String,
    /// In IPVS mode: what one of the programs reads, instead of all of it.
    #[arg(long, value_enum)]
    pub part: Option<Part>,
    /// In a dual-stack cluster: those of one IP family, instead of both.
    #[arg(long, value_enum)]
    pub family: Option<IpFamily>,
}

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum IpFamily {
    Ipv4,
    Ipv6,
}

/// The programs that IPVS mode's rules are for.
#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Part {
    /// `ip -batch`
    Ip,
    /// `ipset restore`
    Ipset,
    /// `iptables-restore`
    Iptables,
    /// `ipvsadm -R`
    Ipvsadm,
}

#[derive(ClapArgs)]
pub struct Picture {
    #[command(flatten)]
    pub cluster: Cluster,
    /// The size in pixels, each side of 200 to 10000: everything is in it, as large as fits. By default it is 1200
    /// wide, and as high as it needs to be.
    #[arg(long, value_name = "WIDTHxHEIGHT", value_parser = size)]
    pub size: Option<(u32, u32)>,
    #[arg(long, value_enum, default_value_t = Theme::Light)]
    pub theme: Theme,
    /// What is brought forward, with all that belongs to it: pod/NAME or pod/NAMESPACE/NAME, the same of a Service or
    /// a workload, node/NAME, or client/NAME
    #[arg(long, value_name = "OBJECT")]
    pub select: Option<String>,
    /// The cluster's own Pods and Services, too: its DNS, and the API server's address.
    #[arg(long)]
    pub system: bool,
    #[arg(short, long, value_enum, default_value_t = PictureFormat::Svg)]
    pub output: PictureFormat,
}

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum PictureFormat {
    Svg,
}

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Theme {
    Light,
    Dark,
}

impl From<Theme> for scene::palette::Theme {
    fn from(theme: Theme) -> Self {
        match theme {
            Theme::Light => Self::Light,
            Theme::Dark => Self::Dark,
        }
    }
}

#[derive(ClapArgs)]
pub struct Assumptions {
    /// Only those about it.
    #[arg(value_enum)]
    pub topic: Option<Topic>,
    #[arg(short, long, value_enum, default_value_t = Format::Text)]
    pub output: Format,
}

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Topic {
    Network,
    Nodes,
    Pods,
    Services,
    Time,
    Limits,
}

impl From<Topic> for words::Topic {
    fn from(topic: Topic) -> Self {
        match topic {
            Topic::Network => Self::Network,
            Topic::Nodes => Self::Nodes,
            Topic::Pods => Self::Pods,
            Topic::Services => Self::Services,
            Topic::Time => Self::TimeAndChance,
            Topic::Limits => Self::Limits,
        }
    }
}

#[derive(ClapArgs)]
pub struct Schema {
    /// The command.
    #[arg(value_enum)]
    pub name: SchemaName,
}

/// What prints JSON of its own; `get` prints Kubernetes' objects otherwise.
#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum SchemaName {
    Run,
    Trace,
    Dig,
    /// get conntrack
    Conntrack,
    /// get dns
    Dns,
    Assumptions,
}

/// As Go writes durations: `1m30s`, `250ms`, `12.5s`.
fn duration(text: &str) -> Result<Span, String> {
    cluster::api::parse_duration(text)
        .ok_or_else(|| format!("{text:?} is no duration such as 12.5s or 1m30s"))
}

/// A moment of a run, counted from when its clients begin.
fn moment(text: &str) -> Result<Moment, String> {
    cluster::api::parse_moment(text).ok_or_else(|| format!("{text:?} is no time such as 12.5s, 1m30s or -2s"))
}

/// `1200x700`
fn size(text: &str) -> Result<(u32, u32), String> {
    let sides = text.split_once('x').and_then(|(w, h)| Some((w.parse().ok()?, h.parse().ok()?)));
    let is_allowed = |side: &u32| SIDES.contains(side);
    sides.filter(|(w, h)| is_allowed(w) && is_allowed(h)).ok_or_else(|| {
        format!(
            "{text:?} is no size such as 1200x700, with sides of {} to {} pixels",
            SIDES.start(),
            SIDES.end()
        )
    })
}

fn record_type(text: &str) -> Result<RecordType, String> {
    RecordType::called(text).ok_or_else(|| {
        let known: Vec<&str> = RecordType::ALL.iter().map(|kind| kind.name()).collect();
        format!("{text:?} is none of the types {}", known.join(", "))
    })
}

/// kubectl's words for it (cmd/util/helpers.go, GetValidationDirective).
fn field_validation(text: &str) -> Result<FieldValidation, String> {
    match text {
        "strict" | "1" | "t" | "T" | "true" | "True" | "TRUE" => Ok(FieldValidation::Strict),
        "warn" => Ok(FieldValidation::Warn),
        "ignore" | "0" | "f" | "F" | "false" | "False" | "FALSE" => Ok(FieldValidation::Ignore),
        _ => Err("must be one of: strict (or true), warn, ignore (or false)".into()),
    }
}
