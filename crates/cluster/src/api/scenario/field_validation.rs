//! Whether a manifest may have fields that its kind does not have.

use serde::Serialize;

use super::is_scenario;
use crate::api::diagnostics::Diagnostics;
use crate::api::{Position, Tree, Value, text};

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

    /// What a document asks for that is a Scenario; other documents of its text follow it.
    pub(in crate::api) fn asked_by(document: &Tree) -> Option<FieldValidation> {
        if !is_scenario(document) {
            return None;
        }
        FieldValidation::named(document.field("spec")?.field(KEY)?.as_str()?)
    }

    /// The text with this one asked for by its Scenario, which it is given if it has none. Nothing else of it changes.
    /// `None` where the Scenario has no `spec` to write it into.
    pub fn written_into(self, whole: &str) -> Option<String> {
        let mut diagnostics = Diagnostics::default();
        let mut stream = text::Stream::new(whole, &mut diagnostics);
        let mut documents = Vec::new();
        while let Some(more) = stream.step(&mut diagnostics) {
            documents.extend(more);
        }
        let Some(scenario) = documents.iter().map(|document| &document.tree).find(|tree| is_scenario(tree))
        else {
            return Some(self.with_scenario(whole));
        };
        let spec = scenario.field("spec")?;
        if let Some(old) = spec.field(KEY) {
            // It may be in quotes, which stay.
            let (at, old) = (offset(whole, old.position)?, old.as_str()?);
            let at = at + whole[at..].find(&**old)?;
            return Some([&whole[..at], self.as_str(), &whole[at + old.len()..]].concat());
        }
        let Value::Map(fields) = &spec.value else { return None };
        let first = fields.first()?;
        let at = offset(whole, first.position)?;
        let line_start = whole[..at].rfind('\n').map_or(0, |end| end + 1);
        let indent = &whole[line_start..at];
        let written = match indent.trim().is_empty() && !whole[at..].starts_with('"') {
            true => format!("{KEY}: {}\n{indent}", self.as_str()),
            false => format!("\"{KEY}\": \"{}\", ", self.as_str()),
        };
        Some([&whole[..at], &written, &whole[at..]].concat())
    }

    fn with_scenario(self, whole: &str) -> String {
        let end = if whole.is_empty() || whole.ends_with('\n') { "" } else { "\n" };
        format!(
            "{whole}{end}---\napiVersion: packetyard/v1alpha1\nkind: Scenario\nspec:\n  {KEY}: {}\n",
            self.as_str()
        )
    }
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
    fn a_scenario_without_a_spec_is_left_to_its_writer() {
        let text = "apiVersion: packetyard/v1alpha1\nkind: Scenario\n";
        assert_eq!(FieldValidation::Ignore.written_into(text), None);
    }
}
