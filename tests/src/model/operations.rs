//! What people and programs do to files.

use std::fs::{self, File};
use std::io::{self, Write};
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};

use super::field::{Field, KEYS};
use crate::library::record;

type Done = (String, io::Result<()>);

impl Field {
    pub(crate) fn random_operation(&mut self) -> Done {
        match self.rng.below(26) {
            0..=3 => self.write_in_place(),
            4 => self.truncate_then_write(),
            5..=7 => self.save_atomically(),
            8 => self.rename_file(),
            9 => self.rename_artifact(),
            10 | 11 => self.delete_file(),
            12 => self.delete_artifact(),
            13 => self.replace_directory_by_file(),
            14 => self.replace_by_link(),
            15 => self.edit_shared(),
            16 => self.burst(),
            17 | 18 => self.rewrite_manifest(),
            19 | 20 => self.rewrite_records(),
            21 => self.damage(),
            22 => self.move_project(),
            23 => self.move_inner(),
            24 => self.change_default(),
            _ => self.bring_back(),
        }
    }

    fn write_in_place(&mut self) -> Done {
        let (path, content) = (self.file(), self.content());
        (format!("write {}", path.display()), put(&path, &content))
    }

    fn truncate_then_write(&mut self) -> Done {
        let (path, content) = (self.file(), self.content());
        let result = parents(&path).and_then(|()| {
            let mut file = File::create(&path)?;
            let (first, rest) = content.split_at(content.len() / 2);
            file.write_all(first.as_bytes())?;
            file.write_all(rest.as_bytes())
        });
        (format!("truncate and write {}", path.display()), result)
    }

    fn save_atomically(&mut self) -> Done {
        let (path, content) = (self.file(), self.content());
        let temporary = path.with_extension("md.tmp.1a2b");
        let result = put(&temporary, &content).and_then(|()| fs::rename(&temporary, &path));
        (format!("save {}", path.display()), result)
    }

    fn rename_file(&mut self) -> Done {
        let path = self.file();
        let to = path.with_file_name(self.rng.pick(&["moved.md", "SKILL.md", "z"]));
        (format!("rename {} to {}", path.display(), to.display()), fs::rename(&path, &to))
    }

    fn rename_artifact(&mut self) -> Done {
        let (from, to) = (self.artifact(), self.artifact());
        let result = parents(&to).and_then(|()| fs::rename(&from, &to));
        (format!("rename {} to {}", from.display(), to.display()), result)
    }

    fn delete_file(&mut self) -> Done {
        let path = self.file();
        (format!("delete {}", path.display()), fs::remove_file(&path))
    }

    fn delete_artifact(&mut self) -> Done {
        let path = self.artifact();
        (format!("delete all of {}", path.display()), clear(&path))
    }

    fn replace_directory_by_file(&mut self) -> Done {
        let path = self.artifact();
        let content = self.content();
        let result = clear(&path).and_then(|()| fs::write(&path, content));
        (format!("a file instead of {}", path.display()), result)
    }

    fn replace_by_link(&mut self) -> Done {
        let path = self.artifact();
        let target = match self.rng.below(4) {
            0 => PathBuf::from("nowhere"),
            1 => self.shared.join("y"),
            _ => self.shared.join("x"),
        };
        let result = match clear(&path) {
            Err(e) if e.kind() == io::ErrorKind::NotFound => parents(&path),
            other => other,
        };
        let result = result.and_then(|()| symlink(&target, &path));
        (format!("link {} to {}", path.display(), target.display()), result)
    }

    fn edit_shared(&mut self) -> Done {
        let dir = self.shared.join(self.rng.pick(&["x", "y"]));
        if self.rng.once_in(5) {
            let other = self.shared.join("away");
            let result = fs::rename(&dir, &other).or_else(|_| fs::rename(&other, &dir));
            return (format!("move {} away or back", dir.display()), result);
        }
        let path = dir.join(self.rng.pick(&["SKILL.md", "new.md", "sub/a.md"]));
        let content = self.content();
        (format!("write {}", path.display()), put(&path, &content))
    }

    /// Directories and files in one go: the case that recursive watching misses.
    fn burst(&mut self) -> Done {
        let root = self.artifact();
        let mut result = Ok(());
        for i in 0..12 {
            let content = self.content();
            result = result.and(put(&root.join(format!("d{}/e{}/f{i}.md", i % 3, i % 2)), &content));
        }
        (format!("burst below {}", root.display()), result)
    }

    fn rewrite_manifest(&mut self) -> Done {
        let at = self.rng.below(self.collections.len() as u64) as usize;
        let collection = self.collections[at].clone();
        let keys: Vec<&str> = KEYS.into_iter().filter(|_| !self.rng.once_in(3)).collect();
        if !collection.root.is_dir() {
            return ("no collection to list in".to_owned(), Ok(()));
        }
        collection.list(&keys);
        (format!("list {} in {}", keys.join(" "), collection.name), Ok(()))
    }

    fn rewrite_records(&mut self) -> Done {
        let at = self.rng.below(self.projects.len() as u64) as usize;
        let project = self.projects[at].clone();
        let mut text = String::new();
        let mut names = Vec::new();
        for key in KEYS {
            if self.rng.once_in(2) {
                continue;
            }
            let from = self.rng.pick(&self.collections).name.clone();
            let path = project.path(key);
            // The present content as the baseline makes the copy unmodified; anything else makes it modified.
            let hash = match self.rng.below(3) {
                0 if path.exists() => crate::library::recorded_hash(&path),
                1 => "not a hash".to_owned(),
                _ => "ab".repeat(32),
            };
            text.push_str(&record(key, &from, &hash));
            text.push('\n');
            names.push(key);
        }
        let result = if project.claude().is_dir() { fs::write(project.records(), text) } else { Ok(()) };
        (format!("record {} in {}", names.join(" "), project.root.display()), result)
    }

    /// A file cut off in the middle, as a crashing writer leaves it.
    fn damage(&mut self) -> Done {
        let root = self.root();
        let path = [root.join("collection.toml"), root.join(".skillmeat-deployed.toml")]
            .into_iter()
            .find(|path| path.is_file());
        let Some(path) = path else { return ("nothing to damage".to_owned(), Ok(())) };
        let result = fs::read(&path).and_then(|bytes| fs::write(&path, &bytes[..bytes.len() * 2 / 3]));
        (format!("cut {}", path.display()), result)
    }

    fn move_project(&mut self) -> Done {
        let at = self.rng.below(self.projects.len() as u64) as usize;
        let path = self.projects[at].root.clone();
        (format!("move {} away", path.display()), self.move_aside(&path))
    }

    fn move_inner(&mut self) -> Done {
        let root = self.root();
        let path = match self.rng.below(3) {
            0 => root,
            1 => root.join("skills"),
            _ => root.join("commands"),
        };
        (format!("move {} away", path.display()), self.move_aside(&path))
    }

    fn bring_back(&mut self) -> Done {
        let Some((place, from)) = self.aside.pop() else { return ("nothing is away".to_owned(), Ok(())) };
        // Something else may be there by now.
        let result = parents(&from).and_then(|()| fs::rename(&place, &from));
        (format!("bring {} back", from.display()), result)
    }

    fn change_default(&mut self) -> Done {
        self.default_collection = self.rng.pick(&["default", "team", "elsewhere"]).to_string();
        let text = format!("[settings]\ndefault-collection = \"{}\"\n", self.default_collection);
        self.sandbox.config(&text);
        (format!("the default is {}", self.default_collection), Ok(()))
    }
}

fn parents(path: &Path) -> io::Result<()> {
    match path.parent() {
        Some(parent) => fs::create_dir_all(parent),
        None => Ok(()),
    }
}

fn put(path: &Path, content: &str) -> io::Result<()> {
    parents(path)?;
    fs::write(path, content)
}

fn clear(path: &Path) -> io::Result<()> {
    if fs::symlink_metadata(path)?.is_dir() { fs::remove_dir_all(path) } else { fs::remove_file(path) }
}
