//! The page on this machine, rebuilt on every change.

use crate::run::{self, Outcome};
use crate::tools::Tools;

const USAGE: &str = "usage: cargo xtask serve [--port N]";

pub fn serve(args: &[String]) -> Outcome {
    let port: u16 = match args {
        [] => 8080,
        [flag, number] if flag == "--port" => number.parse().map_err(|_| USAGE)?,
        _ => return Err(USAGE.into()),
    };
    let tools = Tools::for_serve()?;
    println!("building; the page will be at http://127.0.0.1:{port}/ (Ctrl+C ends it)");
    // A configuration of its own: a quick build, its own folder, and the script that reloads.
    let mut trunk = tools.command("trunk")?;
    trunk.args(["serve", "--config", "xtask/serve/Trunk.toml", "--address", "127.0.0.1"]);
    run::run(trunk.args(["--port", &port.to_string()]))
}
