//! `spec.actions` of a Scenario: each a map with `at`, `do` and the fields of what is done.

use std::sync::Arc;

use super::read::{limited, report, required_map, time};
use super::validate;
use crate::api::decode::{Spot, read_labels};
use crate::api::findings::Findings;
use crate::api::tree::{from_tree, to_tree};
use crate::api::{Action, DiagnosticKind, TimedAction, Tree, Type, Value, duration};

/// Of one run.
pub const MAX_ACTIONS: u32 = 10_000;

const AT: &str = "at";

pub fn read(list: &Spot<'_>, findings: &mut Findings) -> Vec<TimedAction> {
    if list.tree().is_some_and(|t| !matches!(t.value, Value::Seq(_))) {
        list.wrong_type(findings, Type::List);
    }
    (0..limited(list, MAX_ACTIONS, findings)).filter_map(|i| timed(&list.item(i), findings)).collect()
}

/// `None` with an error among the findings.
fn timed(spot: &Spot<'_>, findings: &mut Findings) -> Option<TimedAction> {
    if !required_map(spot, findings) {
        return None;
    }
    let at = spot.field(AT);
    if !at.is_set() {
        at.error(findings, DiagnosticKind::Required);
    }
    let at = time(&at, findings);
    let action: Action = match from_tree(&without_time(spot.tree()?)) {
        Ok(action) => action,
        Err(error) => {
            spot.report_at(&error.path, error.message, findings);
            return None;
        }
    };
    check(&action, spot, findings);
    Some(TimedAction { at: at?, action })
}

fn check(action: &Action, spot: &Spot<'_>, findings: &mut Findings) {
    if let Action::AddClient { client } = action {
        report(&spot.field("client"), validate::check_client(client), findings);
        return;
    }
    report(spot, validate::check_action(action), findings);
    if let Action::SetLabels { .. } = action {
        read_labels(&spot.field("labels"), findings);
    }
    if let Action::SetSelector { .. } = action {
        read_labels(&spot.field("selector"), findings);
    }
}

fn without_time(tree: &Tree) -> Tree {
    let action = tree.entries().iter().filter(|entry| &*entry.key != AT).cloned().collect();
    Tree { value: Value::Map(Arc::new(action)), position: tree.position }
}

impl TimedAction {
    /// `at` and `do` first, then the action's fields.
    pub fn to_tree(&self) -> Tree {
        let mut out = Tree::map();
        out.put(AT, Tree::string(&duration::print(self.at.0)));
        for entry in to_tree(&self.action).entries() {
            out.put(&entry.key, entry.value.clone());
        }
        out
    }
}
