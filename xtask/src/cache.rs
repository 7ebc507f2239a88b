//! The place outside the clone where tools stay, so that the next run and the next clone find them.

use crate::run::Outcome;
use crate::stopwatch::Stopwatch;
use std::fs::{self, File};
use std::path::{Path, PathBuf};

/// The file in a tool's folder that says how long its installation took.
const TIME: &str = ".installed-in";

pub struct Cache {
    pub dir: PathBuf,
    // Held while tools are looked for and installed: two clones may set up at the same time.
    _lock: File,
}

impl Cache {
    pub fn open() -> Outcome<Self> {
        let dir = location()?;
        fs::create_dir_all(&dir).map_err(|error| format!("cannot make {}: {error}", dir.display()))?;
        let lock = File::create(dir.join(".lock"))
            .map_err(|error| format!("cannot lock {}: {error}", dir.display()))?;
        if lock.try_lock().is_err() {
            println!("another run is setting up tools in {}: waiting for it", dir.display());
            lock.lock().map_err(|error| format!("cannot lock {}: {error}", dir.display()))?;
        }
        Ok(Self { dir, _lock: lock })
    }

    /// Where the finished tool is, if it is there.
    pub fn get(&self, name_version: &str) -> Option<PathBuf> {
        Some(self.dir.join(name_version)).filter(|dir| dir.is_dir())
    }

    /// Installs into a temporary folder and renames that: a folder that is there is a finished one.
    pub fn install(
        &self,
        name_version: &str,
        usually: &str,
        install: impl FnOnce(&Path) -> Outcome,
    ) -> Outcome<PathBuf> {
        let finished = self.dir.join(name_version);
        println!("installing {name_version} into {} (usually {usually})", self.dir.display());
        let watch = Stopwatch::start();
        let unfinished = self.dir.join(format!(".unfinished-{name_version}"));
        // Left by a run that was interrupted: the lock says that no other run is using it.
        let _ = fs::remove_dir_all(&unfinished);
        fs::create_dir_all(&unfinished).map_err(|error| error.to_string())?;
        install(&unfinished)?;
        fs::write(unfinished.join(TIME), watch.text()).map_err(|error| error.to_string())?;
        fs::rename(&unfinished, &finished).map_err(|error| format!("cannot keep {name_version}: {error}"))?;
        println!("installed {name_version} in {}", watch.text());
        Ok(finished)
    }

    /// Each tool that was installed here, and how long that took.
    pub fn installation_times(&self) -> Outcome<Vec<(String, String)>> {
        let entries = fs::read_dir(&self.dir).map_err(|error| error.to_string())?;
        let time = |dir: &Path| fs::read_to_string(dir.join(TIME)).ok();
        let name = |dir: &Path| dir.file_name().map(|name| name.to_string_lossy().into_owned());
        let dirs = entries.flatten().map(|entry| entry.path());
        let mut times: Vec<_> = dirs.filter_map(|dir| Some((name(&dir)?, time(&dir)?))).collect();
        times.sort();
        Ok(times)
    }
}

fn location() -> Outcome<PathBuf> {
    let variable = |name: &str| std::env::var_os(name).filter(|value| !value.is_empty()).map(PathBuf::from);
    let dir = variable("PACKETYARD_CACHE")
        .or_else(|| variable("XDG_CACHE_HOME").map(|dir| dir.join("packetyard")))
        .or_else(|| variable("HOME").map(|dir| dir.join(".cache/packetyard")))
        .ok_or("no place for the tools: set PACKETYARD_CACHE to a folder")?;
    std::path::absolute(dir).map_err(|error| error.to_string())
}
