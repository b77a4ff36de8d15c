//! What the command line of `bench` says.

use super::{GROUPS, Group, When};

/// How to call it.
pub const USAGE: &str = "usage: bench [--quick] [--json] [--only GROUP[,GROUP]...] [--seed N] [--list]";

/// How much is measured.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Extent {
    /// Next to nothing: the suite's check that everything still runs.
    Tiny,
    /// Under two minutes for all groups.
    Quick,
    /// Under fifteen minutes for all groups.
    Full,
}

/// How the rows are printed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Output {
    /// [`super::table::text`].
    Table,
    /// [`super::table::json`].
    Json,
}

/// One run.
#[derive(Clone, Debug)]
pub struct Options {
    /// How much is measured.
    pub extent: Extent,
    /// How it is printed.
    pub output: Output,
    /// What is measured, in the order of [`GROUPS`].
    pub groups: Vec<&'static Group>,
    /// Decides every generated world.
    pub seed: u64,
}

/// What the command line asks for.
#[derive(Clone, Debug)]
pub enum Wanted {
    /// A run.
    Run(Options),
    /// The names of the groups.
    List,
}

/// Reads a command line, without the program's name.
///
/// # Errors
/// What is wrong with it, for people.
pub fn parse(args: impl IntoIterator<Item = String>) -> Result<Wanted, String> {
    let mut args = args.into_iter();
    let mut asked: Option<Vec<String>> = None;
    let (mut extent, mut output, mut seed) = (Extent::Full, Output::Table, 1);
    while let Some(name) = args.next() {
        match name.as_str() {
            "--quick" => extent = Extent::Quick,
            "--json" => output = Output::Json,
            "--list" => return Ok(Wanted::List),
            "--seed" => {
                let text = args.next().ok_or(USAGE)?;
                seed = text.parse().map_err(|_| format!("--seed takes a number, not '{text}'"))?;
            }
            "--only" => {
                let names = args.next().ok_or(USAGE)?;
                let names: Vec<String> = names.split(',').map(str::to_owned).collect();
                if let Some(other) = names.iter().find(|name| GROUPS.iter().all(|group| group.name != **name)) {
                    return Err(format!("there is no group '{other}'; --list names them"));
                }
                asked.get_or_insert_default().extend(names);
            }
            _ => return Err(format!("unknown argument '{name}'\n{USAGE}")),
        }
    }
    let wanted = |group: &&Group| match &asked {
        Some(names) => names.iter().any(|name| name == group.name),
        None => extent == Extent::Full || group.when == When::Always,
    };
    let groups = GROUPS.iter().filter(wanted).collect();
    Ok(Wanted::Run(Options { extent, output, groups, seed }))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(line: &str) -> Result<Wanted, String> {
        parse(line.split_whitespace().map(str::to_owned))
    }

    #[test]
    fn everything_can_be_said() {
        let Ok(Wanted::Run(all)) = parsed("") else { panic!("no options are fine") };
        assert_eq!((all.extent, all.output, all.groups.len()), (Extent::Full, Output::Table, GROUPS.len()));
        let Ok(Wanted::Run(some)) = parsed("--quick --json --seed 7 --only barrier,client") else { panic!("valid") };
        assert_eq!((some.extent, some.output, some.seed), (Extent::Quick, Output::Json, 7));
        assert_eq!(some.groups.iter().map(|group| group.name).collect::<Vec<_>>(), ["client", "barrier"]);
        let Ok(Wanted::Run(quick)) = parsed("--quick") else { panic!("valid") };
        assert!(quick.groups.iter().all(|group| group.when == When::Always));
        let Ok(Wanted::Run(build)) = parsed("--quick --only build") else { panic!("valid") };
        assert_eq!(build.groups.len(), 1);
        assert!(matches!(parsed("--list"), Ok(Wanted::List)));
    }

    #[test]
    fn mistakes_are_named() {
        for (line, want) in [
            ("--only nothing", "no group 'nothing'"),
            ("--seed", "usage"),
            ("--seed x", "not 'x'"),
            ("--fast", "unknown argument '--fast'"),
        ] {
            assert!(parsed(line).is_err_and(|said| said.contains(want)), "{line}");
        }
    }
}
