//! Snapshots: lists that may say anything, and archives that anybody may have made.

use std::fs;
use std::io::Write;
use std::path::Path;
use std::sync::atomic::AtomicBool;

use flate2::Compression;
use flate2::write::GzEncoder;
use skillmeatd::library::edit::{Before, snapshots as edit};
use skillmeatd::library::portable::name_flaw;
use skillmeatd::library::snapshots::{SnapshotEntry, parse};
use skillmeatd::model::Timestamp;
use skillmeatd::snapshots::archive::stays_inside;
use skillmeatd::snapshots::{FoundKind, Listing, SnapshotError, unpack};

use super::toml::{can_be_followed, file};

/// `snapshots.toml`: what can be read can be added to and taken from, and nothing else of it changes.
pub fn snapshots(data: &[u8]) {
    let (entries, problems) = match parse(data, file()) {
        Ok(read) => read,
        Err(problem) => return can_be_followed(&[problem], data),
    };
    can_be_followed(&problems, data);
    assert!(entries.iter().all(|entry| name_flaw(&entry.id).is_none()), "{entries:?}");
    let Ok(text) = std::str::from_utf8(data) else { return };
    let new = SnapshotEntry {
        id: "zz-new".to_owned(),
        at: Timestamp(1),
        message: "new".to_owned(),
        artifact_count: Some(1),
        tarball_path: "/zz/new.tar.gz".to_owned(),
    };
    let before = |text| Before { file: file(), text: Some(text) };
    let Ok(longer) = edit::add(&before(text), &new) else { return };
    let again = parse(longer.as_bytes(), file()).expect("what was written").0;
    assert_eq!(again.get(..entries.len()), Some(&entries[..]), "{longer}");
    assert_eq!(again.last(), Some(&new), "{longer}");
    let shorter = edit::remove(&before(&longer), &[&new.id]).expect("it was added");
    assert_eq!(parse(shorter.as_bytes(), file()).expect("what was written").0, entries, "{shorter}");
}

/// An archive: refused, and nothing is there; or all of it is below the place it was unpacked to, and no link leads out.
pub fn archive(data: &[u8]) {
    for tar in [data.to_vec(), with_sums(data)] {
        let dir = tempfile::tempdir().expect("a directory");
        let (file, inner) = (dir.path().join("x.tar.gz"), dir.path().join("inner"));
        fs::create_dir(&inner).expect("made");
        let mut gzip = GzEncoder::new(fs::File::create(&file).expect("created"), Compression::none());
        gzip.write_all(&tar).and_then(|()| gzip.finish().map(drop)).expect("packed");
        let out = inner.join("out");
        let unpacked = unpack(&file, "team", &out, &AtomicBool::new(false));
        let count = |directory: &Path| fs::read_dir(directory).expect("listed").count();
        assert_eq!((count(dir.path()), count(&inner)), (2, usize::from(unpacked.is_ok())));
        match unpacked {
            Ok(unpacked) => {
                let listing = Listing::of(&out).expect("it was just made");
                assert_eq!(listing.left_out, Vec::<std::path::PathBuf>::new());
                let is_file = |kind: &FoundKind| *kind != FoundKind::Directory;
                let files = listing.found.iter().filter(|found| is_file(&found.kind)).count();
                assert_eq!(files, unpacked.files as usize);
                for found in &listing.found {
                    if let FoundKind::Link(target) = &found.kind {
                        assert!(stays_inside(&found.relative, target), "{found:?}");
                    }
                }
            }
            Err(SnapshotError::Unusable { .. } | SnapshotError::Io { .. }) => {}
            Err(other) => panic!("{other}"),
        }
    }
}

/// The same with the check sum of every header right: else nearly nothing would be read beyond the first one.
fn with_sums(data: &[u8]) -> Vec<u8> {
    const BLOCK: usize = 512;
    let mut tar = data.to_vec();
    let mut at = 0;
    while at + BLOCK <= tar.len() {
        let header = &mut tar[at..at + BLOCK];
        if header.iter().any(|byte| *byte != 0) {
            header[148..156].fill(b' ');
            let sum: u32 = header.iter().map(|byte| u32::from(*byte)).sum();
            header[148..156].copy_from_slice(format!("{sum:06o}\0 ").as_bytes());
        }
        let digits = String::from_utf8_lossy(&header[124..135]).into_owned();
        let size = usize::from_str_radix(digits.trim_matches(['\0', ' ']), 8).unwrap_or(0);
        at = at.saturating_add(BLOCK).saturating_add(size.div_ceil(BLOCK).saturating_mul(BLOCK));
    }
    tar
}
