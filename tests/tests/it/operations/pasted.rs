//! The commands that refusals and results print, pasted into a shell that stands somewhere else: of odd names, of a collection that
//! is not the default one, under a profile that is not the usual one.

use std::fs;

use serde_json::{Value, json};
use skillmeat_protocol::drift::DriftState as S;
use skillmeat_tests::process::Daemon;
use skillmeat_tests::sandbox::{Sandbox, write};

use super::{Site, first};
use crate::binaries;

const ODD: &str = "skill:it's a b";
const TEAM: &str = "the team's";

/// A copy under `codex` and one under `claude_code`, deployed from a collection that has to be named.
fn odd() -> Site {
    let mut site = bare();
    let both = json!({"artifacts": [ODD], "collection": TEAM, "profiles": ["claude_code", "codex"]});
    let deployed = site.run("deploy", both);
    assert_eq!(deployed["complete"], true, "{deployed}");
    site
}

/// The same before anything is deployed.
fn bare() -> Site {
    let sandbox = Sandbox::new(&binaries());
    sandbox.config("[settings]\ndefault-collection = \"default\"\n[history]\nobserve = false\n");
    sandbox.collection("default").fill(&["skill:other"]);
    let (collection, project) = (sandbox.collection(TEAM), sandbox.project("my app's"));
    collection.fill(&[ODD]);
    let daemon = Daemon::start(&sandbox);
    daemon.client().add(&project.root);
    Site { json: daemon.json(), daemon, collection, project, sandbox }
}

impl Site {
    fn write_codex(&self, text: &str) {
        write(&self.project.root.join(".codex/skills/it's a b/SKILL.md"), text);
    }

    /// Every way of an answer's first item is done in a shell and undone. Each says of which copy it was.
    #[track_caller]
    fn all_ways_work(&mut self, answer: &Value, want: &[&str]) {
        let item = first(answer);
        let ways: Vec<&str> = item["ways"].as_array().expect("a list").iter().filter_map(Value::as_str).collect();
        let verbs =
            |way: &&str| way.split(" && ").filter_map(|part| part.split(' ').nth(1)).collect::<Vec<_>>().join("+");
        assert_eq!(ways.iter().map(verbs).collect::<Vec<_>>(), want, "{answer}");
        let before = self.files();
        for way in ways {
            for output in self.paste(way, &["--json"]) {
                assert_eq!(output.code, Some(0), "{way}: {output:?}");
                let items = output.data()["items"].clone();
                let profiles: Vec<&Value> = items.as_array().expect("a list").iter().map(|i| &i["profile"]).collect();
                assert!(profiles.iter().all(|profile| **profile == item["profile"]), "{way}: {items}");
            }
            for _ in way.split(" && ") {
                self.undo();
            }
            self.is_as(&before, way);
        }
    }
}

#[test]
fn whoever_leaves_a_copy_is_told_what_else_there_is() {
    let mut site = odd();
    let codex = || json!({"artifacts": [ODD], "profiles": ["codex"]});
    site.write_codex("edited\n");
    let refused = site.run("undeploy", codex());
    assert_eq!(first(&refused)["outcome"], "refused", "{refused}");
    site.all_ways_work(&refused, &["undeploy", "push", "forget"]);
    // The same of one that the collection does not have any more.
    site.json.result("remove", json!({"artifacts": [ODD], "collection": TEAM}));
    let refused = site.run("undeploy", codex());
    site.all_ways_work(&refused, &["undeploy", "forget+import"]);
}

#[test]
fn what_nobody_deployed_is_imported_or_adopted() {
    let mut site = bare();
    let which = || json!({"artifacts": [ODD], "profiles": ["codex"]});
    site.write_codex("mine\n");
    let refused = site.run("undeploy", which());
    assert_eq!(
        (&first(&refused)["message"], &first(&refused)["collection"]),
        (&json!("nobody deployed it"), &Value::Null)
    );
    site.all_ways_work(&refused, &["import"]);
    // Where a collection has that name, it is a copy of what is there.
    let mut deploy = which();
    deploy["collection"] = json!(TEAM);
    let refused = site.run("deploy", deploy.clone());
    site.all_ways_work(&refused, &["adopt", "deploy", "adopt+push"]);
    site.json.result("branches.create", json!({"artifact": ODD, "branch": "next"}));
    write(&site.collection.file(ODD), "of main\n");
    deploy["branch"] = json!("next");
    let refused = site.run("deploy", deploy.clone());
    site.all_ways_work(&refused, &["adopt", "deploy"]);
    // In a directory of its own, too.
    write(&site.project.root.join("the tools/it's a b/SKILL.md"), "mine\n");
    deploy.as_object_mut().expect("an object").remove("branch");
    deploy["dest_path"] = json!("the tools");
    let refused = site.run("deploy", deploy.clone());
    site.all_ways_work(&refused, &["deploy"]);
    // Another copy from there, so that the collection is one that the project uses: what lies here is in its place.
    site.run("deploy", json!({"artifacts": [ODD], "collection": TEAM, "profiles": ["claude_code"]}));
    let refused = site.run("undeploy", which());
    assert_eq!(first(&refused)["message"], "nobody deployed it", "{refused}");
    site.all_ways_work(&refused, &["adopt"]);
}

#[test]
fn a_recorded_copy_is_brought_up_to_date_and_moved_by_what_is_printed() {
    let mut site = odd();
    let codex = || json!({"artifacts": [ODD], "profiles": ["codex"]});
    let mut elsewhere = codex();
    (elsewhere["dest_path"], elsewhere["collection"]) = (json!("tools"), json!(TEAM));
    let refused = site.run("deploy", elsewhere);
    assert_eq!(first(&refused)["outcome"], "refused", "{refused}");
    site.all_ways_work(&refused, &["undeploy"]);
    write(&site.collection.file(ODD), "newer\n");
    site.write_codex("edited\n");
    let refused = site.run("adopt", codex());
    assert_eq!(first(&refused)["outcome"], "refused", "{refused}");
    let ways = first(&refused)["ways"].as_array().expect("a list").clone();
    for way in ways {
        // Both meet the same conflict, of this very copy.
        let output = site.paste(way.as_str().expect("text"), &["--dry-run", "--json"]).remove(0);
        assert_eq!(output.code, Some(3), "{output:?}");
        assert_eq!(output.data()["items"][0]["profile"], "codex", "{output:?}");
    }
}

#[test]
fn a_switch_says_how_the_copies_follow_and_what_is_missing() {
    let mut site = odd();
    let name = |branch: &str| json!({"artifact": ODD, "branch": branch, "collection": TEAM});
    site.json.result("branches.create", name("next"));
    write(&site.collection.file(ODD), "of main\n");
    let pull = site.run("pull", json!({"artifacts": [ODD]}));
    assert_eq!(pull["complete"], true, "{pull}");
    let switched = site.json.result("branches.switch", name("next"));
    let message = first(&switched)["message"].as_str().expect("text");
    assert!(message.ends_with("; 2 deployments have something else"), "{switched}");
    let way = first(&switched)["ways"][0].as_str().expect("a way").to_owned();
    let reached = site.paste(&way, &["--json"]).remove(0);
    assert_eq!(reached.data()["items"].as_array().map(Vec::len), Some(2), "{way}: {reached:?}");
    assert_eq!(site.state(ODD), Some(S::InSync));
    // Put back by its hash, the same is said.
    let restored =
        site.json.result("versions.restore", json!({"artifact": ODD, "version": "main", "collection": TEAM}));
    assert_eq!(first(&restored)["message"], "2 deployments have something else", "{restored}");
    let way = first(&restored)["ways"][0].as_str().expect("a way").to_owned();
    assert_eq!(site.paste(&way, &["--json"]).remove(0).code, Some(0), "{way}");
    assert_eq!(site.state(ODD), Some(S::InSync));
    // Without files there is nothing that the branch could keep.
    fs::remove_dir_all(site.collection.path(ODD)).expect("it is there");
    let refused = site.json.result("branches.switch", name("main"));
    assert_eq!(first(&refused)["outcome"], "refused", "{refused}");
    site.all_ways_work(&refused, &["version"]);
    // There is no such branch, and what is printed makes one.
    let error = site.json.error("branches.switch", name("it's"));
    let hint = error["data"]["hint"].as_str().expect("a hint").to_owned();
    let way = first(&refused)["ways"][0].as_str().expect("a way").to_owned();
    site.paste(&way, &[]);
    assert_eq!(site.paste(&hint, &[]).remove(0).code, Some(0), "{hint}");
    let error = site.json.error("branches.create", name("it's"));
    let hint = error["data"]["hint"].as_str().expect("a hint").to_owned();
    assert_eq!(site.paste(&hint, &["--json"]).remove(0).code, Some(0), "{hint}");
}
