//! `spec.actions` of a Scenario: each a map with `at`, `do` and the fields of what is done.

use std::sync::Arc;

use super::read::{limited, moment, report, required_map};
use super::{Start, validate};
use crate::api::decode::{FieldCursor, read_labels};
use crate::api::diagnostics::Diagnostics;
use crate::api::tree::{from_tree, to_tree};
use crate::api::{Action, DiagnosticKind, TimedAction, Tree, Type, Value, duration};

/// Of one run.
pub const MAX_ACTIONS: u32 = 10_000;

const AT: &str = "at";

pub fn read(list: &FieldCursor<'_>, start: Start, diagnostics: &mut Diagnostics) -> Vec<TimedAction> {
    if list.tree().is_some_and(|t| !matches!(t.value, Value::Seq(_))) {
        list.wrong_type(diagnostics, Type::List);
    }
    let items = 0..limited(list, MAX_ACTIONS, diagnostics);
    items.filter_map(|i| timed(&list.item(i), start, diagnostics)).collect()
}

/// `None` with an error among the diagnostics.
fn timed(cursor: &FieldCursor<'_>, start: Start, diagnostics: &mut Diagnostics) -> Option<TimedAction> {
    if !required_map(cursor, diagnostics) {
        return None;
    }
    let at = cursor.field(AT);
    if !at.is_set() {
        at.error(diagnostics, DiagnosticKind::Required);
    }
    let at = moment(&at, start, diagnostics);
    let action: Action = match from_tree(&without_time(cursor.tree()?)) {
        Ok(action) => action,
        Err(error) => {
            cursor.error_at(&error.path, error.message, diagnostics);
            return None;
        }
    };
    check(&action, cursor, diagnostics);
    Some(TimedAction { at: at?, action })
}

fn check(action: &Action, cursor: &FieldCursor<'_>, diagnostics: &mut Diagnostics) {
    if let Action::AddClient { client } = action {
        report(&cursor.field("client"), validate::check_client(client), diagnostics);
        return;
    }
    report(cursor, validate::check_action(action), diagnostics);
    if let Action::SetLabels { .. } = action {
        read_labels(&cursor.field("labels"), diagnostics);
    }
    if let Action::SetSelector { .. } = action {
        read_labels(&cursor.field("selector"), diagnostics);
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
        out.put(AT, Tree::string(&duration::print_moment(self.at)));
        for entry in to_tree(&self.action).entries() {
            out.put(&entry.key, entry.value.clone());
        }
        out
    }
}
