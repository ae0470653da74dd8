//! What figures were measured on: without it they say nothing.

use std::fs;

/// In one line: processor, cores, memory, kernel, and what else runs.
pub fn description() -> String {
    let line = |path: &str, name: &str| {
        let text = fs::read_to_string(path).unwrap_or_default();
        let value = text.lines().find_map(|line| {
            line.strip_prefix(name)?
                .trim_start()
                .strip_prefix(':')
                .map(|value| value.trim().to_owned())
        });
        value.unwrap_or_else(|| "unknown".to_owned())
    };
    let word = |path: &str| fs::read_to_string(path).unwrap_or_default().trim().to_owned();
    let cores = std::thread::available_parallelism().map_or(0, usize::from);
    let memory = line("/proc/meminfo", "MemTotal")
        .trim_end_matches(" kB")
        .parse::<u64>()
        .unwrap_or_default()
        >> 20;
    format!(
        "{}, {cores} cores, {memory} GB, Linux {}, load average {}",
        line("/proc/cpuinfo", "model name"),
        word("/proc/sys/kernel/osrelease"),
        word("/proc/loadavg")
    )
}
