//! Firefox and its driver.

use super::{first, named};
use crate::cache::Cache;
use crate::run::Outcome;
use crate::tools::{crates, debian};
use std::path::PathBuf;

pub struct Firefox {
    pub driver: PathBuf,
}

impl Firefox {
    /// An error is the reason why it cannot be had: what is tested in Chromium is the same page.
    pub fn find_or_install() -> Outcome<Self> {
        require_browser()?;
        let driver = match named("GECKODRIVER")?.or_else(|| first(&["geckodriver"])) {
            Some(driver) => driver,
            None => installed_driver()?,
        };
        Ok(Self { driver })
    }
}

/// geckodriver finds it by itself, under these names.
fn require_browser() -> Outcome {
    const PROGRAMS: [&str; 2] = ["firefox", "firefox-esr"];
    if first(&PROGRAMS).is_some() {
        return Ok(());
    }
    debian::install("the tests in Firefox need it", &["firefox-esr"], "20 s")?;
    first(&PROGRAMS).map(|_| ()).ok_or_else(|| "Firefox is not on PATH after the installation".into())
}

fn installed_driver() -> Outcome<PathBuf> {
    let dirs = crates::install(&Cache::open()?, &[crates::geckodriver()])?;
    Ok(dirs[0].join("geckodriver"))
}
