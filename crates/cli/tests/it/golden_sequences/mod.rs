//! What became of Deployments, StatefulSets and others in a real cluster when something was done, and what becomes of
//! them here when Pods become ready in the same order (tests/golden/sequences; tests/golden/README.md says how they were
//! recorded, and what is in them).
//!
//! `KUBERNETES_SEQUENCES=FOLDER cargo test -p packetyard-cli --test it -- golden_sequences` writes the objects anew from
//! FOLDER/NAME/N.after.json.

mod deeds;
mod ends;
mod objects;
mod replay;
mod seen;
mod story;

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;

use crate::golden_objects::difference::{Difference, differences};
use crate::golden_tables::{golden, names_in, read};
use replay::Replay;
use story::{Deed, Step, Story};

/// The most sequences that may differ, in percent.
const LIMIT: usize = 3;
const COUNT: usize = 37;

fn folder() -> PathBuf {
    golden().join("sequences")
}

fn stories() -> Vec<Story> {
    names_in(&folder(), ".txt").iter().map(|name| Story::read(&folder(), name)).collect()
}

/// What differs: `step 2`, `lives` or `end`, and how.
type Differences = Vec<(String, String)>;

/// What followed a step, in the form in which it is compared: sizes in their order, and apart from them what came
/// between one Pod that became ready and the next. There, which of several Pods was made first was chance; in which
/// order they were deleted was not. When a Pod is gone is its kubelet's affair.
fn canonical(followed: &[String]) -> Vec<String> {
    let (mut out, rest): (Vec<&String>, Vec<&String>) =
        followed.iter().partition(|line| line.starts_with("sizes "));
    let mut between: Vec<&String> = Vec::new();
    for line in rest {
        match line.split(' ').next() {
            Some("gone" | "wait") => {}
            Some("ready" | "succeeded") => {
                out.extend(in_order(&mut between));
                out.push(line);
            }
            _ => between.push(line),
        }
    }
    out.extend(in_order(&mut between));
    out.into_iter().cloned().collect()
}

fn in_order<'a>(lines: &mut Vec<&'a String>) -> Vec<&'a String> {
    let (deleted, mut others): (Vec<&String>, Vec<&String>) =
        lines.drain(..).partition(|line| line.starts_with("- "));
    others.sort();
    [others, deleted].concat()
}

fn compare(story: &Story) -> Differences {
    let mut replay = Replay::begin(story.manifest());
    let states = objects::committed(&folder(), story);
    let mut wrong = Vec::new();
    for (number, step) in story.steps.iter().enumerate() {
        let mut differs = |how: String| wrong.push((format!("step {number}"), how));
        let from = if number == 0 { 0 } else { replay.seen.followed.len() };
        if number > 0 && do_step(&mut replay, step) == step.is_refused {
            differs(format!("real refused {}, ours {}", step.is_refused, !step.is_refused));
        }
        replay.follow(from, &step.followed);
        if story.settles_after(number) {
            replay.settle();
        }
        let followed = story.recorded_of(&replay.seen.followed[from..]);
        difference(&canonical(&step.followed), &canonical(&followed)).into_iter().for_each(&mut differs);
        if let Some(real) = states.get(&number) {
            for Difference { kind, key, lines } in
                differences(real, &objects::of_world(replay.world(), story))
            {
                differs(format!("{kind} {key}\n      {}", lines.join("\n      ")));
            }
        }
    }
    let lives = difference(&story.lives, &replay.seen.lives(story.has_pods()));
    wrong.extend(lives.map(|how| ("lives".into(), how)));
    if !story.ends.is_empty() {
        let end = difference(&story.ends, &ends::ends(replay.run.world(), &mut replay.seen));
        wrong.extend(end.map(|how| ("end".into(), how)));
    }
    wrong
}

/// False if it is refused.
fn do_step(replay: &mut Replay, step: &Step) -> bool {
    match &step.deed {
        Deed::Apply(text) => replay.apply(text),
        Deed::Kubectl(words) => deeds::kubectl(replay, words),
    }
}

fn difference(real: &[String], ours: &[String]) -> Option<String> {
    let differs = || format!("real {}\n      ours {}", real.join(", "), ours.join(", "));
    (real != ours).then(differs)
}

/// `sequence | what | reason`.
fn exceptions() -> BTreeSet<(String, String)> {
    let text = read(&golden().join("sequence-exceptions.txt"));
    let lines = text.lines().filter(|line| !line.is_empty() && !line.starts_with('#'));
    lines
        .map(|line| {
            let parts: Vec<&str> = line.split(" | ").collect();
            let [name, what, reason] = parts[..] else { panic!("an exception has three parts: {line}") };
            assert!(!reason.trim().is_empty(), "{line}");
            (name.into(), what.into())
        })
        .collect()
}

#[test]
fn sequences_are_as_in_a_real_cluster() {
    let (stories, excepted) = (stories(), exceptions());
    assert_eq!(stories.len(), COUNT);
    let (mut found, mut wrong) = (BTreeSet::new(), String::new());
    for story in &stories {
        for (what, how) in compare(story) {
            let about = (story.name.clone(), what);
            if !excepted.contains(&about) {
                wrong += &format!("{} | {}\n      {how}\n", about.0, about.1);
            }
            found.insert(about);
        }
    }
    assert!(wrong.is_empty(), "sequences differ, and no exception says that:\n{wrong}");
    assert_eq!(excepted, found, "no exception outlives its difference");
    let names: BTreeSet<&String> = found.iter().map(|(name, _)| name).collect();
    assert!(names.len() * 100 <= COUNT * LIMIT, "{names:?} are exceptions");
}

/// Another size, another order of deletions, a Pod more that becomes ready, another life, another object.
#[test]
fn a_difference_is_found() {
    let differs = |name: &str, change: &dyn Fn(&mut Story)| {
        let mut story = Story::read(&folder(), name);
        assert_eq!(compare(&story), Differences::new(), "{name}");
        change(&mut story);
        let about: BTreeMap<String, String> = compare(&story).into_iter().collect();
        about.into_keys().collect::<Vec<_>>()
    };
    let replace = |story: &mut Story, from: &str, to: &str| {
        let lines = story.steps.iter_mut().flat_map(|step| &mut step.followed);
        let line = lines.into_iter().find(|line| *line == from).expect("it is there");
        *line = to.into();
    };
    let size = |story: &mut Story| replace(story, "sizes web 1:2 2:2", "sizes web 1:3 2:2");
    assert_eq!(differs("roll-4-surge-2-unavailable-2", &size), ["step 1"]);
    let order = |story: &mut Story| story.steps[2].followed.swap(0, 1);
    assert_eq!(differs("sts-scale-parallel-2-5-1", &order), ["step 2"]);
    let readiness = |story: &mut Story| story.steps[1].followed.push("ready web/2".into());
    assert_eq!(differs("dep-restart", &readiness), ["step 1"]);
    let life = |story: &mut Story| story.lives[0] = "2 ready".into();
    assert_eq!(differs("recreate-3", &life), ["lives"]);
    let object = |story: &mut Story| story.name = "dep-undo".into();
    assert_eq!(differs("dep-restart", &object), ["step 1"]);
}
