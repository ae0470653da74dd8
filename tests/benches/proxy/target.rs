//! What is measured: processes that stand between client and upstream, or nothing.

use std::{
    env, io,
    net::SocketAddr,
    process::Command,
    thread,
    time::{Duration, Instant},
};

use ccdump_tests::{
    binaries::Programs,
    daemon::Daemon,
    home::Home,
    process::{self, Process},
};

/// This program in another role.
pub(crate) struct Role {
    process: Process,
    pub(crate) address: SocketAddr,
}

impl Role {
    pub(crate) fn start(arguments: &[&str]) -> Self {
        let process = Process::spawn(command(arguments));
        let deadline = Instant::now() + Duration::from_secs(10);
        let address = loop {
            if let Some(line) = process.stdout().first() {
                break line.parse().expect("an address");
            }
            assert!(
                Instant::now() < deadline,
                "{arguments:?} says nothing: {}",
                process.stderr().text()
            );
            thread::sleep(Duration::from_millis(1));
        };
        Self { process, address }
    }
}

/// For a role: ends this process when the one that started it does, however that ends.
pub(crate) fn end_with_parent() {
    thread::spawn(|| {
        io::copy(&mut io::stdin(), &mut io::sink()).ok();
        std::process::exit(0);
    });
}

fn command(arguments: &[&str]) -> Command {
    let mut command = Command::new(env::current_exe().expect("this program"));
    command.args(arguments);
    command
}

/// Runs a client job to its end and gives what it measured.
pub(crate) fn job(via: &str, address: SocketAddr, job: &str) -> Vec<f64> {
    let address = address.to_string();
    let words: Vec<&str> =
        ["role-client", via, &address].into_iter().chain(job.split(' ')).collect();
    let mut client = Process::spawn(command(&words));
    let status = client.wait_for(Duration::from_secs(120));
    assert!(status.success(), "{job} via {via} failed: {}", client.stderr().text());
    let line = client.stdout().first().expect("a line of numbers");
    line.split(' ').map(|word| word.parse().expect("a number")).collect()
}

pub(crate) const DIRECT: &str = "direct";
pub(crate) const RELAY: &str = "relay";
/// The daemon that is measured.
pub(crate) const AFTER: &str = "ccdumpd";
/// The one that it is compared with.
pub(crate) const BEFORE: &str = "before";

/// A way to the upstream.
pub(crate) enum Target {
    Direct(SocketAddr),
    Relay(Role),
    Ccdumpd { name: &'static str, home: Home, daemon: Daemon },
}

impl Target {
    pub(crate) fn relay(upstream: SocketAddr) -> Self {
        Self::Relay(Role::start(&["role-relay", &upstream.to_string()]))
    }

    pub(crate) fn ccdumpd(name: &'static str, programs: &Programs, upstream: SocketAddr) -> Self {
        let home = Home::of(programs.clone());
        let daemon = home.daemon(&format!("http://{upstream}")).start();
        Self::Ccdumpd { name, home, daemon }
    }

    /// Another process of its kind, which has seen nothing yet.
    pub(crate) fn fresh(&self, upstream: SocketAddr) -> Self {
        match self {
            Self::Direct(address) => Self::Direct(*address),
            Self::Relay(_) => Self::relay(upstream),
            Self::Ccdumpd { name, home, .. } => Self::ccdumpd(name, home.programs(), upstream),
        }
    }

    pub(crate) fn name(&self) -> &'static str {
        match self {
            Self::Direct(_) => DIRECT,
            Self::Relay(_) => RELAY,
            Self::Ccdumpd { name, .. } => name,
        }
    }

    pub(crate) fn address(&self) -> SocketAddr {
        match self {
            Self::Direct(address) => *address,
            Self::Relay(role) => role.address,
            Self::Ccdumpd { daemon, .. } => daemon.proxy(),
        }
    }

    pub(crate) fn pid(&self) -> Option<u32> {
        match self {
            Self::Direct(_) => None,
            Self::Relay(role) => Some(role.process.pid()),
            Self::Ccdumpd { daemon, .. } => Some(daemon.pid()),
        }
    }

    pub(crate) fn job(&self, text: &str) -> Vec<f64> {
        job(self.name(), self.address(), text)
    }

    /// Does a job and tells besides how many CPU seconds the proxy took, work that it put off
    /// included.
    pub(crate) fn job_with_cpu(&self, text: &str) -> (Vec<f64>, Option<f64>) {
        let before = self.settled_cpu();
        let measured = self.job(text);
        let after = self.settled_cpu();
        (measured, before.zip(after).map(|(before, after)| after - before))
    }

    /// CPU seconds so far, once they have not grown for a while.
    fn settled_cpu(&self) -> Option<f64> {
        let pid = self.pid()?;
        let deadline = Instant::now() + Duration::from_secs(20);
        let mut last = process::running_seconds(pid);
        loop {
            thread::sleep(Duration::from_millis(250));
            let now = process::running_seconds(pid);
            // So much in between is housekeeping.
            if now - last < 0.005 || Instant::now() > deadline {
                return Some(now);
            }
            last = now;
        }
    }

    pub(crate) fn peak_megabytes(&self) -> Option<f64> {
        self.pid().map(|pid| process::memory_bytes(pid, "VmHWM") as f64 / 1e6)
    }
}
