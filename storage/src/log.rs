//! SQLite's write-ahead log of one file, and how much of it is on the disk.
//!
//! SQLite leaves what it writes there to the system (`synchronous = NORMAL`), and a thread here has it written to the
//! disk: all that was committed meanwhile by one call, while the connection that writes goes on. Nobody is told of
//! a commit before that: see [`crate::Tx::commit`].

use crate::sqlite::Connections;
use crate::{Error, Result};
use std::fs::{File, OpenOptions};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc;
use tokio::sync::watch;

/// After so many commits the log is carried into the file, beside the connection that writes. Of busy ones each
/// writes about a hundred pages.
const CARRIED_AFTER: u64 = 16;

/// The log of a file.
#[derive(Debug, Clone)]
pub struct Log(Arc<Shared>);

#[derive(Debug)]
struct Shared {
    /// How many commits have written to it.
    written: AtomicU64,
    /// Tells the thread which commit somebody waits for.
    wanted: mpsc::Sender<u64>,
    /// Up to which commit it is on the disk. Its other end is gone where the disk has refused.
    durable: watch::Receiver<u64>,
}

/// The disk has refused: what was committed may be gone when the system stops, and the system forgets that it
/// could not write.
fn lost() -> Error {
    sqlx::Error::Io(io::Error::other("the log could not be written to the disk")).into()
}

impl Log {
    /// The log of the database in this file.
    ///
    /// # Errors
    /// Where no thread can be started.
    pub fn start(
        database: &Path,
        #[cfg(feature = "faults")] faults: crate::fault::Faults,
    ) -> Result<Self> {
        let mut path = database.as_os_str().to_owned();
        path.push("-wal");
        let mut file = LogFile {
            path: path.into(),
            open: None,
        };
        let (wanted, commits) = mpsc::channel::<u64>();
        let (told, durable) = watch::channel(0);
        let thread = move || {
            while let Ok(first) = commits.recv() {
                let commit = commits.try_iter().fold(first, u64::max);
                #[cfg(feature = "faults")]
                let synced = faults.sync().and_then(|()| file.sync());
                #[cfg(not(feature = "faults"))]
                let synced = file.sync();
                if let Err(error) = synced {
                    tracing::error!(%error, "the log could not be written to the disk: nothing is committed any more");
                    return;
                }
                told.send_replace(commit);
            }
        };
        std::thread::Builder::new()
            .name("sqlite-log".to_owned())
            .spawn(thread)
            .map_err(sqlx::Error::Io)?;
        Ok(Self(Arc::new(Shared {
            written: AtomicU64::new(0),
            wanted,
            durable,
        })))
    }

    /// Whether what is written reaches the disk.
    ///
    /// # Errors
    /// [`Error::Unavailable`] once the disk has refused.
    pub fn check(&self) -> Result<()> {
        self.0.durable.has_changed().map(drop).map_err(|_| lost())
    }

    /// What has been committed until now, of which the latest has just been written.
    pub fn wrote(&self) -> Written {
        let commit = self.0.written.fetch_add(1, Ordering::SeqCst) + 1;
        // Where the thread is gone, whoever waits for it learns it.
        let _ = self.0.wanted.send(commit);
        self.written(commit)
    }

    /// What has been committed until now.
    pub fn written_before(&self) -> Written {
        self.written(self.0.written.load(Ordering::SeqCst))
    }

    fn written(&self, commit: u64) -> Written {
        Written {
            commit,
            durable: self.0.durable.clone(),
        }
    }

    /// Carries the log into the file again and again, for as long as anybody has it.
    pub async fn carry(mut durable: watch::Receiver<u64>, readers: Connections) {
        let mut carried = 0;
        while let Ok(commit) = durable
            .wait_for(|commit| *commit >= carried + CARRIED_AFTER)
            .await
            .map(|commit| *commit)
        {
            carried = commit;
            // Where none is free now it is carried later; what writes does it where the log gets long.
            let Ok(mut reader) = readers.lend().await else {
                continue;
            };
            match sqlx::query("PRAGMA wal_checkpoint(PASSIVE)")
                .execute(&mut *reader)
                .await
            {
                Ok(_) => reader.give_back(),
                Err(error) => tracing::warn!(%error, "the log was not carried into the file"),
            }
        }
    }

    /// Up to which commit it is on the disk.
    pub fn durable(&self) -> watch::Receiver<u64> {
        self.0.durable.clone()
    }
}

/// Commits that are in the log.
#[derive(Debug)]
pub struct Written {
    commit: u64,
    durable: watch::Receiver<u64>,
}

impl Written {
    /// Waits until they are on the disk.
    ///
    /// # Errors
    /// [`Error::Unavailable`] where the disk refuses: whether they last is not known.
    pub async fn durable(mut self) -> Result<()> {
        let durable = self.durable.wait_for(|commit| *commit >= self.commit).await;
        durable.map(drop).map_err(|_| lost())
    }
}

/// The file of a log.
struct LogFile {
    path: PathBuf,
    open: Option<(File, u64)>,
}

impl LogFile {
    /// Has the disk write what is in it.
    fn sync(&mut self) -> io::Result<()> {
        let identity = match crate::db::identity(&self.path) {
            Ok(identity) => identity,
            // The last connection that was closed has carried all of it into the file.
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
            Err(error) => return Err(error),
        };
        let file = match self.open.take().filter(|(_, known)| *known == identity) {
            Some((file, _)) => file,
            None => OpenOptions::new().write(true).open(&self.path)?,
        };
        file.sync_data()?;
        self.open = Some((file, identity));
        Ok(())
    }
}
