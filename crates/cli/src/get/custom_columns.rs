//! `-o custom-columns=HEADER:PATH,...` (kubectl pkg/cmd/get/customcolumn.go, customcolumn_flags.go).

use cluster::api::Tree;

use crate::jsonpath::{JsonPath, MissingKeys, go_text};
use crate::table::escaped;

#[derive(Clone, Debug, PartialEq)]
pub struct CustomColumns {
    columns: Vec<Column>,
}

#[derive(Clone, Debug, PartialEq)]
struct Column {
    header: String,
    template: String,
    path: JsonPath,
}

impl CustomColumns {
    pub fn parse(spec: &str) -> Result<CustomColumns, String> {
        let column = |part: &str| match part.split_once(':') {
            Some((header, path)) => Column::new(header, path),
            None => {
                Err(format!("unexpected custom-columns spec: {part}, expected <header>:<json-path-expr>"))
            }
        };
        Ok(CustomColumns { columns: spec.split(',').map(column).collect::<Result<_, _>>()? })
    }

    /// Of a file: a line of headers, a line of paths.
    pub fn parse_file(text: &str) -> Result<CustomColumns, String> {
        let mut lines = text.lines();
        let mut words = |what: &str| {
            let line = lines.next().ok_or_else(|| {
                format!(
                    "invalid template, missing {what} line. Expected format is one line of space separated \
                     headers, one line of space separated column specs."
                )
            })?;
            Ok::<Vec<&str>, String>(line.split_whitespace().collect())
        };
        let (headers, paths) = (words("header")?, words("spec")?);
        if headers.len() != paths.len() {
            let (headers, paths) = (headers.len(), paths.len());
            return Err(format!(
                "number of headers ({headers}) and field specifications ({paths}) don't match"
            ));
        }
        let columns = headers.iter().zip(&paths).map(|(header, path)| Column::new(header, path));
        Ok(CustomColumns { columns: columns.collect::<Result<_, _>>()? })
    }

    /// A line with tabs between the cells.
    pub fn header(&self) -> String {
        let headers: Vec<&str> = self.columns.iter().map(|column| &*column.header).collect();
        headers.join("\t") + "\n"
    }

    /// The same for an object.
    pub fn row(&self, object: &Tree) -> Result<String, String> {
        let cells: Vec<String> =
            self.columns.iter().map(|column| column.cell(object)).collect::<Result<_, _>>()?;
        Ok(cells.join("\t") + "\n")
    }
}

impl Column {
    fn new(header: &str, path: &str) -> Result<Column, String> {
        let template = relaxed(path)?;
        let path = JsonPath::parse(&template).map_err(|problem| format!("{template}: {problem}"))?;
        Ok(Column { header: header.into(), template, path })
    }

    fn cell(&self, object: &Tree) -> Result<String, String> {
        let found = self.path.find(object, MissingKeys::Allowed);
        let found = found.map_err(|why| format!("{}: {why}", self.template))?;
        let is_missing = found.first().is_none_or(Vec::is_empty);
        let none = is_missing.then(|| "<none>".to_string());
        let texts = found.iter().flatten().map(|value| escaped(&go_text(value)));
        Ok(none.into_iter().chain(texts).collect::<Vec<_>>().join(","))
    }
}

/// `a.b`, `.a.b`, `{a.b}` and `{.a.b}` are the template `{.a.b}` (RelaxedJSONPathExpression).
pub fn relaxed(path: &str) -> Result<String, String> {
    if path.is_empty() {
        return Ok(String::new());
    }
    let inside = path.strip_prefix('{').and_then(|path| path.strip_suffix('}')).unwrap_or(path);
    let inside = inside.strip_prefix('.').filter(|rest| !rest.is_empty()).unwrap_or(inside);
    if inside.is_empty() || inside.contains(['{', '}']) {
        return Err(
            "unexpected path string, expected a 'name1.name2' or '.name1.name2' or '{name1.name2}' or \
                    '{.name1.name2}'"
                .into(),
        );
    }
    Ok(format!("{{.{inside}}}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// upstream's TestMassageJSONPath has their like.
    #[test]
    fn a_path_needs_neither_braces_nor_a_point() {
        for (path, template) in [
            ("foo.bar", Some("{.foo.bar}")),
            ("{foo.bar}", Some("{.foo.bar}")),
            (".foo.bar", Some("{.foo.bar}")),
            ("{.foo.bar}", Some("{.foo.bar}")),
            ("..foo", Some("{..foo}")),
            (".", Some("{..}")),
            ("", Some("")),
            ("{}", None),
            ("{foo.bar", None),
            ("foo.bar}", None),
            ("{{foo.bar}", None),
            ("{foo.bar}}", None),
            ("{foo}{bar}", None),
        ] {
            assert_eq!(relaxed(path).ok().as_deref(), template, "{path}");
        }
    }

    fn problem(parsed: Result<CustomColumns, String>) -> String {
        parsed.err().unwrap_or_default()
    }

    #[test]
    fn a_wrong_spec_is_told() {
        let spec = |spec| problem(CustomColumns::parse(spec));
        assert_eq!(spec("A"), "unexpected custom-columns spec: A, expected <header>:<json-path-expr>");
        assert_eq!(spec("A:.a,"), "unexpected custom-columns spec: , expected <header>:<json-path-expr>");
        assert_eq!(spec("A:.a[*"), "{.a[*}: unterminated array (column 4)");
        assert!(spec("A:{.a").starts_with("unexpected path string"));
        let file = |text| problem(CustomColumns::parse_file(text));
        assert!(file("").starts_with("invalid template, missing header line."));
        assert!(file("A B\n").starts_with("invalid template, missing spec line."));
        assert_eq!(file("A B\n.a\n"), "number of headers (2) and field specifications (1) don't match");
        assert_eq!(CustomColumns::parse_file(" A  B\n.a .b\n"), CustomColumns::parse("A:.a,B:.b"));
    }

    #[test]
    fn a_row_has_what_each_path_finds() {
        let parsed = cluster::api::parse(
            "kind: Kettle\napiVersion: a/v1\nmetadata: {name: a}\n\
             spec: {list: [{at: 1}, {at: 2}], map: {b: [x, true], a: null}, text: \"\\e[0m\"}",
        );
        let object = &parsed.objects[0].source.tree;
        let row = |spec: &str| CustomColumns::parse(spec).expect("it is a spec").row(object);
        assert_eq!(row("A:.spec.list[*].at,B:.spec.none").as_deref(), Ok("1,2\t<none>\n"));
        assert_eq!(row("A:.spec.map,B:.spec.map.a").as_deref(), Ok("map[a:<nil> b:[x true]]\t<nil>\n"));
        assert_eq!(row("A:.spec.text").as_deref(), Ok("^[[0m\n"));
        let expected = "{.spec.list[5]}: array index out of bounds: index 5, length 2";
        assert_eq!(row("A:.spec.list[5]"), Err(expected.into()));
    }
}
