//! Which operations: decided by seed, batch and writer alone, never by what is on the disk.

use super::field::{COLLECTIONS, KEYS, collection, place, project, spare_name};
use super::operation::{Baseline, Operation, Recorded};
use super::rng::Rng;

/// Operations between two barriers: one list for each writer.
pub(crate) type Batch = Vec<Vec<Operation>>;

/// One batch in so many puts everything back, so that long runs do not end with nothing left to compare.
const REPAIR_EVERY: usize = 12;
/// One batch in so many is small whatever the size asked for: few events between two barriers find other mistakes.
const SMALL_EVERY: u64 = 3;
/// One batch in so many is one operation after which the daemon keeps what it knew, so that it is known what that was.
const LONE_EVERY: usize = 7;
/// Operations of a small batch and writer at most.
const SMALL: u64 = 4;

/// What decides a run's operations.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Plan {
    pub(crate) seed: u64,
    pub(crate) writers: usize,
    pub(crate) projects: usize,
    /// Operations of a batch and writer at most.
    pub(crate) largest: u64,
}

impl Plan {
    /// The batch of this number.
    pub(crate) fn batch(&self, number: usize) -> Batch {
        let mut rng = Rng::new(self.seed).fork(number as u64);
        let largest = if rng.once_in(SMALL_EVERY) { SMALL.min(self.largest) } else { self.largest };
        if number % LONE_EVERY == LONE_EVERY - 1 {
            let mut writer =
                Writer { plan: self, number, writer: rng.below(self.writers as u64) as usize, rng, serial: 0 };
            return vec![vec![writer.alone()]];
        }
        let mut batch: Batch = (0..self.writers)
            .map(|writer| {
                let mut writer = Writer { plan: self, number, writer, rng: rng.fork(writer as u64), serial: 0 };
                (0..=writer.rng.below(largest)).map(|_| writer.operation()).collect()
            })
            .collect();
        if number % REPAIR_EVERY == REPAIR_EVERY - 1 {
            batch[number / REPAIR_EVERY % self.writers].push(Operation::Repair);
        }
        batch
    }
}

struct Writer<'a> {
    plan: &'a Plan,
    number: usize,
    writer: usize,
    rng: Rng,
    serial: u64,
}

impl Writer<'_> {
    fn operation(&mut self) -> Operation {
        let choice = self.rng.below(64);
        match choice {
            0..=22 => self.save(choice),
            23..=38 => self.move_or_remove(choice),
            39..=47 => self.replace(choice),
            _ => self.library(choice),
        }
    }

    fn alone(&mut self) -> Operation {
        let project = self.project();
        match self.rng.below(4) {
            0 | 1 => Operation::MoveAway { path: project },
            2 => Operation::MoveBack { path: project },
            _ => Operation::Cut { path: format!("{project}/.claude/.skillmeat-deployed.toml") },
        }
    }

    fn save(&mut self, choice: u64) -> Operation {
        let (path, text) = (self.file(), self.text());
        match choice {
            0..=7 => Operation::Write { path, text },
            8..=10 => Operation::TruncateThenWrite { path, text },
            11..=15 => Operation::SaveAtomically { path, text },
            16..=17 => Operation::SaveLikeVim { path, text },
            18 => Operation::SaveLikeEmacs { path, text },
            19..=20 => Operation::WriteBackdated { path, text },
            _ => Operation::Burst { path: self.artifact(), count: 3 + self.rng.below(10) as u32 },
        }
    }

    fn move_or_remove(&mut self, choice: u64) -> Operation {
        let artifact = self.artifact();
        match choice {
            23..=24 => {
                let from = self.file();
                let to = sibling(&from, self.rng.pick(&["moved.md", "SKILL.md", "z"]));
                Operation::RenameFile { from, to }
            }
            25..=26 => Operation::RenameFile { from: self.file(), to: self.file() },
            27..=30 => Operation::RenameDirectory { from: artifact, to: self.artifact() },
            31 => {
                let (one, other) = (format!("{artifact}/SKILL.md"), format!("{artifact}/skill.md"));
                if self.rng.once_in(2) {
                    Operation::RenameCase { from: one, to: other }
                } else {
                    Operation::RenameCase { from: other, to: one }
                }
            }
            32..=33 => Operation::HardLink { from: self.file(), to: self.file() },
            34..=36 => Operation::DeleteFile { path: self.file() },
            _ => Operation::DeleteTree { path: artifact },
        }
    }

    fn replace(&mut self, choice: u64) -> Operation {
        let (path, text) = (self.artifact(), self.text());
        match choice {
            39 => Operation::FileForDirectory { path, text },
            40 => Operation::DirectoryForFile { path, text },
            41 => Operation::Link { path: self.file(), target: self.target() },
            42..=43 => Operation::Link { path, target: self.target() },
            44 => Operation::Retarget { path, target: self.target() },
            45 => Operation::Write { path: format!("shared/{}/{}", self.shared(), self.inner()), text },
            46 => Operation::MoveAway { path: format!("shared/{}", self.shared()) },
            _ => Operation::MoveBack { path: format!("shared/{}", self.shared()) },
        }
    }

    fn library(&mut self, choice: u64) -> Operation {
        match choice {
            48..=50 => {
                let collection = self.collection();
                Operation::Manifest { collection, keys: self.keys(3) }
            }
            51..=53 => self.records(),
            54..=55 => {
                let file = self.rng.pick(&["collection.toml", ".skillmeat-deployed.toml"]);
                Operation::Cut { path: format!("{}/{file}", self.root()) }
            }
            56 => Operation::Default { collection: self.rng.pick(&COLLECTIONS).to_string() },
            57 => self.rename_collection(),
            58 => Operation::MoveAway { path: self.movable() },
            59..=60 => Operation::MoveBack { path: self.movable() },
            61..=62 => Operation::Mode { path: self.protectable(), mode: 0 },
            _ => Operation::Mode { path: self.protectable(), mode: 0o755 },
        }
    }

    fn records(&mut self) -> Operation {
        let project = self.project();
        let mut records = Vec::new();
        for key in self.keys(2) {
            let collection = self.rng.pick(&COLLECTIONS).to_string();
            let baseline = self.rng.pick(&[Baseline::Present, Baseline::Present, Baseline::Other, Baseline::Unusable]);
            records.push(Recorded { key, collection, baseline });
        }
        Operation::Records { project, records }
    }

    fn rename_collection(&mut self) -> Operation {
        let name = self.rng.pick(&COLLECTIONS);
        let (from, to) = (collection(name), collection(&spare_name(name)));
        if self.rng.once_in(2) {
            Operation::RenameCollection { from, to }
        } else {
            Operation::RenameCollection { from: to, to: from }
        }
    }

    /// Text that never occurred before, or, now and then, one that did.
    fn text(&mut self) -> String {
        if self.rng.once_in(4) {
            return format!("---\nversion: 1.{}\n---\nagain\n", self.rng.below(2));
        }
        self.serial += 1;
        format!("text {}.{}.{}\n", self.number, self.writer, self.serial)
    }

    /// All keys but one in so many.
    fn keys(&mut self, without: u64) -> Vec<String> {
        KEYS.into_iter().filter(|_| !self.rng.once_in(without)).map(str::to_owned).collect()
    }

    /// Whether this writer works in another's area now.
    fn strays(&mut self) -> bool {
        self.rng.once_in(5)
    }

    fn project(&mut self) -> String {
        let all = self.plan.projects as u64;
        let own = self.rng.below(all.div_ceil(self.plan.writers as u64)) as usize * self.plan.writers + self.writer;
        let any = self.rng.below(all) as usize;
        project(if self.strays() || own >= self.plan.projects { any } else { own })
    }

    fn collection(&mut self) -> String {
        let own = COLLECTIONS[self.writer % COLLECTIONS.len()];
        let any = self.rng.pick(&COLLECTIONS);
        let name = if self.strays() { any } else { own };
        if self.rng.once_in(8) { collection(&spare_name(name)) } else { collection(name) }
    }

    /// A collection or profile root.
    fn root(&mut self) -> String {
        if self.rng.once_in(3) { self.collection() } else { format!("{}/.claude", self.project()) }
    }

    /// Where an artifact is or could be.
    fn artifact(&mut self) -> String {
        format!("{}/{}", self.root(), place(self.rng.pick(&KEYS)))
    }

    /// A file of an artifact: its only one, or one of several names in a directory.
    fn file(&mut self) -> String {
        let artifact = self.artifact();
        // Below a file, too, now and then: it may be a directory by now.
        if std::path::Path::new(&artifact).extension().is_some() && !self.rng.once_in(8) {
            return artifact;
        }
        format!("{artifact}/{}", self.inner())
    }

    fn inner(&mut self) -> String {
        let names = ["SKILL.md", "SKILL.md", "notes.md", "scripts/run.sh", "scripts/lib/deep.py", ".hidden", "x.pyc"];
        self.rng.pick(&names).to_owned()
    }

    fn shared(&mut self) -> &'static str {
        self.rng.pick(&["x", "y"])
    }

    /// Where links lead: a directory or file that many share, another artifact, a directory above, or nowhere.
    fn target(&mut self) -> String {
        match self.rng.below(8) {
            0 => "nowhere".to_owned(),
            1 => format!("shared/{}/SKILL.md", self.shared()),
            2 => self.artifact(),
            3 => self.root(),
            _ => format!("shared/{}", self.shared()),
        }
    }

    /// What is moved away as a whole.
    fn movable(&mut self) -> String {
        match self.rng.below(16) {
            0 => self.project(),
            1 => self.root(),
            2..=7 => self.artifact(),
            8..=11 => format!("{}/skills", self.root()),
            _ => format!("{}/commands", self.root()),
        }
    }

    /// What permissions are taken from.
    fn protectable(&mut self) -> String {
        match self.rng.below(24) {
            0 => self.root(),
            1 => format!("{}/.claude/.skillmeat-deployed.toml", self.project()),
            2 => format!("{}/collection.toml", self.collection()),
            3 => format!("{}/skills", self.root()),
            4..=12 => self.artifact(),
            _ => self.file(),
        }
    }
}

fn sibling(path: &str, name: &str) -> String {
    path.rsplit_once('/').map_or_else(|| name.to_owned(), |(dir, _)| format!("{dir}/{name}"))
}
