//! Whether a manifest may have fields that its kind does not have.

use serde::Serialize;

use super::is_scenario;
use crate::api::diagnostics::Diagnostics;
use crate::api::{Position, Tree, text};

/// The API server's `fieldValidation`, which is kubectl's `--validate`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default, Serialize)]
pub enum FieldValidation {
    /// They are errors.
    #[default]
    Strict,
    /// They are left out, with a warning of each.
    Warn,
    /// They are left out.
    Ignore,
}

const KEY: &str = "fieldValidation";

impl FieldValidation {
    pub const ALL: [FieldValidation; 3] =
        [FieldValidation::Strict, FieldValidation::Warn, FieldValidation::Ignore];
    pub const NAMES: &[&str] = &["Strict", "Warn", "Ignore"];

    pub fn as_str(self) -> &'static str {
        match self {
            FieldValidation::Strict => "Strict",
            FieldValidation::Warn => "Warn",
            FieldValidation::Ignore => "Ignore",
        }
    }

    pub fn named(name: &str) -> Option<FieldValidation> {
        FieldValidation::ALL.into_iter().find(|one| one.as_str() == name)
    }

    /// What the Scenario in this document asks for, if it is there; other documents of its text follow it.
    pub(in crate::api) fn asked_by(document: &Tree) -> Option<FieldValidation> {
        FieldValidation::named(scenario_in(document)?.field("spec")?.field(KEY)?.as_str()?)
    }

    /// The text with this one asked for by its Scenario, which it is given if it has none. Nothing else of it changes.
    /// `None` where that cannot be written by an insertion into the text.
    pub fn written_into(self, whole: &str) -> Option<String> {
        let before = documents(whole);
        let written = match before.iter().find_map(scenario_in) {
            Some(scenario) => self.written_into_spec(whole, scenario.field("spec")?)?,
            None => self.with_scenario(whole),
        };
        let after = documents(&written);
        let asked = after.iter().find_map(FieldValidation::asked_by);
        let others = |documents: &[Tree]| -> Vec<Tree> {
            documents.iter().filter(|tree| scenario_in(tree).is_none()).cloned().collect()
        };
        (asked == Some(self) && others(&before) == others(&after)).then_some(written)
    }

    fn written_into_spec(self, whole: &str, spec: &Tree) -> Option<String> {
        if let Some(old) = spec.field(KEY) {
            // It may be in quotes, which stay.
            let old_text = old.as_str().filter(|text| !text.is_empty())?;
            let at = offset(whole, old.position)?;
            let at = at + whole[at..].find(&**old_text)?;
            return Some([&whole[..at], self.as_str(), &whole[at + old_text.len()..]].concat());
        }
        let first = spec.entries().first();
        let at = offset(whole, spec.position)?;
        if whole[at..].starts_with('{') {
            let separator = if first.is_some() { ", " } else { "" };
            let written = format!("\"{KEY}\": \"{}\"{separator}", self.as_str());
            return Some([&whole[..at + 1], &written, &whole[at + 1..]].concat());
        }
        let at = offset(whole, first?.position)?;
        let line_start = whole[..at].rfind('\n').map_or(0, |end| end + 1);
        let indent = &whole[line_start..at];
        let written = format!("{KEY}: {}\n{indent}", self.as_str());
        indent.trim().is_empty().then(|| [&whole[..at], &written, &whole[at..]].concat())
    }

    fn with_scenario(self, whole: &str) -> String {
        let end = if whole.is_empty() || whole.ends_with('\n') { "" } else { "\n" };
        format!(
            "{whole}{end}---\napiVersion: packetyard/v1alpha1\nkind: Scenario\nspec:\n  {KEY}: {}\n",
            self.as_str()
        )
    }
}

/// The document itself, or an item of the List that it is.
fn scenario_in(document: &Tree) -> Option<&Tree> {
    if is_scenario(document) {
        return Some(document);
    }
    let is_list = document.field("kind").and_then(Tree::as_str).is_some_and(|kind| kind.ends_with("List"));
    let items = document.field("items").filter(|_| is_list).map_or(&[][..], Tree::items);
    items.iter().find_map(scenario_in)
}

/// Those that can be read.
fn documents(whole: &str) -> Vec<Tree> {
    let mut diagnostics = Diagnostics::default();
    let mut stream = text::Stream::new(whole, &mut diagnostics);
    let mut documents = Vec::new();
    while let Some(more) = stream.step(&mut diagnostics) {
        documents.extend(more.into_iter().map(|document| document.tree));
    }
    documents
}

/// In bytes.
fn offset(text: &str, at: Position) -> Option<usize> {
    let mut lines = text.split_inclusive('\n');
    let before: usize = lines.by_ref().take((at.line as usize).checked_sub(1)?).map(str::len).sum();
    let characters = (at.column as usize).checked_sub(1)?;
    let column: usize = lines.next()?.chars().take(characters).map(char::len_utf8).sum();
    Some(before + column)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::api::{Severity, parse};

    const ODD: &str =
        "apiVersion: v1\nkind: Service\nmetadata: {name: odd}\nspec: {porst: [], ports: [{port: 80}]}\n";

    fn errors(text: &str) -> Vec<String> {
        let all = parse(text).diagnostics;
        all.iter().filter(|d| d.severity == Severity::Error).map(|d| d.message.to_string()).collect()
    }

    #[test]
    fn a_text_can_be_told_to_leave_unknown_fields_out() {
        for scenario in [
            "",
            "---\napiVersion: packetyard/v1alpha1\nkind: Scenario\nspec:\n  # The answer.\n  seed: 42\n",
            "---\napiVersion: packetyard/v1alpha1\nkind: Scenario\nspec: {seed: 42}\n",
            "---\napiVersion: packetyard/v1alpha1\nkind: Scenario\nspec: {seed: 42, fieldValidation: Strict}\n",
            "---\napiVersion: packetyard/v1alpha1\nkind: Scenario\nspec:\n  fieldValidation: \"Strict\"\n  seed: 42\n",
            "---\n{\"apiVersion\": \"packetyard/v1alpha1\", \"kind\": \"Scenario\", \"spec\": {\"seed\": 42}}\n",
            "---\napiVersion: packetyard/v1alpha1\nkind: Scenario\nspec: {\n  seed: 42,\n}\n",
            "---\napiVersion: packetyard/v1alpha1\nkind: Scenario\nspec:\n  \"seed\": 42\n",
            "---\nkind: List\napiVersion: v1\nitems:\n- apiVersion: packetyard/v1alpha1\n  kind: Scenario\n  spec: {seed: 42}\n",
        ] {
            let text = [ODD, scenario].concat();
            assert_eq!(errors(&text).len(), 1, "{text}");
            let lenient = FieldValidation::Ignore.written_into(&text).expect("it has a spec");
            assert_eq!(errors(&lenient), Vec::<String>::new(), "{lenient}");
            let read = parse(&lenient).scenario.expect("a Scenario");
            assert_eq!(read.field_validation, Some(FieldValidation::Ignore), "{lenient}");
            assert_eq!(read.seed, (!scenario.is_empty()).then_some(42), "{lenient}");
        }
        let json = r#"{"apiVersion": "v1", "kind": "Service", "metadata": {"name": "odd"}, "spec": {"porst": 1, "ports": [{"port": 80}]}}"#;
        let lenient = FieldValidation::Ignore.written_into(json).expect("there is no Scenario yet");
        assert_eq!(errors(&lenient), Vec::<String>::new(), "{lenient}");
    }

    #[test]
    fn a_scenario_that_nothing_can_be_put_into_is_left_to_its_writer() {
        for spec in [
            "",
            "spec:\n",
            "spec: {fieldValidation: ''}\n",
            "spec:\n  ? seed\n  : 42\n",
            "spec:\n  &s seed: 42\n",
        ] {
            let text = ["apiVersion: packetyard/v1alpha1\nkind: Scenario\n", spec].concat();
            assert_eq!(FieldValidation::Ignore.written_into(&text), None, "{text}");
        }
    }

    #[test]
    fn an_empty_spec_is_written_into() {
        let text = "apiVersion: packetyard/v1alpha1\nkind: Scenario\nspec: {}\n";
        let lenient = FieldValidation::Ignore.written_into(text).expect("it can be");
        assert!(lenient.ends_with("spec: {\"fieldValidation\": \"Ignore\"}\n"), "{lenient}");
    }

    /// What is applied later is read strictly, whatever a Scenario in it says.
    #[test]
    fn a_text_that_an_action_applies_is_read_strictly() {
        let applied =
            [ODD, "---\napiVersion: packetyard/v1alpha1\nkind: Scenario\nspec: {fieldValidation: Ignore}\n"];
        assert_eq!(errors(&applied.concat()), Vec::<String>::new());
        let manifest = crate::api::read::parse_objects(&applied.concat(), FieldValidation::Strict);
        assert_eq!((manifest.objects.len(), manifest.diagnostics.len()), (0, 1));
    }

    /// One map of 3,000 names, with a key of a million letters that no port has.
    #[test]
    fn what_is_left_out_takes_no_memory() {
        let ports = "  - *a\n".repeat(3_000);
        let text = format!(
            "apiVersion: v1\nkind: Service\nmetadata: {{name: odd}}\nspec:\n  ports:\n  - &a {{port: 80, {}: 1}}\n{ports}---\n\
             apiVersion: packetyard/v1alpha1\nkind: Scenario\nspec: {{fieldValidation: Warn}}\n",
            "x".repeat(1_000_000)
        );
        let said: usize = parse(&text).diagnostics.iter().map(|d| d.message.to_string().len()).sum();
        assert!(said < 200_000, "{said} bytes");
    }
}
