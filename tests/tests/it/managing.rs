//! Operations through a real daemon: what they leave on the disk, byte for byte, and that undoing them gives it back.

mod add;
mod collections;
mod groups;
mod organise;
mod verify;

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use serde_json::{Value, json};
use skillmeat_tests::json::JsonClient;
use skillmeat_tests::process::Daemon;
use skillmeat_tests::sandbox::Sandbox;

use crate::binaries;

/// Everything below a directory: files with their bytes and modes, links with their targets, directories.
type Picture = BTreeMap<PathBuf, (u32, Vec<u8>)>;

fn picture(root: &Path, without: &[PathBuf]) -> Picture {
    let mut found = Picture::new();
    let mut open = vec![root.to_owned()];
    while let Some(dir) = open.pop() {
        for entry in fs::read_dir(&dir).expect("a readable directory") {
            let path = entry.expect("a readable entry").path();
            if without.contains(&path) {
                continue;
            }
            let metadata = path.symlink_metadata().expect("it was listed");
            let bytes = if metadata.is_dir() {
                open.push(path.clone());
                Vec::new()
            } else if metadata.is_symlink() {
                fs::read_link(&path).expect("a link").into_os_string().into_encoded_bytes()
            } else {
                fs::read(&path).expect("a readable file")
            };
            let name = path.strip_prefix(root).expect("below it").to_owned();
            found.insert(name, (metadata.permissions().mode(), bytes));
        }
    }
    found
}

/// A home with a daemon.
struct Scene {
    sandbox: Sandbox,
    daemon: Daemon,
    json: JsonClient,
}

impl Scene {
    /// With what `prepare` makes of an empty home.
    fn new(prepare: impl FnOnce(&Sandbox)) -> Self {
        let sandbox = Sandbox::new(&binaries());
        prepare(&sandbox);
        let daemon = Daemon::start(&sandbox);
        let json = daemon.json();
        Self { sandbox, daemon, json }
    }

    /// The user's home with collections and settings, without what is the daemon's own.
    fn library(&self) -> Picture {
        picture(&self.sandbox.user, &["daemon", "snapshots"].map(|name| self.sandbox.home.join(name)))
    }

    fn text(&self, path: &str) -> String {
        fs::read_to_string(self.sandbox.home.join(path)).unwrap_or_else(|e| panic!("{path}: {e}"))
    }

    /// An operation of which everything was done.
    #[track_caller]
    fn done(&mut self, method: &str, params: Value) -> Value {
        let reply = self.json.result(method, params);
        assert_eq!(reply["complete"], json!(true), "{method}: {reply}");
        reply
    }

    /// An operation whose only item was left alone; the item. Nothing in the library changed.
    #[track_caller]
    fn refused(&mut self, method: &str, params: Value) -> Value {
        let before = self.library();
        let mut reply = self.json.result(method, params);
        assert_eq!(reply["complete"], json!(false), "{method}: {reply}");
        assert_eq!(reply["items"].as_array().map(Vec::len), Some(1), "{method}: {reply}");
        let item = reply["items"][0].take();
        assert_eq!(item["outcome"], json!("refused"), "{method}: {item}");
        assert!(item["message"].as_str().is_some_and(|text| !text.is_empty()), "{method}: {item}");
        assert_eq!(self.library(), before, "{method}");
        item
    }

    /// Does it, and undoes it: then the library is as it was. Then does it for good.
    #[track_caller]
    fn there_and_back(&mut self, method: &str, params: Value) -> Value {
        let before = self.library();
        let plan = self.json.result(method, with(&params, "dry_run", json!(true)));
        assert_eq!((&plan["dry_run"], &plan["operation"]), (&json!(true), &Value::Null), "{method}: {plan}");
        assert_eq!(self.library(), before, "{method}: a plan changes nothing");
        let reply = self.done(method, params.clone());
        assert_eq!(outcomes(&plan), outcomes(&reply), "{method}");
        let number = reply["operation"]["operation"].clone();
        assert!(number.is_u64(), "{method}: {reply}");
        let after = self.library();
        assert_ne!(after, before, "{method}");
        self.done("undo", json!({"operation": number}));
        assert_eq!(self.library(), before, "{method}: undone");
        let last = self.done("undo", json!({"operation": number.as_u64().map(|n| n + 1)}));
        assert!(last["operation"].is_object(), "{last}");
        assert_eq!(self.library(), after, "{method}: the undoing undone");
        reply
    }

    /// An operation that has nothing to do.
    #[track_caller]
    fn unchanged(&mut self, method: &str, params: Value) {
        let before = self.library();
        let reply = self.done(method, params);
        assert_eq!(reply["operation"], Value::Null, "{method}: {reply}");
        assert!(outcomes(&reply).iter().all(|outcome| outcome == "unchanged"), "{method}: {reply}");
        assert_eq!(self.library(), before, "{method}");
    }
}

fn with(params: &Value, key: &str, value: Value) -> Value {
    let mut params = params.clone();
    params[key] = value;
    params
}

fn outcomes(reply: &Value) -> Vec<String> {
    let items = reply["items"].as_array().expect("items");
    items.iter().map(|item| item["outcome"].as_str().expect("an outcome").to_owned()).collect()
}

fn ways(item: &Value) -> Vec<String> {
    let ways = item["ways"].as_array().expect("ways");
    ways.iter().map(|way| way.as_str().expect("text").to_owned()).collect()
}
