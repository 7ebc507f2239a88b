//! Fields of PriorityClasses.

use super::text;
use crate::api::{PriorityClass, Tree};

pub fn overlay(tree: &mut Tree, class: &PriorityClass) {
    tree.put("value", Tree::int(i64::from(class.value)));
    if class.global_default {
        tree.put("globalDefault", Tree::bool(true));
    }
    tree.put("preemptionPolicy", text(class.preemption_policy.as_str()));
}
