//! The client as a whole process, from fork to exit: beside `/bin/true`, beside git, and beside a client of the same job
//! that is written the ordinary way. Times in turns; instructions and system calls because no clock is involved.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use super::row::{Figure, Row, Target, Unit};
use super::sample::interleaved;
use super::worlds::{COLLECTION, Shape, Sizes, World};
use super::{Context, git};

const GROUP: &str = "client";

/// A command that is measured.
struct Program {
    name: &'static str,
    path: PathBuf,
    args: Vec<String>,
    directory: PathBuf,
    /// In time, by that of [`NOTHING`].
    target: Option<Target>,
}

/// What everything is held against: starting a process that does nothing.
const NOTHING: &str = "/bin/true";
const STATUS: &str = "skillmeat status";
const REFERENCE: &str = "tokio client";

/// See the module.
pub fn run(ctx: &Context) -> Vec<Row> {
    let shape = Shape { projects: 1, artifacts: ctx.pick(3, 50, 50), files: 3, sizes: Sizes::Realistic };
    let world = World::build(ctx, shape);
    let daemon = world.start();
    // Beside the generated project, one where nothing differs: what people see most of the time.
    let clean = world.sandbox.project("clean");
    let keys: Vec<&str> = world.keys[0].iter().map(String::as_str).collect();
    clean.deploy(&world.sandbox.collection_at(COLLECTION), &keys);
    daemon.client().add(&clean.root);
    daemon.client().sync();
    let programs = programs(ctx, &world, &clean.root, daemon.socket());
    let turns = ctx.pick(3, 120, 500);
    ctx.progress(format_args!("  {turns} turns of {} programs", programs.len()));
    let mut commands: Vec<Command> = programs.iter().map(|program| program.command(&world)).collect();
    let times = interleaved(ctx, turns, &mut commands);
    let figure = |name: &str| {
        let at = programs.iter().position(|program| program.name == name).expect("one of them");
        times[at].figure()
    };
    let mut rows: Vec<Row> = programs
        .iter()
        .zip(&times)
        .map(|(program, times)| {
            let row = Row::new(GROUP, program.name, Unit::Us, times.figure());
            let row = if program.name == NOTHING { row } else { row.beside(NOTHING, figure(NOTHING)) };
            program.target.map_or(row.clone(), |target| row.target(target))
        })
        .collect();
    for (ours, name) in [(STATUS, REFERENCE), (STATUS, "git status, same files")] {
        rows.push(Row::new(GROUP, ours, Unit::Us, figure(ours)).beside(name, figure(name)));
    }
    ctx.progress("  instructions and system calls");
    let programs = &programs[..ctx.pick(2, programs.len(), programs.len())];
    rows.extend(counted(&world, programs, "instructions", "valgrind", instructions));
    rows.extend(counted(&world, programs, "system calls", "strace", system_calls));
    rows
}

fn programs(ctx: &Context, world: &World, project: &Path, socket: &Path) -> Vec<Program> {
    let drifted = &world.projects[0].root;
    let empty = world.sandbox.root.join("git/empty");
    let same = world.sandbox.root.join("git/same");
    git::repository(&world.sandbox, &empty, None);
    git::repository(&world.sandbox, &same, Some(project));
    let client = &installed(world, &ctx.programs.shipped.client);
    let program = |name, path: &Path, args: &[&str], directory: &Path| Program {
        name,
        path: path.to_owned(),
        args: args.iter().map(|arg| (*arg).to_owned()).collect(),
        directory: directory.to_owned(),
        target: None,
    };
    let ours = |name, args: &[&str], directory: &Path, most| Program {
        target: Some(Target::RatioAtMost(most)),
        ..program(name, client, args, directory)
    };
    let reference = &installed(world, &ctx.programs.reference_client);
    let socket = socket.to_str().expect("paths of a sandbox are text");
    vec![
        program(NOTHING, Path::new(NOTHING), &[], project),
        ours("skillmeat prompt", &["prompt"], project, 1.25),
        ours("skillmeat status --cached", &["status", "--cached"], project, 1.25),
        ours(STATUS, &["status"], project, 1.5),
        ours("skillmeat prompt, drifted", &["prompt"], drifted, 1.25),
        ours("skillmeat status --cached, drifted", &["status", "--cached"], drifted, 1.25),
        ours("skillmeat status, drifted", &["status"], drifted, 1.5),
        program(REFERENCE, reference, &[socket, "synced"], project),
        program("tokio client, cached", reference, &[socket, "cached"], project),
        program("git status, empty repository", Path::new("git"), &["status"], &empty),
        program("git status, same files", Path::new("git"), &["status"], &same),
    ]
}

/// A copy of `program`, as `cp` and `cargo install` make it: what is held against it is installed too. Of a file that the
/// linker wrote, the page cache holds small pieces, and starting it takes nine page faults more.
fn installed(world: &World, program: &Path) -> PathBuf {
    let directory = world.sandbox.root.join("installed");
    let copy = directory.join(program.file_name().expect("a program has a name"));
    fs::create_dir_all(&directory).expect("a directory of the sandbox");
    fs::copy(program, &copy).unwrap_or_else(|e| panic!("cannot copy {}: {e}", program.display()));
    copy
}

impl Program {
    /// As a command of its own, in the sandbox's environment.
    fn command(&self, world: &World) -> Command {
        let mut command = world.sandbox.command(&self.path);
        command.args(&self.args).current_dir(&self.directory);
        command
    }

    /// Under a tool that counts; what the tool wrote to the file that `{}` in its arguments stands for. None when it is
    /// not installed.
    fn under(&self, world: &World, tool: &str, tool_args: &[&str]) -> Option<String> {
        let report = world.sandbox.root.join("count");
        let mut command = world.sandbox.command(tool);
        let place = report.to_str().expect("paths of a sandbox are text");
        command.args(tool_args.iter().map(|arg| arg.replace("{}", place)));
        command.arg(&self.path).args(&self.args).current_dir(&self.directory);
        let status = command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).status().ok()?;
        assert!(status.success(), "{command:?}: {status}");
        Some(fs::read_to_string(&report).unwrap_or_else(|e| panic!("{}: {e}", report.display())))
    }
}

/// A row for each program, or one that says which tool is missing.
fn counted(
    world: &World,
    programs: &[Program],
    what: &str,
    tool: &str,
    count: fn(&World, &Program) -> Option<Figure>,
) -> Vec<Row> {
    let Some(least) = count(world, &programs[0]) else {
        return vec![Row::without(GROUP, what, Unit::Count, format!("{tool} is not installed"))];
    };
    let counts = programs.iter().skip(1).filter_map(|program| Some((program.name, count(world, program)?)));
    counts
        .map(|(name, figure)| Row::new(GROUP, format!("{name}: {what}"), Unit::Count, figure).beside(NOTHING, least))
        .collect()
}

fn instructions(world: &World, program: &Program) -> Option<Figure> {
    let report = program.under(world, "valgrind", &["--tool=callgrind", "--callgrind-out-file={}"])?;
    let total = report.lines().find_map(|line| line.strip_prefix("totals:").or(line.strip_prefix("summary:")));
    Some(figure(total.and_then(|text| text.split_whitespace().next()), &report))
}

fn system_calls(world: &World, program: &Program) -> Option<Figure> {
    let report = program.under(world, "strace", &["-f", "-c", "-o", "{}"])?;
    // % time, seconds, usecs/call, calls, errors (or nothing), "total".
    let total = report.lines().rfind(|line| line.trim_end().ends_with("total"));
    Some(figure(total.and_then(|line| line.split_whitespace().nth(3)), &report))
}

fn figure(number: Option<&str>, report: &str) -> Figure {
    let number = number.and_then(|text| text.parse().ok());
    Figure::of(number.unwrap_or_else(|| panic!("no total in what was counted:\n{report}")))
}
