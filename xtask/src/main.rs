//! Sets up, builds, serves, tests and measures the product: `cargo xtask <command>`.
//!
//! A fresh machine has Rust and nothing else, so each command installs what it needs on the way.

mod bench;
mod browser;
mod bundle;
mod cleanup;
mod compress;
mod dev;
mod end2end;
mod lint;
mod node;
mod postgres;
mod process;
mod serve;
mod server;
mod size;
mod stylesheet;
mod system;
mod test;
mod wasm;
mod workspace;

use anyhow::Result;
use clap::{Parser, Subcommand};
use std::net::SocketAddr;
use std::process::ExitCode;
use workspace::Workspace;

/// Sets up, builds, serves, tests and measures the product.
#[derive(Debug, Parser)]
#[command(name = "cargo xtask", bin_name = "cargo xtask")]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Sets up, builds and starts the product with its demo data.
    Serve {
        /// The address to listen on.
        #[arg(long, default_value = "127.0.0.1:3000")]
        listen: SocketAddr,
    },
    /// Sets up and builds the one binary to install, `target/release/nutriflow`.
    Build,
    /// Serves a debug build, and rebuilds and restarts it on each change.
    Dev {
        /// The address to listen on.
        #[arg(long, default_value = "127.0.0.1:3000")]
        listen: SocketAddr,
    },
    /// Sets up and runs every check and every test.
    Test(test::Options),
    /// Prints what a browser downloads first, and fails above the budget.
    Size,
    /// Runs a benchmark of the `bench` package.
    Bench {
        /// Its name.
        name: String,
        /// What it takes.
        #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
        arguments: Vec<String>,
    },
}

fn main() -> ExitCode {
    match run(Arguments::parse().command) {
        Ok(code) => code,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn run(command: Command) -> Result<ExitCode> {
    let workspace = Workspace::find()?;
    match command {
        Command::Serve { listen } => serve::run(&workspace, listen).map(|()| ExitCode::SUCCESS),
        Command::Build => serve::build(&workspace).map(|()| ExitCode::SUCCESS),
        Command::Dev { listen } => dev::run(&workspace, listen).map(|()| ExitCode::SUCCESS),
        Command::Test(options) => test::run(&workspace, &options),
        Command::Size => size::run(&workspace),
        Command::Bench { name, arguments } => {
            bench::run(&workspace, &name, &arguments).map(|()| ExitCode::SUCCESS)
        }
    }
}
