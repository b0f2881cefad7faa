//! Benchmarks of NutriFlow.
//!
//! `bench engine` prints, for twenty fixed profiles, how long a week takes and how far its score
//! lies above a lower bound, and fails where the medians miss their goals.
//!
//! ```sh
//! cargo run --release -p bench -- engine
//! cargo run --release -p bench --features optimum -- engine    # bounds from HiGHS
//! ```

mod engine;
#[cfg(feature = "optimum")]
mod optimum;
mod profiles;

use std::process::ExitCode;

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let outcome = match arguments.first().map(String::as_str) {
        Some("engine") => engine::run(),
        _ => Err("usage: bench engine".into()),
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("bench: {error}");
            ExitCode::FAILURE
        }
    }
}
