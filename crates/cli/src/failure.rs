//! Why a command could not do its work.

use std::fmt;

use cluster::sim::Refusal;

use crate::exit_status::ExitStatus;

#[derive(Debug)]
pub enum Failure {
    /// The command line's own words are off.
    Usage(String),
    Read {
        path: String,
        why: String,
    },
    Output(String),
    /// The manifests have errors: they were listed on standard error.
    Manifests {
        errors: usize,
    },
    Refused(Refusal),
    NotFound(String),
}

impl Failure {
    /// Of an action that was refused.
    pub fn refused(refusals: Vec<Refusal>) -> Failure {
        match refusals.into_iter().next() {
            Some(refusal) => Failure::Refused(refusal),
            None => Failure::Usage("the action was refused".into()),
        }
    }

    pub fn exit_status(&self) -> ExitStatus {
        match self {
            Failure::Usage(_) | Failure::Read { .. } => ExitStatus::Usage,
            Failure::Manifests { .. } | Failure::Refused(_) | Failure::NotFound(_) => ExitStatus::Refused,
            Failure::Output(_) => ExitStatus::Output,
        }
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Failure::Usage(what) => f.write_str(what),
            Failure::Read { path, why } => write!(f, "{path}: {why}"),
            Failure::Output(why) => write!(f, "standard output: {why}"),
            Failure::Manifests { errors: 1 } => f.write_str("the manifests have an error"),
            Failure::Manifests { errors } => write!(f, "the manifests have {errors} errors"),
            Failure::Refused(refusal) => f.write_str(&crate::words::refusal(refusal)),
            Failure::NotFound(what) => write!(f, "{what} not found"),
        }
    }
}
