//! `ccdumpd` as a child process.

use std::{
    fs,
    net::SocketAddr,
    path::{Path, PathBuf},
    process::{Command, ExitStatus},
    thread,
    time::{Duration, Instant},
};

use serde_json::Value;

use crate::{
    grpc,
    home::Home,
    http1,
    process::{self, Process},
    upstream::{Call, Upstream},
    view::View,
};

/// How a daemon is to be started.
#[derive(Debug)]
pub struct Setup<'a> {
    home: &'a Home,
    upstreams: Vec<String>,
    listen: String,
    more: Vec<String>,
    variables: Vec<(String, String)>,
    shell: Option<String>,
}

impl<'a> Setup<'a> {
    pub(crate) fn new(home: &'a Home, upstream: &str) -> Self {
        let listen = "127.0.0.1:0".to_owned();
        Self {
            home,
            upstreams: vec![upstream.to_owned()],
            listen,
            more: Vec::new(),
            variables: Vec::new(),
            shell: None,
        }
    }

    /// One more `--upstream`.
    pub fn upstream(mut self, upstream: &str) -> Self {
        self.upstreams.push(upstream.to_owned());
        self
    }

    pub fn listen(mut self, address: &str) -> Self {
        self.listen = address.to_owned();
        self
    }

    /// More arguments.
    pub fn with(mut self, arguments: &[&str]) -> Self {
        self.more.extend(arguments.iter().map(ToString::to_string));
        self
    }

    pub fn env(mut self, name: &str, value: &str) -> Self {
        self.variables.push((name.to_owned(), value.to_owned()));
        self
    }

    /// Has it trust the certificate of an upstream.
    ///
    /// # Panics
    /// When the certificate cannot be written.
    pub fn trusting(self, upstream: &Upstream) -> Self {
        let trusted = self.home.path().join("trusted.pem");
        fs::write(&trusted, upstream.certificate_pem()).expect("write the certificate");
        self.env("SSL_CERT_FILE", trusted.to_str().expect("a plain path"))
    }

    /// Shell commands that its process runs first, such as `ulimit`.
    pub fn after(mut self, shell: &str) -> Self {
        self.shell = Some(shell.to_owned());
        self
    }

    /// The arguments after the subcommand.
    pub fn arguments(&self) -> Vec<String> {
        let mut arguments = vec!["--listen".to_owned(), self.listen.clone()];
        for upstream in &self.upstreams {
            arguments.extend(["--upstream".to_owned(), upstream.clone()]);
        }
        let path = |path: PathBuf| path.to_str().expect("a plain path").to_owned();
        arguments.extend(["--data-dir".to_owned(), path(self.home.data_dir())]);
        arguments.extend(["--socket".to_owned(), path(self.home.socket())]);
        arguments.extend(self.more.iter().cloned());
        arguments
    }

    /// Starts `ccdumpd serve` without waiting for anything.
    pub fn spawn(&self) -> Process {
        let mut command = match &self.shell {
            Some(first) => {
                let mut command = self.home.command("/bin/sh".as_ref());
                command
                    .args(["-c", &format!("{first}; exec \"$0\" \"$@\"")])
                    .arg(self.home.programs().ccdumpd());
                command
            }
            None => self.home.ccdumpd(),
        };
        command.arg("serve").args(self.arguments()).envs(self.variables.iter().cloned());
        Process::spawn(command)
    }

    /// Starts it and waits for its ready line.
    ///
    /// # Panics
    /// When it ends instead, or says nothing for 20 s.
    pub fn start(&self) -> Daemon {
        let mut process = self.spawn();
        let deadline = Instant::now() + Duration::from_secs(20);
        let line = loop {
            if let Some(line) = process.stdout().first() {
                break line;
            }
            let ended = process.ended();
            assert!(
                ended.is_none() && Instant::now() < deadline,
                "no ready line ({ended:?}); it said:\n{}",
                process.stderr().text()
            );
            thread::sleep(Duration::from_millis(2));
        };
        let ready: Value = serde_json::from_str(&line)
            .unwrap_or_else(|error| panic!("the ready line is no JSON ({error}): {line}"));
        assert_eq!(ready["event"], "ready", "{line}");
        let proxy = ready["proxy"]
            .as_str()
            .and_then(|url| url.strip_prefix("http://"))
            .expect("proxy is a URL");
        Daemon { proxy: proxy.parse().expect("proxy names an address"), ready, process }
    }
}

/// A running daemon. Killed when dropped; if that happens in a panic, its log is printed. One that
/// panicked itself fails the test.
#[derive(Debug)]
pub struct Daemon {
    process: Process,
    proxy: SocketAddr,
    /// Its ready line.
    pub ready: Value,
}

impl Daemon {
    /// Where agents connect.
    pub fn proxy(&self) -> SocketAddr {
        self.proxy
    }

    pub fn pid(&self) -> u32 {
        self.process.pid()
    }

    /// What it wrote on stderr.
    pub fn log(&self) -> String {
        self.process.stderr().text()
    }

    /// What it wrote on stdout.
    pub fn stdout(&self) -> String {
        self.process.stdout().text()
    }

    /// SIGKILL.
    pub fn kill(mut self) {
        self.process.kill();
    }

    /// SIGTERM, waits for its end and expects success.
    ///
    /// # Panics
    /// When it fails or hangs.
    pub fn stop(&mut self) -> ExitStatus {
        let status = self.process.terminate();
        assert!(status.success(), "ccdumpd ended with {status} on SIGTERM");
        status
    }

    /// Whether it has ended.
    pub fn ended(&mut self) -> Option<ExitStatus> {
        self.process.ended()
    }

    /// Resident memory in bytes: `VmRSS` or `VmHWM`.
    pub fn memory_bytes(&self, line: &str) -> u64 {
        process::memory_bytes(self.pid(), line)
    }
}

impl Drop for Daemon {
    fn drop(&mut self) {
        let log = self.log();
        if thread::panicking() {
            eprintln!("--- ccdumpd {} said:\n{log}\n---", self.pid());
        } else {
            assert!(!log.contains("panicked at"), "the daemon panicked:\n{log}");
        }
    }
}

/// A daemon in front of a fake upstream, in a home of its own.
#[derive(Debug)]
pub struct Rig {
    pub daemon: Daemon,
    pub home: Home,
    pub upstream: Upstream,
}

impl Rig {
    /// Lets `handler` answer what the daemon forwards.
    pub fn start(handler: impl AsyncFn(&mut Call) -> std::io::Result<()> + Send + 'static) -> Self {
        Self::before(Upstream::start(handler))
    }

    pub fn before(upstream: Upstream) -> Self {
        let home = Home::new();
        let daemon = home.daemon(&upstream.url()).start();
        Self { daemon, home, upstream }
    }

    pub fn proxy(&self) -> SocketAddr {
        self.daemon.proxy()
    }

    pub fn view(&self) -> View<'_> {
        self.home.view()
    }

    /// A gRPC connection.
    pub async fn grpc(&self) -> grpc::Service {
        grpc::connect(&self.home.socket()).await
    }

    /// Kills the daemon with SIGKILL and starts another on the same folders.
    pub fn restart_after_kill(self) -> Self {
        self.daemon.kill();
        let daemon = self.home.daemon(&self.upstream.url()).start();
        Self { daemon, ..self }
    }

    /// Ends the daemon, changes its index as `change` says, and starts another on the same folders.
    pub fn restart_on_index(self, change: impl FnOnce(&Path)) -> Self {
        let Self { mut daemon, home, upstream } = self;
        daemon.stop();
        drop(daemon);
        change(&home.data_dir().join("index.db"));
        let daemon = home.daemon(&upstream.url()).start();
        Self { daemon, home, upstream }
    }

    /// Proves that it still forwards.
    pub async fn assert_forwards(&self) {
        let answer =
            crate::client::call(self.proxy(), &http1::post("/v1/messages", &[], b"{}")).await;
        assert_eq!(answer.status(), 200, "traffic flows");
    }
}

/// Runs a command of `ccdumpd` to its end.
pub fn run(command: &mut Command) -> crate::view::Outcome {
    crate::view::Outcome::of(command)
}
