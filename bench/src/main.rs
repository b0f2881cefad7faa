//! Benchmarks. Each prints its figures and fails where it misses its goal.

mod plan;

use clap::{Parser, Subcommand};

#[derive(Parser)]
#[command(name = "bench")]
struct Arguments {
    #[command(subcommand)]
    benchmark: Benchmark,
}

#[derive(Subcommand)]
enum Benchmark {
    /// From POST to READY, one plan at a time, on an idle server.
    Plan(plan::Options),
}

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    match Arguments::parse().benchmark {
        Benchmark::Plan(options) => plan::run(&options).await,
    }
}
