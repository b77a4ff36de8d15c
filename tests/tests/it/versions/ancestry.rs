//! Records of the original, which say what was deployed before: versions of which only the hash is known.

use std::fs;
use std::time::Instant;

use serde_json::{Value, json};
use skillmeat_tests::process::PATIENCE;
use skillmeat_tests::sandbox::write;

use super::list;
use crate::operations::Site;

const SKILL: &str = "skill:a";

/// A copy that another program deployed, with this lineage; `own` stands for the hash of its record. Only operations write
/// down what they find.
fn deployed(lineage: &[&str]) -> Site {
    observed(lineage, "observe = false")
}

/// The same with this in the section of the configuration about the history.
fn observed(lineage: &[&str], history: &str) -> Site {
    Site::new(&[SKILL], |sandbox, collection, project| {
        sandbox.config(&format!("[settings]\ndefault-collection = \"default\"\n[history]\n{history}\n"));
        project.deploy(collection, &[SKILL]);
        let text = fs::read_to_string(project.records()).expect("it was made");
        let own = text.split("content_hash = \"").nth(1).expect("a hash")[..64].to_owned();
        let hashes: Vec<String> = lineage.iter().map(|hash| format!("\"{}\"", whole(hash, &own))).collect();
        let line = format!("version_lineage = [{}]\nlocal_modifications", hashes.join(", "));
        write(&project.records(), text.replace("local_modifications", &line));
    })
}

fn whole(hash: &str, own: &str) -> String {
    if hash == "own" { own.to_owned() } else { hash.repeat(32) }
}

/// Versions, the oldest first: the first digits, parents, whether the files are kept.
#[track_caller]
fn versions(site: &mut Site) -> Vec<(String, Vec<u64>, bool)> {
    let answer = site.json.result("versions.list", json!({"artifact": SKILL}));
    let told = |version: &Value| {
        let parents = list(&version["parents"]).iter().map(|parent| parent["version"].as_u64().expect("a number"));
        (version["hash"].as_str().expect("text")[..2].to_owned(), parents.collect(), version["kept"] == true)
    };
    list(&answer["versions"]).iter().rev().map(told).collect()
}

#[test]
fn what_a_record_says_was_there_before_are_versions() {
    for lineage in [["own", "b2", "a1"], ["a1", "b2", "own"]] {
        for way in ["push", "pull"] {
            let mut site = deployed(&lineage);
            let own = &site.json.result("show", json!({"artifact": SKILL}))["artifacts"][0]["content_hash"];
            let own = own.as_str().expect("text")[..2].to_owned();
            let edited = if way == "push" { site.project.file(SKILL) } else { site.collection.file(SKILL) };
            write(&edited, "edited\n");
            site.run(way, json!({"artifacts": [SKILL]}));
            let found = versions(&mut site);
            let known: Vec<_> =
                found.iter().map(|(hash, parents, kept)| (hash.as_str(), parents.clone(), *kept)).collect();
            let want = [("a1", vec![], false), ("b2", vec![1], false), (&*own, vec![2], true)];
            assert_eq!(known[..3], want, "{lineage:?}, {way}");
            assert_eq!((known[3].1.clone(), known[3].2, known.len()), (vec![3], true, 4), "{lineage:?}, {way}");
            let shown = site.json.result("versions.show", json!({"artifact": SKILL, "version": "a1a1"}));
            assert_eq!((&shown["info"]["origin"], &shown["files"]), (&json!("deployment"), &json!([])), "{shown}");
            assert_eq!(shown["info"]["at"], shown["seen"][0]["at"]);
            let refused = site.refusal("versions.restore", json!({"artifact": SKILL, "version": "b2b2"}));
            assert_eq!(refused["data"]["code"], "refused", "{refused}");
            let graph = site.sandbox.cli(&["versions", SKILL, "--graph"]).ok().to_owned();
            assert!(graph.contains("a1a1a1a1") && graph.contains("not kept"), "{graph}");
            // Told once.
            write(&site.project.file(SKILL), "again\n");
            site.run("push", json!({"artifacts": [SKILL]}));
            assert_eq!(versions(&mut site).len(), 5);
            assert_eq!(site.json.result("history.verify", json!({}))["complete"], true);
        }
    }
}

#[test]
fn a_lineage_whose_order_cannot_be_told_says_nothing() {
    for lineage in [&["a1", "own", "b2"][..], &["a1", "b2"], &["own"], &[]] {
        let mut site = deployed(lineage);
        write(&site.project.file(SKILL), "edited\n");
        site.run("push", json!({"artifacts": [SKILL]}));
        let parents: Vec<Vec<u64>> = versions(&mut site).into_iter().map(|(_, parents, _)| parents).collect();
        assert_eq!(parents, [vec![], vec![1]], "{lineage:?}");
    }
}

#[test]
fn an_edit_that_nobody_asked_an_operation_for_has_the_same_ancestors() {
    let mut site = observed(&["own", "b2", "a1"], "observe-after-seconds = 0");
    write(&site.project.file(SKILL), "edited\n");
    let began = Instant::now();
    let mut found = versions(&mut site);
    while found.len() < 4 {
        assert!(began.elapsed() < PATIENCE, "{found:?}");
        found = versions(&mut site);
    }
    let parents: Vec<Vec<u64>> = found.into_iter().map(|(_, parents, _)| parents).collect();
    assert_eq!(parents, [vec![], vec![1], vec![2], vec![3]]);
}
