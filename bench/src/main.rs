//! Benchmarks of NutriFlow, run by `cargo xtask bench`. Each prints what it measures and fails where
//! a goal is missed.

mod board;
mod engine;
mod kitchen;
mod lists;
#[cfg(feature = "optimum")]
mod optimum;
mod orders;
mod plan;
mod profiles;
mod queue;

use clap::Parser;

/// What is measured.
#[derive(Parser)]
enum Benchmark {
    /// The diet engine: time a week, and distance to a lower bound of the score. With the feature
    /// `optimum` the bounds come from HiGHS.
    Engine,
    /// Pages of the job board over five million jobs on both engines.
    Board(board::Options),
    /// From a change in a kitchen to the display that shows it.
    Kitchen(kitchen::Options),
    /// Pages of the lists of those who run the place over full tables on both engines.
    Lists(lists::Options),
    /// Orders accepted and sagas completed a second.
    Orders(orders::Options),
    /// From POST to READY on an idle server.
    Plan(plan::Options),
    /// Full lifecycles of jobs a second on both engines, waiting times, and what a killed process
    /// loses.
    Queue(queue::Options),
    /// Enqueues jobs until it is killed, and prints each that was acknowledged.
    #[command(hide = true)]
    QueueChild(queue::Child),
}

/// The server's.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    match Benchmark::parse() {
        Benchmark::Engine => engine::run(),
        Benchmark::Board(options) => board::run(&options).await,
        Benchmark::Kitchen(options) => kitchen::run(&options).await,
        Benchmark::Lists(options) => lists::run(&options).await,
        Benchmark::Orders(options) => orders::run(&options).await,
        Benchmark::Plan(options) => plan::run(&options).await,
        Benchmark::Queue(options) => queue::run(&options).await,
        Benchmark::QueueChild(child) => queue::run_child(&child).await,
    }
}
