//! Editors and merge tools, as people have them: scripts in their place, and git's own configuration.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use serde_json::json;
use skillmeat_protocol::drift::DriftState;
use skillmeat_tests::process::Output;
use skillmeat_tests::sandbox::Sandbox;

use super::{KEY, kinds, lines};
use crate::operations::Site;

/// A program of these lines of shell.
pub(super) fn script(sandbox: &Sandbox, name: &str, lines: &str) -> PathBuf {
    let path = sandbox.write(name, format!("#!/bin/sh\n{lines}\n"));
    fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).expect("our own file");
    path
}

impl Site {
    pub(super) fn cli(&self, args: &[&str]) -> Output {
        self.sandbox.cli_in(&self.project.root, args, "")
    }

    /// Git as configured by this text.
    pub(super) fn git(&mut self, config: &str) {
        let path = self.sandbox.write("gitconfig", config);
        self.sandbox.set("GIT_CONFIG_GLOBAL", path);
        self.sandbox.set("GIT_CONFIG_NOSYSTEM", "1");
        let path = std::env::var_os("PATH").expect("there is one");
        self.sandbox.set("PATH", path);
    }
}

fn text(path: &Path) -> &str {
    path.to_str().expect("test paths are text")
}

#[test]
fn an_editor_gets_the_text_with_markers_and_what_it_leaves_is_taken() {
    let mut site = lines();
    site.git("");
    site.conflicting();
    // Without one it is said what to set.
    let none = site.cli(&["resolve", KEY, "poem.md", "--edit"]);
    assert!(none.stderr.contains("no editor is set") && none.stderr.contains("EDITOR"), "{none:?}");
    // One that leaves the file as it is decides nothing.
    site.sandbox.set("EDITOR", "true");
    let left = site.cli(&["resolve", KEY, "poem.md", "--edit"]);
    assert!(left.stderr.contains("left as it was"), "{left:?}");
    assert_eq!(site.states(), ["open poem.md=-"]);
    // One that leaves markers is refused, and what it wrote is kept.
    let half = script(&site.sandbox, "half", "echo more >> \"$1\"");
    site.sandbox.set("EDITOR", &half);
    let refused = site.cli(&["resolve", KEY, "poem.md", "--edit"]);
    assert!(refused.stderr.contains("markers are left"), "{refused:?}");
    let kept = refused.stderr.trim_end().rsplit(' ').next().expect("a path");
    assert!(fs::read_to_string(kept).expect("it is kept").ends_with("more\n"), "{refused:?}");
    fs::remove_dir_all(Path::new(kept).parent().expect("a directory")).expect("ours");
    // Words of its own, as git takes them.
    let editor = script(&site.sandbox, "editor", "cp \"$2\" seen; printf '%s\\n' one \"$1\" > \"$2\"");
    site.sandbox.set("VISUAL", format!("{} 'by hand'", editor.display()));
    let done = site.cli(&["resolve", KEY, "poem.md", "--edit", "--continue"]);
    assert!(done.ok().contains("merged"), "{done:?}");
    let seen = fs::read_to_string(site.project.root.join("seen")).expect("it was run there");
    assert!(seen.contains("<<<<<<< LOCAL (current)\nhere\n=======\nthere\n>>>>>>> REMOTE (incoming)\n"), "{seen}");
    site.both_have("poem.md", Some(b"one\nby hand\n"));
    assert_eq!(site.state(KEY), Some(DriftState::InSync));
}

#[test]
fn the_tool_that_git_is_configured_for_gets_three_sides_and_gives_one() {
    let mut site = kinds();
    let tool = "cat \"$BASE\" \"$LOCAL\" \"$REMOTE\" > \"$MERGED.new\" && mv \"$MERGED.new\" \"$MERGED\"";
    site.git(&format!("[merge]\ntool = mine\n[mergetool \"mine\"]\ncmd = \"{}\"\n", tool.replace('"', "\\\"")));
    site.conflicting();
    let ran = site.cli(&["mergetool"]);
    assert!(ran.ok().contains("resolve skill:s") && ran.ok().contains("--continue"), "{ran:?}");
    assert_eq!(site.states(), ["open gone.md=content lost.md=content new.md=content poem.md=content x.bin=content"]);
    assert!(site.cli(&["mergetool"]).ok().contains("nothing is to be decided"));
    assert!(site.cli(&["resolve", KEY, "--continue"]).ok().contains("merged"));
    let poem = "one\ntwo\nthree\nfour\nfive\none\ntwo\nhere\nfour\nfive\none\ntwo\nthere\nfour\nfive\n";
    site.both_have("poem.md", Some(poem.as_bytes()));
    site.both_have("gone.md", Some(b"old\nkept there\n"));
    site.both_have("x.bin", Some(b"\0old\0here\0there"));
    site.both_have("new.md", Some(b"new here\nnew there\n"));
}

#[test]
fn an_exit_code_counts_where_it_is_trusted() {
    // The exit code, whether it is trusted, whether the file is written, and whether that decides it.
    for (code, trusted, writes, decides) in
        [(0, "true", true, true), (1, "true", true, false), (0, "false", false, false), (0, "false", true, true)]
    {
        let mut site = lines();
        let write = if writes { "echo decided > $MERGED; " } else { "" };
        site.git(&format!(
            "[merge]\ntool = mine\n[mergetool \"mine\"]\ncmd = \"{write}exit {code}\"\ntrustExitCode = {trusted}\n"
        ));
        site.conflicting();
        let ran = site.cli(&["resolve", KEY, "--tool"]);
        assert_eq!(ran.code == Some(0), decides, "{code} {trusted} {writes}: {ran:?}");
        let want = if decides { "open poem.md=content" } else { "open poem.md=-" };
        assert_eq!(site.states(), [want], "{code} {trusted} {writes}");
    }
}

#[test]
fn a_tool_that_is_not_there_is_named_with_what_to_set() {
    let mut site = lines();
    site.conflicting();
    site.git("");
    let none = site.cli(&["mergetool", KEY]);
    assert!(none.stderr.contains("no merge tool is configured") && none.stderr.contains("merge.tool"), "{none:?}");
    site.git("[merge]\ntool = odd\n");
    let odd = site.cli(&["mergetool", KEY]);
    assert!(
        odd.stderr.contains("how the merge tool 'odd' is run") && odd.stderr.contains("mergetool.odd.cmd"),
        "{odd:?}"
    );
    // One that is known by name, at a path of its own.
    let meld = script(&site.sandbox, "my-meld", "test \"$1\" = --output && cp \"$5\" \"$2\"");
    site.git(&format!("[mergetool \"meld\"]\npath = {}\n", text(&meld)));
    assert!(site.cli(&["mergetool", KEY, "--tool", "meld"]).ok().contains("--continue"));
    site.proceed();
    site.both_have("poem.md", Some(b"one\ntwo\nthere\nfour\nFIVE\n"));
    // Without git nothing can be asked.
    let mut site = lines();
    site.conflicting();
    site.sandbox.set("PATH", "/nonexistent");
    let none = site.cli(&["mergetool", KEY]);
    assert!(none.stderr.contains("git cannot be asked for merge.tool"), "{none:?}");
}

#[test]
fn the_command_line_lists_shows_decides_and_ends() {
    let site = super::site(&[("poem.md", super::POEM)], &[], &[]);
    assert!(site.cli(&["conflicts", "list"]).ok().starts_with("0 conflicts\n"));
    let site = lines();
    let refused = site.cli(&["sync"]);
    assert!(refused.stdout.contains("skillmeat conflicts show skill:s"), "{refused:?}");
    let list = site.cli(&["conflicts", "list"]);
    assert!(
        list.ok().contains("to decide  poem.md  the same lines") && list.ok().ends_with("1 conflict\n"),
        "{list:?}"
    );
    let shown = site.cli(&["conflicts", "show", KEY]);
    assert!(shown.ok().contains("poem.md --ours   # or --theirs, --base, --both, --edit"), "{shown:?}");
    let text = site.cli(&["conflicts", "show", KEY, "poem.md"]);
    assert!(text.ok().contains("||||||| BASE\nthree\n"), "{text:?}");
    assert_eq!(site.cli(&["conflicts", "list", "--json"]).data()["conflicts"][0]["files"][0]["path"], "poem.md");
    // Each command that is printed is one.
    let ways = site.cli(&["conflicts", "list", "--json"]).data()["conflicts"][0]["ways"].clone();
    let first: Vec<String> =
        ways[1].as_str().expect("text").split(' ').skip(1).map(str::to_owned).chain(["--json".to_owned()]).collect();
    let elsewhere = site.sandbox.cli(&first);
    assert_eq!(elsewhere.data()["complete"], true, "{elsewhere:?}");
    site.both_have("poem.md", Some(b"one\ntwo\nthere\nfour\nFIVE\n"));

    let site = lines();
    let marked = site.cli(&["pull", "--markers"]);
    assert!(marked.ok().contains("holds conflict markers now: poem.md"), "{marked:?}");
    assert!(site.cli(&["conflicts", "list"]).ok().contains("the copy holds markers"));
    let early = site.cli(&["resolve", KEY, "--continue"]);
    assert!(early.stdout.contains("markers are left: poem.md"), "{early:?}");
    let aborted = site.cli(&["resolve", KEY, "--abort"]);
    assert!(aborted.ok().contains("the copy is as it was before it was given markers"), "{aborted:?}");
    assert!(site.cli(&["conflicts", "list"]).ok().contains("  open\n"));
    for (line, want) in [
        (&["resolve", KEY][..], "say how"),
        (&["resolve", KEY, "--ours", "--dry-run"], "--dry-run goes with"),
        (&["resolve", KEY, "poem.md", "--continue"], "leave FILE out"),
        (&["resolve", KEY, "--content", "x"], "FILE"),
    ] {
        let wrong = site.cli(line);
        assert!(wrong.code != Some(0) && wrong.stderr.contains(want), "{line:?}: {wrong:?}");
    }
    let both = site.cli(&["resolve", KEY, "poem.md", "--both"]);
    assert!(both.ok().contains("all is decided") && both.ok().contains("--continue"), "{both:?}");
    let done = json!(site.cli(&["resolve", KEY, "--continue", "--json"]).data());
    assert_eq!(done["complete"], true, "{done}");
    site.both_have("poem.md", Some(b"one\ntwo\nhere\nthere\nfour\nFIVE\n"));
}

#[test]
fn what_can_only_not_be_parsed_is_edited_too() {
    let settings = "{\n  \"a\": 1,\n  \"b\": 2,\n  \"c\": 3,\n  \"d\": 4\n}\n";
    let (here, there) =
        (settings.replace("\"a\"", "\"x\": 1,\n  \"a\""), settings.replace("\"d\"", "\"x\": 2,\n  \"d\""));
    let mut site = super::site(
        &[("s.json", settings.as_bytes())],
        &[("s.json", Some(here.as_bytes()))],
        &[("s.json", Some(there.as_bytes()))],
    );
    site.conflicting();
    let why = site.refused("conflicts.resolve", json!({"file": "s.json", "choice": "both"}));
    assert_eq!(why, "s.json: what comes of the lines of both cannot be parsed");
    let editor = script(&site.sandbox, "editor", "grep -v '\"x\": 2' \"$1\" > new && mv new \"$1\"");
    site.sandbox.set("EDITOR", &editor);
    site.sandbox.set("PATH", std::env::var_os("PATH").expect("there is one"));
    let answer = site.cli(&["resolve", KEY, "--edit", "--json"]).data();
    assert_eq!(answer["conflict"]["files_open"], 0, "{answer}");
    site.proceed();
    site.both_have("s.json", Some(here.as_bytes()));
}
