//! `nutriflow`: the command line.

use clap::Parser;
use server::cli::Cli;
use std::process::ExitCode;

/// Requests and SQLite alike ask for many small pieces of memory, from several threads.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

#[tokio::main]
async fn main() -> ExitCode {
    server::cli::run(Cli::parse()).await
}
