//! Whatever happens in whatever order, once nothing is outstanding the picture is that of a scan from scratch.

use super::bench::Bench;
use super::world::{World, collection_root, copy, deployed, following, hash, ms, original, skill};
use crate::engine::event::{Command, Event};
use crate::model::Tip;
use crate::scan::Outcome;

/// A small generator (xorshift): the runs of a seed are always the same.
struct Dice(u64);

impl Dice {
    fn roll(&mut self, sides: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        usize::try_from(self.0 % sides as u64).expect("small")
    }

    fn pick<'a>(&mut self, from: &[&'a str]) -> &'a str {
        from[self.roll(from.len())]
    }
}

const SKILLS: [&str; 4] = ["a", "b", "c", "d"];
const PROJECTS: [&str; 3] = ["/p", "/q", "/r"];
const COLLECTIONS: [&str; 2] = ["default", "team"];

fn change(bench: &mut Bench, dice: &mut Dice) {
    let (project, name, collection) = (dice.pick(&PROJECTS), dice.pick(&SKILLS), dice.pick(&COLLECTIONS));
    let content = u8::try_from(1 + dice.roll(3)).expect("small");
    let manifest = collection_root(collection).join("collection.toml");
    let records = format!("{project}/.claude/.skillmeat-deployed.toml");
    let is_here = !bench.world.proj(project).gone;
    let has_collection = bench.world.collections.contains_key(collection);
    match dice.roll(15) {
        0 | 1 if is_here => bench.edit(&copy(project, name), content),
        2 if is_here => {
            if !bench.world.files.contains_key(&copy(project, name)) {
                bench.edit(&copy(project, name), 9);
            }
            bench.world.files.insert(copy(project, name), content);
            bench.writing(copy(project, name).join("SKILL.md"));
        }
        3 if is_here => {
            bench.world.files.remove(&copy(project, name));
            bench.touch(copy(project, name));
        }
        4 | 5 if is_here => {
            let from = dice.pick(&["default", "team", "nowhere"]);
            let records_of = &mut bench.world.proj(project).records;
            records_of.retain(|r| r.name != name);
            records_of.push(deployed(name, from, content));
            bench.touch(records);
        }
        6 if is_here => {
            bench.world.proj(project).records.retain(|r| r.name != name);
            bench.touch(records);
        }
        7 if has_collection => bench.edit(&original(collection, name), content),
        8 if has_collection => {
            bench.world.files.remove(&original(collection, name));
            bench.touch(original(collection, name));
        }
        9 if has_collection => {
            let it = bench.world.coll(collection);
            if !it.entries.remove(name) {
                it.entries.insert(name.into());
            }
            bench.touch(manifest);
        }
        10 if has_collection => {
            let it = bench.world.coll(collection);
            it.unnamed_flaws = dice.roll(2) == 0;
            it.unreadable = (dice.roll(3) == 0).then(|| "bad TOML".to_owned());
            bench.touch(manifest);
        }
        11 => {
            let gone = &mut bench.world.proj(project).gone;
            *gone = !*gone;
            bench.touch(project);
        }
        12 if dice.roll(3) == 0 => {
            if has_collection {
                let root = collection_root(collection);
                bench.world.collections.remove(collection);
                bench.world.files.retain(|path, _| !path.starts_with(&root));
            } else {
                bench.world.collection(collection, &[(name, content)]);
            }
            bench.touch(collection_root(collection));
        }
        13 if dice.roll(8) == 0 => bench.step(Event::Lost { reason: "overflow".into() }),
        14 => {
            let tip = match dice.roll(4) {
                0 => Tip::Current,
                1 => Tip::Gone,
                _ => Tip::Version(hash(content)),
            };
            let mut list = bench.world.followings.clone();
            list.retain(|other| other.copy.project != std::path::Path::new(project) || other.copy.key != skill(name));
            if dice.roll(4) != 0 {
                // Sometimes of a collection that nobody has any more.
                let inode = bench.world.collections.get(collection).map_or(99, |known| known.inode);
                list.push(following(project, name, inode, tip));
            }
            bench.follow(list);
        }
        _ => bench.wait(ms(7)),
    }
}

#[test]
fn any_order_of_events_and_findings_ends_where_a_scan_from_scratch_does() {
    for seed in 1..=400u64 {
        let mut dice = Dice(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15));
        let mut world = World::default();
        world.collection("default", &[("a", 1), ("b", 1)]);
        world.collection("team", &[("c", 1)]);
        for project in PROJECTS {
            world.project(project, "default", &[("a", 1)]);
        }
        let mut bench = Bench::new(world);
        let mut looked: Vec<Outcome> = Vec::new();
        for _ in 0..60 {
            match dice.roll(4) {
                // A look is one moment, its result is taken in at another.
                0 | 1 if !bench.jobs.is_empty() => {
                    let at = dice.roll(bench.jobs.len());
                    looked.push(bench.look(at));
                }
                2 if !looked.is_empty() => {
                    let outcome = looked.swap_remove(dice.roll(looked.len()));
                    bench.step(Event::Scanned(outcome));
                }
                _ => change(&mut bench, &mut dice),
            }
            if dice.roll(40) == 0 {
                let path = dice.pick(&PROJECTS);
                bench.command(Command::RemoveProject { path: path.into() });
                bench.command(Command::AddProject { path: path.into() });
            }
        }
        for outcome in looked {
            bench.step(Event::Scanned(outcome));
        }
        bench.wait(ms(300));
        bench.settle_choosing(|n| dice.roll(n));
        bench.wait(ms(300));
        assert!(bench.jobs.is_empty() && bench.state.work.is_empty());
        bench.assert_like_fresh();
    }
}
