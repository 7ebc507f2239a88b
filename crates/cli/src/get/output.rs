//! `-o`: how objects are printed (kubectl pkg/cmd/get/get_flags.go; cli-runtime pkg/genericclioptions).

use std::fs;

use super::custom_columns::CustomColumns;
use crate::args::Get as Args;
use crate::failure::Failure;
use crate::jsonpath::{JsonPath, MissingKeys};

#[derive(Debug)]
pub enum Output {
    Text,
    Wide,
    Yaml,
    Json,
    Name,
    JsonPath(Template),
    CustomColumns { columns: CustomColumns, with_header: bool },
}

#[derive(Debug)]
pub struct Template {
    text: String,
    path: JsonPath,
    missing: MissingKeys,
    as_json: bool,
}

impl Template {
    pub fn print(&self, object: &cluster::api::Tree) -> Result<String, String> {
        let printed = match self.as_json {
            true => self.path.print_as_json(object, self.missing),
            false => self.path.print(object, self.missing),
        };
        printed.map_err(|why| format!("error executing jsonpath {:?}: {why}", self.text))
    }
}

const FORMATS: &str = "custom-columns,custom-columns-file,json,jsonpath,jsonpath-as-json,jsonpath-file,name,text,\
                       wide,yaml";

impl Output {
    pub fn parse(args: &Args) -> Result<Output, Failure> {
        let output = args.output.as_deref().unwrap_or("text");
        let (format, given) = output.split_once('=').map_or((output, None), |(f, given)| (f, Some(given)));
        let given = args.template.as_deref().or(given).filter(|template| !template.is_empty());
        let parsed = match (&*format.to_ascii_lowercase(), format) {
            (_, "jsonpath" | "jsonpath-as-json" | "jsonpath-file") => json_path(args, format, given),
            (_, "custom-columns" | "custom-columns-file") => custom_columns(args, format, given),
            (_, "go-template" | "go-template-file" | "template" | "templatefile") => {
                Err(format!("-o {format}: there are no Go templates here; {INSTEAD}"))
            }
            (_, "text" | "") if args.template.is_some() => {
                Err(format!("--template: there are no Go templates here; {INSTEAD}"))
            }
            (_, "text" | "") => Ok(Output::Text),
            (_, "wide") => Ok(Output::Wide),
            ("yaml", _) => Ok(Output::Yaml),
            ("json", _) => Ok(Output::Json),
            ("name", _) => Ok(Output::Name),
            _ => Err(format!(
                "unable to match a printer suitable for the output format {format:?}, allowed formats are: \
                 {FORMATS}"
            )),
        };
        let parsed = parsed.map_err(Failure::Usage)?;
        if args.show_labels && !parsed.is_table() {
            return Err(Failure::Usage(format!("--show-labels option cannot be used with {output} printer")));
        }
        Ok(parsed)
    }

    /// One that people read.
    pub fn is_table(&self) -> bool {
        match self {
            Output::Text | Output::Wide => true,
            Output::Yaml
            | Output::Json
            | Output::Name
            | Output::JsonPath(_)
            | Output::CustomColumns { .. } => false,
        }
    }

    /// Whether it reads all that the API server would send.
    pub fn is_document(&self) -> bool {
        match self {
            Output::Text | Output::Wide | Output::Name => false,
            Output::Yaml | Output::Json | Output::JsonPath(_) | Output::CustomColumns { .. } => true,
        }
    }
}

const INSTEAD: &str =
    "-o jsonpath=TEMPLATE and -o custom-columns=SPEC are, and -o json for any other program";

fn json_path(args: &Args, format: &str, given: Option<&str>) -> Result<Output, String> {
    let given = given.ok_or("template format specified but no template given")?;
    let text = match format {
        "jsonpath-file" => {
            fs::read_to_string(given).map_err(|why| format!("error reading --template {given}, {why}"))?
        }
        _ => given.to_string(),
    };
    let path =
        JsonPath::parse(&text).map_err(|problem| format!("error parsing jsonpath {text}, {problem}"))?;
    let missing = match args.allow_missing_template_keys {
        true => MissingKeys::Allowed,
        false => MissingKeys::Refused,
    };
    Ok(Output::JsonPath(Template { text, path, missing, as_json: format == "jsonpath-as-json" }))
}

fn custom_columns(args: &Args, format: &str, given: Option<&str>) -> Result<Output, String> {
    let given = given.ok_or("custom-columns format specified but no custom columns given")?;
    // NewCustomColumnsPrinterFromTemplate: those of a file have their headers in any case.
    if format == "custom-columns-file" {
        let text =
            fs::read_to_string(given).map_err(|why| format!("error reading template {given}, {why}"))?;
        return Ok(Output::CustomColumns { columns: CustomColumns::parse_file(&text)?, with_header: true });
    }
    Ok(Output::CustomColumns { columns: CustomColumns::parse(given)?, with_header: !args.no_headers })
}
