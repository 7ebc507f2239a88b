//! What is known of a run: all that happened until its latest moment, though an earlier one is shown.

use super::notable::Mark;
use cluster::sim::{Run, Time, World};
use scene::facts::SystemObjects;

#[derive(Clone, Debug, PartialEq)]
pub struct Known {
    /// Which run it is of, and what was done in it.
    run: (u32, usize),
    system: SystemObjects,
    pub latest: Time,
    /// In the order of their times.
    pub marks: Vec<Mark>,
}

/// The oldest are forgotten first.
const MOST: usize = 2_000;

impl Known {
    /// `opened` tells runs apart.
    pub fn of(run: &Run, opened: u32, system: SystemObjects) -> Known {
        let known = Known { run: (opened, 0), system, latest: Time::ZERO, marks: Vec::new() };
        known.with(run, opened, system)
    }

    /// What is known now that the run is at another moment, or that something was done in it.
    pub fn with(mut self, run: &Run, opened: u32, system: SystemObjects) -> Known {
        let this = (opened, run.actions().len());
        if self.run.0 != opened || self.system != system {
            return Known::of(run, opened, system);
        }
        let world = run.world();
        let now = world.now();
        // Something was done, or undone, at an earlier moment: what came after it then will not come so again.
        let latest = if self.run.1 == this.1 { self.latest } else { self.latest.min(now) };
        self.run = this;
        if now >= latest {
            // At the latest moment itself more may have happened since.
            self.marks.truncate(self.marks.partition_point(|mark| mark.at < latest));
            self.marks.extend(since(world, system, latest));
            self.marks.drain(..self.marks.len().saturating_sub(MOST));
            self.latest = now;
        }
        self
    }
}

/// What the World remembers of the time from then on.
fn since(world: &World, system: SystemObjects, from: Time) -> Vec<Mark> {
    let shown = world.log().iter().filter(|logged| system.shows_entry(world, &logged.entry));
    let logged =
        shown.rev().take_while(|logged| logged.at >= from).filter_map(|logged| Mark::of_entry(logged));
    let failures = world.traffic().failures.iter().rev();
    let failures = failures.take_while(|trace| trace.ended.is_some_and(|(at, _)| at >= from));
    let mut marks: Vec<Mark> = logged.chain(failures.filter_map(|trace| Mark::of_loss(trace))).collect();
    marks.reverse();
    marks.sort_by_key(|mark| mark.at);
    marks
}

#[cfg(test)]
mod tests {
    use super::*;
    use cluster::api::{Action, NsName, parse};
    use cluster::sim::Span;

    const TEXT: &str = "
apiVersion: apps/v1
kind: Deployment
metadata: {name: web}
spec:
  replicas: 2
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec: {containers: [{name: web, image: web}]}
";

    fn run() -> Run {
        let (mut run, _) = Run::new(&parse(TEXT), Some(1));
        run.find_origin(u64::MAX);
        run.advance_to_origin(u64::MAX);
        run
    }

    fn scale(run: &mut Run, replicas: u32) {
        run.act(Action::scale_deployment(&NsName::new("default", "web"), replicas)).expect("it is scaled");
    }

    #[test]
    fn what_is_ahead_is_known_until_something_else_is_done() {
        let mut run = run();
        let beginning = run.world().now();
        scale(&mut run, 3);
        run.advance_to(beginning + Span::from_secs(20), u64::MAX);
        let all = Known::of(&run, 1, SystemObjects::Hidden);
        assert!(all.marks.iter().any(|mark| mark.label == "scaled to 3"));
        run.seek(beginning + Span::from_secs(1), u64::MAX);
        let back = all.clone().with(&run, 1, SystemObjects::Hidden);
        assert_eq!(back, all);
        run.advance_to(beginning + Span::from_secs(20), u64::MAX);
        assert_eq!(back.clone().with(&run, 1, SystemObjects::Hidden), all);
        run.seek(beginning + Span::from_secs(1), u64::MAX);
        scale(&mut run, 1);
        let other = all.with(&run, 1, SystemObjects::Hidden);
        assert_eq!(other.latest, run.world().now());
        assert!(other.marks.iter().any(|mark| mark.label == "scaled to 1"));
        assert!(other.marks.iter().all(|mark| mark.at <= run.world().now()));
    }
}
