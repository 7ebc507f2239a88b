//! What is known of a run: all that happened until its latest moment, though an earlier one is shown.

use super::notable::Mark;
use cluster::api::TimedAction;
use cluster::sim::{Logged, Run, Time, World};
use scene::facts::SystemObjects;

#[derive(Clone, Debug, PartialEq)]
pub struct Known {
    /// Tells runs apart.
    pub opened: u32,
    /// What is done in it, also at moments after the one that is shown.
    pub actions: Vec<TimedAction>,
    pub latest: Time,
    /// In the order of their times; those of the cluster's own objects, too.
    pub marks: Vec<Mark>,
}

/// The oldest are forgotten first.
const MOST: usize = 2_000;

impl Known {
    pub fn of(run: &Run, opened: u32) -> Known {
        let actions = run.actions().to_vec();
        Known { opened, actions, latest: Time::ZERO, marks: Vec::new() }.with(run, opened)
    }

    /// What is known now that the run is at another moment, or that something was done in it.
    pub fn with(mut self, run: &Run, opened: u32) -> Known {
        if self.opened != opened {
            return Known::of(run, opened);
        }
        if let Some(parted) = self.parted_from(run) {
            self.forget_from(parted);
            self.actions = run.actions().to_vec();
        }
        let now = run.world().now();
        if now >= self.latest {
            // At the latest moment itself more may have happened since.
            self.forget_from(self.latest);
            self.marks.extend(since(run.world(), self.latest));
            self.marks.drain(..self.marks.len().saturating_sub(MOST));
            self.latest = now;
        }
        self
    }

    /// When something else is done in the run than what is known: from then on it goes another way.
    fn parted_from(&self, run: &Run) -> Option<Time> {
        let (known, now) = (&self.actions, run.actions());
        let common = known.iter().zip(now).take_while(|(known, now)| known == now).count();
        let first = [known.get(common), now.get(common)].into_iter().flatten();
        first.filter_map(|action| run.time_of(action.at)).min()
    }

    fn forget_from(&mut self, moment: Time) {
        self.latest = self.latest.min(moment);
        self.marks.truncate(self.marks.partition_point(|mark| mark.at < self.latest));
    }
}

/// What the World remembers of the time from then on.
fn since(world: &World, from: Time) -> Vec<Mark> {
    let logged = world.log().iter().rev().take_while(|logged| logged.at >= from);
    let is_system = |logged: &Logged| !SystemObjects::Hidden.shows_entry(world, &logged.entry);
    let logged = logged.filter_map(|logged| Mark::of_entry(logged, is_system(logged)));
    let traffic = world.traffic();
    let failures = traffic.failures.iter().rev();
    let failures = failures.take_while(|trace| trace.ended.is_some_and(|(at, _)| at >= from));
    let finished = traffic.finished.iter().rev();
    let finished = finished.take_while(|record| record.ended.is_some_and(|(at, _)| at >= from));
    let mut marks: Vec<Mark> = logged
        .chain(failures.filter_map(|trace| Mark::of_loss(trace)))
        .chain(finished.filter_map(|record| Mark::of_lookup(record)))
        .collect();
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
        let all = Known::of(&run, 1);
        assert!(all.marks.iter().any(|mark| mark.label == "scaled to 3"));
        run.seek(beginning + Span::from_secs(1), u64::MAX);
        let back = all.clone().with(&run, 1);
        assert_eq!(back, all);
        run.advance_to(beginning + Span::from_secs(20), u64::MAX);
        assert_eq!(back.clone().with(&run, 1), all);
        run.seek(beginning + Span::from_secs(1), u64::MAX);
        scale(&mut run, 1);
        let other = all.with(&run, 1);
        assert_eq!(other.latest, run.world().now());
        assert!(other.marks.iter().any(|mark| mark.label == "scaled to 1"));
        assert!(other.marks.iter().all(|mark| mark.at <= run.world().now()));
    }

    #[test]
    fn another_action_in_the_place_of_the_only_one_is_noticed() {
        let mut run = run();
        let beginning = run.world().now();
        run.advance_to(beginning + Span::from_secs(5), u64::MAX);
        scale(&mut run, 3);
        run.advance_to(beginning + Span::from_secs(20), u64::MAX);
        let all = Known::of(&run, 1);
        run.seek(beginning + Span::from_secs(1), u64::MAX);
        scale(&mut run, 1);
        let other = all.clone().with(&run, 1);
        assert_eq!(other.latest, run.world().now());
        assert!(other.marks.iter().all(|mark| mark.label != "scaled to 3"));
        run.undo();
        let undone = other.with(&run, 1);
        assert!(undone.marks.iter().all(|mark| mark.label != "scaled to 1"));
    }
}
