//! What the arguments of `get` ask for, taken apart as kubectl does (cli-runtime resource/builder.go,
//! ResourceTypeOrNameArgs).

use super::discovery;
use super::field_query::FieldQuery;
use super::label_query::{self, LabelQuery};
use crate::failure::Failure;

pub struct Request {
    pub parts: Vec<Part>,
    /// One kind and one name: its document is printed by itself, not in a List.
    pub single: bool,
    pub selector: LabelQuery,
    pub fields: FieldQuery,
}

/// A resource, and the one object of it that is asked for.
pub struct Part {
    pub resource: String,
    pub name: Option<String>,
}

impl Request {
    pub fn parse(words: &[String], query: Option<&str>, fields: Option<&str>) -> Result<Request, Failure> {
        let parts = parts(words).map_err(|problem| Failure::Usage(problem.into()))?;
        let selector = match query {
            None => LabelQuery::default(),
            Some(query) => label_query::parse(query).map_err(Failure::Usage)?,
        };
        let fields = fields.map(str::trim).filter(|fields| !fields.is_empty());
        let is_selected = query.is_some() || fields.is_some();
        let fields = FieldQuery::parse(fields.unwrap_or_default()).map_err(Failure::Usage)?;
        if is_selected && parts.iter().any(|part| part.name.is_some()) {
            let problem = match is_combined(words) {
                true => "selectors and the all flag cannot be used when passing resource/name arguments",
                false => "name cannot be provided when a selector is specified",
            };
            return Err(Failure::Usage(problem.into()));
        }
        let single = matches!(parts.as_slice(), [Part { name: Some(_), .. }]);
        Ok(Request { parts, single, selector, fields })
    }
}

fn is_combined(words: &[String]) -> bool {
    words.iter().all(|word| word.contains('/'))
}

pub fn parts(words: &[String]) -> Result<Vec<Part>, &'static str> {
    if is_combined(words) {
        return words.iter().map(|word| pair(word)).collect();
    }
    let (resources, names) = words.split_first().expect("clap asks for one");
    if words.iter().any(|word| word.contains('/')) {
        return Err("there is no need to specify a resource type as a separate argument when passing \
                    arguments in resource/name form (e.g. 'packetyard get resource/<resource_name>' instead \
                    of 'packetyard get resource resource/<resource_name>')");
    }
    let resources = resources.split(',').flat_map(discovery::expand_category);
    let of_resource = |resource: String| match names {
        [] => vec![Part { resource, name: None }],
        names => {
            let part = |name: &String| Part { resource: resource.clone(), name: Some(name.clone()) };
            names.iter().map(part).collect()
        }
    };
    Ok(resources.flat_map(of_resource).collect())
}

fn pair(word: &str) -> Result<Part, &'static str> {
    match word.split('/').collect::<Vec<_>>()[..] {
        [resource, name] if !resource.is_empty() && !name.is_empty() && !resource.contains(',') => {
            Ok(Part { resource: resource.into(), name: Some(name.into()) })
        }
        [_, _] => Err("arguments in resource/name form must have a single resource and name"),
        _ => Err("arguments in resource/name form may not have more than one slash"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn asked(words: &[&str]) -> String {
        let words: Vec<String> = words.iter().map(ToString::to_string).collect();
        match Request::parse(&words, None, None) {
            Err(problem) => problem.to_string(),
            Ok(request) => {
                let part = |p: &Part| format!("{}/{}", p.resource, p.name.as_deref().unwrap_or("*"));
                request.parts.iter().map(part).collect::<Vec<_>>().join(" ")
            }
        }
    }

    #[test]
    fn arguments_are_taken_apart_as_kubectl_does() {
        assert_eq!(asked(&["svc,pods"]), "svc/* pods/*");
        assert_eq!(asked(&["pod", "a", "b"]), "pod/a pod/b");
        assert_eq!(asked(&["svc,pods", "a"]), "svc/a pods/a");
        assert_eq!(asked(&["pod/a", "svc/b"]), "pod/a svc/b");
        assert!(asked(&["all"]).starts_with("pods/* replicationcontrollers/* services/* "));
        assert!(asked(&["pod", "svc/b"]).starts_with("there is no need"));
        assert!(asked(&["pod/a/b"]).contains("more than one slash"));
        assert!(asked(&["pod,svc/b"]).contains("a single resource and name"));
    }

    #[test]
    fn a_selector_and_a_name_exclude_each_other() {
        for (query, fields) in [(Some("app=web"), None), (None, Some("spec.nodeName=a"))] {
            let problem = |words: &[&str]| {
                let words: Vec<String> = words.iter().map(ToString::to_string).collect();
                Request::parse(&words, query, fields).err().map(|failure| failure.to_string())
            };
            assert_eq!(problem(&["pods"]), None);
            assert!(problem(&["pods", "a"]).is_some_and(|said| said.starts_with("name cannot be provided")));
            assert!(problem(&["pods/a"]).is_some_and(|said| said.starts_with("selectors and the all flag")));
        }
    }
}
