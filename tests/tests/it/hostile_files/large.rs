//! Sizes beyond what anybody means: each works within bounds, or is refused with the limit named.

use std::fs::{self, File};
use std::time::Instant;

use skillmeat_protocol::drift::DriftState::{InSync, Modified};
use skillmeat_tests::library::record;
use skillmeat_tests::process::Daemon;
use skillmeat_tests::sandbox::write;
use skillmeat_tests::torture::files::peak_kib;

use super::{Field, append};

/// Makes `count` small files in 100 directories.
fn many(dir: &std::path::Path, count: usize) {
    for n in 0..100 {
        fs::create_dir_all(dir.join(format!("{n:02}"))).expect("a directory of the sandbox");
    }
    for n in 0..count {
        fs::write(dir.join(format!("{:02}/{n}", n % 100)), n.to_le_bytes()).expect("a file of the sandbox");
    }
}

#[test]
fn twenty_thousand_files_work_and_sixty_thousand_are_refused_by_name() {
    let mut field = Field::new(|_, _, project| many(&project.claude().join("skills/large"), 20_000));
    let started = Instant::now();
    let item = field.client.item(&field.project.text(), "skill:large").expect("listed");
    assert!(item.project_hash.is_some(), "{item:?}");
    let peak = peak_kib(field.daemon.pid());
    println!("20000 files: {:?} after registration, peak {peak} KiB", started.elapsed());
    field.good_holds("20000 files");
    let large = field.project.claude().join("skills/large");
    for n in 20_000..60_000 {
        fs::File::create(large.join(format!("{:02}/{n}", n % 100))).expect("a file of the sandbox");
    }
    let message = field.unreadable("skill:large");
    assert!(message.ends_with("skills/large holds more than 50000 files"), "{message}");
    println!("60000 files: peak {} KiB", peak_kib(field.daemon.pid()));
    field.good_holds("60000 files");
}

#[test]
fn a_huge_file_is_hashed_in_flat_memory() {
    const SIZE: u64 = 256 << 20;
    let mut field = Field::new(|_, _, _| {});
    field.client.sync();
    let before = peak_kib(field.daemon.pid());
    let file = field.project.claude().join("skills/huge/SKILL.md");
    fs::create_dir_all(file.parent().expect("a directory")).expect("a directory of the sandbox");
    File::create(&file).and_then(|file| file.set_len(SIZE)).expect("a sparse file");
    // While it is hashed, the good artifact is told of.
    write(&field.project.file(super::GOOD), "edited\n");
    field.told(super::GOOD, Modified);
    let item = field.client.item(&field.project.text(), "skill:huge").expect("listed");
    assert!(item.project_hash.is_some(), "{item:?}");
    assert!(field.client.metrics().bytes_hashed >= SIZE);
    let more = peak_kib(field.daemon.pid()) - before;
    assert!(more < 32 * 1024, "{more} KiB more");
    println!("{} MiB: {more} KiB more", SIZE >> 20);
}

#[test]
fn thousands_of_records_and_entries_work() {
    // Ten thousand of each are in `torture files`.
    const COUNT: usize = 2_000;
    let mut field = Field::new(|sandbox, collection, project| {
        let mut manifest = fs::read_to_string(collection.manifest()).expect("written");
        let mut records = fs::read_to_string(project.records()).expect("written");
        let mut lock = "[lock]\nversion = \"1.0.0\"\n".to_owned();
        let hash = "0".repeat(64);
        for n in 0..COUNT {
            manifest.push_str(&format!("[[artifacts]]\nname = \"s{n}\"\ntype = \"skill\"\npath = \"skills/s{n}\"\n"));
            records.push_str(&record(&format!("skill:s{n}"), "default", &hash));
            lock.push_str(&format!("[lock.entries.\"s{n}\"]\nname = \"s{n}\"\ncontent_hash = \"{hash}\"\n"));
        }
        write(&collection.manifest(), manifest);
        write(&collection.root.join("collection.lock"), lock);
        write(&project.records(), records);
        let hooks: String =
            (0..COUNT).map(|n| format!("[[hooks]]\non = [\"added\"]\ncommand = [\"h{n}\"]\n")).collect();
        sandbox.config(&hooks);
    });
    assert_eq!(field.status().items.len(), COUNT + 1);
    assert_eq!(field.client.list().artifacts.len(), COUNT + 1);
    println!("{COUNT} of each: peak {} KiB", peak_kib(field.daemon.pid()));
    field.good_holds("thousands of records");
}

#[test]
fn toml_beyond_the_limit_is_refused_with_the_limit() {
    let big = || {
        let line = format!("# {}\n", "x".repeat(97));
        line.repeat((50 << 20) / line.len())
    };
    let mut field = Field::new(|sandbox, collection, project| {
        append(&project.records(), "");
        let other = sandbox.project("other");
        write(&other.records(), big());
        let team = sandbox.collection("team");
        write(&team.manifest(), big());
        write(&collection.root.join("collection.lock"), big());
        write(&sandbox.home.join("config.toml"), big());
    });
    let other = field.sandbox.projects.join("other");
    field.client.add(&other);
    let mut problems = field.client.health().problems;
    problems.extend(field.client.project("other").problems);
    for file in [".skillmeat-deployed.toml", "team/collection.toml", "collection.lock", "config.toml"] {
        let of = problems.iter().find(|p| p.file.ends_with(file)).unwrap_or_else(|| panic!("{file}: {problems:?}"));
        assert!(of.message.contains("larger than 8 MiB"), "{of:?}");
    }
    let peak = peak_kib(field.daemon.pid());
    assert!(peak < 128 * 1024, "{peak} KiB");
    println!("4 files of 50 MiB: peak {peak} KiB");
    field.good_holds("50 MiB of TOML");
    // The registry's own file is refused at start: going on would overwrite it.
    let Field { daemon, sandbox, .. } = field;
    assert!(daemon.terminate().success());
    let registry = sandbox.home.join("daemon/projects.toml");
    append(&registry, &big());
    let said = Daemon::try_start(&sandbox).expect_err("refused");
    assert!(said.contains("projects.toml") && said.contains("larger than 8 MiB"), "{said}");
}

#[test]
fn dense_and_deep_toml_is_bounded() {
    // The second value: what the refusal says, if it is one.
    let cases = [
        ("many keys", (0..50_000).map(|n| format!("k{n}=1\n")).collect(), None),
        ("many tables", (0..50_000).map(|n| format!("[t{n}]\n")).collect(), None),
        ("one long string", format!("a=\"{}\"\n", "x".repeat(7 << 20)), None),
        ("too many keys", (0..400_000).map(|n| format!("k{n}=1\n")).collect(), Some("300000 values")),
        ("too many values", format!("a=[{}]\n", "1,".repeat(3 << 20)), Some("300000 values")),
        ("too many tables", (0..400_000).map(|n| format!("[t{n}]\n")).collect(), Some("300000 values")),
        ("deep arrays", format!("a={}{}\n", "[".repeat(200_000), "]".repeat(200_000)), Some("not valid TOML")),
        ("deep tables", format!("a={}1{}\n", "{a=".repeat(200_000), "}".repeat(200_000)), Some("not valid TOML")),
        ("deep keys", format!("a{}=1\n", ".a".repeat(200_000)), Some("not valid TOML")),
        ("a deep header", format!("[a{}]\n", ".a".repeat(200_000)), Some("not valid TOML")),
    ];
    let mut field = Field::new(|sandbox, _, _| {
        for at in 0..cases.len() {
            sandbox.project(&format!("p{at}"));
        }
    });
    for (at, (what, text, refusal)) in cases.iter().enumerate() {
        let project = field.sandbox.projects.join(format!("p{at}"));
        write(&project.join(".claude/.skillmeat-deployed.toml"), text);
        field.client.add(&project);
        let problems = field.client.project(project.to_str().expect("text")).problems;
        let found = problems.iter().any(|p| refusal.is_some_and(|refusal| p.message.contains(refusal)));
        assert_eq!(found, refusal.is_some(), "{what}: {problems:?}");
        assert_eq!(field.client.state(&field.project.text(), super::GOOD), Some(InSync), "{what}");
    }
    let peak = peak_kib(field.daemon.pid());
    assert!(peak < 256 * 1024, "{peak} KiB");
    println!("{} dense or deep files: peak {peak} KiB", cases.len());
    field.good_holds("dense and deep files");
}
