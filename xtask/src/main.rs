//! The developer's one entry point. It uses the standard library only, so that it is there in seconds.

mod bench;
mod build;
mod cache;
mod ci;
mod coredns;
mod e2e;
mod fuzz;
mod kernel;
mod run;
mod serve;
mod size;
mod split;
mod stopwatch;
mod test;
mod tidy;
mod tools;
mod upstream;

use std::process::ExitCode;

const HELP: &str = "\
cargo xtask COMMAND

  serve [--port N]   build the page, serve it at http://127.0.0.1:8080/ and reload it on every change
  build              make the static site in dist/ and print what a visitor downloads
  test [STEP...]     everything that must pass; with names, only those steps (`test --list` names them)
  test --quick       formatting, clippy and the tests beside the code: for the loop at the desk
  bench [NAME...]    the figures of BENCHMARKS.md (`bench --list` names them)
  kernel [OPTION...] the model against this machine's own kernel, as root (`kernel --help` names the options)
  upstream [OPTION...]
                     the rules of the model's kube-proxy against Kubernetes' own, with Go (`upstream --help`)
  coredns [OPTION...]
                     the model's DNS against CoreDNS, with Go (`coredns --help`)
  fuzz [OPTION...]   texts and actions at random, until something breaks (`fuzz --help` names the options)
  ci                 what the continuous integration runs
  setup              only install the tools which the commands above install when they need them

Tools are installed once, outside the clone: in $PACKETYARD_CACHE, else $XDG_CACHE_HOME/packetyard,
else ~/.cache/packetyard.";

fn main() -> ExitCode {
    let args: Vec<String> = std::env::args().skip(1).collect();
    match dispatch(&args) {
        Ok(()) => ExitCode::SUCCESS,
        Err(message) => {
            eprintln!("\nxtask: {message}");
            ExitCode::FAILURE
        }
    }
}

fn dispatch(args: &[String]) -> run::Outcome {
    let Some((command, rest)) = args.split_first() else {
        return Err(format!("name a command\n\n{HELP}"));
    };
    match command.as_str() {
        "serve" => serve::serve(rest),
        "build" => build::command(),
        "test" => test::command(rest),
        "bench" => bench::command(rest),
        "kernel" => kernel::command(rest),
        "upstream" => upstream::command(rest),
        "coredns" => coredns::command(rest),
        "fuzz" => fuzz::command(rest),
        "ci" => ci::command(),
        "setup" => tools::setup_all(),
        "help" | "--help" | "-h" => {
            println!("{HELP}");
            Ok(())
        }
        other => Err(format!("there is no command `{other}`\n\n{HELP}")),
    }
}
