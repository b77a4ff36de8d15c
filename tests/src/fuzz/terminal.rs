//! What the client prints: nothing in it steers a terminal, a shell reads words as they were, and one long text does not
//! make everything beside it long.

use std::io::{self, Write};

use skillmeat::failure::Failure;
use skillmeat::render::artifacts::{self, Collections};
use skillmeat::render::branches::{self, Names};
use skillmeat::render::porcelain::{self, Records};
use skillmeat::render::resolve::Subject;
use skillmeat::render::status::{Depth, Look};
use skillmeat::render::table::{Cell, Table};
use skillmeat::render::term::{Tone, escape, shell_word};
use skillmeat::render::{
    diff, graph, groups, history, json, operation, progress, projects, radius, stat, status, timeline, versions,
};
use skillmeat::watch;
use skillmeat_protocol::drift::DriftState;
use skillmeat_protocol::ids::ArtifactType;
use skillmeat_protocol::reply::{Counts, FileDiff, Item, ProjectState, ProjectStatus, Reply};

/// Unicode's `Bidi_Control`: what makes text read in another order than it is written.
const BIDI_CONTROL: [char; 12] = [
    '\u{61c}', '\u{200e}', '\u{200f}', '\u{202a}', '\u{202b}', '\u{202c}', '\u{202d}', '\u{202e}', '\u{2066}',
    '\u{2067}', '\u{2068}', '\u{2069}',
];

/// Texts, divided at NUL, through everything that prints one.
pub fn terminal(data: &[u8]) {
    let text = String::from_utf8_lossy(data);
    let texts: Vec<&str> = text.split('\0').collect();
    for text in &texts {
        let escaped = escape(text);
        steers_nothing(&escaped, "");
        assert_eq!(escape(&escaped), escaped);
        assert_eq!(read_by_a_shell(&shell_word(text)), **text);
        assert_eq!(serde_json::from_str::<String>(&json::string(text)).expect("JSON"), **text);
    }
    table(&texts);
    let items: Vec<Item> = texts.iter().map(|text| item(text)).collect();
    records(&items);
    let project = ProjectStatus {
        path: format!("/{}", texts[0]),
        name: texts[0].to_owned(),
        state: ProjectState::Watched,
        available: true,
        counts: Counts::default(),
        problems: Vec::new(),
        items,
    };
    let present: Vec<_> = status::firsts(std::slice::from_ref(&project))
        .into_iter()
        .map(|(project, item)| Subject { item, project: Some(&project.path), profile: item.profile.as_deref() })
        .collect();
    in_both_looks(|out, look| {
        status::write(out, std::slice::from_ref(&project), look)?;
        status::advice(out, &present, look.colour)
    });
}

fn table(texts: &[&str]) {
    let mut table = Table::new(2).heading(&["NAME", "STATE", "NOTE"]);
    for row in texts.chunks(3) {
        table.row(row.iter().map(|text| Cell::new(*text, Tone::Dim)));
    }
    in_both_looks(|out, look| table.write(out, look.colour));
    let mut out = Vec::new();
    table.write(&mut out, false).expect("memory");
    // A byte takes ten at most when it is escaped; a cell is padded to a part of a terminal's width.
    let given: usize = texts.iter().map(|text| text.len()).sum();
    let limit = 10 * given + 256 * (texts.len() + 3);
    assert!(out.len() <= limit, "{} bytes out of {given} in {} cells", out.len(), texts.len());
}

/// `--porcelain`: a line a record, three fields a line, and each can be had back.
fn records(items: &[Item]) {
    let project = |items: Vec<Item>| ProjectStatus {
        path: "/p".into(),
        name: "p".into(),
        state: ProjectState::Watched,
        available: true,
        counts: Counts::default(),
        problems: Vec::new(),
        items,
    };
    let mut out = Vec::new();
    porcelain::write(&mut out, &[project(items.to_vec())], Records::Lines).expect("memory");
    let out = String::from_utf8(out).expect("text");
    assert!(out.chars().all(|c| !c.is_control() || matches!(c, '\t' | '\n')), "{out:?}");
    assert_eq!(out.lines().count(), items.len(), "{out:?}");
    for (line, item) in out.split_terminator('\n').zip(items) {
        let fields: Vec<_> = line[3..].split('\t').map(unquoted).collect();
        let name = format!("{}:{}", item.kind, item.name);
        let shown = |text: &Option<String>| text.clone().unwrap_or_else(|| "-".into());
        assert_eq!(fields, [name, shown(&item.profile), shown(&item.path)], "{line:?}");
    }
}

/// Everything the client prints about a reply.
pub(super) fn shows(reply: &Reply) {
    in_both_looks(|out, look| match reply {
        Reply::Error(error) => Failure::from(error.clone()).write_human(out),
        Reply::Status(reply) => status::write(out, &reply.projects, look),
        Reply::Subscribed(reply) => {
            status::write(out, &reply.snapshot, look)?;
            reply.events.iter().try_for_each(|event| watch::write_event(out, event, look.colour))
        }
        Reply::List(reply) | Reply::Show(reply) => {
            artifacts::write_list(out, &reply.artifacts, Collections::Shown, look.colour)?;
            reply.artifacts.iter().try_for_each(|artifact| artifacts::write_one(out, artifact, look.colour))
        }
        Reply::Projects(reply) => projects::write_projects(out, &reply.projects, look.colour),
        Reply::Discovered(reply) => projects::write_discovered(out, reply, look.colour),
        Reply::Collections(reply) => projects::write_collections(out, reply, look.colour),
        Reply::Collection(reply) => {
            projects::write_collection(out, reply, look.colour)?;
            groups::write_list(out, reply, look.colour)?;
            groups::write_members(out, &reply.groups, look.colour)
        }
        Reply::Operated(reply) => operation::write(out, reply, look.colour),
        Reply::Operations(reply) => history::write_list(out, reply, look.colour),
        Reply::Operation(reply) => history::write_one(out, reply, look.colour),
        Reply::Versions(reply) => {
            let mut list = versions::List::default();
            list.add(&reply.versions, &Names::default());
            list.write(out, &reply.artifact, reply.next, look.colour)
        }
        Reply::VersionGraph(reply) => {
            graph::write_text(out, reply, &Names::default(), look.colour)?;
            graph::write_dot(out, reply, &Names::default())
        }
        Reply::Version(reply) => versions::write_one(out, reply, look.colour),
        Reply::Branches(reply) => {
            branches::write_list(out, reply, look.colour)?;
            let tips = reply.branches.iter().filter_map(|info| info.version);
            tips.flat_map(|tip| Names::of(reply).at(tip).to_vec())
                .try_for_each(|name| writeln!(out, "{}", escape(&name)))
        }
        Reply::Followers(reply) => branches::write_followers(out, reply, look.colour),
        Reply::History(reply) => timeline::write_list(out, reply, look.colour),
        Reply::HistoryCollected(reply) => timeline::write_collected(out, reply),
        Reply::BlastRadius(reply) => radius::write(out, reply, look.colour),
        Reply::HistoryVerified(reply) => timeline::write_verified(out, reply, look.colour),
        Reply::Progress(at) => writeln!(out, "{}  {}", progress::search(at), progress::operation("deploy", at)),
        Reply::Event(event) => watch::write_event(out, event, look.colour),
        Reply::Health(reply) => status::problems(out, &reply.problems, look.colour),
        _ => Ok(()),
    });
    match reply {
        Reply::Error(error) => {
            let mut out = Vec::new();
            Failure::from(error.clone()).write_json(&mut out).expect("memory");
            serde_json::from_slice::<serde_json::Value>(&out).expect("JSON");
        }
        Reply::Status(reply) => reply.projects.iter().for_each(|project| records(&project.items)),
        Reply::Diff(reply) => differences(&reply.files),
        Reply::Collection(reply) => {
            serde_json::from_str::<serde_json::Value>(&groups::json(reply)).expect("JSON");
        }
        _ => {}
    }
}

/// Lines of files: tabs are how they are written, and stay.
fn differences(files: &[FileDiff]) {
    for colour in [false, true] {
        let look = diff::Look { colour, bytes: diff::Bytes::Shown };
        let mut out = Vec::new();
        files.iter().try_for_each(|file| diff::write_file(&mut out, file, look)).expect("memory");
        stat::write(&mut out, files, colour).expect("memory");
        let text = if colour { without_colour(out) } else { String::from_utf8(out).expect("text") };
        steers_nothing(&text, "\n\t");
    }
}

fn in_both_looks(print: impl Fn(&mut dyn Write, Look) -> io::Result<()>) {
    for colour in [false, true] {
        let mut out = Vec::new();
        print(&mut out, Look { colour, detail: Depth::Full }).expect("memory");
        let text = if colour { without_colour(out) } else { String::from_utf8(out).expect("text") };
        steers_nothing(&text, "\n");
    }
}

fn without_colour(out: Vec<u8>) -> String {
    let codes = ["0", "1", "2", "7", "27", "31", "32", "33", "36"];
    let text = String::from_utf8(out).expect("text");
    codes.iter().fold(text, |text, code| text.replace(&format!("\x1b[{code}m"), ""))
}

fn steers_nothing(text: &str, but: &str) {
    let steers = |c: char| (c.is_control() || BIDI_CONTROL.contains(&c)) && !but.contains(c);
    if let Some(c) = text.chars().find(|c| steers(*c)) {
        panic!("{c:?} is printed: {text:?}");
    }
}

/// What a POSIX shell makes of one word, of which the quotes are single ones.
fn read_by_a_shell(word: &str) -> String {
    let mut text = String::new();
    let mut rest = word.chars();
    let mut quoted = false;
    while let Some(c) = rest.next() {
        match c {
            '\'' => quoted = !quoted,
            '\\' if !quoted => text.extend(rest.next()),
            c => {
                assert!(quoted || !" \t\n\"$`&|;<>()*?[]#~!{}".contains(c), "{c:?} is not quoted in {word:?}");
                text.push(c);
            }
        }
    }
    assert!(!quoted, "{word:?}");
    text
}

/// A field of `--porcelain` as git's documentation says to read it.
fn unquoted(field: &str) -> String {
    let Some(inside) = field.strip_prefix('"').and_then(|rest| rest.strip_suffix('"')) else {
        return field.to_owned();
    };
    let mut bytes = Vec::new();
    let mut rest = inside.bytes();
    while let Some(byte) = rest.next() {
        if byte != b'\\' {
            bytes.push(byte);
            continue;
        }
        let escape = rest.next().expect("something is escaped");
        bytes.push(match escape {
            b'a' => 7,
            b'b' => 8,
            b't' => b'\t',
            b'n' => b'\n',
            b'v' => 11,
            b'f' => 12,
            b'r' => b'\r',
            b'0'..=b'3' => {
                let mut digit = || rest.next().expect("three digits") - b'0';
                (escape - b'0') << 6 | digit() << 3 | digit()
            }
            other => other,
        });
    }
    String::from_utf8(bytes).expect("whole characters")
}

/// An item of which every text is `text`.
fn item(text: &str) -> Item {
    let all = || Some(text.to_owned());
    Item {
        kind: ArtifactType::Skill,
        name: text.to_owned(),
        profile: all(),
        collection: all(),
        collection_id: all(),
        state: DriftState::ALL[text.len() % DriftState::ALL.len()],
        drift_type: None,
        change_origin: None,
        recommendation: None,
        baseline_hash: None,
        collection_hash: None,
        project_hash: None,
        collection_version: all(),
        project_version: all(),
        version_mismatch: true,
        deployed_at: all(),
        modification_detected_at: None,
        mergeable: None,
        path: all(),
        message: all(),
    }
}
