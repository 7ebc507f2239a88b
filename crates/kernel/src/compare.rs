//! The same question to the kernel and to the model, and whether both say the same.

use std::collections::BTreeMap;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::thread;
use std::time::Duration;

use cluster::sim::Time;
use netfilter::Family;

use crate::case::Case;
use crate::client::{self, Question, Report};
use crate::flows::Flow;
use crate::model::Net;
use crate::netns;
use crate::outcome::Outcome;
use crate::plan::Place;

/// How long a client waits before it says that it hears nothing. An answer takes some 0.1 ms, an
/// unreachable neighbour 0.3 s.
const PATIENCE: Duration = Duration::from_millis(700);
/// How long it goes on waiting when the model says that there is something to hear: on a busy machine
/// an answer may be late. It asks nothing again: that would be another draw.
pub const LONG_PATIENCE: Duration = Duration::from_secs(6);
const AT_ONCE: usize = 64;

impl Case<'_> {
    pub fn question(&mut self, flow: &Flow) -> Question {
        let port = self.ports.next();
        let any: IpAddr = match self.cluster.family {
            Family::V4 => Ipv4Addr::UNSPECIFIED.into(),
            Family::V6 => Ipv6Addr::UNSPECIFIED.into(),
        };
        let outside = flow.origin.place == Place::Outside;
        Question {
            protocol: flow.protocol,
            from: SocketAddr::new(if outside { flow.source } else { any }, port),
            to: flow.to,
            mark: outside.then(|| u32::from(flow.origin.via) + 1),
            patience: PATIENCE,
        }
    }

    /// Asks for each flow once, all side by side but for those of one group, and compares. Gives
    /// what the kernel did.
    pub fn ask_all(&mut self, flows: &[Flow]) -> netns::Outcome<Vec<Outcome>> {
        let questions: Vec<Question> = flows.iter().map(|flow| self.question(flow)).collect();
        let reports = self.put(flows, &questions)?;
        let asked = flows.iter().zip(questions).zip(reports);
        asked.map(|((flow, question), report)| self.compare(flow, question, report)).collect()
    }

    /// The kernel's part.
    fn put(&self, flows: &[Flow], questions: &[Question]) -> netns::Outcome<Vec<Report>> {
        let mut groups: Vec<Vec<usize>> = Vec::new();
        let mut of: BTreeMap<usize, usize> = BTreeMap::new();
        for (index, flow) in flows.iter().enumerate() {
            let place = flow.group.map(|group| *of.entry(group).or_insert(groups.len()));
            match place.filter(|place| *place < groups.len()) {
                Some(place) => groups[place].push(index),
                None => groups.push(vec![index]),
            }
        }
        let ask = |index: usize| -> netns::Outcome<(usize, Report)> {
            self.testbed.at(flows[index].origin.place).enter()?;
            Ok((index, client::ask(&questions[index], &self.testbed.sightings)?))
        };
        let mut reports: BTreeMap<usize, Report> = BTreeMap::new();
        for some in groups.chunks(AT_ONCE) {
            let asked = thread::scope(|scope| {
                let start = |group: &'_ Vec<usize>| {
                    let group = group.clone();
                    scope.spawn(move || group.into_iter().map(ask).collect::<Vec<_>>())
                };
                let asking: Vec<_> = some.iter().map(start).collect();
                asking.into_iter().map(|one| one.join()).collect::<Vec<_>>()
            });
            for group in asked {
                for report in group.map_err(|_| "a client panicked".to_owned())? {
                    let (index, report) = report?;
                    reports.insert(index, report);
                }
            }
        }
        Ok(reports.into_values().collect())
    }

    /// The model's part for a flow that was asked for once. Gives what the kernel did.
    fn compare(&mut self, flow: &Flow, question: Question, mut report: Report) -> netns::Outcome<Outcome> {
        let tuple = flow.tuple(question.from.port());
        self.judge(flow, &question, &mut report, |net| (net.ask(flow.origin, tuple), ()))?;
        Ok(report.outcome)
    }

    /// Could the model have come to what the kernel did? `None` if it could not, which is a difference.
    pub fn judge<T>(
        &mut self,
        flow: &Flow,
        question: &Question,
        report: &mut Report,
        act: impl Fn(&mut Net) -> (Outcome, T),
    ) -> netns::Outcome<Option<T>> {
        self.check_source(flow, report);
        if self.show {
            let Time(at) = self.time(report.began);
            println!("{:>7.3} s: {flow}: {}", at as f64 / 1e9, report.outcome);
        }
        let mut followed = self.follow(report.began, &report.outcome, &act);
        if followed.is_err() && report.outcome.is_silent() {
            self.counters.late += 1;
            report.go_on(question, LONG_PATIENCE, &self.testbed.sightings)?;
            followed = self.follow(report.began, &report.outcome, &act);
        }
        if followed.is_err() {
            // The model's memory may have run out while it was asked.
            followed = self.follow(report.ended, &report.outcome, &act);
        }
        match followed {
            Ok(more) => {
                self.count(flow.protocol, &report.outcome);
                Ok(Some(more))
            }
            Err(known) => {
                self.differ(flow, &report.outcome, &known);
                Ok(None)
            }
        }
    }

    fn check_source(&mut self, flow: &Flow, report: &Report) {
        let Some(chosen) = report.source.filter(|chosen| *chosen != flow.source) else { return };
        self.difference(flow, &format!("source {chosen}"), &format!("source {}", flow.source));
    }
}
