//! The core's steps from a text until its cluster has settled, for a script that takes the time of each: what nothing
//! can interrupt. The script makes room for a text with `room`, writes it there, and calls `step` as long as `next` has
//! a number for it, whose name `name_at` and `name_length` say.
#![allow(unsafe_code, reason = "functions are exported by their names")]

use std::cell::RefCell;

use cluster::api::{Manifest, Reader};
use cluster::sim::{Loading, Run};

thread_local! {
    static BENCH: RefCell<Bench> = RefCell::default();
}

#[derive(Default)]
struct Bench {
    text: Vec<u8>,
    stage: Stage,
    /// What steps do, by their numbers less 1.
    names: Vec<String>,
    /// The number of the step that comes next.
    next: u32,
}

#[derive(Default)]
enum Stage {
    #[default]
    Nothing,
    Reading(Box<Reader<'static>>),
    Read(Box<Reader<'static>>),
    Loading(Box<Loading<'static>>),
    Loaded(Box<Loading<'static>>),
    Running(Box<Run>),
}

impl Bench {
    fn name(&self) -> Option<String> {
        let name = match &self.stage {
            Stage::Nothing => "copying the text",
            Stage::Reading(_) => "reading: a step",
            Stage::Read(_) => "reading: the end",
            Stage::Loading(_) => "loading: a step",
            Stage::Loaded(_) => "loading: the first snapshot",
            Stage::Running(run) => {
                return run.origin().is_none().then(|| run.world().next_event_name().unwrap_or_default());
            }
        };
        Some(name.into())
    }

    fn number(&mut self, name: String) -> u32 {
        let at = self.names.iter().position(|known| *known == name).unwrap_or_else(|| {
            self.names.push(name);
            self.names.len() - 1
        });
        at as u32 + 1
    }

    /// What is read and loaded stays to the end, as a page has it.
    fn step(&mut self) {
        self.stage = match std::mem::take(&mut self.stage) {
            Stage::Nothing => {
                let text = String::from_utf8(std::mem::take(&mut self.text)).expect("a script writes UTF-8");
                Stage::Reading(Box::new(Reader::new(String::leak(text))))
            }
            Stage::Reading(mut reader) => match reader.step() {
                true => Stage::Read(reader),
                false => Stage::Reading(reader),
            },
            Stage::Read(reader) => {
                let manifest: &'static Manifest = Box::leak(Box::new(reader.finish()));
                Stage::Loading(Box::new(Loading::new(manifest, None)))
            }
            Stage::Loading(mut loading) => match loading.step() {
                true => Stage::Loaded(loading),
                false => Stage::Loading(loading),
            },
            Stage::Loaded(loading) => Stage::Running(Box::new(loading.finish().0)),
            Stage::Running(mut run) => {
                run.find_origin(1);
                Stage::Running(run)
            }
        };
    }
}

/// Where a text of so many bytes is to be written.
#[unsafe(no_mangle)]
pub extern "C" fn room(bytes: usize) -> *mut u8 {
    BENCH.with_borrow_mut(|bench| {
        bench.text = vec![0; bytes];
        bench.stage = Stage::Nothing;
        bench.text.as_mut_ptr()
    })
}

/// The number of what the next step does; 0 at the end.
#[unsafe(no_mangle)]
pub extern "C" fn next() -> u32 {
    BENCH.with_borrow_mut(|bench| {
        bench.next = bench.name().map_or(0, |name| bench.number(name));
        bench.next
    })
}

#[unsafe(no_mangle)]
pub extern "C" fn step() {
    BENCH.with_borrow_mut(Bench::step);
}

/// Where the name of what was last said to come next begins.
#[unsafe(no_mangle)]
pub extern "C" fn name_at() -> *const u8 {
    BENCH.with_borrow(|bench| bench.names[bench.next as usize - 1].as_ptr())
}

/// Its bytes.
#[unsafe(no_mangle)]
pub extern "C" fn name_length() -> usize {
    BENCH.with_borrow(|bench| bench.names[bench.next as usize - 1].len())
}

/// So many snapshots' bytes are kept: a step that changes it took one, too.
#[unsafe(no_mangle)]
pub extern "C" fn history_bytes() -> f64 {
    BENCH.with_borrow(|bench| match &bench.stage {
        Stage::Running(run) => run.history_bytes() as f64,
        Stage::Nothing | Stage::Reading(_) | Stage::Read(_) | Stage::Loading(_) | Stage::Loaded(_) => 0.0,
    })
}
