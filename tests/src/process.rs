//! A child process that never outlives its owner.

use std::{
    fs,
    process::{Child, Command, ExitStatus, Stdio},
    thread,
    time::{Duration, Instant},
};

use crate::output::Lines;

/// Killed when dropped; both outputs are read all the time.
#[derive(Debug)]
pub struct Process {
    child: Child,
    stdout: Lines,
    stderr: Lines,
    readers: Vec<thread::JoinHandle<()>>,
}

impl Process {
    /// # Panics
    /// When it cannot be started.
    pub fn spawn(mut command: Command) -> Self {
        // Never written to: a child that wants to end with us reads it to its end.
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child =
            command.spawn().unwrap_or_else(|error| panic!("cannot run {command:?}: {error}"));
        let (stdout, read_stdout) = Lines::collect(child.stdout.take().expect("piped"));
        let (stderr, read_stderr) = Lines::collect(child.stderr.take().expect("piped"));
        Self { child, stdout, stderr, readers: vec![read_stdout, read_stderr] }
    }

    pub fn pid(&self) -> u32 {
        self.child.id()
    }

    pub fn stdout(&self) -> &Lines {
        &self.stdout
    }

    pub fn stderr(&self) -> &Lines {
        &self.stderr
    }

    /// SIGKILL, and waits for its end.
    pub fn kill(&mut self) {
        // An error says that it has ended already.
        let _ = self.child.kill();
        self.reap();
    }

    /// SIGTERM, and waits for its end.
    ///
    /// # Panics
    /// When it has not ended after 20 s.
    pub fn terminate(&mut self) -> ExitStatus {
        signal(self.pid(), rustix::process::Signal::TERM);
        self.wait()
    }

    /// Waits for its end.
    ///
    /// # Panics
    /// After 20 s.
    pub fn wait(&mut self) -> ExitStatus {
        self.wait_for(Duration::from_secs(20))
    }

    /// Waits for its end.
    ///
    /// # Panics
    /// After `limit`.
    pub fn wait_for(&mut self, limit: Duration) -> ExitStatus {
        let deadline = Instant::now() + limit;
        while Instant::now() < deadline {
            if let Some(status) = self.ended() {
                self.reap();
                return status;
            }
            thread::sleep(Duration::from_millis(5));
        }
        panic!("process {} has not ended after 20 s; it said:\n{}", self.pid(), self.stderr.text());
    }

    /// Its exit status, if it has ended.
    pub fn ended(&mut self) -> Option<ExitStatus> {
        self.child.try_wait().expect("wait for a child")
    }

    fn reap(&mut self) {
        self.child.wait().expect("wait for a child");
        for reader in self.readers.drain(..) {
            reader.join().expect("a reader does not panic");
        }
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Sends a signal to a process that the caller started.
pub fn signal(pid: u32, signal: rustix::process::Signal) {
    let pid = i32::try_from(pid).ok().and_then(rustix::process::Pid::from_raw).expect("a pid");
    rustix::process::kill_process(pid, signal).expect("the process lives");
}

/// Whether that process runs. One that has ended and was not waited for does not.
pub fn lives(pid: u32) -> bool {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
    stat.rsplit_once(") ").is_some_and(|(_, after_name)| !after_name.starts_with(['Z', 'X']))
}

/// The processes that process has started and not waited for.
pub fn children(pid: u32) -> Vec<u32> {
    let processes = fs::read_dir("/proc").expect("/proc is there").flatten();
    let pids = processes.filter_map(|entry| entry.file_name().to_str()?.parse::<u32>().ok());
    let parent = |child: u32| {
        let stat = fs::read_to_string(format!("/proc/{child}/stat")).unwrap_or_default();
        // The name in parentheses may hold spaces; the parent is the second field after it.
        stat.rsplit_once(')')
            .and_then(|(_, after_name)| after_name.split_whitespace().nth(1)?.parse::<u32>().ok())
    };
    pids.filter(|child| parent(*child) == Some(pid)).collect()
}

/// Time that a process's threads have spent running, in seconds, by the scheduler's clock: fine
/// enough for what takes milliseconds.
pub fn running_seconds(pid: u32) -> f64 {
    let threads = fs::read_dir(format!("/proc/{pid}/task")).expect("the process lives");
    // A thread may end while they are read.
    let stats = threads
        .flatten()
        .filter_map(|thread| fs::read_to_string(thread.path().join("schedstat")).ok());
    stats
        .map(|stat| {
            stat.split_whitespace().next().expect("a figure").parse::<f64>().expect("nanoseconds")
                / 1e9
        })
        .sum()
}

/// User and system time a process has used, in seconds.
pub fn cpu_seconds(pid: u32) -> f64 {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).expect("the process lives");
    // The name in parentheses may hold spaces; utime and stime are the 12th and 13th field after
    // it.
    let (_, after_name) = stat.rsplit_once(')').expect("a name in parentheses");
    let ticks: u64 = after_name
        .split_whitespace()
        .skip(11)
        .take(2)
        .map(|field| field.parse::<u64>().expect("ticks"))
        .sum();
    ticks as f64 / rustix::param::clock_ticks_per_second() as f64
}

/// Lets a process's peak of memory (`VmHWM`) begin anew, from what it has now.
pub fn reset_peak(pid: u32) {
    fs::write(format!("/proc/{pid}/clear_refs"), "5").expect("the process is ours");
}

/// A line of /proc/PID/status in bytes: `VmRSS` (resident now) or `VmHWM` (its peak).
pub fn memory_bytes(pid: u32, line: &str) -> u64 {
    let status = fs::read_to_string(format!("/proc/{pid}/status")).expect("the process lives");
    let kilobytes = status
        .lines()
        .find_map(|text| text.strip_prefix(line)?.strip_prefix(':')?.trim().strip_suffix("kB"));
    kilobytes.expect("memory in kB").trim().parse::<u64>().expect("a number") << 10
}
