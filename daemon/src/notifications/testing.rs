//! Events, and small programs that tests run and talk to through named pipes.

use skillmeat_protocol::clock::Clock;
use skillmeat_protocol::drift::DriftState;
use skillmeat_protocol::event::{Cause, CauseKind, DriftEvent, ItemChange};
use skillmeat_protocol::ids::ArtifactType;
use skillmeat_protocol::reply::Item;

/// A skill that went from one state to another.
pub(super) fn change(name: &str, previous: DriftState, state: DriftState) -> ItemChange {
    ItemChange { previous: Some(previous), ..introduced(name, state) }
}

/// A skill that was not known before.
pub(super) fn introduced(name: &str, state: DriftState) -> ItemChange {
    let item = Item {
        kind: ArtifactType::Skill,
        name: name.into(),
        profile: Some("claude_code".into()),
        collection: Some("default".into()),
        collection_id: None,
        state,
        drift_type: None,
        change_origin: None,
        recommendation: None,
        baseline_hash: None,
        collection_hash: None,
        project_hash: None,
        collection_version: None,
        project_version: None,
        version_mismatch: false,
        deployed_at: None,
        modification_detected_at: None,
        mergeable: None,
        path: None,
        message: None,
    };
    ItemChange { previous: None, item }
}

/// An event of the project at `project`, named by its directory.
pub(super) fn event(project: &str, items: Vec<ItemChange>) -> DriftEvent {
    DriftEvent {
        clock: Clock { instance: 7, generation: 3 },
        cause: Cause { kind: CauseKind::Project, path: Some(format!("{project}/x")), operation: None },
        project: project.into(),
        project_name: project.rsplit('/').next().unwrap_or_default().into(),
        available: true,
        items,
        gone: Vec::new(),
    }
}

#[cfg(unix)]
pub(super) use programs::Programs;

#[cfg(unix)]
mod programs {
    use std::path::PathBuf;
    use std::time::Duration;
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    use tokio::net::unix::pipe::{OpenOptions, Receiver, Sender};

    /// A test that waits for longer has failed.
    const GUARD: Duration = Duration::from_secs(10);

    /// A directory with scripts and pipes; programs run in it.
    pub(crate) struct Programs(tempfile::TempDir);

    impl Programs {
        /// Runs `test` in a runtime, for as long as the guard allows.
        pub(crate) fn run(test: impl AsyncFnOnce(&Self)) {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
            let programs = Self(tempfile::tempdir().expect("a temporary directory"));
            runtime.block_on(async { tokio::time::timeout(GUARD, test(&programs)).await.expect("still waiting") });
        }

        pub(crate) fn path(&self) -> PathBuf {
            self.0.path().canonicalize().expect("a real path")
        }

        /// A command that runs `script` with these arguments.
        pub(crate) fn command(&self, script: &str, arguments: &[&str]) -> Vec<String> {
            let file = tempfile::Builder::new().prefix("script").tempfile_in(self.path()).expect("made");
            let file = file.into_temp_path().keep().expect("kept");
            std::fs::write(&file, script).expect("written");
            let program = ["/bin/sh", file.to_str().expect("UTF-8")];
            program.iter().chain(arguments).map(|word| (*word).to_owned()).collect()
        }

        pub(crate) fn read(&self, name: &str) -> String {
            std::fs::read_to_string(self.path().join(name)).expect(name)
        }

        fn fifo(&self, name: &str) -> PathBuf {
            use rustix::fs::{CWD, FileType, Mode, mknodat};
            let path = self.path().join(name);
            mknodat(CWD, &path, FileType::Fifo, Mode::RUSR | Mode::WUSR, 0).expect("made");
            path
        }

        /// A pipe of this name that programs may open for reading or writing without waiting.
        pub(crate) fn pipe(&self, name: &str) -> Pipe {
            let path = self.fifo(name);
            let open = || OpenOptions::new();
            let receiver = open().read_write(true).open_receiver(&path).expect("opened");
            Pipe { receiver, sender: open().read_write(true).open_sender(&path).expect("opened") }
        }

        /// The reading end of a pipe of this name.
        pub(crate) fn end_of(&self, name: &str) -> End {
            End(OpenOptions::new().open_receiver(self.fifo(name)).expect("opened"))
        }
    }

    pub(crate) struct Pipe {
        receiver: Receiver,
        sender: Sender,
    }

    impl Pipe {
        /// The next line that a program wrote.
        pub(crate) async fn line(&mut self) -> String {
            let mut line = Vec::new();
            loop {
                match self.receiver.read_u8().await.expect("read") {
                    b'\n' => return String::from_utf8(line).expect("UTF-8"),
                    byte => line.push(byte),
                }
            }
        }

        /// Gives programs `count` lines to read.
        pub(crate) async fn give(&mut self, count: usize) {
            self.sender.write_all("go\n".repeat(count).as_bytes()).await.expect("written");
        }
    }

    pub(crate) struct End(Receiver);

    impl End {
        /// Waits until nobody has the writing end. Somebody must have had it.
        pub(crate) async fn closed(&mut self) {
            let mut nothing = Vec::new();
            self.0.read_to_end(&mut nothing).await.expect("read");
        }
    }
}
