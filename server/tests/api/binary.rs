//! The program itself, as a process.

use crate::app::{Caller, SECRET};
use crate::engines::Engine;
use std::io::{BufRead as _, BufReader};
use std::process::{Child, ChildStdout, Command, Stdio};
use tempfile::NamedTempFile;

/// A running `nutriflow serve`; killed without a warning when it is dropped.
pub struct Process {
    child: Child,
    pub base: String,
    output: BufReader<ChildStdout>,
    log: NamedTempFile,
}

impl Process {
    /// Starts it and waits until it listens.
    pub async fn start(engine: &Engine) -> Self {
        Self::start_with(engine, &[]).await
    }

    /// Starts it with more variables, and waits until it listens.
    pub async fn start_with(engine: &Engine, variables: &[(&str, &str)]) -> Self {
        let variables: Vec<(String, String)> = variables
            .iter()
            .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
            .collect();
        let (address, slug) = (engine.address(), engine.slug.clone());
        let start = move || {
            // A file, so that a full disk is one for the log too.
            let log = NamedTempFile::new().unwrap();
            // A write beyond the limit on file sizes shall fail, as on a full disk, and not kill.
            let mut child = Command::new("sh")
                .args([
                    "-c",
                    "trap '' XFSZ; exec \"$0\" serve",
                    env!("CARGO_BIN_EXE_nutriflow"),
                ])
                .env("NUTRIFLOW_DATABASE", address)
                .env("NUTRIFLOW_INSTITUTIONS", slug)
                .env("NUTRIFLOW_LISTEN", "127.0.0.1:0")
                .env("NUTRIFLOW_MODE", "production")
                .env("NUTRIFLOW_SECRET", SECRET)
                .env("NUTRIFLOW_STOP_GRACE", "0")
                .env("RUST_LOG", "info")
                .envs(variables)
                .stdin(Stdio::null())
                .stdout(Stdio::piped())
                .stderr(log.reopen().unwrap())
                .spawn()
                .unwrap();
            let mut output = BufReader::new(child.stdout.take().unwrap());
            let mut line = String::new();
            output.read_line(&mut line).unwrap();
            let base = line
                .trim()
                .strip_prefix("NutriFlow listens on ")
                .unwrap_or_else(|| panic!("it said {line:?}"))
                .to_owned();
            Self {
                child,
                base,
                output,
                log,
            }
        };
        tokio::task::spawn_blocking(start).await.unwrap()
    }

    pub fn id(&self) -> u32 {
        self.child.id()
    }

    /// The next line that it prints.
    pub fn line(&mut self) -> String {
        let mut line = String::new();
        self.output.read_line(&mut line).unwrap();
        line.trim().to_owned()
    }

    /// Everything that it has logged.
    pub fn log(&self) -> String {
        std::fs::read_to_string(self.log.path()).unwrap()
    }

    /// Asks it to stop, as a supervisor does.
    pub fn ask_to_stop(&self) {
        let asked = Command::new("kill")
            .args(["-TERM", &self.id().to_string()])
            .status()
            .unwrap();
        assert!(asked.success());
    }

    /// Waits until it has ended by itself, and tells whether it did so with success.
    pub async fn ended(&mut self) -> bool {
        crate::engines::eventually("the process ends", async || {
            Some(self.child.try_wait().unwrap()?.success())
        })
        .await
    }

    pub fn anonymous(&self) -> Caller {
        Caller::new(&self.base, None)
    }

    /// Ends it between two instructions, as a power failure does.
    pub fn kill(&mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }

    /// Whether it still runs.
    pub fn lives(&mut self) -> bool {
        self.child.try_wait().unwrap().is_none()
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Runs the program to its end.
pub fn run(
    arguments: &[&str],
    secret: &str,
    input: &str,
    folder: &std::path::Path,
) -> std::process::Output {
    use std::io::Write as _;
    let mut child = Command::new(env!("CARGO_BIN_EXE_nutriflow"))
        .args(arguments)
        .env("NUTRIFLOW_DATABASE", format!("sqlite:{}", folder.display()))
        .env("NUTRIFLOW_LISTEN", "127.0.0.1:0")
        .env("NUTRIFLOW_SECRET", secret)
        .env("RUST_LOG", "off")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    // It need not read what it is given.
    let _ = child.stdin.take().unwrap().write_all(input.as_bytes());
    child.wait_with_output().unwrap()
}

#[test]
fn nothing_is_served_in_production_without_a_secret() {
    let folder = tempfile::tempdir().unwrap();
    for secret in ["", "short", service::DEMO_SECRET] {
        let output = run(&["serve"], secret, "", folder.path());
        assert!(!output.status.success());
        let said = String::from_utf8(output.stderr).unwrap();
        assert!(said.contains("NUTRIFLOW_SECRET"), "{said}");
    }
}

#[test]
fn an_administrator_is_made_once_and_refusals_name_the_field() {
    let folder = tempfile::tempdir().unwrap();
    let create = [
        "admin",
        "create",
        "--email",
        "ada@example.org",
        "--name",
        "Ada",
    ];
    let weak = run(&create, SECRET, "short\n", folder.path());
    assert!(!weak.status.success());
    assert!(
        String::from_utf8(weak.stderr)
            .unwrap()
            .contains("password: Use at least 10 characters.")
    );
    let made = run(&create, SECRET, "a quiet sentence\n", folder.path());
    assert!(made.status.success(), "{made:?}");
    let again = run(&create, SECRET, "a quiet sentence\n", folder.path());
    assert!(!again.status.success());
    assert!(String::from_utf8(again.stderr).unwrap().contains("email: "));
}
