//! `list` and `show` over a made-up snapshot.

use super::super::super::testing::{World, artifact, collection, hash, project};
use super::*;
use crate::model::{EntryFlaw, TreeInfo};
use skillmeat_protocol::drift::DriftState::{InSync, Modified, Outdated};
use skillmeat_protocol::ids::ArtifactType;
use skillmeat_protocol::reply::Group;
use skillmeat_protocol::request::Freshness;

fn world() -> World {
    let mut team = collection("team", &["skill:pdf", "agent:rev"]);
    let group = Group {
        name: "docs".into(),
        description: String::new(),
        color: String::new(),
        icon: String::new(),
        position: 0,
        members: vec!["skill:pdf".into()],
    };
    team.groups = [group].into();
    let projects = vec![
        project("/w/b").with("skill:pdf", InSync, "team"),
        project("/w/a").with("skill:pdf", Modified, "default").with("agent:rev", Outdated, "team"),
        project("/w/c").with("skill:pdf", Modified, "?pdf"),
    ];
    World::new(projects, vec![collection("default", &["skill:pdf", "mcp:db"]), team])
}

async fn ask(world: &World, query: ListQuery) -> Result<Vec<Artifact>, ErrorCode> {
    let terms = World::terms(Freshness::Synced);
    let reply = answer(&world.context, &mut Pages::default(), &terms, &query).await;
    reply.map(|reply| reply.artifacts).map_err(|error| error.code)
}

fn rows(artifacts: &[Artifact]) -> Vec<String> {
    let row = |a: &Artifact| format!("{} {}:{} {}", a.collection, a.kind, a.name, a.deployments.len());
    artifacts.iter().map(row).collect()
}

#[tokio::test]
async fn artifacts_carry_the_deployments_that_came_from_their_collection() {
    let world = world();
    let all = ask(&world, ListQuery::default()).await.expect("answers");
    assert_eq!(rows(&all), ["default skill:pdf 1", "default mcp:db 0", "team skill:pdf 1", "team agent:rev 1"]);
    assert_eq!(all[0].deployments[0].project_path, "/w/a");
    assert!(all[0].deployments[0].local_modifications && !all[2].deployments[0].local_modifications);
    assert_eq!((&all[2].groups, &all[0].groups), (&vec!["docs".to_owned()], &vec![]));

    let skills = ListQuery { types: vec![ArtifactType::Skill], ..ListQuery::default() };
    assert_eq!(rows(&ask(&world, skills).await.expect("answers")), ["default skill:pdf 1", "team skill:pdf 1"]);
    let twice = ListQuery { collections: vec!["id-team".into(), "team".into()], ..ListQuery::default() };
    assert_eq!(rows(&ask(&world, twice).await.expect("answers")), ["team skill:pdf 1", "team agent:rev 1"]);
    let unknown = ListQuery { collections: vec!["?pdf".into()], ..ListQuery::default() };
    assert_eq!(ask(&world, unknown).await, Err(ErrorCode::NotFound));
}

#[tokio::test]
async fn show_answers_for_every_collection_and_proposes_near_names() {
    let world = world();
    let terms = World::terms(Freshness::Cached);
    let ask = async |key: &str, collection: Option<&str>| {
        let key = key.parse().expect("a key");
        let query = ShowQuery { key, collection: collection.map(Into::into) };
        show(&world.context, &terms, &query).await.map(|reply| rows(&reply.artifacts))
    };
    assert_eq!(ask("skill:pdf", None).await.expect("known"), ["default skill:pdf 1", "team skill:pdf 1"]);
    assert_eq!(ask("skill:pdf.md", Some("id-team")).await.expect("known"), ["team skill:pdf 1"]);
    for (key, collection, hint) in [
        ("skill:pdg", None, "did you mean skill:pdf?"),
        ("command:pdf", None, "did you mean skill:pdf?"),
        ("agent:rev", Some("default"), "1 project(s) have it; see skillmeat status --all --type agent"),
        ("skill:quite-else", None, "skillmeat list"),
    ] {
        let error = ask(key, collection).await.expect_err(key);
        assert_eq!((error.code, error.hint.as_deref()), (ErrorCode::NotFound, Some(hint)), "{key}");
    }
}

#[tokio::test]
async fn show_says_of_an_artifact_what_the_list_says() {
    let world = world();
    let terms = World::terms(Freshness::Cached);
    let listed = ask(&world, ListQuery::default()).await.expect("answers");
    assert!(listed.iter().any(|artifact| !artifact.deployments.is_empty()));
    for artifact in listed {
        let key = ArtifactKey { kind: artifact.kind, name: artifact.name.clone() };
        let query = ShowQuery { key, collection: Some(artifact.collection_id.clone()) };
        let shown = show(&world.context, &terms, &query).await.expect("it is there");
        assert_eq!(shown.artifacts, [artifact]);
    }
}

#[test]
fn the_lock_is_compared_with_and_without_ignored_files() {
    let present = |hash_with_ignored| {
        let Some(Tree::Present(info)) = artifact("skill:pdf").tree else { panic!("present") };
        Some(Tree::Present(Arc::new(TreeInfo { hash_with_ignored, ..info.as_ref().clone() })))
    };
    let unreadable = Some(Tree::Unreadable { message: "denied".into() });
    // The tree's hash is 1.
    for (locked, tree, want) in [
        (None, present(None), None),
        (Some(hash(1)), present(None), Some(false)),
        (Some(hash(9)), present(None), Some(true)),
        (Some(hash(9)), present(Some(hash(9))), Some(false)),
        (Some(hash(1)), Some(Tree::Absent), Some(true)),
        (Some(hash(1)), unreadable, None),
        (Some(hash(1)), None, None),
    ] {
        let view = ArtifactView { locked, tree, ..artifact("skill:pdf") };
        assert_eq!(modified_since_lock(&view), want, "{view:?}");
    }
}

#[test]
fn an_artifact_says_what_is_wrong_with_it() {
    let base = artifact("skill:pdf");
    let flawed = Entry { flaw: Some(EntryFlaw("path leaves the collection".into())), ..base.entry.as_ref().clone() };
    use crate::model::Entry;
    for (view, want) in [
        (base.clone(), None),
        (ArtifactView { entry: Arc::new(flawed), ..base.clone() }, Some("path leaves the collection")),
        (ArtifactView { tree: Some(Tree::Absent), ..base.clone() }, Some("its files are missing")),
        (ArtifactView { tree: None, ..base.clone() }, Some("its files have not been read yet")),
    ] {
        assert_eq!(message(&view).as_deref(), want);
    }
}
