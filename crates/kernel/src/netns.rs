//! Network namespaces without a name: the kernel takes one away with the last thing that holds it,
//! so however a run ends (a failure, Ctrl-C, a kill), nothing of it stays.

use std::fs::{self, File};
use std::io::Write;
use std::os::fd::AsRawFd;
use std::process::{Command, Stdio};
use std::thread;

use nix::sched::{CloneFlags, setns, unshare};

pub type Outcome<T = ()> = Result<T, String>;

/// A network namespace. A thread enters it and creates sockets there; a socket stays where it was
/// created.
pub struct Netns {
    file: File,
}

impl Netns {
    pub fn new() -> Outcome<Netns> {
        // In a thread of its own, so that nobody else is moved.
        let made = thread::spawn(|| {
            unshare(CloneFlags::CLONE_NEWNET).map_err(|e| format!("a new network namespace: {e}"))?;
            File::open("/proc/thread-self/ns/net").map_err(|e| format!("/proc/thread-self/ns/net: {e}"))
        });
        let file = made.join().map_err(|_| "the thread of a new namespace panicked")??;
        let netns = Netns { file };
        netns.ip(&["link set lo up"])?;
        Ok(netns)
    }

    /// Moves the calling thread into the namespace.
    pub fn enter(&self) -> Outcome {
        setns(&self.file, CloneFlags::CLONE_NEWNET).map_err(|e| format!("setns: {e}"))
    }

    /// A path that names the namespace, for programs that we start.
    pub fn path(&self) -> String {
        format!("/proc/{}/fd/{}", std::process::id(), self.file.as_raw_fd())
    }

    /// Runs something in a thread that has entered the namespace.
    pub fn within<T: Send>(&self, work: impl FnOnce() -> Outcome<T> + Send) -> Outcome<T> {
        thread::scope(|scope| {
            let inside = scope.spawn(|| {
                self.enter()?;
                work()
            });
            inside.join().map_err(|_| "a thread in a namespace panicked".to_owned())?
        })
    }

    /// Runs a program in the namespace and gives what it printed.
    pub fn run(&self, program: &str, args: &[&str], input: &str) -> Outcome<String> {
        self.within(|| run(program, args, input))
    }

    /// Runs lines of `ip`, each without its first word.
    pub fn ip(&self, lines: &[impl AsRef<str>]) -> Outcome {
        let batch = lines.iter().fold(String::new(), |all, line| all + line.as_ref() + "\n");
        self.run("ip", &["-batch", "-"], &batch).map(drop).map_err(|error| format!("{error}\n{batch}"))
    }

    /// Sets sysctls, each by its path under /proc/sys/net: there a thread sees its own namespace's.
    pub fn sysctl(&self, settings: &[(String, &str)]) -> Outcome {
        self.within(|| {
            for (name, value) in settings {
                let path = format!("/proc/sys/net/{name}");
                fs::write(&path, value).map_err(|error| format!("{path} = {value}: {error}"))?;
            }
            Ok(())
        })
    }
}

fn run(program: &str, args: &[&str], input: &str) -> Outcome<String> {
    let failed = |why: &dyn std::fmt::Display| format!("`{program} {}`: {why}", args.join(" "));
    let mut command = Command::new(program);
    command.args(args).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().map_err(|e| failed(&e))?;
    if let Some(mut stdin) = child.stdin.take() {
        // A program that fails early closes its end: what it says is worth more than the pipe's error.
        let _ = stdin.write_all(input.as_bytes());
    }
    let output = child.wait_with_output().map_err(|e| failed(&e))?;
    match output.status.success() {
        true => Ok(String::from_utf8_lossy(&output.stdout).into_owned()),
        false => Err(failed(&format!("{}: {}", output.status, String::from_utf8_lossy(&output.stderr)))),
    }
}
