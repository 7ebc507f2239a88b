//! Collects diagnostics, in order and up to a limit.

use super::{Diagnostic, DiagnosticKind, ObjectRef, Position, Severity};

/// How many diagnostics of one text are kept. The worst are kept first.
pub const MAX_FINDINGS: usize = 100;

const SEVERITIES: [Severity; 3] = [Severity::Error, Severity::Warning, Severity::Info];

/// The diagnostics of one text.
#[derive(Default)]
pub struct Diagnostics {
    list: Vec<Diagnostic>,
    /// How many were reported of each severity. The list holds at most [`MAX_FINDINGS`] of each.
    counts: [usize; 3],
}

impl Diagnostics {
    pub fn push(&mut self, diagnostic: Diagnostic) {
        let count = &mut self.counts[diagnostic.severity as usize];
        *count += 1;
        if *count <= MAX_FINDINGS {
            self.list.push(diagnostic);
        }
    }

    /// A finding about the text, not about an object in it.
    pub fn text(&mut self, severity: Severity, at: Position, message: DiagnosticKind) {
        let Position { line, column } = at;
        self.push(Diagnostic { severity, line, column, object: None, path: String::new(), message });
    }

    pub fn errors(&self) -> usize {
        self.counts[Severity::Error as usize]
    }

    /// Sets the object of every diagnostic from index `from` on that has none.
    pub fn name_since(&mut self, from: usize, object: &ObjectRef) {
        for diagnostic in self.list.iter_mut().skip(from).filter(|d| d.object.is_none()) {
            diagnostic.object = Some(object.clone());
        }
    }

    /// The errors from index `from` on.
    pub fn errors_since(&self, from: usize) -> impl Iterator<Item = &Diagnostic> {
        self.list.iter().skip(from).filter(|d| d.severity == Severity::Error)
    }

    pub fn len(&self) -> usize {
        self.list.len()
    }

    /// The diagnostics in the order in which they were reported. If there are too many: the worst of them, and one
    /// more that counts the others.
    pub fn finish(mut self) -> Vec<Diagnostic> {
        let total: usize = self.counts.iter().sum();
        let mut room = MAX_FINDINGS;
        let mut keep = [0; 3];
        for (severity, kept) in SEVERITIES.iter().zip(&mut keep) {
            *kept = self.counts[*severity as usize].min(room);
            room -= *kept;
        }
        let mut left = keep;
        self.list.retain(|d| {
            let left = &mut left[d.severity as usize];
            let kept = *left > 0;
            *left = left.saturating_sub(1);
            kept
        });
        if total > self.list.len() {
            // It has the severity of the worst one that is left out.
            let hidden = SEVERITIES.into_iter().find(|s| self.counts[*s as usize] > keep[*s as usize]);
            let message = DiagnosticKind::MoreFindings { count: total - self.list.len() };
            let severity = hidden.unwrap_or(Severity::Info);
            let last = self.list.last().map_or((0, 0), |d| (d.line, d.column));
            let (line, column) = last;
            self.list.push(Diagnostic { severity, line, column, object: None, path: String::new(), message });
        }
        self.list
    }
}
