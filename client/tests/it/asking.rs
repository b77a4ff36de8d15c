//! What a person at a terminal is asked, and what the command lines about many projects ask for.

use std::fs;

use skillmeat_protocol::error::exit;
use skillmeat_protocol::reply::{BlastRadiusReply, BlastStatistics, OperationReply, Outcome, Reply};
use skillmeat_protocol::request::*;

use crate::fake::Home;
use crate::operations::{done, item, operated, serving};
use crate::samples::{CLOCK, text};

fn radius(conflicts: u32, drifted: u32) -> Vec<Reply> {
    vec![Reply::BlastRadius(BlastRadiusReply {
        clock: CLOCK,
        conflicts,
        drifted,
        fresh: true,
        stale: None,
        artifact: "skill:pdf".into(),
        roots: vec![],
        copies: vec![],
        statistics: BlastStatistics::default(),
    })]
}

fn which(names: &[&str]) -> Which {
    Which { artifacts: names.iter().map(ToString::to_string).collect(), ..Which::default() }
}

/// The operations that were asked for.
fn asked(home: &Home) -> Vec<Operate> {
    let seen = home.seen.lock().expect("not poisoned");
    let operate = |call: &Call| match &call.request {
        Request::Operate(operate) => operate.clone(),
        other => panic!("{other:?}"),
    };
    seen.calls.iter().map(operate).collect()
}

#[test]
fn command_lines_become_operations() {
    use Operation as O;
    let promote = || Promote { project: "app".into(), artifact: "skill:pdf".into(), ..Promote::default() };
    let table = [
        ("promote app skill:pdf", O::Promote(promote())),
        (
            "promote /w/app Skills:pdf.md --profile codex --strategy overwrite --fan-out --yes",
            O::Promote(Promote {
                project: "/w/app".into(),
                profiles: Profiles { profiles: vec!["codex".into()], all_profiles: false },
                strategy: Some(Strategy::Overwrite),
                fan_out: true,
                force: true,
                ..promote()
            }),
        ),
        ("fan-out pdf skill:docx", O::FanOut(FanOut { which: which(&["pdf", "skill:docx"]), ..FanOut::default() })),
        (
            "fan-out --all --collection team --include-merges",
            O::FanOut(FanOut {
                which: Which { all: true, ..Which::default() },
                collection: text("team"),
                include_merges: true,
            }),
        ),
    ];
    for (line, operation) in table {
        for (more, dry_run) in [("", false), (" --dry-run", true)] {
            let home = serving(vec![done()]);
            let line = format!("{line}{more}");
            let (code, out, err) = home.run(&line.split(' ').collect::<Vec<_>>());
            assert_eq!((code, err.as_str()), (exit::OK, ""), "{line}: {out}");
            assert_eq!(asked(&home), [Operate { dry_run, operation: operation.clone() }], "{line}");
        }
    }
    for line in ["promote", "promote app", "promote app spell:x", "fan-out", "fan-out pdf --all", "blast-radius"] {
        assert_eq!(Home::new().run(&line.split(' ').collect::<Vec<_>>()).0, exit::USAGE, "{line}");
    }
}

#[test]
fn a_blast_radius_ends_as_status_does() {
    for (conflicts, drifted, code) in [(0, 0, exit::OK), (0, 3, exit::DRIFT), (1, 3, exit::CONFLICT)] {
        let home = serving(vec![radius(conflicts, drifted); 2]);
        assert_eq!(home.run(&["blast-radius", "pdf", "--collection", "team"]).0, exit::OK);
        assert_eq!(home.run(&["blast-radius", "pdf", "--exit-code"]).0, code, "{conflicts} {drifted}");
        let seen = home.seen.lock().expect("not poisoned");
        let want = BlastRadiusQuery { artifact: "pdf".into(), collection: text("team") };
        assert_eq!(seen.calls[0].request, Request::BlastRadius(want));
        let home = serving(vec![vec![Reply::Json("{}".into())], radius(conflicts, drifted)]);
        assert_eq!(home.run(&["blast-radius", "pdf", "--exit-code", "--json"]).0, code, "{conflicts} {drifted}");
    }
}

/// A plan of a fan-out to this many clean copies.
fn plan(clean: usize) -> Vec<Reply> {
    let outcomes = std::iter::repeat_n(Outcome::Updated, clean).chain([Outcome::Skipped]);
    let items = outcomes.map(|outcome| item("pdf", outcome)).collect();
    vec![Reply::Operated(OperationReply { dry_run: true, ..operated(items) })]
}

/// What a promotion answers.
fn promoted(outcome: Outcome) -> Vec<Reply> {
    vec![Reply::Operated(operated(vec![item("pdf", outcome)]))]
}

#[test]
fn whoever_promotes_at_a_terminal_is_asked_once_whether_the_clean_copies_follow() {
    let cases: [(&str, Outcome, usize, &str, usize); 8] = [
        // What is asked for beside the project, what came of it, clean copies, the answer, requests.
        ("", Outcome::Updated, 2, "y\n", 3),
        ("", Outcome::Merged, 1, "yes\n", 3),
        ("", Outcome::Updated, 2, "n\n", 2),
        ("", Outcome::Updated, 2, "", 2),
        ("", Outcome::Updated, 0, "y\n", 2),
        ("", Outcome::Unchanged, 2, "y\n", 1),
        ("--yes", Outcome::Updated, 2, "y\n", 1),
        ("--dry-run", Outcome::Updated, 2, "y\n", 1),
    ];
    for (more, outcome, clean, answer, requests) in cases {
        let mut home = serving(vec![promoted(outcome), plan(clean), done()]);
        let terminal = home.dir.path().join("terminal");
        fs::write(&terminal, answer).expect("written");
        home.around.answers = Some(terminal);
        let line: Vec<&str> = ["promote", "app", "skill:pdf", more].into_iter().filter(|w| !w.is_empty()).collect();
        let (code, out, err) = home.run(&line);
        assert_eq!(code, exit::OK, "{line:?}: {out}{err}");
        let seen = asked(&home);
        assert_eq!(seen.len(), requests, "{line:?} {outcome:?} {answer:?}: {seen:?}");
        let follow = FanOut { which: which(&["skill:pdf"]), collection: text("default"), include_merges: false };
        for (operate, dry_run) in seen[1..].iter().zip([true, false]) {
            assert_eq!(*operate, Operate { dry_run, operation: Operation::FanOut(follow.clone()) });
        }
        let is_asked = err.contains("Fan skill:pdf out to") && err.ends_with("now? [y/N] ");
        assert_eq!(is_asked, requests > 1 && clean > 0 && !answer.is_empty(), "{err}");
    }
}

#[test]
fn whoever_is_to_decide_is_asked_about_each_and_each_answer_is_an_operation() {
    let undecided = || {
        let items = [("a", Outcome::Undecided), ("b", Outcome::Updated), ("c", Outcome::Undecided)];
        let items = items.map(|(name, outcome)| item(name, outcome)).to_vec();
        vec![Reply::Operated(OperationReply { complete: false, ..operated(items) })]
    };
    use Strategy as S;
    type Case<'a> = (&'a str, &'a [(&'a str, S)], u8);
    let cases: [Case<'_>; 6] = [
        ("o\nt\n", &[("skill:a", S::Ours), ("skill:c", S::Theirs)], exit::OK),
        ("merge\nFork\n", &[("skill:a", S::Merge), ("skill:c", S::Fork)], exit::OK),
        ("s\nskip\n", &[], exit::OK),
        // What is not understood is asked again.
        ("what\n\nm\ns\n", &[("skill:a", S::Merge)], exit::OK),
        ("t\n", &[("skill:a", S::Theirs)], exit::FAILED),
        ("", &[], exit::FAILED),
    ];
    for (answers, want, code) in cases {
        let mut home = serving(vec![undecided(), done(), done()]);
        let terminal = home.dir.path().join("terminal");
        fs::write(&terminal, answers).expect("written");
        home.around.answers = Some(terminal);
        let (found, out, err) = home.run(&["push", "--project", "w", "--strategy", "prompt"]);
        assert_eq!(found, code, "{answers:?}: {out}{err}");
        let seen = asked(&home);
        let of = |(name, strategy): &(&str, S)| Operate {
            dry_run: false,
            operation: Operation::Push(Transfer {
                which: which(&[name]),
                project: "/w".into(),
                profiles: Profiles { profiles: vec!["claude_code".into()], all_profiles: false },
                strategy: Some(*strategy),
            }),
        };
        assert_eq!(seen[1..], want.iter().map(of).collect::<Vec<_>>(), "{answers:?}");
        assert!(err.contains("skill:a in /w: both sides changed. [o]urs"), "{err}");
    }
    // Nobody is asked where nobody can answer, or of a plan.
    let home = serving(vec![undecided()]);
    assert_eq!((home.run(&["push", "--project", "w"]).0, asked(&home).len()), (exit::FAILED, 1));
    let plan = OperationReply { dry_run: true, complete: false, ..operated(vec![item("a", Outcome::Undecided)]) };
    let mut home = serving(vec![vec![Reply::Operated(plan)]]);
    fs::write(home.dir.path().join("terminal"), "o\n").expect("written");
    home.around.answers = Some(home.dir.path().join("terminal"));
    assert_eq!((home.run(&["push", "--project", "w", "--dry-run"]).0, asked(&home).len()), (exit::FAILED, 1));
}
