//! The static site in dist/.

use crate::run::{self, Outcome};
use crate::stopwatch::Stopwatch;
use crate::tools::Tools;
use crate::{size, split};

pub fn command() -> Outcome {
    site()?;
    let view = size::first_view()?;
    print!("{view}");
    if !view.is_within_goal() {
        println!("warning: that is over the goal: BENCHMARKS.md says what was tried");
    }
    Ok(())
}

/// Trunk.toml says how; nothing is downloaded.
pub fn site() -> Outcome {
    let tools = Tools::for_build()?;
    let watch = Stopwatch::start();
    run::run(tools.command("trunk")?.args(["build", "--features", "split"]))?;
    split::site(&tools)?;
    println!("built dist/ in {}", watch.text());
    Ok(())
}
