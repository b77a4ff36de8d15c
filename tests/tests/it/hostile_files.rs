//! Names, files and trees that mean harm, or that somebody's tools left behind: each is refused, told or taken, none
//! hides the good artifact beside it, and none reaches a terminal as it is.
//!
//! Every table prints how many inputs it held: `cargo test -p skillmeat-tests --test it hostile -- --nocapture`.

use std::fs;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

use skillmeat_protocol::drift::DriftState;
use skillmeat_protocol::reply::ProjectStatus;
use skillmeat_protocol::request::SubscribeQuery;
use skillmeat_tests::client::Client;
use skillmeat_tests::library::{CollectionDir, ProjectDir, record, recorded_hash};
use skillmeat_tests::process::Daemon;
use skillmeat_tests::sandbox::{Sandbox, write};

use crate::binaries;

mod changing;
mod denied;
mod large;
mod links;
mod names;
mod register;
mod special;
mod terminal;
mod written;

/// What must be right in every world, whatever lies beside it.
const GOOD: &str = "skill:good";

/// A collection and a project that share one good artifact; the rest is up to the test.
struct Field {
    daemon: Daemon,
    client: Client,
    events: Client,
    collection: CollectionDir,
    project: ProjectDir,
    edits: u32,
    sandbox: Sandbox,
}

impl Field {
    /// The world is finished by `prepare` before the daemon sees it.
    fn new(prepare: impl FnOnce(&Sandbox, &CollectionDir, &ProjectDir)) -> Self {
        let sandbox = Sandbox::new(&binaries());
        let (collection, project) = sandbox.app(&[GOOD]);
        prepare(&sandbox, &collection, &project);
        let daemon = Daemon::start(&sandbox);
        let mut client = daemon.client();
        client.add(&project.root);
        let mut events = daemon.client();
        events.subscribe(SubscribeQuery::default());
        Self { daemon, client, events, collection, project, edits: 0, sandbox }
    }

    fn status(&mut self) -> ProjectStatus {
        self.client.project(self.project.text())
    }

    /// The good artifact is right, and an edit to it and its undoing are told.
    #[track_caller]
    fn good_holds(&mut self, beside: &str) {
        assert_eq!(self.client.state(&self.project.text(), GOOD), Some(DriftState::InSync), "beside {beside}");
        let file = self.project.file(GOOD);
        let before = fs::read(&file).expect("it is there");
        self.edits += 1;
        write(&file, format!("edit {}\n", self.edits));
        self.told(GOOD, DriftState::Modified);
        write(&file, before);
        self.told(GOOD, DriftState::InSync);
        assert_eq!(self.client.state(&self.project.text(), GOOD), Some(DriftState::InSync), "beside {beside}");
    }

    /// Waits until subscribers have been told that an artifact came into a state.
    #[track_caller]
    fn told(&mut self, key: &str, state: DriftState) {
        loop {
            let event = self.events.event();
            let is = |item: &skillmeat_protocol::reply::Item| {
                format!("{}:{}", item.kind, item.name) == key && item.state == state
            };
            let here = Path::new(&event.project) == self.project.root;
            if here && event.items.iter().any(|change| is(&change.item)) {
                return;
            }
        }
    }

    /// The message of the item's state, which must be `unreadable`.
    #[track_caller]
    fn unreadable(&mut self, key: &str) -> String {
        let item = self.client.item(&self.project.text(), key).unwrap_or_else(|| panic!("{key} is not listed"));
        assert_eq!(item.state, DriftState::Unreadable, "{item:?}");
        item.message.unwrap_or_else(|| panic!("{key} does not say why"))
    }
}

/// A TOML string that holds exactly this.
fn toml_string(text: &str) -> String {
    let escape = |c: char| match c {
        '"' | '\\' => format!("\\{c}"),
        c if c.is_control() => format!("\\u{:04X}", u32::from(c)),
        c => c.to_string(),
    };
    format!("\"{}\"", text.chars().map(escape).collect::<String>())
}

/// Adds text to the end of a file.
fn append(path: &Path, text: &str) {
    let before = fs::read_to_string(path).unwrap_or_default();
    write(path, before + text);
}

/// Lists a skill in the manifest, puts it there, and deploys it with its record.
fn deploy_named(collection: &CollectionDir, project: &ProjectDir, name: &str) {
    let place = format!("skills/{name}");
    for root in [collection.root.clone(), project.claude()] {
        write(&root.join(&place).join("SKILL.md"), format!("as deployed: {name}\n"));
    }
    let (quoted, place) = (toml_string(name), toml_string(&place));
    let entry = format!("\n[[artifacts]]\nname = {quoted}\ntype = \"skill\"\npath = {place}\norigin = \"local\"\n");
    append(&collection.manifest(), &entry);
    let hash = recorded_hash(&collection.root.join("skills").join(name));
    let text = record("skill:placeholder", &collection.name, &hash)
        .replace("\"placeholder\"", &quoted)
        .replace("\"skills/placeholder\"", &place);
    append(&project.records(), &(text + "\n"));
}

/// A path whose last component is these bytes.
fn below(dir: &Path, name: &[u8]) -> PathBuf {
    dir.join(std::ffi::OsStr::from_bytes(name))
}
