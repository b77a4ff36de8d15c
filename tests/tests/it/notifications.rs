//! What subscribers and hook commands hear: each change once, with its cause.

use std::fs;
use std::io::Read;
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

use serde_json::Value;
use skillmeat_protocol::clock::Clock;
use skillmeat_protocol::drift::DriftState::{self, *};
use skillmeat_protocol::event::{CauseKind, DriftEvent};
use skillmeat_protocol::reply::Reply;
use skillmeat_protocol::request::{Freshness, Request, Scope, SubscribeQuery, SyncQuery};
use skillmeat_tests::client::Client;
use skillmeat_tests::library::{CollectionDir, ProjectDir};
use skillmeat_tests::process::Daemon;
use skillmeat_tests::sandbox::{Sandbox, remove, save_atomically, write};

use crate::binaries;

const KEYS: [&str; 3] = ["skill:pdf", "skill:csv", "command:review"];

struct Stage {
    daemon: Daemon,
    collection: CollectionDir,
    projects: Vec<ProjectDir>,
    sandbox: Sandbox,
}

impl Stage {
    fn new() -> Self {
        let sandbox = Sandbox::new(&binaries());
        let collection = sandbox.collection("default");
        collection.fill(&KEYS);
        let projects: Vec<_> = ["one", "two"].into_iter().map(|name| sandbox.project(name)).collect();
        let daemon = Daemon::start(&sandbox);
        for project in &projects {
            project.deploy(&collection, &KEYS);
            daemon.client().add(&project.root);
        }
        daemon.client().sync();
        Self { daemon, collection, projects, sandbox }
    }

    fn subscribed(&self, query: SubscribeQuery) -> Client {
        let mut client = self.daemon.client();
        client.subscribe(query);
        client
    }
}

/// Type and name, state before, state after.
fn changes(event: &DriftEvent) -> Vec<(String, Option<DriftState>, DriftState)> {
    let of = |c: &skillmeat_protocol::event::ItemChange| (c.item.name.clone(), c.previous, c.item.state);
    event.items.iter().map(of).collect()
}

/// Events up to the barrier: everything that was written before has been told by then, folds included.
fn until_synced(client: &mut Client) -> Vec<DriftEvent> {
    let mut events = Vec::new();
    client.send(&skillmeat_protocol::request::Call {
        freshness: Freshness::Synced,
        deadline_ms: 5_000,
        format: Default::default(),
        request: Request::Sync(SyncQuery::default()),
    });
    loop {
        match client.receive() {
            Reply::Event(event) => events.push(event),
            Reply::Synced(_) => return events,
            other => panic!("{other:?}"),
        }
    }
}

#[test]
fn first_the_picture_then_the_changes() {
    let stage = Stage::new();
    write(&stage.projects[0].file("skill:pdf"), "edited\n");
    stage.daemon.client().sync();
    let mut client = stage.daemon.client();
    let first = client.subscribe(SubscribeQuery::default());
    assert!(first.fresh_instance && first.events.is_empty());
    let drifted: Vec<_> = first.snapshot.iter().map(|p| (p.name.as_str(), p.items.len(), p.counts.in_sync)).collect();
    assert_eq!(drifted, [("one", 1, 2), ("two", 0, 3)]);

    let file = stage.projects[1].file("command:review");
    write(&file, "edited\n");
    let event = client.event();
    assert_eq!(changes(&event), [("review".to_owned(), Some(InSync), Modified)]);
    assert_eq!((event.project.as_str(), event.project_name.as_str()), (stage.projects[1].text().as_str(), "two"));
    assert_eq!(event.cause.kind, CauseKind::Project);
    assert_eq!(event.cause.path.as_deref(), file.to_str());
    assert!(event.available && event.gone.is_empty() && event.clock.generation > first.clock.generation);
}

#[test]
fn one_save_is_one_event() {
    let stage = Stage::new();
    let mut client = stage.subscribed(SubscribeQuery::default());
    let file = stage.projects[0].file("skill:pdf");
    for round in 0..5 {
        if round % 2 == 0 {
            save_atomically(&file, format!("atomically {round}\n"));
        } else {
            write(&file, format!("in place {round}\n"));
        }
        let event = client.event();
        let before = if round == 0 { InSync } else { Modified };
        // The later ones change the content of what is modified already.
        assert_eq!(changes(&event), [("pdf".to_owned(), Some(before), Modified)], "round {round}");
        let more = until_synced(&mut client);
        assert!(more.is_empty(), "round {round}: {more:#?}");
    }
    // Written again as it is: nothing to tell.
    let content = fs::read(&file).expect("it is there");
    save_atomically(&file, content);
    let more = until_synced(&mut client);
    assert!(more.is_empty(), "{more:#?}");
}

#[test]
fn one_update_of_the_collection_reaches_every_project() {
    let stage = Stage::new();
    let mut client = stage.subscribed(SubscribeQuery::default());
    save_atomically(&stage.collection.file("skill:csv"), "newer\n");
    let mut told: Vec<_> = [client.event(), client.event()]
        .into_iter()
        .map(|event| {
            assert_eq!(event.cause.kind, CauseKind::Collection);
            // Or the file that is about to take its place, when the look falls between the two.
            let path = event.cause.path.as_deref().map(Path::new);
            assert_eq!(path.and_then(Path::parent), stage.collection.file("skill:csv").parent());
            (event.project_name.clone(), changes(&event))
        })
        .collect();
    told.sort();
    let change = || vec![("csv".to_owned(), Some(InSync), Outdated)];
    assert_eq!(told, [("one".to_owned(), change()), ("two".to_owned(), change())]);
}

#[test]
fn records_and_availability_are_causes_too() {
    let stage = Stage::new();
    let mut client = stage.subscribed(SubscribeQuery::default());
    let project = &stage.projects[0];
    let records = fs::read_to_string(project.records()).expect("it is there");
    remove(&project.path("command:review"));
    assert_eq!(changes(&client.event()), [("review".to_owned(), Some(InSync), Deleted)]);
    let (without, _) = records.split_once("\n\n[[deployed]]\nartifact_name = \"review\"").expect("it is the last");
    save_atomically(&project.records(), format!("{without}\n"));
    let event = client.event();
    assert_eq!((event.cause.kind, event.items.len()), (CauseKind::Record, 0), "{event:#?}");
    assert_eq!(event.gone.len(), 1);
    assert_eq!(
        (event.gone[0].key.to_string().as_str(), event.gone[0].profile.as_deref()),
        ("command:review", Some("claude_code"))
    );

    let away = stage.sandbox.root.join("away");
    fs::rename(&project.root, &away).expect("it is there");
    let event = client.event();
    assert_eq!((event.cause.kind, event.available), (CauseKind::Availability, false), "{event:#?}");
    fs::rename(&away, &project.root).expect("it is there");
    let event = client.event();
    assert_eq!((event.cause.kind, event.available), (CauseKind::Availability, true), "{event:#?}");
}

#[test]
fn only_what_was_asked_for_is_told() {
    let stage = Stage::new();
    let scope = Scope::Project("two".into());
    let mut client = stage.subscribed(SubscribeQuery { scope, since: None });
    write(&stage.projects[0].file("skill:pdf"), "edited\n");
    stage.daemon.client().sync();
    write(&stage.projects[1].file("skill:csv"), "edited\n");
    let event = client.event();
    assert_eq!((event.project_name.as_str(), event.items.len()), ("two", 1));
}

#[test]
fn who_comes_back_gets_what_was_missed() {
    let stage = Stage::new();
    let mut client = stage.daemon.client();
    let since = Some(client.sync().clock);
    write(&stage.projects[0].file("skill:pdf"), "edited\n");
    client.sync();
    write(&stage.projects[1].file("skill:csv"), "edited\n");
    client.sync();
    let query = |since| SubscribeQuery { scope: Scope::All, since };
    let delta = stage.daemon.client().subscribe(query(since));
    assert!(!delta.fresh_instance && delta.snapshot.is_empty());
    let told: Vec<_> = delta.events.iter().map(|e| (e.project_name.as_str(), changes(e)[0].0.clone())).collect();
    assert_eq!(told, [("one", "pdf".to_owned()), ("two", "csv".to_owned())]);
    let nothing = stage.daemon.client().subscribe(query(Some(delta.clock)));
    assert!(!nothing.fresh_instance && nothing.events.is_empty(), "{nothing:?}");
    // The clock of another daemon, and one from the future, mean nothing here.
    let clock = delta.clock;
    for foreign in
        [Clock { instance: clock.instance ^ 1, ..clock }, Clock { generation: clock.generation + 1_000_000, ..clock }]
    {
        let fresh = stage.daemon.client().subscribe(query(Some(foreign)));
        assert!(fresh.fresh_instance && fresh.snapshot.len() == 2, "{foreign}: {fresh:?}");
    }
}

#[test]
fn watch_prints_each_change() {
    let stage = Stage::new();
    let mut command = stage.sandbox.command(&stage.sandbox.binaries.client);
    command.args(["watch", "--all", "--json"]).stdout(std::process::Stdio::piped());
    let mut child = command.spawn().expect("the client is there");
    let mut lines = std::io::BufRead::lines(std::io::BufReader::new(child.stdout.take().expect("piped")));
    let mut next = || -> Value {
        let line = lines.next().expect("it goes on").expect("text");
        serde_json::from_str(&line).expect("a JSON line")
    };
    // What it starts with, up to the marker.
    while next()["method"] != "live" {}
    write(&stage.projects[0].file("skill:pdf"), "edited\n");
    let event = next();
    assert_eq!(event["method"], "event", "{event}");
    assert_eq!(event["params"]["items"][0]["item"]["name"], "pdf", "{event}");
    child.kill().expect("it runs until then");
    child.wait().expect("a child can be waited for");
}

#[test]
fn hook_commands_get_the_event() {
    let sandbox = Sandbox::new(&binaries());
    // A pipe with a name: reading it waits for the hook, and for nothing else.
    let pipe = sandbox.root.join("hook.pipe");
    use rustix::fs::{CWD, FileType, Mode, mknodat};
    mknodat(CWD, &pipe, FileType::Fifo, Mode::RWXU, 0).expect("a file system with pipes");
    sandbox.config(&format!(
        "[[hooks]]\non = [\"modified\"]\ncommand = [\"sh\", \"-c\", \"cat > '{}'\"]\n",
        pipe.display()
    ));
    let (collection, project) = sandbox.app(&KEYS);
    let daemon = Daemon::start(&sandbox);
    daemon.client().add(&project.root);
    daemon.client().sync();
    // Only `modified` runs it.
    write(&collection.file("skill:csv"), "newer\n");
    daemon.client().sync();
    write(&project.file("skill:pdf"), "edited\n");

    let (text_tx, text_rx) = std::sync::mpsc::channel();
    let path = pipe.clone();
    std::thread::spawn(move || {
        let mut text = String::new();
        let read = fs::File::open(&path).and_then(|mut pipe| pipe.read_to_string(&mut text));
        let _ = text_tx.send(read.map(|_| text));
    });
    let heard = text_rx.recv_timeout(skillmeat_tests::process::PATIENCE);
    if heard.is_err() {
        // Lets the reading thread go.
        let _ = fs::OpenOptions::new().write(true).custom_flags(rustix::fs::OFlags::NONBLOCK.bits() as i32).open(&pipe);
    }
    let text = heard.expect("the hook runs").expect("a readable pipe");
    let event: Value = serde_json::from_str(&text).unwrap_or_else(|e| panic!("{e}: {text:?}"));
    assert_eq!(event["schema"], 1, "{event}");
    let event = &event["event"];
    assert_eq!((&event["project"], &event["previous"]), (&project.text().into(), &"in_sync".into()), "{event}");
    assert_eq!((&event["item"]["name"], &event["item"]["state"]), (&"pdf".into(), &"modified".into()), "{event}");
    assert_eq!(event["cause"]["path"], project.file("skill:pdf").to_str().expect("test paths are text"), "{event}");
}

#[test]
fn hook_commands_have_the_umask_of_whoever_started_the_daemon_and_its_own_files_stay_private() {
    use std::os::unix::fs::PermissionsExt;
    let sandbox = Sandbox::new(&binaries());
    let made = sandbox.root.join("made by the hook");
    sandbox.config(&format!(
        "[[hooks]]\non = [\"modified\"]\ncommand = [\"sh\", \"-c\", \"echo x > '{0}.new'; mv '{0}.new' '{0}'\"]\n",
        made.display()
    ));
    let (_, project) = sandbox.app(&KEYS);
    let mut command = sandbox.command("sh");
    command.args(["-c", "umask 002; exec \"$0\" run --ready stdout </dev/null"]).arg(&sandbox.binaries.daemon);
    let daemon = Daemon::spawn(&sandbox, command).expect("it starts");
    daemon.client().add(&project.root);
    daemon.client().sync();
    write(&project.file("skill:pdf"), "edited\n");
    let deadline = std::time::Instant::now() + skillmeat_tests::process::PATIENCE;
    while !made.exists() {
        assert!(std::time::Instant::now() < deadline, "the hook does not run");
        std::thread::yield_now();
    }
    let mode = |path: &std::path::Path| fs::metadata(path).expect("it is there").permissions().mode() & 0o777;
    assert_eq!(mode(&made), 0o664);
    let health = daemon.client().health();
    let cache = std::path::Path::new(&health.cache);
    for private in [&sandbox.places().state, &std::path::PathBuf::from(&health.logs), cache.parent().expect("has one")]
    {
        assert_eq!(mode(private), 0o700, "{}", private.display());
    }
    assert_eq!((mode(cache), mode(daemon.socket())), (0o600, 0o600));
}

#[test]
fn a_project_that_is_no_longer_registered_is_told() {
    let stage = Stage::new();
    let (one, two) = (stage.projects[0].text(), stage.projects[1].text());
    let mut all = stage.subscribed(SubscribeQuery::default());
    let mut other = stage.subscribed(SubscribeQuery { scope: Scope::Project(two), since: None });
    stage.sandbox.cli(&["project", "remove", &one]).ok();
    let event = all.event();
    assert_eq!((event.cause.kind, event.project, event.available), (CauseKind::Availability, one, false));
    assert_eq!((event.gone.len(), event.items.len()), (KEYS.len(), 0));
    assert!(until_synced(&mut all).is_empty() && until_synced(&mut other).is_empty());
}
