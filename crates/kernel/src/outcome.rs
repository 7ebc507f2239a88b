//! What came of a flow: the same words for what the kernel did and for what the model says.

use std::fmt;
use std::net::IpAddr;

use crate::plan::Place;

/// Ordered, so that the outcomes which the model knows are printed in one order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Outcome {
    /// There and back.
    Answered(Answer),
    /// The question arrived, the answer did not. Seen of datagrams only: to a client of TCP it is
    /// [`Outcome::Silence`].
    AnswerLost(Answer),
    Refused(Refusal),
    Silence,
}

/// Who answered, and whom it saw.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Answer {
    pub by: Place,
    pub port: u16,
    pub saw: IpAddr,
    /// Did it see the port that the client sent from?
    pub same_port: bool,
}

/// How the client learnt that it will not be served.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Refusal {
    /// A TCP RST.
    Reset,
    /// ICMP: port unreachable.
    PortUnreachable,
    /// ICMP: host, or in IPv6 address, unreachable.
    HostUnreachable,
}

impl fmt::Display for Outcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Outcome::Answered(answer) => write!(f, "answered by {answer}"),
            Outcome::AnswerLost(answer) => write!(f, "answer lost, given by {answer}"),
            Outcome::Refused(Refusal::Reset) => f.write_str("refused with a RST"),
            Outcome::Refused(Refusal::PortUnreachable) => f.write_str("refused with port unreachable"),
            Outcome::Refused(Refusal::HostUnreachable) => f.write_str("host unreachable"),
            Outcome::Silence => f.write_str("silence"),
        }
    }
}

impl fmt::Display for Answer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let port = if self.same_port { "its own port" } else { "another port" };
        write!(f, "{} port {}, which saw {} and {port}", self.by, self.port, self.saw)
    }
}

impl Outcome {
    /// Does the client hear nothing?
    pub fn is_silent(&self) -> bool {
        matches!(self, Outcome::Silence | Outcome::AnswerLost(_))
    }

    /// May the kernel's outcome be this one of the model's? A port that is drawn at random may, by
    /// chance, be the one that the client has; and a client's own may be in use, by chance, by a connection
    /// whose port was drawn: then the kernel gives it another one, whatever the rules say
    /// (net/netfilter/nf_nat_core.c, get_unique_tuple). [`crate::report`] says how often that may be.
    pub fn allows(&self, kernel: &Outcome) -> bool {
        let like = |model: Answer, kernel: Answer| Answer { same_port: model.same_port, ..kernel } == model;
        match (self, kernel) {
            (Outcome::Answered(model), Outcome::Answered(kernel))
            | (Outcome::AnswerLost(model), Outcome::AnswerLost(kernel)) => like(*model, *kernel),
            (Outcome::Answered(_) | Outcome::AnswerLost(_) | Outcome::Refused(_) | Outcome::Silence, _) => {
                self == kernel
            }
        }
    }

    /// Did it see the client's own port?
    pub fn has_own_port(&self) -> bool {
        matches!(self, Outcome::Answered(answer) | Outcome::AnswerLost(answer) if answer.same_port)
    }
}
