//! Where operations write: inside the project, never through a link, and nowhere that another system takes for elsewhere.

use std::fs;
use std::os::unix::fs::symlink;
use std::path::Path;

use serde_json::json;
use skillmeat_tests::sandbox::write;

use super::*;

/// Deploys, and holds that it was refused for a reason that names `needle`, with nothing changed.
#[track_caller]
fn refused(site: &mut Site, params: Value, needle: &str) {
    let before = site.files();
    let params = site.with_project("deploy", params);
    let answer = site.json.call("deploy", params.clone());
    if answer.get("error").is_none() {
        let item = first(&answer["result"]);
        assert!(item["outcome"] == "refused" || item["outcome"] == "failed", "{params}: {answer}");
        assert!(answer["result"]["operation"].is_null() && answer["result"]["complete"] == false, "{params}: {answer}");
    }
    assert!(answer.to_string().contains(needle), "{params}, without '{needle}': {answer}");
    site.is_as(&before, &params.to_string());
}

#[test]
fn other_directories_inside() {
    let mut site =
        Site::new(&["skill:a", "command:c"], |_, _, project| write(&project.root.join("tools/own"), "own\n"));
    let before = site.files();
    for (dest, artifact_path) in [("tools/deep", "tools/deep/a"), ("./.claude//special/", "special/a")] {
        let answer = site.run("deploy", json!({"artifacts": ["a"], "dest_path": dest}));
        assert_eq!(answer["complete"], true, "{answer}");
        let path = first(&answer)["path"].as_str().expect("text").to_owned();
        assert!(path.ends_with(artifact_path) && Path::new(&path).join("SKILL.md").exists(), "{answer}");
        assert_eq!(site.state("skill:a"), Some(DriftState::InSync), "{dest}");
        let records = fs::read_to_string(site.project.records()).expect("readable");
        assert!(records.contains(&format!("artifact_path = \"{artifact_path}\"")), "{records}");
        // It is edited, pushed and pulled where it is.
        write(&Path::new(&path).join("SKILL.md"), "edited\n");
        assert_eq!(site.state("skill:a"), Some(DriftState::Modified), "{dest}");
        let answer = site.run("push", json!({"artifacts": ["a"]}));
        assert_eq!(answer["complete"], true, "{answer}");
        assert_eq!(site.state("skill:a"), Some(DriftState::InSync), "{dest}");
        site.undo();
        let answer = site.run("pull", json!({"artifacts": ["a"], "strategy": "overwrite"}));
        assert_eq!(answer["complete"], true, "{answer}");
        let deployed = site.files();
        let answer = site.run("undeploy", json!({"artifacts": ["a"]}));
        assert_eq!(answer["complete"], true, "{answer}");
        assert!(!Path::new(&path).parent().expect("one").exists(), "{dest}: emptied directories are pruned");
        assert!(site.project.root.join("tools/own").exists());
        site.undo();
        site.is_as(&deployed, dest);
        site.run("undeploy", json!({"artifacts": ["a"]}));
        site.is_as(&before, dest);
    }
}

#[test]
fn another_place_for_what_is_deployed_leaves_no_copy_behind_unsaid() {
    let mut site = Site::new(&["skill:a"], |_, _, _| {});
    site.run("deploy", json!({"artifacts": ["a"]}));
    let before = site.files();
    let answer = site.run("deploy", json!({"artifacts": ["a"], "dest_path": "tools"}));
    let item = first(&answer);
    assert_eq!(item["outcome"], "refused", "{answer}");
    assert!(item["message"].as_str().is_some_and(|message| message.contains(".claude/skills/a")), "{answer}");
    assert!(item["ways"][0].as_str().is_some_and(|way| way.starts_with("skillmeat undeploy skill:a ")), "{answer}");
    site.is_as(&before, "refused");
    let answer = site.run("deploy", json!({"artifacts": ["a"], "dest_path": ".claude/skills"}));
    assert_eq!(first(&answer)["outcome"], "unchanged", "{answer}");
}

#[test]
fn directories_that_are_elsewhere_or_nowhere() {
    let mut site = Site::new(&["skill:a"], |sandbox, _, project| {
        symlink(sandbox.projects.join("else"), project.root.join("out")).expect("free");
        sandbox.project("else");
        write(&project.root.join("file"), "a file\n");
    });
    for dest in [
        "..",
        "/etc",
        "a/../../b",
        "C:/x",
        "nul",
        "tools/AUX.txt",
        "a\\..\\..\\b",
        "",
        ".",
        "a:b",
        "tools/x.",
        "a\u{0}b",
    ] {
        refused(&mut site, json!({"artifacts": ["a"], "dest_path": dest}), "");
    }
    refused(&mut site, json!({"artifacts": ["a"], "dest_path": "out"}), "is a link");
    refused(&mut site, json!({"artifacts": ["a"], "dest_path": "out/deep"}), "is a link");
    refused(&mut site, json!({"artifacts": ["a"], "dest_path": "file/deep"}), "is not a directory");
    refused(&mut site, json!({"artifacts": ["a"], "dest_path": "File"}), "ignore case");
    // What the daemon or git keeps to itself is no place for artifacts.
    refused(&mut site, json!({"artifacts": ["a"], "dest_path": ".git/hooks"}), ".git");
}

#[test]
fn names_that_are_devices_or_differ_in_case_only() {
    let keys = ["skill:con", "command:NUL", "skill:x.", "skill:Pdf", "skill:A", "skill:a"];
    let mut site = Site::new(&keys, |_, _, project| write(&project.claude().join("skills/pdf/SKILL.md"), "own\n"));
    refused(&mut site, json!({"artifacts": ["skill:con"]}), "device");
    refused(&mut site, json!({"artifacts": ["command:NUL"], "in_the_way": "force"}), "device");
    refused(&mut site, json!({"artifacts": ["skill:x."]}), "Windows");
    refused(&mut site, json!({"artifacts": ["skill:Pdf"], "in_the_way": "force"}), "ignore case");
    // Neither is there yet.
    let answer = site.run("deploy", json!({"artifacts": ["skill:A", "skill:a"]}));
    let outcomes: Vec<_> = answer["items"].as_array().expect("two").iter().map(|i| i["outcome"].clone()).collect();
    assert_eq!(outcomes, [json!("created"), json!("refused")], "{answer}");
    assert!(answer["items"][1]["message"].as_str().is_some_and(|m| m.contains("ignore case")), "{answer}");
}

#[test]
fn nothing_is_written_through_links() {
    for link in [".claude", ".claude/skills", ".claude/skills/a"] {
        for lead in ["inside", "outside", "nowhere"] {
            let mut site = Site::new(&["skill:a"], |sandbox, _, project| {
                let place = project.root.join(link);
                fs::remove_dir(project.claude()).expect("empty");
                fs::create_dir_all(place.parent().expect("one")).expect("made");
                let to = match lead {
                    "inside" => project.root.join("real"),
                    "outside" => sandbox.projects.join("elsewhere"),
                    _ => project.root.join("missing"),
                };
                if lead != "nowhere" {
                    write(&to.join("kept"), "kept\n");
                }
                symlink(to, place).expect("free");
            });
            for way in ["refuse", "force", "merge"] {
                refused(&mut site, json!({"artifacts": ["a"], "in_the_way": way}), "link");
            }
        }
    }
}

#[test]
fn links_inside_a_copy_stay_what_they_are() {
    let mut site =
        Site::new(&["skill:a"], |_, collection, _| write(&collection.path("skill:a").join("doc.md"), "doc\n"));
    site.run("deploy", json!({"artifacts": ["a"]}));
    let doc = site.project.path("skill:a").join("doc.md");
    let real = site.project.root.join("real.md");
    write(&real, "mine\n");
    fs::remove_file(&doc).expect("it was deployed");
    symlink("../../../real.md", &doc).expect("free");
    let before = site.files();
    for (method, params) in [
        ("deploy", json!({"in_the_way": "force"})),
        ("pull", json!({"strategy": "overwrite"})),
        ("push", json!({})),
        ("sync_project", json!({})),
        ("undeploy", json!({"force": true})),
    ] {
        let mut params = params;
        params["artifacts"] = json!(["a"]);
        let answer = site.run(method, params);
        assert_eq!(fs::read_to_string(&real).expect("kept"), "mine\n", "{method} wrote through the link");
        if !answer["operation"].is_null() {
            site.undo();
        }
        site.is_as(&before, method);
    }
}

#[test]
fn links_in_a_collection_are_followed_as_files_or_refused() {
    let mut site = Site::new(&["skill:file", "skill:dir", "skill:nothing", "skill:up"], |sandbox, collection, _| {
        let link = |key: &str, to: &str| symlink(to, collection.path(key).join("link")).expect("free");
        write(&sandbox.projects.join("shared/inner/x.md"), "shared\n");
        let shared = sandbox.projects.join("shared");
        link("skill:file", shared.join("inner/x.md").to_str().expect("text"));
        link("skill:dir", shared.to_str().expect("text"));
        link("skill:nothing", "/nonexistent/x");
        link("skill:up", "..");
    });
    let before = site.files();
    for key in ["skill:file", "skill:dir", "skill:nothing", "skill:up"] {
        let answer = site.run("deploy", json!({"artifacts": [key]}));
        let item = first(&answer);
        if item["outcome"] == "created" {
            assert_eq!(site.state(key), Some(DriftState::InSync), "{key}");
            site.undo();
        } else {
            assert!(item["message"].as_str().is_some_and(|m| m.contains("link")), "{key}: {item}");
        }
        site.is_as(&before, key);
    }
}
