//! Files of a conflict, decided in an editor or a merge tool.
//!
//! The sides are asked of the daemon and written into a directory of their own; what the program makes of them is given back by its
//! path. Where it cannot be taken, it stays there, and the message says where: nobody types the same twice.

use std::ffi::OsStr;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use skillmeat_protocol::bytes::Bytes;
use skillmeat_protocol::error::ErrorCode;
use skillmeat_protocol::reply::{ConflictFile, ConflictReason, ConflictReply, Reply};
use skillmeat_protocol::request::{
    ConflictChoice, ConflictName, ConflictRead, ConflictShow, ConflictSide, Freshness, Request, Resolve,
};

use super::Context;
use crate::failure::Failure;
use crate::mergetool::{Files, Tool};
use crate::render::conflicts::name;
use crate::render::term::shell_word;
use crate::surroundings::text;
use crate::transport::unexpected;

/// What somebody decides with.
pub(super) enum By {
    /// An editor, as the environment names it.
    Editor(std::ffi::OsString),
    /// A merge tool.
    Tool(Tool),
}

impl By {
    /// The editor of the environment.
    ///
    /// # Errors
    /// It names none.
    pub(super) fn editor(context: &Context<'_>) -> Result<Self, Failure> {
        let hint = "export EDITOR=vi, or write the text yourself and give it with --content PATH";
        let editor = context.around.editor.clone();
        editor.map(Self::Editor).ok_or_else(|| Failure::new(ErrorCode::NotFound, "no editor is set").hint(hint))
    }
}

/// Has one file decided, and tells the daemon. None when the program left the file as it was.
pub(super) fn decide(
    context: &mut Context<'_>,
    conflict: &ConflictName,
    file: &ConflictFile,
    by: &By,
) -> Result<Option<ConflictReply>, Failure> {
    let directory = Directory::new()?;
    let files = written(context, conflict, file, &directory)?;
    let before = read(&files.merged)?;
    let succeeded = run(by, &files)?;
    let after = read(&files.merged)?;
    let is_trusted = matches!(by, By::Tool(tool) if tool.is_trusted);
    if !succeeded || !is_trusted && after == before {
        return Ok(None);
    }
    given(context, conflict, file, &files.merged).map(Some).map_err(|failure| {
        let kept = directory.keep().join(files.merged.file_name().unwrap_or_default());
        let kept = shell_word(&kept.to_string_lossy()).into_owned();
        failure.hint(format!("your text is kept; change it and give it with --content {kept}"))
    })
}

/// Tells the daemon what was made of a file, unless that was of other sides than there are by now.
fn given(
    context: &Context<'_>,
    conflict: &ConflictName,
    file: &ConflictFile,
    merged: &Path,
) -> Result<ConflictReply, Failure> {
    let ask = |request| match context.ask(request, Freshness::Synced)? {
        Reply::Conflict(reply) => Ok(reply),
        other => Err(unexpected(&other)),
    };
    let now = ask(Request::ConflictShow(ConflictShow { conflict: conflict.clone(), file: None }))?;
    let sides = |file: &ConflictFile| (file.base.clone(), file.ours.clone(), file.theirs.clone());
    if !now.conflict.files.iter().any(|other| other.path == file.path && sides(other) == sides(file)) {
        let name = name(file);
        return Err(Failure::new(ErrorCode::Refused, format!("{name}: its sides changed while it was edited")));
    }
    let choice = ConflictChoice::Content(text(merged)?);
    ask(Request::Resolve(Resolve { conflict: conflict.clone(), file: Some(file.path.clone()), choice }))
}

/// Whether it ended well.
fn run(by: &By, files: &Files) -> Result<bool, Failure> {
    let (mut command, name) = match by {
        // It may be several words, as git takes it.
        By::Editor(editor) => {
            let mut line = editor.clone();
            line.push(" \"$@\"");
            let mut command = Command::new("sh");
            command.arg("-c").arg(line).arg(editor).arg(&files.merged);
            (command, editor.to_string_lossy().into_owned())
        }
        By::Tool(tool) => (tool.command(files), tool.name.clone()),
    };
    let status = command.status().map_err(|error| {
        Failure::new(ErrorCode::Io, format!("cannot run {name}: {error}"))
            .hint("git config --global merge.tool TOOL, and mergetool.TOOL.path where it is not in PATH")
    })?;
    match status.code() {
        Some(126 | 127) => Err(Failure::new(ErrorCode::Io, format!("{name} cannot be run"))),
        _ => Ok(status.success()),
    }
}

/// Writes the sides of a file where a program finds them.
fn written(
    context: &Context<'_>,
    conflict: &ConflictName,
    file: &ConflictFile,
    directory: &Directory,
) -> Result<Files, Failure> {
    let own = Bytes::from(conflict.artifact.split_once(':').map_or("file", |(_, name)| name).as_bytes());
    let named = if file.path.0.is_empty() { &own } else { &file.path };
    let name = String::from_utf8_lossy(&named.0).into_owned();
    let name = Path::new(&name).file_name().unwrap_or(OsStr::new("file")).to_owned();
    let side = |side: ConflictSide, label: &str| -> Result<(PathBuf, bool), Failure> {
        let bytes = bytes(context, conflict, file, side)?;
        let path = directory.path().join(labelled(Path::new(&name), label));
        fs::write(&path, bytes.as_deref().unwrap_or_default()).map_err(|e| Failure::io("write", &path, &e))?;
        Ok((path, bytes.is_some()))
    };
    let (base, has_base) = side(ConflictSide::Base, "BASE")?;
    let (local, is_here) = side(ConflictSide::Ours, "LOCAL")?;
    let (remote, _) = side(ConflictSide::Theirs, "REMOTE")?;
    let survivor = if is_here { ConflictSide::Ours } else { ConflictSide::Theirs };
    let (merged, _) = side(if has_text(file) { ConflictSide::Marked } else { survivor }, "")?;
    Ok(Files { base, has_base, local, remote, merged })
}

/// Whether the lines of both sides can be put together for a person to go on with.
pub(super) fn has_text(file: &ConflictFile) -> bool {
    file.text || file.reason == ConflictReason::Broken
}

/// `SKILL.BASE.md`: with its extension, by which programs know what it is.
fn labelled(name: &Path, label: &str) -> PathBuf {
    if label.is_empty() {
        return name.to_owned();
    }
    let stem = name.file_stem().unwrap_or_default().to_string_lossy();
    match name.extension() {
        Some(extension) => format!("{stem}.{label}.{}", extension.to_string_lossy()).into(),
        None => format!("{stem}.{label}").into(),
    }
}

/// All bytes of a side; none where nothing is.
fn bytes(
    context: &Context<'_>,
    conflict: &ConflictName,
    file: &ConflictFile,
    side: ConflictSide,
) -> Result<Option<Vec<u8>>, Failure> {
    let (mut all, mut from) = (Vec::new(), 0);
    loop {
        let read = ConflictRead { conflict: conflict.clone(), file: file.path.clone(), side, from };
        match context.ask(Request::ConflictRead(read), Freshness::Cached)? {
            Reply::ConflictBytes(part) if !part.present => return Ok(None),
            Reply::ConflictBytes(part) => {
                all.extend_from_slice(&part.bytes.0);
                match part.next {
                    Some(next) => from = next,
                    None => return Ok(Some(all)),
                }
            }
            other => return Err(unexpected(&other)),
        }
    }
}

fn read(path: &Path) -> Result<Vec<u8>, Failure> {
    fs::read(path).map_err(|error| Failure::io("read", path, &error))
}

/// A directory that nobody else can read, and that goes with this.
struct Directory(Option<PathBuf>);

impl Directory {
    fn new() -> Result<Self, Failure> {
        let within = std::env::temp_dir();
        let mut builder = fs::DirBuilder::new();
        #[cfg(unix)]
        std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
        for number in 0..1000 {
            let path = within.join(format!("skillmeat-{}-{number}", std::process::id()));
            match builder.create(&path) {
                Ok(()) => return Ok(Self(Some(path))),
                Err(error) if error.kind() == std::io::ErrorKind::AlreadyExists => {}
                Err(error) => return Err(Failure::io("make", &path, &error)),
            }
        }
        Err(Failure::new(ErrorCode::Io, format!("no name is left in {}", within.display())))
    }

    fn path(&self) -> &Path {
        self.0.as_deref().unwrap_or(Path::new(""))
    }

    /// It stays.
    fn keep(mut self) -> PathBuf {
        self.0.take().unwrap_or_default()
    }
}

impl Drop for Directory {
    fn drop(&mut self) {
        if let Some(path) = &self.0 {
            // What is left of it is in the system's own directory for such things.
            let _ = fs::remove_dir_all(path);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_label_leaves_the_extension_where_it_is() {
        for (name, label, want) in
            [("a.md", "BASE", "a.BASE.md"), ("x", "LOCAL", "x.LOCAL"), ("a.md", "", "a.md"), (".x", "BASE", ".x.BASE")]
        {
            assert_eq!(labelled(Path::new(name), label), Path::new(want));
        }
    }
}
