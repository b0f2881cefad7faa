//! `cargo xtask bench`

use crate::cleanup;
use crate::postgres::{self, Cluster, Disk};
use crate::process;
use crate::system;
use crate::workspace::Workspace;
use anyhow::Result;
use std::env;

/// Runs a benchmark, with the tools that it compares against.
///
/// # Errors
/// When it does not compile or fails.
pub fn run(workspace: &Workspace, name: &str, arguments: &[String]) -> Result<()> {
    // The server too, whether it is measured or not: another selection would have other features, and
    // compile every dependency once more.
    let mut build = workspace.cargo();
    build.args(["build", "--release", "--package=bench", "--package=server"]);
    if name == "engine" {
        // The solver that finds the optimum is C++, called through bindings made by libclang.
        if system::find_program(&["cmake"]).is_none() {
            system::install_packages(&["cmake"])?;
        }
        if system::has_packages() {
            system::install_packages(&["clang", "libclang-dev"])?;
        }
        build.arg("--features=bench/optimum");
    }
    process::step("Building the benchmarks", || process::run(&mut build))?;
    let mut bench = workspace.command(workspace.target("release").join("bench"));
    bench.arg(name).args(arguments);
    let on_both = ["queue", "board", "lists"].contains(&name);
    let _cluster = if on_both && env::var_os(postgres::URL).is_none() {
        cleanup::on_interrupt()?;
        let cluster = process::step("Starting PostgreSQL", || Cluster::start(Disk::Durable))?;
        bench.env(postgres::URL, cluster.url());
        Some(cluster)
    } else {
        None
    };
    process::run(&mut bench)
}
