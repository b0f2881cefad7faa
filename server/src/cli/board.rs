//! Jobs and queues at the command line, beside a server that runs or without one.

use super::Installation;
use crate::v1::admin::jobs::get::JobWhole;
use crate::v1::admin::{Filter, JobSummary};
use clap::{Args, Subcommand};
use domain::job::{JobChange, JobState};
use domain::problem::Problem;
use service::board::{self, JobCount, JobFilter};
use service::{Ctx, Error};
use std::io::Write as _;
use uuid::Uuid;

#[derive(Debug, Args)]
pub struct Jobs {
    #[command(subcommand)]
    command: JobsCommand,
    /// The institution; the first one where none is named.
    #[arg(long, global = true)]
    institution: Option<String>,
}

#[derive(Debug, Subcommand)]
enum JobsCommand {
    /// Lists jobs, newest first.
    List(List),
    /// Shows a job with its attempts, its log and what it has to do with others.
    Show {
        /// Its id.
        id: Uuid,
        /// As JSON, as the API gives it.
        #[arg(long)]
        json: bool,
    },
    /// Tries jobs again that were given up or cancelled.
    Retry {
        /// Their ids.
        #[arg(required = true)]
        ids: Vec<Uuid>,
    },
    /// Stops jobs; those that run are told to.
    Cancel {
        /// Their ids.
        #[arg(required = true)]
        ids: Vec<Uuid>,
    },
}

#[derive(Debug, Args)]
struct List {
    /// Only in this state: `dead`, `ready`, …
    #[arg(long, value_parser = state)]
    state: Option<JobState>,
    /// Only of this kind.
    #[arg(long)]
    kind: Option<String>,
    /// Only of this queue.
    #[arg(long)]
    queue: Option<String>,
    /// Only about this, or of a member by their e-mail address or id.
    #[arg(long)]
    subject: Option<String>,
    /// Only with this in their arguments.
    #[arg(long)]
    text: Option<String>,
    /// How many, 1 to 100.
    #[arg(long, default_value_t = 20)]
    limit: i64,
    /// As JSON, a job a line.
    #[arg(long)]
    json: bool,
}

#[derive(Debug, Args)]
pub struct Queues {
    #[command(subcommand)]
    command: QueuesCommand,
    /// The institution; the first one where none is named.
    #[arg(long, global = true)]
    institution: Option<String>,
}

#[derive(Debug, Subcommand)]
enum QueuesCommand {
    /// Lists queues, and how many jobs each has.
    List,
    /// Begins nothing more of a queue.
    Pause {
        /// Its name.
        name: String,
    },
    /// Goes on with a queue.
    Resume {
        /// Its name.
        name: String,
    },
}

fn state(text: &str) -> Result<JobState, String> {
    JobState::from_column(&text.to_ascii_lowercase()).ok_or_else(|| {
        let names = JobState::ALL.map(JobState::column);
        format!("one of {}", names.join(", "))
    })
}

async fn ctx(installation: Installation, institution: Option<&str>) -> Result<Ctx, Error> {
    let service = super::start(installation).await?;
    let institution = service.institution(institution).map_err(|error| {
        let name = institution.unwrap_or_default();
        match error {
            Error::Problem(Problem::NotFound) => {
                Error::Internal(format!("there is no institution {name}"))
            }
            other => other,
        }
    })?;
    Ok(Ctx::system(&service, institution, "command-line"))
}

/// Prints lines; whoever reads them may have seen enough.
fn print(lines: impl IntoIterator<Item = String>) {
    let mut output = std::io::stdout().lock();
    for line in lines {
        if writeln!(output, "{line}").is_err() {
            return;
        }
    }
}

/// Columns as wide as what is in them.
fn table(rows: &[Vec<String>]) -> Vec<String> {
    let columns = rows.first().map_or(0, Vec::len);
    let width = |column: usize| rows.iter().map(|row| row[column].chars().count()).max();
    let widths: Vec<usize> = (0..columns).filter_map(width).collect();
    rows.iter()
        .map(|row| {
            let cells = row.iter().zip(&widths);
            let line: Vec<String> = cells
                .map(|(cell, width)| format!("{cell:width$}"))
                .collect();
            line.join("  ").trim_end().to_owned()
        })
        .collect()
}

fn json(value: &impl serde::Serialize) -> Result<String, Error> {
    serde_json::to_string(value).map_err(|error| Error::Internal(error.to_string()))
}

/// What a problem with one of several things means.
fn about(id: impl std::fmt::Display, what: &str, error: Error) -> Error {
    match error {
        Error::Problem(Problem::NotFound) => Error::Internal(format!("there is no {what} {id}")),
        Error::Problem(Problem::Conflict) => Error::Internal(format!(
            "the {what} {id} stands so that this can't be done to it"
        )),
        other => other,
    }
}

pub async fn jobs(installation: Installation, command: Jobs) -> Result<(), Error> {
    let ctx = ctx(installation, command.institution.as_deref()).await?;
    match command.command {
        JobsCommand::List(options) => list(&ctx, options).await,
        JobsCommand::Show { id, json } => show(&ctx, id, json).await,
        JobsCommand::Retry { ids } => change(&ctx, &ids, JobChange::Retry, "ready").await,
        JobsCommand::Cancel { ids } => change(&ctx, &ids, JobChange::Cancel, "cancelled").await,
    }
}

async fn list(ctx: &Ctx, options: List) -> Result<(), Error> {
    let filter = Filter {
        queue: options.queue,
        kind: options.kind,
        state: options.state,
        text: options.text,
        subject: options.subject,
        ..Filter::default()
    };
    let filter = JobFilter::try_from(filter).map_err(|error| Error::Problem(error.0))?;
    let list = board::list(ctx, &filter, None, options.limit).await?;
    let jobs: Vec<JobSummary> = list.items.into_iter().map(JobSummary::from).collect();
    if options.json {
        let lines: Vec<String> = jobs.iter().map(json).collect::<Result<_, _>>()?;
        print(lines);
        return Ok(());
    }
    let head = [
        "id", "state", "kind", "queue", "tried", "enqueued", "for", "about",
    ];
    let mut rows = vec![head.map(str::to_owned).to_vec()];
    rows.extend(jobs.into_iter().map(|job| {
        vec![
            job.job_id.to_string(),
            job.state.column().to_owned(),
            job.kind,
            job.queue,
            format!("{}/{}", job.attempts, job.max_attempts),
            job.created_at,
            job.owner.unwrap_or_default(),
            job.subject.unwrap_or_default(),
        ]
    }));
    print(table(&rows));
    match list.count {
        JobCount::Exact(jobs) => println!("{} of {jobs}", rows.len() - 1),
        JobCount::Among { found, searched } => {
            println!("{} of {found} among the newest {searched}", rows.len() - 1);
        }
    }
    Ok(())
}

async fn show(ctx: &Ctx, id: Uuid, as_json: bool) -> Result<(), Error> {
    let detail = board::get(ctx, id).await;
    let detail = detail.map_err(|error| about(id, "job", error))?;
    let document = serde_json::to_value(JobWhole::new(detail, ctx))
        .map_err(|error| Error::Internal(error.to_string()))?;
    if as_json {
        print([json(&document)?]);
        return Ok(());
    }
    let mut rows = Vec::new();
    let job = document["job"].as_object().into_iter().flatten();
    let whole = document.as_object().into_iter().flatten();
    for (name, value) in job.chain(whole.filter(|(name, _)| *name != "job")) {
        match value {
            serde_json::Value::Null => {}
            serde_json::Value::String(text) => rows.push(vec![name.clone(), text.clone()]),
            serde_json::Value::Array(values) => {
                rows.extend(
                    values
                        .iter()
                        .map(|value| vec![name.clone(), line_of(value)]),
                );
            }
            other => rows.push(vec![name.clone(), other.to_string()]),
        }
    }
    print(table(&rows));
    Ok(())
}

/// One of several things in a line: of a job what names it, of a line of its log what it says.
fn line_of(value: &serde_json::Value) -> String {
    let text = |name: &str| value[name].as_str().unwrap_or_default().to_owned();
    if let Some(text) = value.as_str() {
        text.to_owned()
    } else if value["jobId"].is_string() {
        format!("{} {} {}", text("jobId"), text("state"), text("kind"))
    } else if value["message"].is_string() {
        format!("{} {}", text("at"), text("message"))
    } else {
        value.to_string()
    }
}

/// Changes each of some jobs. What can't be done to one keeps nobody from the others.
async fn change(ctx: &Ctx, ids: &[Uuid], change: JobChange, now: &str) -> Result<(), Error> {
    let mut refused = Vec::new();
    for id in ids {
        match board::change(ctx, *id, change).await {
            Ok(changed) if changed.undoable => println!("{id} {now}"),
            Ok(_) => println!("{id} was told to stop"),
            Err(error @ Error::Problem(_)) => refused.push(about(id, "job", error).to_string()),
            Err(error) => return Err(error),
        }
    }
    if refused.is_empty() {
        Ok(())
    } else {
        Err(Error::Internal(refused.join("; ")))
    }
}

pub async fn queues(installation: Installation, command: Queues) -> Result<(), Error> {
    let ctx = ctx(installation, command.institution.as_deref()).await?;
    let set = async |name: &str, paused| {
        let set = board::set_paused(&ctx, name, paused).await;
        set.map_err(|error| about(name, "queue", error))?;
        println!("{name} {}", if paused { "paused" } else { "resumed" });
        Ok(())
    };
    match &command.command {
        QueuesCommand::Pause { name } => set(name, true).await,
        QueuesCommand::Resume { name } => set(name, false).await,
        QueuesCommand::List => {
            let overview = board::overview(&ctx).await?;
            let mut head = vec!["name".to_owned(), "paused".to_owned(), "at once".to_owned()];
            head.extend(JobState::ALL.map(|state| state.column().to_owned()));
            let mut rows = vec![head];
            for queue in overview.queues {
                let paused = if queue.paused { "paused" } else { "-" };
                let mut row = vec![queue.name, paused.to_owned(), queue.concurrency.to_string()];
                row.extend(queue.states.iter().map(|(_, jobs)| jobs.to_string()));
                rows.push(row);
            }
            print(table(&rows));
            Ok(())
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_are_as_wide_as_what_is_in_them() {
        let rows = [["id", "state"], ["1", "dead"], ["señor", "x"]];
        let rows: Vec<Vec<String>> = rows.map(|row| row.map(str::to_owned).to_vec()).to_vec();
        assert_eq!(table(&rows), ["id     state", "1      dead", "señor  x"]);
    }

    #[test]
    fn a_state_is_read_in_any_case() {
        assert_eq!(state("Dead"), Ok(JobState::Dead));
        assert!(state("gone").unwrap_err().contains("scheduled"));
    }
}
