//! `completions`: scripts that clap generates from the command tree.

use clap_complete::Shell;
use skillmeat_protocol::error::exit;

use super::Context;
use crate::args::cli;
use crate::failure::Done;

/// Runs `completions`.
///
/// # Errors
/// When the output cannot be written.
pub fn completions(context: &mut Context<'_>, shell: Shell) -> Done {
    // Generated into memory: the generator panics when its writer fails, as a closed pipe does.
    let mut script = Vec::new();
    clap_complete::generate(shell, &mut cli::command(), "skillmeat", &mut script);
    context.out.write_all(&script)?;
    Ok(exit::OK)
}
