//! `packetyard`: the simulated cluster on the command line.

mod args;
mod assumptions;
mod change;
mod dig;
mod exit_status;
mod failure;
mod files;
mod get;
mod input;
mod jsonpath;
mod loss;
mod notes;
mod picture;
mod rules;
mod run;
mod schema;
mod tab_writer;
mod table;
mod trace;
mod words;

use std::process::ExitCode;

use clap::Parser;

use args::{Args, Command};
use change::Verb;
use exit_status::ExitStatus;
use failure::Failure;

/// Where glibc's takes a quarter of a run's time.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    let args = Args::parse();
    let result = match &args.command {
        Command::Run(args) => run::run(args),
        Command::Trace(args) => trace::trace(args),
        Command::Dig(args) => dig::dig(args),
        Command::Get(args) => get::get(args),
        Command::Apply(args) => change::write(Verb::Apply, args),
        Command::Create(args) => change::write(Verb::Create, args),
        Command::Replace(args) => change::write(Verb::Replace, args),
        Command::Patch(args) => change::patch(args),
        Command::Delete(args) => change::delete(args),
        Command::Rules(args) => rules::rules(args),
        Command::Picture(args) => picture::picture(args),
        Command::Schema(args) => schema::schema(args),
        Command::Assumptions(args) => assumptions::assumptions(args),
    };
    match result.and_then(|text| print(&text)) {
        Ok(()) => ExitStatus::Done.into(),
        Err(failure) => {
            eprintln!("packetyard: {failure}");
            failure.exit_status().into()
        }
    }
}

/// A reader that closes early (`| head`) is no error.
fn print(text: &str) -> Result<(), Failure> {
    write(text).map(drop)
}

/// At once. False where nobody reads any more.
fn write(text: &str) -> Result<bool, Failure> {
    use std::io::{ErrorKind, Write};
    let mut out = std::io::stdout();
    match out.write_all(text.as_bytes()).and_then(|()| out.flush()) {
        Ok(()) => Ok(true),
        Err(e) if e.kind() == ErrorKind::BrokenPipe => Ok(false),
        Err(e) => Err(Failure::Output(e.to_string())),
    }
}
