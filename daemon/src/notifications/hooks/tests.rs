//! Which rule fires, and how many commands run at once.

use super::*;
use crate::notifications::testing::{Programs, change, event, introduced};
use DriftState::{Conflict, InSync, Modified, Outdated};

fn rule(on: &[DriftState], command: Vec<String>) -> HookRule {
    HookRule { on: on.to_vec(), command, timeout: Duration::from_secs(3600) }
}

fn hooks(rules: &[HookRule]) -> Hooks {
    let mut hooks = Hooks::new();
    hooks.configure(rules);
    hooks
}

async fn finish_all(hooks: &mut Hooks) -> usize {
    let mut ended = 0;
    while hooks.is_running() {
        assert!(hooks.running.len() <= RUNNING);
        hooks.finish_one().await;
        ended += 1;
    }
    ended
}

fn complaints(hooks: &Hooks) -> Vec<bool> {
    hooks.rules.iter().map(|entry| entry.complained).collect()
}

#[test]
fn the_change_is_on_its_input() {
    Programs::run(async |programs| {
        let mut hooks = hooks(&[rule(&[Modified], programs.command("cat > input", &[]))]);
        let project = programs.path().display().to_string();
        let event = event(&project, vec![change("pdf", InSync, Modified)]);
        hooks.offer(&event);
        assert_eq!(finish_all(&mut hooks).await, 1);
        let text = programs.read("input");
        assert!(text.ends_with("}\n") && text.lines().count() == 1, "{text}");
        let json: serde_json::Value = serde_json::from_str(&text).expect("JSON");
        let want = serde_json::json!({
            "schema": 1,
            "event": {
                "clock": "0000000000000007:3",
                "cause": { "kind": "project", "path": format!("{project}/x"), "operation": null },
                "project": project,
                "project_name": event.project_name,
                "item": serde_json::to_value(&event.items[0].item).expect("JSON"),
                "previous": "in_sync",
            },
        });
        assert_eq!(json, want);
        assert_eq!(json["event"]["item"]["name"], "pdf");
    });
}

#[test]
fn rules_choose_by_the_new_state_of_what_changed() {
    Programs::run(async |programs| {
        let log = |word| programs.command("echo $1 >> log", &[word]);
        let mut hooks = hooks(&[rule(&[Modified, Conflict], log("both")), rule(&[Conflict], log("conflict"))]);
        let project = programs.path().display().to_string();
        for (change, runs) in [
            (change("a", InSync, Modified), 1),
            (change("a", Modified, Conflict), 2),
            (change("a", Modified, InSync), 0),
            (change("a", InSync, Outdated), 0),
            (change("a", Modified, Modified), 0),
            (introduced("a", Modified), 0),
        ] {
            hooks.offer(&event(&project, vec![change.clone()]));
            assert_eq!(finish_all(&mut hooks).await, runs, "{change:?}");
        }
        let mut log: Vec<_> = programs.read("log").lines().map(str::to_owned).collect();
        log.sort_unstable();
        assert_eq!(log, ["both", "both", "conflict"]);
    });
}

#[test]
fn four_at_once_and_the_rest_in_turn() {
    Programs::run(async |programs| {
        let (mut started, mut gate) = (programs.pipe("started"), programs.pipe("gate"));
        let mut hooks = hooks(&[rule(&[Modified], programs.command("echo x > started; read line < gate", &[]))]);
        let changes = (0..6).map(|i| change(&format!("s{i}"), InSync, Modified)).collect();
        hooks.offer(&event(&programs.path().display().to_string(), changes));
        assert_eq!((hooks.running.len(), hooks.queue.len()), (4, 2));
        for _ in 0..4 {
            started.line().await;
        }
        gate.give(6).await;
        assert_eq!(finish_all(&mut hooks).await, 6);
        assert_eq!(complaints(&hooks), [false]);
    });
}

#[test]
fn the_queue_keeps_the_newest_and_follows_the_rules() {
    Programs::run(async |programs| {
        let mut gate = programs.pipe("gate");
        let wait = rule(&[Modified], programs.command("read line < gate", &[]));
        let mut hooks = hooks(std::slice::from_ref(&wait));
        let project = programs.path().display().to_string();
        let changes = (0..QUEUE + 50).map(|i| change(&format!("s{i}"), InSync, Modified)).collect();
        hooks.offer(&event(&project, changes));
        assert_eq!((hooks.running.len(), hooks.queue.len(), hooks.overflowing), (RUNNING, QUEUE, true));
        let last = hooks.queue.back().map(|run| String::from_utf8_lossy(&run.invocation.input).into_owned());
        assert!(last.is_some_and(|input| input.contains(&format!("\"s{}\"", QUEUE + 49))));

        hooks.configure(&[wait.clone(), rule(&[Conflict], wait.command.clone())]);
        assert_eq!(hooks.queue.len(), QUEUE, "its rule is still there");
        hooks.configure(&[rule(&[Conflict], wait.command)]);
        assert_eq!(hooks.queue.len(), 0);
        gate.give(RUNNING).await;
        assert_eq!(finish_all(&mut hooks).await, RUNNING);
        assert!(!hooks.overflowing);
    });
}

#[test]
fn a_command_that_hangs_is_killed() {
    Programs::run(async |programs| {
        let _gate = programs.pipe("gate");
        let mut rule = rule(&[Modified], programs.command("read line < gate", &[]));
        rule.timeout = Duration::from_millis(1);
        let mut hooks = hooks(&[rule]);
        hooks.offer(&event(&programs.path().display().to_string(), vec![change("a", InSync, Modified)]));
        assert_eq!(finish_all(&mut hooks).await, 1);
        assert_eq!(complaints(&hooks), [true]);
    });
}

#[test]
fn a_rule_complains_once_until_it_changes() {
    Programs::run(async |programs| {
        let missing = rule(&[Modified], vec![programs.path().join("missing").display().to_string()]);
        let good = rule(&[Modified], programs.command("exit 0", &[]));
        let mut hooks = hooks(&[missing.clone(), good.clone()]);
        hooks.offer(&event("/gone", vec![change("a", InSync, Modified)]));
        assert_eq!(finish_all(&mut hooks).await, 2);
        assert_eq!(complaints(&hooks), [true, false]);
        hooks.configure(&[good.clone(), missing.clone()]);
        assert_eq!(complaints(&hooks), [false, true]);
        hooks.configure(&[good, HookRule { timeout: Duration::from_secs(1), ..missing }]);
        assert_eq!(complaints(&hooks), [false, false]);
    });
}

#[test]
fn the_end_of_the_daemon_is_theirs() {
    Programs::run(async |programs| {
        let (mut started, mut alive) = (programs.pipe("started"), programs.end_of("alive"));
        let _gate = programs.pipe("gate");
        let script = "(exec 3>alive; echo x > started; read line < gate) & wait";
        let mut hooks = hooks(&[rule(&[Modified], programs.command(script, &[]))]);
        let changes = (0..6).map(|i| change(&format!("s{i}"), InSync, Modified)).collect();
        hooks.offer(&event(&programs.path().display().to_string(), changes));
        for _ in 0..4 {
            started.line().await;
        }
        hooks.stop().await;
        alive.closed().await;
    });
}
