//! A change costs what changed, however many projects are registered.

use super::bench::Bench;
use super::world::{World, collection_root, copy, original};
use crate::engine::snapshot::ProjectView;
use skillmeat_protocol::drift::DriftState as S;
use std::collections::BTreeMap;
use std::sync::Arc;

/// `users` projects that have the shared skill, among `projects` that have one of their own.
fn world(projects: usize, users: usize) -> World {
    let mut world = World::default();
    world.collection("default", &[("shared", 1), ("own", 2)]);
    world.collection("other", &[("own", 2)]);
    for n in 0..projects {
        let skills: &[(&str, u8)] = if n < users { &[("shared", 1), ("own", 2)] } else { &[("own", 2)] };
        world.project(&format!("/p{n}"), if n < users { "default" } else { "other" }, skills);
    }
    world
}

fn views(bench: &Bench) -> BTreeMap<String, Arc<ProjectView>> {
    bench.snapshot().projects.iter().map(|v| (v.path.to_string(), Arc::clone(v))).collect()
}

fn touched(before: &BTreeMap<String, Arc<ProjectView>>, bench: &Bench) -> Vec<String> {
    let now = bench.snapshot().projects.iter();
    now.filter(|v| !Arc::ptr_eq(v, &before[&*v.path])).map(|v| v.path.to_string()).collect()
}

#[test]
fn both_users_of_an_original_change_and_nobody_else() {
    let mut bench = Bench::running(world(3, 2));
    let before = views(&bench);
    bench.edit_and_settle(&original("default", "shared"), 9);
    let mut changed = touched(&before, &bench);
    changed.sort();
    assert_eq!(changed, ["/p0", "/p1"]);
    for project in ["/p0", "/p1"] {
        assert_eq!(bench.drift(project, "shared"), S::Outdated);
        let own = |view: &ProjectView| view.items().find(|i| i.key.name == "own").map(Arc::clone).expect("it has one");
        assert!(Arc::ptr_eq(&own(&before[project]), &own(&bench.view(project))), "its other items are shared");
    }
    assert_eq!(bench.announced.len(), 2);
}

#[test]
fn effects_of_a_change_do_not_grow_with_the_number_of_projects() {
    type Change = fn(&mut Bench);
    let changes: [(&str, Change); 5] = [
        ("a copy is edited", |bench| bench.edit(&copy("/p0", "own"), 9)),
        ("an original is edited", |bench| bench.edit(&original("default", "shared"), 9)),
        ("a record changes", |bench| {
            bench.world.proj("/p1").records[0].baseline = Some(5);
            bench.touch("/p1/.claude/.skillmeat-deployed.toml");
        }),
        ("a manifest changes", |bench| {
            bench.world.coll("default").entries.remove("shared");
            bench.touch(collection_root("default").join("collection.toml"));
        }),
        ("an untracked artifact comes", |bench| {
            bench.world.files.insert(copy("/p0", "new"), 1);
            bench.touch(copy("/p0", "new"));
        }),
    ];
    for (what, change) in changes {
        let measure = |projects| {
            let mut bench = Bench::running(world(projects, 2));
            let before = views(&bench);
            change(&mut bench);
            bench.settle();
            let persisted = bench.persisted.len();
            (bench.effects, persisted, bench.announced.len(), touched(&before, &bench))
        };
        assert_eq!(measure(10), measure(500), "{what}");
    }
}
