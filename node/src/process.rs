//! The process as the system sees it: CPU, memory, files. Read from `/proc/self`, which stays readable under the
//! hardened systemd unit; what cannot be read is left as it was.

use crate::metrics::Metrics;
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use rustix::time::{ClockId, clock_gettime};
use std::fs;

/// Allows as many open files as the system grants: each WebSocket is one, and the usual soft limit is 1,024.
pub(crate) fn raise_file_limit() {
    let limit = getrlimit(Resource::Nofile);
    let raised = Rlimit {
        current: limit.maximum,
        maximum: limit.maximum,
    };
    if let Err(error) = setrlimit(Resource::Nofile, raised) {
        tracing::warn!(%error, "cannot raise the limit of open files");
    }
}

pub(crate) fn refresh(metrics: &Metrics) {
    let cpu = clock_gettime(ClockId::ProcessCPUTime);
    metrics
        .process_cpu_seconds
        .set(cpu.tv_sec as f64 + cpu.tv_nsec as f64 / 1e9);
    if let Ok(status) = fs::read_to_string("/proc/self/status") {
        for (field, gauge, unit) in [
            ("VmRSS:", &metrics.process_resident_memory_bytes, 1024),
            ("VmSize:", &metrics.process_virtual_memory_bytes, 1024),
            ("Threads:", &metrics.process_threads, 1),
        ] {
            if let Some(amount) = number_after(&status, field) {
                gauge.set(amount * unit);
            }
        }
    }
    if let Ok(open) = fs::read_dir("/proc/self/fd") {
        metrics
            .process_open_fds
            .set(i64::try_from(open.count()).unwrap_or(i64::MAX));
    }
    if let Some(most) = getrlimit(Resource::Nofile).current {
        metrics
            .process_max_fds
            .set(i64::try_from(most).unwrap_or(i64::MAX));
    }
}

fn number_after(status: &str, field: &str) -> Option<i64> {
    let rest = status.lines().find_map(|line| line.strip_prefix(field))?;
    rest.split_whitespace().next()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::{number_after, refresh};
    use crate::metrics::Metrics;

    #[test]
    fn the_process_sees_itself() {
        let metrics = Metrics::new();
        refresh(&metrics);
        assert!(metrics.process_resident_memory_bytes.get() > 1 << 20);
        assert!(metrics.process_open_fds.get() >= 3);
        assert!(metrics.process_threads.get() >= 1);
        assert!(metrics.process_cpu_seconds.get() > 0.0);
        assert_eq!(number_after("VmRSS:\t   12 kB\n", "VmRSS:"), Some(12));
        assert_eq!(number_after("", "VmRSS:"), None);
    }
}
