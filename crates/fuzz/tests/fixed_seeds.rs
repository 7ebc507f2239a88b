//! A share of the campaign that is the same each time.

use fuzz::campaign::{sequences, settlings, texts};

#[test]
fn sequences_of_actions() {
    for seed in 1..=8 {
        sequences(seed, 12).unwrap_or_else(|fault| panic!("{fault}"));
    }
}

/// A thousand.
#[test]
fn clusters_that_are_left_alone() {
    for seed in 1..=10 {
        settlings(seed, 100).unwrap_or_else(|fault| panic!("{fault}"));
    }
}

#[test]
fn mutated_texts() {
    for seed in 1..=6 {
        texts(seed, 200).unwrap_or_else(|fault| panic!("{fault}"));
    }
}
