//! What a snapshot costs beside `tar` with the same compressor: the archive has to be on the disk, and the files that come out of
//! one, before either is done.
//!
//! `tar` walks and packs, and its output goes through the compressor of the daemon at the same level, in this process; the other
//! way round likewise. Both take turns, on the same files.

use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use flate2::Compression;
use flate2::read::GzDecoder;
use flate2::write::GzEncoder;
use serde_json::{Value, json};
use skillmeatd::snapshots::LEVEL;

use super::Context;
use super::row::{Row, Target, Unit};
use super::sample::Times;
use crate::json::JsonClient;
use crate::library::CollectionDir;
use crate::model::rng::Rng;
use crate::process::Daemon;
use crate::sandbox::{Sandbox, write};

const GROUP: &str = "snapshots";
/// Bytes of each file.
const EACH: usize = 64 << 10;
/// Files of each skill.
const FILES: usize = 20;

struct Site {
    json: JsonClient,
    collection: CollectionDir,
    /// Where `tar` works.
    beside: PathBuf,
    _daemon: Daemon,
    sandbox: Sandbox,
}

/// See the module.
pub fn run(ctx: &Context) -> Vec<Row> {
    let megabytes = ctx.pick(2, 100, 100);
    let mut site = Site::new(ctx, megabytes);
    let (mut create, mut packed) = (Times::default(), Times::default());
    let (mut restore, mut unpacked) = (Times::default(), Times::default());
    for turn in 0..ctx.pick(1, 5, 15) {
        ctx.check();
        // One that changed nothing would pack nothing.
        write(&site.collection.root.join("turn.md"), format!("turn {turn}\n"));
        let created = create.time(|| site.json.result("snapshots.create", json!({})));
        assert_eq!(created["same_as"], Value::Null, "{created}");
        packed.time(|| site.pack());
        let id = created["snapshot"]["id"].as_str().expect("an id").to_owned();
        let params = json!({ "snapshot": id, "to": "again" });
        let restored = restore.time(|| site.json.result("snapshots.restore", params));
        assert_eq!(restored["complete"], true, "{restored}");
        unpacked.time(|| site.unpack());
        fs::remove_dir_all(site.sandbox.home.join("collections/again")).expect("it was restored");
        fs::remove_dir_all(site.beside.join("out")).expect("it was unpacked");
        site.json.result("snapshots.delete", json!({ "snapshots": [id] }));
        site.json.result("sync", json!({}));
    }
    let row = |name: &str, ours: &Times, reference: &str, theirs: &Times| {
        let row = Row::new(GROUP, format!("{name} of {megabytes} MB"), Unit::Us, ours.figure());
        row.beside(reference, theirs.figure()).target(Target::RatioAtMost(1.2))
    };
    vec![
        row("snapshot create", &create, "tar -c, packed, fsync", &packed),
        row("snapshot restore", &restore, "unpacked, tar -x, sync -f", &unpacked),
    ]
}

impl Site {
    fn new(ctx: &Context, megabytes: usize) -> Self {
        let mut sandbox = Sandbox::new(&ctx.programs.shipped);
        sandbox.unset("SKILLMEAT_LOG");
        let collection = sandbox.collection("default");
        let mut rng = Rng::new(ctx.seed);
        let mut keys = Vec::new();
        for n in 0..(megabytes << 20).div_ceil(EACH * FILES) {
            let key = format!("skill:s{n}");
            for file in 0..FILES {
                write(&collection.path(&key).join(format!("f{file:02}.md")), text(&mut rng));
            }
            write(&collection.path(&key).join("SKILL.md"), "---\ndescription: large\n---\n");
            keys.push(key);
        }
        collection.list(&keys.iter().map(String::as_str).collect::<Vec<_>>());
        let daemon = Daemon::start(&sandbox);
        let mut json = daemon.json();
        json.result("sync", json!({}));
        let beside = sandbox.root.join("beside");
        fs::create_dir(&beside).expect("a directory of the sandbox");
        Self { json, collection, beside, _daemon: daemon, sandbox }
    }

    fn pack(&self) {
        let above = self.collection.root.parent().expect("collections");
        let mut tar = Command::new("tar");
        tar.arg("-C").arg(above).args(["-cf", "-", &self.collection.name]).stdin(Stdio::null()).stdout(Stdio::piped());
        let mut tar = tar.spawn().expect("tar is installed");
        let file = File::create(self.beside.join("x.tar.gz")).expect("a file of the sandbox");
        let mut gzip = GzEncoder::new(file, Compression::new(LEVEL));
        io::copy(tar.stdout.as_mut().expect("piped"), &mut gzip).expect("packed");
        gzip.finish().and_then(|file| file.sync_all()).expect("packed");
        assert!(tar.wait().is_ok_and(|status| status.success()));
    }

    fn unpack(&self) {
        let out = self.beside.join("out");
        fs::create_dir(&out).expect("a directory of the sandbox");
        let mut tar = Command::new("tar");
        tar.arg("-C").arg(&out).args(["-xf", "-"]).stdin(Stdio::piped()).stdout(Stdio::null());
        let mut tar = tar.spawn().expect("tar is installed");
        let mut gzip = GzDecoder::new(File::open(self.beside.join("x.tar.gz")).expect("packed before"));
        io::copy(&mut gzip, tar.stdin.as_mut().expect("piped")).expect("unpacked");
        drop(tar.stdin.take());
        assert!(tar.wait().is_ok_and(|status| status.success()));
        sync(&out);
    }
}

fn sync(path: &Path) {
    let status = Command::new("sync").arg("-f").arg(path).status();
    assert!(status.is_ok_and(|status| status.success()), "sync");
}

/// Text of words that repeat as those of people do: it packs to a third.
fn text(rng: &mut Rng) -> String {
    let mut text = String::with_capacity(EACH + 16);
    while text.len() < EACH {
        let common = rng.below(13);
        let word = rng.below(1 << common);
        text.push_str(&format!(
            "w{:x}{}",
            word * 2_654_435_761 % 1_048_583,
            if word.is_multiple_of(11) { ".\n" } else { " " }
        ));
    }
    text
}
