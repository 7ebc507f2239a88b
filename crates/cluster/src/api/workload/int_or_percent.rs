//! `intstr.IntOrString` as rollouts use it: a number, or a part of another number.

use serde::Serialize;

use super::super::decode::FieldCursor;
use super::super::diagnostic::clip;
use super::super::diagnostics::Diagnostics;
use super::super::field::{Error, Path};
use super::super::validate::violates;
use super::super::{DiagnosticKind, Format, Rule, Tree};

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub enum IntOrPercent {
    Int(u32),
    Percent(u32),
}

impl IntOrPercent {
    /// GetScaledValueFromIntOrPercent, rounded up.
    pub fn scaled_up(self, total: u32) -> u32 {
        match self {
            IntOrPercent::Int(number) => number,
            IntOrPercent::Percent(percent) => cut((u64::from(total) * u64::from(percent)).div_ceil(100)),
        }
    }

    /// GetScaledValueFromIntOrPercent, rounded down.
    pub fn scaled_down(self, total: u32) -> u32 {
        match self {
            IntOrPercent::Int(number) => number,
            IntOrPercent::Percent(percent) => cut(u64::from(total) * u64::from(percent) / 100),
        }
    }

    pub fn is_zero(self) -> bool {
        matches!(self, IntOrPercent::Int(0) | IntOrPercent::Percent(0))
    }

    pub(in crate::api) fn decode(
        cursor: &FieldCursor<'_>,
        diagnostics: &mut Diagnostics,
    ) -> Option<IntOrPercent> {
        if let Some(text) = cursor.str() {
            let digits = text.strip_suffix('%').filter(|d| d.bytes().all(|b| b.is_ascii_digit()));
            let percent = digits.and_then(|d| d.parse().ok()).map(IntOrPercent::Percent);
            if percent.is_none() {
                let kind = DiagnosticKind::BadFormat { value: clip(text), format: Format::Percent };
                cursor.error(diagnostics, kind);
            }
            return percent;
        }
        cursor.number(diagnostics, 0, i64::from(i32::MAX)).map(IntOrPercent::Int)
    }

    pub(in crate::api) fn print(self) -> Tree {
        match self {
            IntOrPercent::Int(number) => Tree::int(i64::from(number)),
            IntOrPercent::Percent(number) => Tree::string(&format!("{number}%")),
        }
    }

    /// apps validation.go, IsNotMoreThan100Percent.
    pub(super) fn at_most_100_percent(self, path: &Path<'_>, errors: &mut Vec<Error>) {
        if let IntOrPercent::Percent(above @ 101..) = self {
            violates(path, format!("\"{above}%\""), Rule::PercentAbove100, errors);
        }
    }
}

fn cut(number: u64) -> u32 {
    u32::try_from(number).unwrap_or(u32::MAX)
}
