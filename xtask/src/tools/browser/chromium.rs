//! Chromium and its driver.

use super::{first, named};
use crate::run::{self, Outcome};
use crate::tools::debian;
use std::path::PathBuf;

const PACKAGES: [&str; 2] = ["chromium", "chromium-driver"];

pub struct Chromium {
    pub chrome: PathBuf,
    pub driver: PathBuf,
}

impl Chromium {
    pub fn find_or_install() -> Outcome<Self> {
        if let Some(found) = Self::find()? {
            return Ok(found);
        }
        install()?;
        Self::find()?.ok_or_else(|| format!("Chromium is not on PATH after the installation. {}", by_hand()))
    }

    fn find() -> Outcome<Option<Self>> {
        // Not `chromium-browser`: on Ubuntu that is a script that wants a snap.
        let chrome =
            named("CHROME")?.or_else(|| first(&["chromium", "google-chrome-stable", "google-chrome"]));
        let driver = named("CHROMEDRIVER")?.or_else(|| first(&["chromedriver"])).or_else(hosted_driver);
        let (Some(chrome), Some(driver)) = (chrome, driver) else {
            return Ok(None);
        };
        let browser = Self { chrome, driver };
        browser.check_versions()?;
        Ok(Some(browser))
    }

    /// A driver drives the browser of its own major version only.
    fn check_versions(&self) -> Outcome {
        let (chrome, driver) = (major(&self.chrome)?, major(&self.driver)?);
        match chrome == driver {
            true => Ok(()),
            false => Err(format!(
                "{} is version {chrome} and {} is version {driver}: they must be of one version",
                self.chrome.display(),
                self.driver.display()
            )),
        }
    }
}

/// GitHub's machines name the driver's folder.
fn hosted_driver() -> Option<PathBuf> {
    let file = PathBuf::from(std::env::var_os("CHROMEWEBDRIVER")?).join("chromedriver");
    file.is_file().then_some(file)
}

/// `156` of `Chromium 156.0.8078.79 built on Debian`.
fn major(program: &PathBuf) -> Outcome<String> {
    let line = run::version_line(program).ok_or_else(|| format!("{} --version failed", program.display()))?;
    let number = line.split_whitespace().find(|word| word.starts_with(|first: char| first.is_ascii_digit()));
    let major = number.and_then(|number| number.split('.').next());
    major.map(str::to_owned).ok_or_else(|| format!("{} has no version in `{line}`", program.display()))
}

fn install() -> Outcome {
    if !debian::is_debian() {
        return Err(format!("the browser tests need Chromium and its driver. {}", by_hand()));
    }
    debian::install("the browser tests need Chromium and its driver", &PACKAGES, "30 s")
}

/// The exact command for those who must give it themselves.
fn by_hand() -> String {
    match debian::is_debian() {
        true => debian::by_hand(&PACKAGES),
        false => "Install Chrome or Chromium and the chromedriver of the same version, then run again \
                  with CHROME=/path/of/chrome CHROMEDRIVER=/path/of/chromedriver"
            .into(),
    }
}
