//! Homes with collections and projects of any size, the same for the same seed.
//!
//! One collection holds a pool of skills; each project deploys its share of them. A file's size is drawn as people's
//! files are: around a median of 4 KiB, some of 200 KiB, and few large assets of 5 MB. Contents are made once, hashed in
//! memory and written to every project, so that a world is made at the speed of the disk.
//!
//! What it takes: about 10 KiB a file, 100,000 files a bit more than 1 GiB; with [`Sizes::Small`] one block a file.
//!
//! Invariants: everything lies in the sandbox's temporary directory and goes with it; the records are those of the
//! library module's format, and every baseline is the hash of what was deployed.

use std::fmt::Write as _;
use std::fs;
use std::path::Path;

use sha2::{Digest, Sha256};

use super::Context;
use crate::encoding::hex;
use crate::library::{ProjectDir, record};
use crate::model::rng::Rng;
use crate::process::Daemon;
use crate::sandbox::{Sandbox, write};

/// How large files are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sizes {
    /// Median 4 KiB, one in a hundred 200 KiB, one in 20,000 5 MB.
    Realistic,
    /// Some hundred bytes: where only their number matters.
    Small,
}

/// What a world looks like.
#[derive(Clone, Copy, Debug)]
pub struct Shape {
    /// Projects.
    pub projects: usize,
    /// Skills deployed in each.
    pub artifacts: usize,
    /// Files of each.
    pub files: usize,
    /// How large they are.
    pub sizes: Sizes,
}

/// The collection that everything is deployed from.
pub const COLLECTION: &str = "default";

/// One in this many deployments was edited in the project.
const MODIFIED_ONE_IN: u64 = 25;
/// One in this many was deployed before the collection moved on.
const OUTDATED_ONE_IN: u64 = 25;
/// One in this many files of the pool is [`MEDIUM`] bytes long.
const MEDIUM_ONE_IN: u64 = 100;
const MEDIUM: usize = 200 * 1024;
/// One file in this many is [`LARGE`] bytes long.
const LARGE_ONE_IN: usize = 20_000;
const LARGE: usize = 5_000_000;
/// Every other file is shorter than this, so that the total can be foretold.
const LONGEST: f64 = 65_536.0;

/// A world on disk.
#[derive(Debug)]
pub struct World {
    /// Its home, with the projects registered.
    pub sandbox: Sandbox,
    /// Its projects, all registered.
    pub projects: Vec<ProjectDir>,
    /// Keys of each project's deployments, in the order of the projects.
    pub keys: Vec<Vec<String>>,
    /// Files of artifacts, in the projects and the collection.
    pub files: u64,
    /// Bytes in them.
    pub bytes: u64,
}

/// One skill of the pool.
struct Source {
    key: String,
    /// Relative paths and contents; the first is the main file.
    files: Vec<(String, Vec<u8>)>,
    /// The main file before the collection moved on.
    earlier: Vec<u8>,
    /// Hash as it is, and as it was.
    hash: String,
    earlier_hash: String,
}

impl World {
    /// Makes one.
    ///
    /// # Panics
    /// When the disk is full, or a shape has nothing in it.
    pub fn build(ctx: &Context, shape: Shape) -> Self {
        let Shape { projects, artifacts, files, .. } = shape;
        assert!(artifacts > 0 && files > 0, "{shape:?}");
        ctx.progress(format_args!("  world of {projects} × {artifacts} × {files} files"));
        let mut sandbox = Sandbox::new(&ctx.programs.shipped);
        // As installed: the harness makes the daemon talk for its tests.
        sandbox.unset("SKILLMEAT_LOG");
        let mut rng = Rng::new(ctx.seed);
        let mut pool: Vec<Source> =
            (0..2 * artifacts).map(|n| Source::new(&mut rng, format!("skill:skill-{n:04}"), shape)).collect();
        let mut assets: Vec<Source> = match shape.sizes {
            Sizes::Realistic => (0..projects.min(projects * artifacts * files / LARGE_ONE_IN))
                .map(|n| Source::new(&mut rng, format!("skill:assets-{n}"), shape).with_asset(&mut rng))
                .collect(),
            Sizes::Small => Vec::new(),
        };
        let collection = sandbox.collection(COLLECTION);
        let mut world = Self { sandbox, projects: Vec::new(), keys: Vec::new(), files: 0, bytes: 0 };
        for source in pool.iter().chain(&assets) {
            world.put(&collection.path(&source.key), source.files.iter().map(|(name, text)| (name, text.as_slice())));
        }
        let all: Vec<&str> = pool.iter().chain(&assets).map(|source| source.key.as_str()).collect();
        collection.list(&all);
        for n in 0..projects {
            ctx.check();
            rng.shuffle(&mut pool);
            // A large asset belongs to one project, or it would decide how large the world is.
            let asset = assets.pop();
            let chosen = asset.iter().chain(&pool).take(artifacts);
            world.deploy(&mut rng, &format!("project-{n:05}"), chosen);
        }
        world.register();
        world
    }

    /// Starts the daemon and waits until everything is known.
    pub fn start(&self) -> Daemon {
        let daemon = Daemon::start_slowly(&self.sandbox).unwrap_or_else(|said| panic!("no daemon: {said}"));
        daemon.client().sync();
        daemon
    }

    fn deploy<'a>(&mut self, rng: &mut Rng, name: &str, sources: impl Iterator<Item = &'a Source>) {
        let project = self.sandbox.project(name);
        let (mut records, mut keys) = (String::new(), Vec::new());
        for source in sources {
            let outdated = rng.once_in(OUTDATED_ONE_IN);
            let (main, hash) = if outdated {
                (source.earlier.as_slice(), &source.earlier_hash)
            } else {
                (source.files[0].1.as_slice(), &source.hash)
            };
            let edited = rng.once_in(MODIFIED_ONE_IN).then(|| [main, b"edited here\n"].concat());
            let main = edited.as_deref().unwrap_or(main);
            let files = source.files.iter().enumerate();
            let files = files.map(|(at, (name, text))| (name, if at == 0 { main } else { text.as_slice() }));
            self.put(&project.path(&source.key), files);
            records.push_str(&record(&source.key, COLLECTION, hash));
            records.push('\n');
            keys.push(source.key.clone());
        }
        write(&project.records(), records);
        self.projects.push(project);
        self.keys.push(keys);
    }

    fn put<'a>(&mut self, root: &Path, files: impl Iterator<Item = (&'a String, &'a [u8])>) {
        for (name, text) in files {
            write(&root.join(name), text);
            self.files += 1;
            self.bytes += text.len() as u64;
        }
    }

    /// Writes what `skillmeat project add` would have the daemon write.
    fn register(&self) {
        let mut text = String::new();
        for project in &self.projects {
            // Paths of a sandbox need no escapes.
            let _ = writeln!(text, "[[projects]]\npath = \"{}\"\n", project.text());
        }
        let file = self.sandbox.home.join("daemon/projects.toml");
        write(&file, text);
        private(file.parent().expect("it has one"));
    }
}

fn private(dir: &Path) {
    use std::os::unix::fs::PermissionsExt;
    fs::set_permissions(dir, fs::Permissions::from_mode(0o700)).expect("our own directory");
}

impl Source {
    fn new(rng: &mut Rng, key: String, shape: Shape) -> Self {
        let name = key.trim_start_matches("skill:").to_owned();
        let mut files = Vec::new();
        for at in 0..shape.files {
            let file = match at {
                0 => "SKILL.md".to_owned(),
                1..3 => format!("part-{at}.md"),
                _ => format!("references/part-{at}.md"),
            };
            let mut text = match at {
                0 => format!("---\nname: {name}\ndescription: what {name} is for\n---\n").into_bytes(),
                _ => Vec::new(),
            };
            let length = size(rng, shape.sizes);
            fill(rng, &mut text, length);
            files.push((file, text));
        }
        let earlier = files[0].1.clone();
        files[0].1.extend_from_slice(b"the collection moved on\n");
        Self { key, files, earlier, hash: String::new(), earlier_hash: String::new() }.hashed()
    }

    /// Makes its last file a large one.
    fn with_asset(mut self, rng: &mut Rng) -> Self {
        let (_, last) = self.files.last_mut().expect("it has files");
        fill(rng, last, LARGE);
        if let [(_, only)] = self.files.as_slice() {
            self.earlier = only[..only.len() / 2].to_vec();
        }
        self.hashed()
    }

    /// The recorded hash, as [`crate::library::recorded_hash`] finds it on disk.
    fn hashed(mut self) -> Self {
        let mut order: Vec<usize> = (0..self.files.len()).collect();
        order.sort_by(|a, b| Path::new(&self.files[*a].0).cmp(Path::new(&self.files[*b].0)));
        let of = |main: &[u8]| {
            let mut hasher = Sha256::new();
            for at in &order {
                let (name, text) = &self.files[*at];
                hasher.update(name);
                hasher.update(if *at == 0 { main } else { text });
            }
            hex(&hasher.finalize())
        };
        let (hash, earlier_hash) = (of(&self.files[0].1), of(&self.earlier));
        (self.hash, self.earlier_hash) = (hash, earlier_hash);
        self
    }
}

fn size(rng: &mut Rng, sizes: Sizes) -> usize {
    match sizes {
        Sizes::Small => 100 + rng.below(400) as usize,
        Sizes::Realistic if rng.once_in(MEDIUM_ONE_IN) => MEDIUM,
        // Twelve uniform numbers make a normal one; its exponential around the median is log-normal.
        Sizes::Realistic => {
            let normal = (0..12).map(|_| rng.below(1 << 32) as f64 / (1u64 << 32) as f64).sum::<f64>() - 6.0;
            (4096.0 * (1.2 * normal).exp()).min(LONGEST) as usize
        }
    }
}

/// Appends words up to a length.
fn fill(rng: &mut Rng, text: &mut Vec<u8>, length: usize) {
    let length = text.len() + length;
    while text.len() < length {
        let word = rng.below(u64::MAX);
        text.extend_from_slice(format!("{word:016x}").as_bytes());
        text.push(if word.is_multiple_of(4) { b'\n' } else { b' ' });
    }
    text.truncate(length);
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::library::recorded_hash;

    #[test]
    fn hashes_are_those_of_the_files_on_disk() {
        let mut rng = Rng::new(3);
        let shape = Shape { projects: 1, artifacts: 1, files: 5, sizes: Sizes::Realistic };
        let source = Source::new(&mut rng, "skill:s".into(), shape);
        let dir = tempfile::tempdir().expect("temporary directory");
        for (name, text) in &source.files {
            write(&dir.path().join(name), text);
        }
        assert_eq!(recorded_hash(dir.path()), source.hash);
        write(&dir.path().join("SKILL.md"), &source.earlier);
        assert_eq!(recorded_hash(dir.path()), source.earlier_hash);
        assert_ne!(source.hash, source.earlier_hash);
    }

    #[test]
    fn sizes_are_as_described() {
        let mut rng = Rng::new(1);
        let mut sizes: Vec<usize> = (0..20_000).map(|_| size(&mut rng, Sizes::Realistic)).collect();
        sizes.sort_unstable();
        let (median, mean) = (sizes[10_000], sizes.iter().sum::<usize>() / sizes.len());
        assert!((3_800..4_400).contains(&median) && (8_000..13_000).contains(&mean), "{median}, {mean}");
        let medium = sizes.iter().filter(|size| **size == MEDIUM).count();
        assert!((100..300).contains(&medium) && sizes[sizes.len() - 1] == MEDIUM, "{medium}");
    }
}
