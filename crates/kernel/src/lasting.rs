//! What becomes of connections that are open while things change: their Pod dies (`deaths`), their
//! endpoint is taken out of the rules.

use std::thread;
use std::time::Instant;

use cluster::net::Tuple;

use crate::census::Phase;
use crate::chosen::Chosen;
use crate::client::{Caller, Line};
use crate::flows::Flow;
use crate::model::{Connection, Net, Origin};
use crate::outcome::Outcome;
use crate::plan::Place;
use crate::space;
use crate::trial::Trial;

/// An open connection, in the kernel and in the model.
pub struct Open<K> {
    pub flow: Flow,
    pub kernel: K,
    pub model: Connection,
    /// Who answered last.
    pub by: Place,
}

/// What is kept open.
#[derive(Default)]
pub struct Kept {
    pub lines: Vec<Open<Line>>,
    pub callers: Vec<Open<Caller>>,
}

impl Kept {
    pub fn flows(&self) -> Vec<Flow> {
        let callers = self.callers.iter().map(|open| open.flow);
        self.lines.iter().map(|open| open.flow).chain(callers).collect()
    }

    /// Who answers.
    pub fn servers(&self) -> Vec<Place> {
        let callers = self.callers.iter().map(|open| open.by);
        self.lines.iter().map(|open| open.by).chain(callers).collect()
    }

    /// Takes those out that some of these answer.
    pub fn of(&mut self, servers: &[Place]) -> Kept {
        Kept {
            lines: self.lines.extract_if(.., |open| servers.contains(&open.by)).collect(),
            callers: self.callers.extract_if(.., |open| servers.contains(&open.by)).collect(),
        }
    }
}

impl Trial<'_> {
    pub fn lasting(&mut self, chosen: &Chosen) -> space::Outcome {
        self.phase = Phase::Opened;
        let mut kept = Kept::default();
        for flow in &chosen.streams {
            kept.lines.extend(self.open_line(flow)?);
        }
        for flow in &chosen.datagrams {
            kept.callers.extend(self.open_caller(flow)?);
        }
        self.tally.flows += kept.flows().len() as u64;
        let dead = self.die_in_rules(chosen, &mut kept)?;
        self.endpoints_go(&mut kept, &dead)?;
        self.die_out_of_rules(&mut kept)
    }

    fn open_line(&mut self, flow: &Flow) -> space::Outcome<Option<Open<Line>>> {
        let question = self.question(flow);
        let began = Instant::now();
        let opened = self.lab.at(flow.origin.place).within(|| {
            Ok(match Line::open(&question)? {
                Ok((mut line, _)) => {
                    let outcome = line.ask()?;
                    (Some(line), outcome)
                }
                Err(outcome) => (None, outcome),
            })
        })?;
        let (line, outcome) = opened;
        let (origin, tuple) = (flow.origin, flow.tuple(question.from.port()));
        let model = self.opened(flow, began, &outcome, origin, tuple);
        Ok(match (line, model, outcome) {
            (Some(kernel), Some(model), Outcome::Answered(answer)) => {
                Some(Open { flow: *flow, kernel, model, by: answer.by })
            }
            _ => None,
        })
    }

    fn open_caller(&mut self, flow: &Flow) -> space::Outcome<Option<Open<Caller>>> {
        let question = self.question(flow);
        let began = Instant::now();
        let lab = self.lab;
        let (kernel, outcome) = lab.at(flow.origin.place).within(|| {
            let mut caller = Caller::new(&question)?;
            let outcome = caller.ask(&lab.sightings)?;
            Ok((caller, outcome))
        })?;
        let (origin, tuple) = (flow.origin, flow.tuple(question.from.port()));
        let model = self.opened(flow, began, &outcome, origin, tuple);
        Ok(match (model, outcome) {
            (Some(model), Outcome::Answered(answer)) => {
                Some(Open { flow: *flow, kernel, model, by: answer.by })
            }
            _ => None,
        })
    }

    fn opened(
        &mut self,
        flow: &Flow,
        began: Instant,
        outcome: &Outcome,
        origin: Origin,
        tuple: Tuple,
    ) -> Option<Connection> {
        let open = |net: &mut Net| match net.open(origin, tuple) {
            Ok(connection) => (net.ask_again(&connection), Some(connection)),
            Err(outcome) => (outcome, None),
        };
        match self.follow(began, outcome, open) {
            Ok(connection) => {
                self.count(flow.protocol, outcome);
                connection
            }
            Err(known) => {
                self.differ(flow, outcome, &known);
                None
            }
        }
    }

    /// Compares one step of an open connection.
    pub fn step(&mut self, flow: &Flow, what: &str, kernel: &Outcome, act: impl Fn(&mut Net) -> Outcome) {
        match self.follow(Instant::now(), kernel, |net| (act(net), ())) {
            Ok(()) => self.count(flow.protocol, kernel),
            Err(known) => {
                let what = format!("{flow}, {what}");
                self.differ(&what, kernel, &known);
            }
        }
    }

    /// The endpoints that answered leave the EndpointSlices, with those that are dead, and every node
    /// writes its rules anew.
    fn endpoints_go(&mut self, kept: &mut Kept, dead: &[Place]) -> space::Outcome {
        self.phase = Phase::EndpointLeaves;
        let leaving: Vec<Place> = kept.servers().into_iter().chain(dead.iter().copied()).collect();
        if leaving.is_empty() {
            return Ok(());
        }
        self.take_out(&leaving);
        self.load_rules()?;
        self.ask_lines(&mut kept.lines, "after its endpoint left the rules")?;
        self.call_again(&mut kept.callers, "after its endpoint left the rules")?;
        self.phase = Phase::CleanUp;
        self.clean_up()?;
        self.call_again(&mut kept.callers, "after kube-proxy cleaned up")?;
        let flows = kept.flows();
        self.tally.flows += flows.len() as u64;
        self.ask_all(&flows).map(drop)
    }

    /// A question on each line, all at once.
    pub fn ask_lines(&mut self, lines: &mut [Open<Line>], what: &str) -> space::Outcome {
        let heard = at_once(lines, Line::ask)?;
        for (open, kernel) in lines.iter().zip(heard) {
            self.step(&open.flow, what, &kernel, |net| net.ask_again(&open.model));
        }
        Ok(())
    }

    /// A datagram from each socket, all at once.
    pub fn call_again(&mut self, callers: &mut [Open<Caller>], what: &str) -> space::Outcome {
        let lab = self.lab;
        let heard = at_once(callers, |caller| caller.ask(&lab.sightings))?;
        for (open, kernel) in callers.iter_mut().zip(heard) {
            self.step(&open.flow, what, &kernel, |net| net.ask_again(&open.model));
            if let Outcome::Answered(answer) = kernel {
                open.by = answer.by;
            }
        }
        Ok(())
    }
}

fn at_once<K: Send>(
    opens: &mut [Open<K>],
    ask: impl Fn(&mut K) -> space::Outcome<Outcome> + Sync,
) -> space::Outcome<Vec<Outcome>> {
    let ask = &ask;
    thread::scope(|scope| {
        let asking: Vec<_> = opens.iter_mut().map(|open| scope.spawn(|| ask(&mut open.kernel))).collect();
        asking.into_iter().map(|one| one.join().map_err(|_| "a client panicked".to_owned())?).collect()
    })
}
