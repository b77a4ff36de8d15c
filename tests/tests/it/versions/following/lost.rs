//! A copy whose branch is gone, and every command that is printed about it.

use serde_json::json;
use skillmeat_protocol::drift::DriftState as S;
use skillmeat_tests::sandbox::write;

use super::SKILL;
use crate::operations::{Site, first};

/// A copy that follows a branch which is gone, of a collection that is not the default one; that has the artifact, too.
fn lost() -> Site {
    let mut site = Site::new(&[SKILL], |sandbox, _, _| {
        sandbox.config("[settings]\ndefault-collection = \"default\"\n");
        sandbox.collection("team").fill(&[SKILL]);
    });
    let of_team = json!({"artifact": SKILL, "branch": "next", "collection": "team"});
    site.json.result("branches.create", of_team.clone());
    write(&site.sandbox.collection_at("team").file(SKILL), "of team\n");
    let deployed = site.run("deploy", json!({"artifacts": [SKILL], "branch": "next", "collection": "team"}));
    assert_eq!(first(&deployed)["outcome"], "created", "{deployed}");
    site.json.result("branches.delete", of_team);
    assert_eq!(site.state(SKILL), Some(S::Unreadable));
    site
}

/// The commands of a status, and those of a refusal.
fn printed(site: &mut Site) -> [Vec<String>; 2] {
    let status = site.sandbox.cli(&["status", "--project", &site.project.text()]);
    let commands = status.ok().lines().map(str::trim).filter(|line| line.starts_with("skillmeat "));
    let commands = commands.map(str::to_owned).collect();
    let refused = site.run("pull", json!({"artifacts": [SKILL]}));
    let ways = first(&refused)["ways"].as_array().expect("a list").iter();
    [commands, ways.map(|way| way.as_str().expect("text").to_owned()).collect()]
}

#[test]
fn each_command_that_is_printed_about_it_leads_on() {
    for (from, at) in [0, 1].into_iter().flat_map(|from| [0, 1, 2].map(|at| (from, at))) {
        let mut site = lost();
        let way = printed(&mut site)[from].get(at).cloned().unwrap_or_else(|| panic!("{from} {at}"));
        for output in site.paste(&way, &[]) {
            assert_eq!(output.code, Some(0), "{way}: {output:?}");
        }
        let of_team = || std::fs::read_to_string(site.project.file(SKILL)).is_ok_and(|text| text == "of team\n");
        match at {
            0 => assert_eq!(site.state(SKILL), Some(S::Unreadable), "{way}"),
            1 => assert!(site.state(SKILL) == Some(S::InSync) && of_team(), "{way}: {:?}", site.state(SKILL)),
            _ => assert!(!site.project.file(SKILL).exists(), "{way}"),
        }
    }
}
