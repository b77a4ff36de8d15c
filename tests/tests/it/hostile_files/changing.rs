//! Files that change, grow and shrink while they are read.

use std::fs::{self, File};
use std::io::Write;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;

use skillmeat_protocol::drift::DriftState::{InSync, Modified};
use skillmeat_tests::library::recorded_hash;

use super::Field;

/// A thread that keeps changing files until it is dropped; gives how often it did.
struct Writer {
    stop: Arc<AtomicBool>,
    thread: JoinHandle<u64>,
}

impl Writer {
    fn start(mut once: impl FnMut(u64) + Send + 'static) -> Self {
        let stop = Arc::<AtomicBool>::default();
        let stopped = Arc::clone(&stop);
        let thread = std::thread::spawn(move || {
            let mut rounds = 0;
            while !stopped.load(Ordering::Relaxed) {
                once(rounds);
                rounds += 1;
            }
            rounds
        });
        Self { stop, thread }
    }

    fn end(self) -> u64 {
        self.stop.store(true, Ordering::Relaxed);
        self.thread.join().expect("writing does not panic")
    }
}

/// A second project beside the field's, with one large file that is worth reading for a while.
fn busy(field: &mut Field) -> PathBuf {
    let root = field.sandbox.projects.join("busy");
    let file = root.join(".claude/skills/log/SKILL.md");
    fs::create_dir_all(file.parent().expect("a directory")).expect("a directory of the sandbox");
    fs::write(&file, vec![b'x'; 4 << 20]).expect("written");
    field.client.add(&root);
    file
}

#[track_caller]
fn beside(mut change: impl FnMut(&File, u64) + Send + 'static, what: &str) {
    let mut field = Field::new(|_, _, _| {});
    let file = busy(&mut field);
    let open = File::options().read(true).write(true).open(&file).expect("ours");
    let writer = Writer::start(move |round| change(&open, round));
    for _ in 0..5 {
        field.good_holds(what);
    }
    // And in the same project, once it holds still, the answer is that of the last content.
    let rounds = writer.end();
    let skill = file.parent().expect("a directory").to_owned();
    let item = field.client.item("busy", "skill:log").expect("listed");
    assert_eq!(item.project_hash.map(|hash| hash.to_string()), Some(recorded_hash(&skill)), "{what}");
    println!("{what}: {rounds} changes");
}

#[test]
fn a_file_that_grows_without_end_holds_nothing_else_up() {
    beside(
        |mut file, round| {
            // Not for ever: a test must not fill the disk.
            let at = if round % 4096 == 0 { 4 << 20 } else { file.metadata().map_or(0, |m| m.len()) };
            file.set_len(at).expect("ours");
            std::io::Seek::seek(&mut file, std::io::SeekFrom::End(0)).expect("a file");
            file.write_all(&[b'y'; 512]).expect("ours");
        },
        "endless growth",
    );
}

#[test]
fn a_file_that_is_truncated_while_it_is_read_is_read_again() {
    beside(|file, round| file.set_len(if round % 2 == 0 { 0 } else { 8 << 20 }).expect("ours"), "truncation");
}

#[test]
fn a_file_that_is_rewritten_in_place_is_read_again() {
    use std::os::unix::fs::FileExt;
    beside(|file, round| file.write_all_at(&round.to_le_bytes(), (round % 512) * 8192).expect("ours"), "rewriting");
}

#[test]
fn an_answer_is_never_of_a_content_that_never_was() {
    let mut field = Field::new(|_, _, _| {});
    let file = field.project.file(super::GOOD);
    let good = fs::read(&file).expect("it is there");
    let (path, content) = (file.clone(), good.clone());
    let temporary = file.with_file_name(".swap.tmp");
    let writer = Writer::start(move |round| {
        // Whole contents only, swapped in: the deployed one, and another.
        let text: &[u8] = if round % 2 == 0 { b"the other content\n" } else { &content };
        fs::write(&temporary, text).and_then(|()| fs::rename(&temporary, &path)).expect("ours");
    });
    let app = field.project.text();
    let mut seen = [0, 0];
    for _ in 0..100 {
        match field.client.state(&app, super::GOOD) {
            Some(InSync) => seen[0] += 1,
            Some(Modified) => seen[1] += 1,
            other => panic!("{other:?}"),
        }
    }
    println!("{} swaps; answered in sync {}, modified {}", writer.end(), seen[0], seen[1]);
    fs::write(&file, good).expect("ours");
    assert_eq!(field.client.state(&app, super::GOOD), Some(InSync));
}
