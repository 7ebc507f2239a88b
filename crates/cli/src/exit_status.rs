//! What a script learns of a command: one declaration for the code, `--help` and the README.

use std::fmt::Write;
use std::process::ExitCode;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ExitStatus {
    Done,
    Refused,
    Usage,
    Output,
}

impl ExitStatus {
    const ALL: [ExitStatus; 4] =
        [ExitStatus::Done, ExitStatus::Refused, ExitStatus::Usage, ExitStatus::Output];

    pub const fn code(self) -> u8 {
        match self {
            ExitStatus::Done => 0,
            ExitStatus::Refused => 1,
            // clap's own, too.
            ExitStatus::Usage => 2,
            ExitStatus::Output => 3,
        }
    }

    const fn meaning(self) -> &'static str {
        match self {
            ExitStatus::Done => "it is done; what was merely warned of is no error",
            ExitStatus::Refused => {
                "the manifests have errors (what has none is there, and the answer is printed), the cluster refuses what \
                 was asked, or what was asked for is not there"
            }
            ExitStatus::Usage => "the command line is wrong, or a file cannot be read",
            ExitStatus::Output => {
                "standard output cannot be written; that nobody reads on, as with head, is no error"
            }
        }
    }

    /// For `--help`.
    pub fn help() -> String {
        let mut text = "Exit status:".to_string();
        for status in ExitStatus::ALL {
            let _ = write!(text, "\n  {}  {}", status.code(), status.meaning());
        }
        text
    }
}

impl From<ExitStatus> for ExitCode {
    fn from(status: ExitStatus) -> ExitCode {
        ExitCode::from(status.code())
    }
}
