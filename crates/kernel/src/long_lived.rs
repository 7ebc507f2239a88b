//! What becomes of connections that are open while things change: their Pod dies (`pod_failures`), their
//! endpoint is taken out of the rules.

use std::thread;
use std::time::Instant;

use crate::case::Case;
use crate::client::{self, Caller, Client, Session};
use crate::compare::LONG_PATIENCE;
use crate::coverage::Phase;
use crate::flow_plan::FlowPlan;
use crate::flows::Flow;
use crate::model::{Connection, Net};
use crate::netns;
use crate::outcome::{Answer, Outcome};
use crate::plan::Place;

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
pub struct LongLived {
    pub lines: Vec<Open<Session>>,
    pub callers: Vec<Open<Caller>>,
}

impl LongLived {
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
    pub fn of(&mut self, servers: &[Place]) -> LongLived {
        LongLived {
            lines: self.lines.extract_if(.., |open| servers.contains(&open.by)).collect(),
            callers: self.callers.extract_if(.., |open| servers.contains(&open.by)).collect(),
        }
    }
}

impl Case<'_> {
    pub fn long_lived(&mut self, flow_plan: &FlowPlan) -> netns::Outcome {
        self.phase = Phase::Opened;
        let mut long_lived = LongLived::default();
        for flow in flow_plan.streams.iter().chain(&flow_plan.datagrams) {
            self.open(flow, &mut long_lived)?;
        }
        self.counters.flows += long_lived.flows().len() as u64;
        let dead = self.fail_endpoints(flow_plan, &mut long_lived)?;
        self.endpoints_go(&mut long_lived, &dead)?;
        self.fail_removed_endpoints(&mut long_lived)
    }

    /// Asks for a flow, and keeps open what answered.
    fn open(&mut self, flow: &Flow, long_lived: &mut LongLived) -> netns::Outcome {
        let question = self.question(flow);
        let sightings = &self.testbed.sightings;
        let mut report = self.testbed.at(flow.origin.place).within(|| client::open(&question, sightings))?;
        let (origin, tuple) = (flow.origin, flow.tuple(question.from.port()));
        let open = |net: &mut Net| match net.open(origin, tuple) {
            Ok(connection) => (net.ask_again(&connection), Some(connection)),
            Err(outcome) => (outcome, None),
        };
        let model = self.judge(flow, &question, &mut report, open)?.flatten();
        if let (Some(model), Outcome::Answered(Answer { by, .. })) = (model, report.outcome) {
            match report.client {
                Client::Session(kernel) => long_lived.lines.push(Open { flow: *flow, kernel, model, by }),
                Client::Caller(kernel) => long_lived.callers.push(Open { flow: *flow, kernel, model, by }),
                // It was answered late, and its line is closed again.
                Client::Connecting(_) | Client::Gone => {}
            }
        }
        Ok(())
    }

    /// Compares one step of an open connection. Gives what the kernel did, after a longer wait if it
    /// was silent and the model is not.
    pub fn step<K>(
        &mut self,
        open: &mut Open<K>,
        what: &str,
        mut kernel: Outcome,
        act: impl Fn(&mut Net, &Connection) -> Outcome,
        wait_on: impl FnOnce(&mut K) -> netns::Outcome<Outcome>,
    ) -> netns::Outcome<Outcome> {
        let (flow, model) = (open.flow, &open.model);
        let act = |net: &mut Net| (act(net, model), ());
        let mut followed = self.follow(Instant::now(), &kernel, act);
        if followed.is_err() && kernel.is_silent() {
            self.counters.late += 1;
            kernel = wait_on(&mut open.kernel)?;
            followed = self.follow(Instant::now(), &kernel, act);
        }
        match followed {
            Ok(()) => self.count(flow.protocol, &kernel),
            Err(known) => self.differ(&format!("{flow}, {what}"), &kernel, &known),
        }
        Ok(kernel)
    }

    /// The endpoints that answered leave the EndpointSlices, with those that are dead, and every node
    /// writes its rules anew.
    fn endpoints_go(&mut self, long_lived: &mut LongLived, dead: &[Place]) -> netns::Outcome {
        self.phase = Phase::EndpointLeaves;
        let leaving: Vec<Place> = long_lived.servers().into_iter().chain(dead.iter().copied()).collect();
        if leaving.is_empty() {
            return Ok(());
        }
        self.take_out(&leaving);
        self.load_rules()?;
        self.ask_lines(&mut long_lived.lines, "after its endpoint left the rules")?;
        self.call_again(&mut long_lived.callers, "after its endpoint left the rules")?;
        self.phase = Phase::CleanUp;
        self.clean_up()?;
        self.call_again(&mut long_lived.callers, "after kube-proxy cleaned up")?;
        let flows = long_lived.flows();
        self.counters.flows += flows.len() as u64;
        self.ask_all(&flows).map(drop)
    }

    /// A question on each line, all at once.
    pub fn ask_lines(&mut self, lines: &mut [Open<Session>], what: &str) -> netns::Outcome {
        let heard = at_once(lines, Session::ask)?;
        for (open, kernel) in lines.iter_mut().zip(heard) {
            let wait_on = |line: &mut Session| line.go_on(LONG_PATIENCE);
            self.step(open, what, kernel, Net::ask_again, wait_on)?;
        }
        Ok(())
    }

    /// A datagram from each socket, all at once.
    pub fn call_again(&mut self, callers: &mut [Open<Caller>], what: &str) -> netns::Outcome {
        let testbed = self.testbed;
        let heard = at_once(callers, |caller| caller.ask(&testbed.sightings))?;
        for (open, kernel) in callers.iter_mut().zip(heard) {
            let wait_on = |caller: &mut Caller| caller.go_on(LONG_PATIENCE, &testbed.sightings);
            let kernel = self.step(open, what, kernel, Net::ask_again, wait_on)?;
            if let Outcome::Answered(answer) = kernel {
                open.by = answer.by;
            }
        }
        Ok(())
    }
}

fn at_once<K: Send>(
    opens: &mut [Open<K>],
    ask: impl Fn(&mut K) -> netns::Outcome<Outcome> + Sync,
) -> netns::Outcome<Vec<Outcome>> {
    let ask = &ask;
    thread::scope(|scope| {
        let asking: Vec<_> = opens.iter_mut().map(|open| scope.spawn(|| ask(&mut open.kernel))).collect();
        asking.into_iter().map(|one| one.join().map_err(|_| "a client panicked".to_owned())?).collect()
    })
}
