//! What is found in a text: a list whose lines lead to their places.

use super::files;
use crate::components::{Button, Tag, Tone};
use crate::text;
use cluster::api::{DiagnosticKind, Finding, Kind, Manifest, Severity, findings};
use leptos::html::Textarea;
use leptos::prelude::*;
use std::collections::BTreeSet;
use std::sync::Arc;

#[component]
pub fn Findings(manifest: Arc<Manifest>, area: NodeRef<Textarea>) -> impl IntoView {
    let rows = rows(&manifest);
    let errors = rows.iter().filter(|row| row.severity == Severity::Error).count();
    let summary = match (errors, rows.len()) {
        (0, 0) => format!("{}, nothing to say against it.", files::holds(&manifest)),
        (0, n) => format!("{}, {}.", files::holds(&manifest), text::count(n, "remark")),
        (n, _) => format!("{} to repair. The lab stays as it is.", text::count(n, "error")),
    };
    let kept = kept(&manifest);
    let kept = (!kept.is_empty()).then(|| {
        view! { <p class="pk-muted">{format!("Kept, not simulated: {}.", text::and(&kept))}</p> }
    });
    let rows = rows.into_iter().map(|row| view! { <li><FindingRow row area/></li> }).collect_view();
    view! {
        <p class:pk-fail=errors != 0>{summary}</p>
        {kept}
        <ul class="pk-finding-list" role="list">{rows}</ul>
    }
}

/// A line of the list: where it leads, and what it says.
struct Row {
    severity: Severity,
    line: u32,
    column: u32,
    words: String,
}

impl Row {
    fn of(finding: &Finding<'_>) -> Row {
        let first = finding.first();
        let (object, path) = match finding {
            Finding::One(found) => (found.object.as_ref(), found.path.as_str()),
            Finding::Same(_) => (None, ""),
        };
        let object = object.map(|o| format!("{} {}: ", o.kind, o.name)).unwrap_or_default();
        let path = if path.is_empty() { String::new() } else { format!("{path}: ") };
        let (severity, line, column) = (first.severity, first.line, first.column);
        Row { severity, line, column, words: format!("{object}{path}{finding}") }
    }
}

/// Errors first, then by place. The kinds that are kept have a line of their own.
fn rows(manifest: &Manifest) -> Vec<Row> {
    let is_of_kind =
        |finding: &&Finding<'_>| matches!(finding.first().message, DiagnosticKind::KindNotSimulated { .. });
    let all = findings(&manifest.diagnostics);
    let mut rows: Vec<Row> = all.iter().filter(|finding| !is_of_kind(finding)).map(Row::of).collect();
    rows.sort_by_key(|row| (row.severity, row.line, row.column));
    rows
}

/// The kinds that are kept and written back, but do nothing here.
fn kept(manifest: &Manifest) -> Vec<String> {
    let kinds = manifest.objects.iter().map(|parsed| parsed.object.kind());
    let others: BTreeSet<Kind> = kinds.filter(|kind| matches!(kind, Kind::Other(_))).collect();
    others.iter().map(Kind::to_string).collect()
}

/// A finding goes to its place in the text.
#[component]
fn FindingRow(row: Row, area: NodeRef<Textarea>) -> impl IntoView {
    let Row { severity, line, column, words } = row;
    let tone = match severity {
        Severity::Error => Tone::Fail,
        Severity::Warning => Tone::Care,
        Severity::Info => Tone::Plain,
    };
    let place = (line > 0).then(|| view! { <code class="pk-mono">{format!("{line}:{column} ")}</code> });
    view! {
        <Button on_press=move || jump(area, line, column) class="pk-finding">
            <Tag tone>{text::severity(severity)}</Tag>
            " "
            {place}
            {words}
        </Button>
    }
}

fn jump(area: NodeRef<Textarea>, line: u32, column: u32) {
    let Some(area) = area.get_untracked() else { return };
    let text = area.value();
    let at = offset_of(&text, line, column);
    let _gone = area.focus();
    let _gone = area.set_selection_range(at, at + 1);
    // Browsers do not scroll a text area to its selection.
    let lines = text.lines().count().max(1) as f64;
    let above = f64::from(line.saturating_sub(4)) / lines;
    area.set_scroll_top((f64::from(area.scroll_height()) * above) as i32);
}

/// Where a line and a column (from 1, in characters) are in a text area, which counts UTF-16.
fn offset_of(text: &str, line: u32, column: u32) -> u32 {
    let before = text.split_inclusive('\n').take(line.saturating_sub(1) as usize);
    let lines: usize = before.map(|l| l.encode_utf16().count()).sum();
    let rest = text.split_inclusive('\n').nth(line.saturating_sub(1) as usize).unwrap_or("");
    let columns: usize = rest.chars().take(column.saturating_sub(1) as usize).map(char::len_utf16).sum();
    u32::try_from(lines + columns).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;
    use cluster::api::parse;

    #[test]
    fn every_error_has_a_row_before_all_notes() {
        let bad = "apiVersion: v1\nkind: Service\nmetadata: {name: UPPER}\n---\n";
        let note = "{apiVersion: v1, kind: Pod, metadata: {name: a}, spec: {hostAliases: [{ip: 10.0.0.1}], \
            containers: [{name: c, image: i}]}}\n---\n";
        let manifest = parse(&[&note.repeat(3), &bad.repeat(150)[..]].concat());
        let rows = rows(&manifest);
        let errors = rows.iter().take_while(|row| row.severity == Severity::Error).count();
        let all = manifest.diagnostics.iter().filter(|d| d.severity == Severity::Error).count();
        assert_eq!(errors, all);
        assert!(errors > 100, "and that there are more is said");
        assert!(rows[errors..].iter().all(|row| row.severity != Severity::Error));
    }

    #[test]
    fn places_are_found_in_a_text_area() {
        let text = "a: 1\nbé: 😀 x\nc";
        assert_eq!(offset_of(text, 1, 1), 0);
        assert_eq!(offset_of(text, 2, 1), 5);
        assert_eq!(offset_of(text, 2, 7), 12);
        assert_eq!(offset_of(text, 3, 1), 14);
        assert_eq!(offset_of(text, 99, 1), 15);
    }
}
