//! Cases at random from a seed, and of one that fails the smallest that fails too.

use std::cell::Cell;
use std::fmt::Debug;
use std::sync::Once;

use proptest::strategy::Strategy;
use proptest::test_runner::{Config, RngAlgorithm, TestCaseError, TestError, TestRng, TestRunner};

use crate::sequence::Sequence;
use crate::settling::Settling;
use crate::text::Mutated;

/// Cases of one seed.
pub const SEQUENCES: u32 = 8;
pub const SETTLINGS: u32 = 64;
pub const TEXTS: u32 = 160;

/// Whatever breaks in the cases of this seed, told with the smallest input that shows it.
pub fn run_seed(seed: u64) -> Result<(), String> {
    sequences(seed, SEQUENCES)?;
    settlings(seed, SETTLINGS)?;
    texts(seed, TEXTS)
}

pub fn sequences(seed: u64, cases: u32) -> Result<(), String> {
    run("sequence of actions", seed, cases, Sequence::any(), |sequence| sequence.check())
}

pub fn settlings(seed: u64, cases: u32) -> Result<(), String> {
    run("cluster that is left alone", seed, cases, Settling::any(), |settling| settling.check())
}

pub fn texts(seed: u64, cases: u32) -> Result<(), String> {
    run("text", seed, cases, Mutated::any(), |text| text.check())
}

fn run<T: Debug>(
    what: &str,
    seed: u64,
    cases: u32,
    strategy: impl Strategy<Value = T>,
    check: impl Fn(&T),
) -> Result<(), String> {
    let mut bytes = [0; 32];
    bytes[..8].copy_from_slice(&seed.to_le_bytes());
    let config = Config { cases, failure_persistence: None, max_shrink_iters: 2_000, ..Config::default() };
    let mut runner = TestRunner::new_with_rng(config, TestRng::from_seed(RngAlgorithm::ChaCha, &bytes));
    let tested = quietly(|| {
        runner.run(&strategy, |case| {
            check(&case);
            Ok::<(), TestCaseError>(())
        })
    });
    match tested {
        Ok(()) => Ok(()),
        Err(TestError::Fail(reason, smallest)) => {
            Err(format!("a {what} of seed {seed} fails: {reason}\n\nthe smallest that does:\n{smallest:#?}"))
        }
        Err(TestError::Abort(reason)) => Err(format!("the cases of seed {seed} cannot be made: {reason}")),
    }
}

/// A case that fails panics, and so does each smaller one that fails too: what the last one says is told.
fn quietly<T>(tries: impl FnOnce() -> T) -> T {
    thread_local!(static QUIET: Cell<bool> = const { Cell::new(false) });
    static HOOK: Once = Once::new();
    HOOK.call_once(|| {
        let usual = std::panic::take_hook();
        std::panic::set_hook(Box::new(move |panic| {
            if !QUIET.get() {
                usual(panic);
            }
        }));
    });
    QUIET.set(true);
    let out = tries();
    QUIET.set(false);
    out
}
