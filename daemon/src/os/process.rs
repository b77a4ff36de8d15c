//! What this process is: its user, its memory, and how many files it may open.

/// The effective user id; `None` where users have no numbers (Windows).
pub fn effective_uid() -> Option<u32> {
    #[cfg(unix)]
    return Some(rustix::process::geteuid().as_raw());
    #[cfg(not(unix))]
    return None;
}

/// How many files and sockets this process may have open; `None` where nobody says.
pub fn open_files_limit() -> Option<u64> {
    #[cfg(unix)]
    return rustix::process::getrlimit(rustix::process::Resource::Nofile).current;
    #[cfg(not(unix))]
    return None;
}

/// The calling thread gets the processor after those that somebody waits for. Without this a barrier, or a start, shares two
/// cores with what is merely to be kept. Only Linux has this by thread.
pub fn stand_back() {
    #[cfg(target_os = "linux")]
    {
        const NICE: i32 = 10;
        // What cannot stand back is only in the way.
        let _ = rustix::process::setpriority_process(None, NICE);
    }
}

/// Resident memory of this process, in bytes; 0 where the platform does not say.
pub fn resident_bytes() -> u64 {
    #[cfg(target_os = "linux")]
    return resident_from_statm(&std::fs::read_to_string("/proc/self/statm").unwrap_or_default());
    #[cfg(not(target_os = "linux"))]
    return 0;
}

/// Second field of `statm`: resident pages.
#[cfg(target_os = "linux")]
fn resident_from_statm(statm: &str) -> u64 {
    let pages: u64 = statm.split_ascii_whitespace().nth(1).and_then(|text| text.parse().ok()).unwrap_or(0);
    pages.saturating_mul(rustix::param::page_size() as u64)
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use super::*;

    #[test]
    fn statm_is_read_by_position() {
        let page = rustix::param::page_size() as u64;
        for (statm, pages) in [("900 17 3 1 0 5 0\n", 17), ("900", 0), ("", 0), ("900 many", 0)] {
            assert_eq!(resident_from_statm(statm), pages * page, "{statm:?}");
        }
        assert!(resident_bytes() > page);
    }
}
