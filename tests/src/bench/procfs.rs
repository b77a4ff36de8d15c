//! What the kernel says of a process: memory, processor time, wake-ups and inotify watches (proc(5)).
//!
//! Reading it does not wake the process that it is about, so that idleness can be measured.

use std::collections::BTreeMap;
use std::fs;
use std::path::PathBuf;
use std::time::Duration;

/// A process, by its number.
#[derive(Clone, Copy, Debug)]
pub struct Process(pub u32);

/// Memory of a process, in bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Memory {
    /// Resident now.
    pub resident: u64,
    /// The most that was ever resident.
    pub peak: u64,
}

/// What a process did so far.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Activity {
    /// Times that a thread gave up its processor, to wait or interrupted, by the thread's name. One that never runs adds
    /// nothing.
    pub switches: BTreeMap<String, u64>,
    /// Processor time of all threads, in user and kernel mode, in steps of a clock tick.
    pub cpu: Duration,
}

impl Process {
    fn file(self, name: &str) -> PathBuf {
        PathBuf::from(format!("/proc/{}/{name}", self.0))
    }

    fn read(self, name: &str) -> String {
        let path = self.file(name);
        fs::read_to_string(&path).unwrap_or_else(|e| panic!("cannot read {}: {e}", path.display()))
    }

    /// Its memory.
    ///
    /// # Panics
    /// When it has ended.
    pub fn memory(self) -> Memory {
        let status = self.read("status");
        Memory { resident: 1024 * number(&status, "VmRSS:"), peak: 1024 * number(&status, "VmHWM:") }
    }

    /// Makes its present memory the peak.
    ///
    /// # Panics
    /// When it is not ours or has ended.
    pub fn forget_peak(self) {
        fs::write(self.file("clear_refs"), "5").expect("it is our child and runs");
    }

    /// What it did so far. Threads that have ended count for time, not for switches.
    ///
    /// # Panics
    /// When it has ended.
    pub fn activity(self) -> Activity {
        let tasks = fs::read_dir(self.file("task")).expect("the process runs");
        // A thread may end between the listing and the reading.
        let tasks = tasks.flatten().filter_map(|task| fs::read_to_string(task.path().join("status")).ok());
        let mut switches = BTreeMap::new();
        for status in tasks {
            let name = status.lines().next().and_then(|line| line.strip_prefix("Name:")).unwrap_or_default();
            *switches.entry(name.trim().to_owned()).or_default() +=
                number(&status, "voluntary_ctxt_switches:") + number(&status, "nonvoluntary_ctxt_switches:");
        }
        Activity { switches, cpu: self.cpu() }
    }

    /// What it does from now on, for as long as `wait` takes.
    ///
    /// # Panics
    /// When it has ended.
    pub fn during(self, wait: impl FnOnce()) -> Activity {
        let before = self.activity();
        wait();
        let after = self.activity();
        let more = |(name, count): (String, u64)| {
            let more = count - before.switches.get(&name).copied().unwrap_or(0).min(count);
            (more > 0).then_some((name, more))
        };
        Activity { switches: after.switches.into_iter().filter_map(more).collect(), cpu: after.cpu - before.cpu }
    }

    fn cpu(self) -> Duration {
        let stat = self.read("stat");
        // The name in parentheses may hold anything; utime and stime are the 14th and 15th field of the whole line.
        let after_name = stat.rsplit_once(')').map_or("", |(_, rest)| rest);
        let ticks: u64 = after_name.split_whitespace().skip(11).take(2).filter_map(|n| n.parse::<u64>().ok()).sum();
        Duration::from_secs_f64(ticks as f64 / rustix::param::clock_ticks_per_second() as f64)
    }

    /// How many inotify watches it holds, as the kernel counts them.
    ///
    /// # Panics
    /// When it has ended.
    pub fn watches(self) -> u64 {
        let descriptors = fs::read_dir(self.file("fdinfo")).expect("the process runs");
        let text = descriptors.flatten().filter_map(|descriptor| fs::read_to_string(descriptor.path()).ok());
        text.map(|text| text.lines().filter(|line| line.starts_with("inotify ")).count() as u64).sum()
    }
}

fn number(status: &str, name: &str) -> u64 {
    let line = status.lines().find_map(|line| line.strip_prefix(name));
    let first = line.and_then(|rest| rest.split_whitespace().next());
    first.and_then(|digits| digits.parse().ok()).unwrap_or_else(|| panic!("{name} is in every status"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use rustix::fs::inotify;

    #[test]
    fn this_process_is_described() {
        let own = Process(std::process::id());
        let memory = own.memory();
        assert!(memory.resident > 0 && memory.peak >= memory.resident, "{memory:?}");
        let before = own.activity();
        let tick = Duration::from_secs_f64(1.0 / rustix::param::clock_ticks_per_second() as f64);
        while own.activity().cpu < before.cpu + 2 * tick {
            std::hint::black_box(memory);
        }
        std::thread::yield_now();
        let switches = |activity: Activity| activity.switches.into_values().sum::<u64>();
        assert!(switches(own.activity()) >= switches(before.clone()) && switches(before) > 0);
        // Other tests of this process may watch too, so not exactly one.
        let queue = inotify::init(inotify::CreateFlags::CLOEXEC).expect("inotify");
        inotify::add_watch(&queue, "/", inotify::WatchFlags::DELETE_SELF).expect("watches");
        assert!(own.watches() > 0);
    }
}
