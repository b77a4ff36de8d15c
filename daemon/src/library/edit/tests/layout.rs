//! Files that people laid out in their own way keep it; what cannot be changed safely is refused.

use super::super::groups::GroupChange;
use super::super::lock::NewLock;
use super::*;
use crate::library::{config as config_reader, manifest as manifest_reader};
use jiff::tz::TimeZone;

const HEAD: &str = "[collection]\nname = \"c\"\nupdated = \"2026-11-21T09:00:00\"\n";

fn new_lock(name: &str) -> NewLock {
    NewLock {
        kind: ArtifactType::Skill,
        name: name.to_owned(),
        content_hash: hash(0xab),
        fetched: NOW,
        upstream: None,
        resolved_sha: None,
        resolved_version: None,
    }
}

#[test]
fn line_endings_and_byte_order_mark_stay() {
    let windows = |text: &str| format!("\u{feff}{}", text.replace('\n', "\r\n"));
    let (empty, one) = (windows(&golden("empty.toml")), windows(&golden("one-full.toml")));
    assert_eq!(manifest::add(&manifest(&empty), &full_entry(), NOW).expect("added"), one);
    assert_eq!(manifest::remove(&manifest(&one), &key("skill:pdf"), NOW).expect("removed"), empty);
    let tags = |tags: &[&str]| [Field::Tags(tags.iter().map(|tag| (*tag).to_owned()).collect())];
    let three = manifest::change(&manifest(&one), &key("skill:pdf"), &tags(&["b", "x", "a"]), NOW).expect("changed");
    assert!(three.contains("tags = [\r\n    \"b\",\r\n    \"x\",\r\n    \"a\",\r\n]\r\n"), "{three}");
    assert_eq!(manifest::change(&manifest(&three), &key("skill:pdf"), &tags(&["b", "a"]), NOW).expect("changed"), one);
    let two = windows(&golden("group-two.toml"));
    let turned = [GroupChange::Move { group: "h".into(), place: 0 }, GroupChange::Move { group: "g".into(), place: 0 }];
    assert_eq!(groups::apply(&manifest(&two), &turned, NOW).expect("moved"), two);
    let file = Path::new("/c/collection.lock");
    let locked = windows(&golden("lock-one.toml"));
    let more = lock::set(&Before { file, text: Some(&locked) }, &new_lock("z")).expect("locked");
    assert!(more.starts_with(&locked) && !more.replace("\r\n", "").contains('\n'), "{more}");
}

#[test]
fn members_keep_their_notes() {
    let group = |members: &str| {
        format!("{HEAD}\n# all of mine\n[[groups]]  # one\nname = 'g'\nposition = 0\nmembers = {members}  # end\n")
    };
    let add = |members: &[&str], place| GroupChange::AddMembers {
        group: "g".into(),
        members: members.iter().map(|member| (*member).to_owned()).collect(),
        place,
    };
    let remove = |member: &str| GroupChange::RemoveMembers { group: "g".into(), members: vec![member.to_owned()] };
    let order = |members: &[&str]| GroupChange::OrderMembers {
        group: "g".into(),
        members: members.iter().map(|member| (*member).to_owned()).collect(),
    };
    let (a, b, c) = ("\"skill:a\"", "\"skill:b\"", "\"skill:c\"");
    for (was, change, want) in [
        (format!("[{a}, {b}]"), add(&["skill:c"], None), format!("[{a}, {b}, {c}]")),
        (format!("[ {a}, {b}, ]"), add(&["skill:c"], None), format!("[ {a}, {b}, {c}, ]")),
        (format!("[{a}, {b}]"), add(&["skill:c"], Some(0)), format!("[{c}, {a}, {b}]")),
        (format!("[{a}, {b}]"), add(&["skill:c"], Some(1)), format!("[{a}, {c}, {b}]")),
        (format!("[{a}, {b}]"), add(&["skill:b.md", "skill:a"], None), format!("[{a}, {b}]")),
        (format!("[{a}, {b}]"), add(&["skill:b"], Some(0)), format!("[{b}, {a}]")),
        (format!("[{a}, {b}]"), remove("skill:a"), format!("[{b}]")),
        (format!("[{a}, {b}]"), remove("skill:b"), format!("[{a}, ]")),
        (format!("[{a}]"), remove("skill:a"), "[]".to_owned()),
        ("[]".to_owned(), add(&["skill:a"], None), format!("[\n    {a},\n]")),
        (
            format!("[\n  # first\n  {a}, # A\n  {b}, # B\n  'skill:c' # C\n]"),
            remove("skill:b"),
            format!("[\n  # first\n  {a}, # A\n  'skill:c' # C\n]"),
        ),
        (
            format!("[\n  {a}, # A\n  {b} # B\n]"),
            add(&["skill:c"], None),
            format!("[\n  {a}, # A\n  {b},\n  {c} # B\n]"),
        ),
        (
            format!("[\n  {a}, # A\n  {b}, # B\n]"),
            add(&["skill:c"], Some(1)),
            format!("[\n  {a}, # A\n  {c},\n  {b}, # B\n]"),
        ),
        (format!("[\n  {a},\n  'skill:b',\n]"), order(&["skill:b"]), format!("[\n  'skill:b',\n  {a},\n]")),
    ] {
        let text = groups::apply(&manifest(&group(&was)), &[change], NOW).expect("changed");
        assert_eq!(text, group(&want));
    }
}

#[test]
fn groups_move_with_their_notes() {
    let piece = |name: &str, position: u8| {
        format!("# about {name}\n[[groups]]\nposition = {position} # place\nname = \"{name}\"\nx = {{ y = 1 }}\n")
    };
    let text = format!("{HEAD}\n{}\n{}\n\n{}", piece("a", 0), piece("b", 1), piece("c", 2));
    let moved = groups::apply(&manifest(&text), &[GroupChange::Move { group: "c".into(), place: 0 }], NOW);
    assert_eq!(moved.expect("moved"), format!("{HEAD}\n{}\n{}\n\n{}", piece("c", 0), piece("a", 1), piece("b", 2)));
    let copied = groups::apply(&manifest(&text), &[GroupChange::Copy { group: "a".into(), to: "d".into() }], NOW);
    let copied = copied.expect("copied");
    assert!(copied.starts_with(&text) && copied.ends_with("\nposition = 3\nmembers = []\n"), "{copied}");
    let renamed = GroupChange::Rename { group: "b".into(), to: "é\t\"\\\u{1}".into() };
    let renamed = groups::apply(&manifest(&text), &[renamed], NOW).expect("renamed");
    assert_eq!(renamed, text.replace("name = \"b\"", "name = \"é\t\\\"\\\\\\u0001\""));

    let gaps = format!(
        "{HEAD}\n[[groups]]\nname = \"late\"\nposition = 9\n\n[[groups]]\ncolor = \"nameless\"\n\n[[groups]]\nname = \"early\"\nposition = 3\n"
    );
    let deep = groups::apply(&manifest(&gaps), &[], NOW).expect("counted anew");
    let read = manifest_reader::parse(deep.as_bytes(), Path::new(COLLECTION)).groups;
    let found: Vec<_> = read.iter().map(|group| (group.name.as_str(), group.position)).collect();
    assert_eq!(found, [("early", 0), ("late", 1)]);
    assert!(deep.contains("position = 0\n\n[[groups]]\ncolor = \"nameless\"\n\n[[groups]]\nname = \"late\""), "{deep}");
}

#[test]
fn inline_lists_are_edited_where_they_are() {
    let text = format!(
        "artifacts = [ # mine\n  {{name='a',type='skill', x=1}}, # A\n  {{ name = \"b\", type = \"skill\" }} # B\n]\n{HEAD}"
    );
    let changed =
        manifest::change(&manifest(&text), &key("skill:b"), &[Field::Tags(vec!["t".into()])], NOW).expect("set");
    assert!(changed.contains("  { name = \"b\", type = \"skill\", tags = [\n    \"t\",\n] } # B\n]"), "{changed}");
    let removed = manifest::remove(&manifest(&text), &key("skill:a"), NOW).expect("removed");
    assert_eq!(removed, text.replace("  {name='a',type='skill', x=1}, # A\n", ""));
    let added = manifest::add(&manifest(&text), &entry(ArtifactType::Skill, "c"), NOW).expect("added");
    let read = manifest_reader::parse(added.as_bytes(), Path::new(COLLECTION));
    assert_eq!((read.entries.len(), read.problems), (3, vec![]));
    let described = EntryMetadata { title: Some("T".into()), ..EntryMetadata::default() };
    let described =
        manifest::change(&manifest(&text), &key("skill:a"), &[Field::Metadata(described)], NOW).expect("set");
    let read = manifest_reader::parse(described.as_bytes(), Path::new(COLLECTION));
    assert_eq!((read.entries[0].metadata.title.as_deref(), described.contains("x = 1")), (Some("T"), true));

    let text = "deployed = [ { artifact_name = \"a\", artifact_type = \"skill\", profile_root_dir = \".x\" } ] # r\n";
    let mut new = record(ArtifactType::Skill, "a");
    new.profile_id = "x".into();
    let edited = records::upsert(&records(text), &[new.clone(), record(ArtifactType::Skill, "a")], &TimeZone::UTC);
    let edited = edited.expect("written").text.expect("records");
    let read = crate::library::deployed::parse(edited.as_bytes(), Path::new(DEPLOYED), &TimeZone::UTC);
    let profiles: Vec<_> = read.records.iter().map(|record| record.profile_id.as_deref()).collect();
    assert_eq!((profiles, read.problems), (vec![Some("x"), Some("claude_code")], vec![]), "{edited}");
    assert!(edited.ends_with("] # r\n"));
}

#[test]
fn records_of_the_files_root_and_doubles() {
    let bare = "[[deployed]]\nartifact_name = \"a.md\"\nartifact_type = \"command\"\nfrom_collection = \"c\"\n";
    let text =
        format!("# kept\n\n{bare}artifact_uuid = \"own\"\nmine = 1\n\n{bare}\n[[deployed]]\nartifact_name = 3 # odd\n");
    let mut new = record(ArtifactType::Command, "a");
    new.artifact_uuid = Some("given".into());
    let edited = records::upsert(&records(&text), std::slice::from_ref(&new), &TimeZone::UTC).expect("written");
    let edited = edited.text.expect("records");
    assert_eq!(edited.matches("[[deployed]]").count(), 2, "{edited}");
    assert!(edited.contains("artifact_uuid = \"own\"\n") && edited.contains("mine = 1\n"), "{edited}");
    assert!(edited.ends_with("\n\n[[deployed]]\nartifact_name = 3 # odd\n"), "{edited}");
    let codex = Before { file: Path::new("/p/.codex/.skillmeat-deployed.toml"), text: Some(&text) };
    let other = records::remove(&codex, &[(key("command:a"), "claude_code".into())]).expect("nothing to remove");
    assert_eq!(other.text.as_deref(), Some(text.as_str()));
    let gone = records::remove(&codex, &[(key("command:a"), "codex".into())]).expect("removed").text;
    assert_eq!(gone.as_deref(), Some("# kept\n\n[[deployed]]\nartifact_name = 3 # odd\n"));
}

#[test]
fn locks_in_other_spellings() {
    let file = Path::new("/c/collection.lock");
    let text = "[lock.entries]  # mine\n\"a.md::skill\" = { content_hash = 'x', more = 1 } # A\n\n[other]\nx = 1";
    let set = lock::set(&Before { file, text: Some(text) }, &new_lock("a")).expect("locked");
    assert!(set.starts_with("[lock.entries]  # mine\n\"a.md::skill\" = { content_hash = \"abab"), "{set}");
    assert!(set.ends_with("\", more = 1 } # A\n\n[other]\nx = 1"), "{set}");
    let more = lock::set(&Before { file, text: Some(text) }, &new_lock("b")).expect("locked");
    assert!(more.contains("# A\n\n[lock.entries.\"b::skill\"]\ncontent_hash = "), "{more}");
    let gone = lock::remove(&Before { file, text: Some(text) }, &key("skill:a")).expect("unlocked");
    assert_eq!(gone, "[lock.entries]  # mine\n\n[other]\nx = 1");
    assert_eq!(lock::remove(&Before { file, text: None }, &key("skill:a")).expect("nothing"), "");
}

#[test]
fn what_goes_takes_the_blank_lines_above_it() {
    let entry = |name: &str| format!("[[artifacts]]\nname = \"{name}\"\ntype = \"skill\"\n");
    let remove = |text: &str, entry: &str| manifest::remove(&manifest(text), &key(entry), NOW).expect("removed");
    let last = format!("{HEAD}\n\n \n{}\n\n# loose\n\n[tail]\n", entry("a"));
    assert_eq!(remove(&last, "skill:a"), format!("artifacts = []\n\n{HEAD}\n\n# loose\n\n[tail]\n"));
    // Here the empty list goes to where the entry was.
    let first = format!("\n\n{}\n{HEAD}", entry("a"));
    assert_eq!(remove(&first, "skill:a"), format!("artifacts = []\n\n\n{HEAD}"));
    let two = format!("{}\n\n\n{}\n{HEAD}", entry("a"), entry("b"));
    assert_eq!(remove(&two, "skill:a"), format!("{}\n{HEAD}", entry("b")));
    assert_eq!(remove(&two, "skill:b"), format!("{}\n{HEAD}", entry("a")));
}

#[test]
fn a_lock_is_renamed_in_its_header() {
    let file = Path::new("/c/collection.lock");
    let text = golden("lock-two.toml");
    let renamed = lock::rename(&Before { file, text: Some(&text) }, &key("skill:pdf"), "p.d").expect("renamed");
    assert_eq!(renamed, text.replace("\"pdf::skill\"", "\"p.d::skill\""));
    let taken = lock::rename(&Before { file, text: Some(&text) }, &key("mcp:ü \"q\""), "ü \"q\".md").expect("its own");
    assert!(taken.contains("[lock.entries.\"ü \\\"q\\\".md::mcp\"]"), "{taken}");
    let more = lock::set(&Before { file, text: Some(&text) }, &new_lock("z")).expect("locked");
    let error = lock::rename(&Before { file, text: Some(&more) }, &key("skill:pdf"), "z").expect_err("taken");
    assert!(error.to_string().contains("there is skill:z already"), "{error}");
}

#[test]
fn the_default_collection() {
    let file = Path::new("/h/config.toml");
    for text in [
        None,
        Some(""),
        Some("active = 1"),
        Some("[settings] # s\nx = 1\n\n[daemon]\ny = 1\n"),
        Some("settings = { default-collection = 'a', x = 1 }\n"),
        Some("[settings]\ndefault-collection = \"a\" # which\n"),
    ] {
        let set = config::set_default_collection(&Before { file, text }, "te\"am").expect("set");
        let (read, problems) = config_reader::parse(set.as_bytes(), file, Path::new("/h"));
        assert_eq!((read.default_collection.as_str(), problems), ("te\"am", vec![]), "{set}");
        for line in text.unwrap_or_default().lines().filter(|line| !line.contains("default-collection")) {
            assert!(set.contains(line), "{set}");
        }
    }
}

#[test]
fn what_cannot_be_done_is_said() {
    let text = format!("{HEAD}\n[[artifacts]]\nname = \"a\"\ntype = \"skill\"\n\n[[groups]]\nname = \"g\"\n");
    let error = |text: &str, edit: &dyn Fn(&Before<'_>) -> Result<String, EditError>| {
        edit(&manifest(text)).expect_err("refused").to_string()
    };
    let grouped = |change: GroupChange| move |b: &Before<'_>| groups::apply(b, std::slice::from_ref(&change), NOW);
    let add = |group: &str, member: &str| {
        grouped(GroupChange::AddMembers { group: group.into(), members: vec![member.into()], place: None })
    };
    let a = key("skill:a");
    for (why, edit) in [
        (
            "there is skill:a already",
            &(|b: &Before<'_>| manifest::add(b, &entry(ArtifactType::Skill, "a.md"), NOW)) as &dyn Fn(&Before<'_>) -> _,
        ),
        ("there is no entry skill:b", &|b| manifest::remove(b, &key("skill:b"), NOW)),
        ("cannot write a/b to /c/collection.toml: the name holds a path separator", &|b| {
            manifest::rename(b, &a, "a/b", None, NOW)
        }),
        ("the path leaves its directory", &|b| manifest::change(b, &a, &[Field::Path("../x".into())], NOW)),
        ("it is none of local, github, marketplace", &|b| manifest::change(b, &a, &[Field::Origin("x".into())], NOW)),
        ("only what comes from a marketplace has an origin_source", &|b| {
            manifest::change(b, &a, &[Field::OriginSource(Some("gitlab".into()))], NOW)
        }),
        ("cannot write martian to", &|b| {
            manifest::change(b, &a, &[Field::TargetPlatforms(vec!["martian".into()])], NOW)
        }),
        ("there is no group 'h'", &add("h", "skill:a")),
        ("'a' is not TYPE:NAME", &add("g", "a")),
        ("there is a group 'g' already", &grouped(GroupChange::Create(group("g", &[])))),
        (
            "there is no member 'skill:a' in group 'g'",
            &grouped(GroupChange::RemoveMembers { group: "g".into(), members: vec!["skill:a".into()] }),
        ),
    ] {
        let message = error(&text, edit);
        assert!(message.contains(why) && message.contains("/c/collection.toml"), "{message}");
    }
    let rename = |b: &Before<'_>| manifest::rename_collection(b, "x", NOW);
    assert_eq!(error("a = \n", &rename).split(": ").next(), Some("cannot change /c/collection.toml:1"));
    assert!(error("x = 1\n", &rename).contains("(collection)"));
    let wrong = format!("artifacts = [1]\n{HEAD}");
    assert!(
        error(&wrong, &|b| manifest::add(b, &full_entry(), NOW))
            .contains("toml:1 (artifacts): must be a list of tables")
    );
    let old = "[deployment]\n[[artifacts]]\nname = \"a\"\ntype = \"skill\"\n";
    let error = records::upsert(&records(old), &[record(ArtifactType::Skill, "b")], &TimeZone::UTC).expect_err("older");
    assert!(error.to_string().contains("(artifacts): holds records of an older generation"), "{error}");
    let mut martian = record(ArtifactType::Skill, "a");
    martian.platform = "martian".into();
    assert!(records::upsert(&records(""), &[martian], &TimeZone::UTC).is_err());
}
