//! `scheduling.k8s.io/v1` PriorityClass (scheduling validation.go, ValidatePriorityClass).

use super::{forbid, meta};
use crate::api::field::{Error, Path};
use crate::api::{PriorityClass, Rule};

pub fn validate(class: &PriorityClass) -> Vec<Error> {
    let mut errors = meta::validate::<PriorityClass>(&class.meta);
    if class.meta.name.starts_with("system-") {
        let known =
            PriorityClass::SYSTEM.contains(&(&*class.meta.name, class.value)) && !class.global_default;
        if !known {
            forbid(&Path::new("metadata").child("name"), Rule::SystemPriorityClass, &mut errors);
        }
    } else if class.value > PriorityClass::HIGHEST_USER_VALUE {
        forbid(&Path::new("value"), Rule::PriorityTooHigh, &mut errors);
    }
    errors
}
