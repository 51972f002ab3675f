//! Records as a stream with a bounded number of them in memory.

use tokio::sync::mpsc;

use super::RepositoryError;
use crate::vocabulary::{Finding, Record};

/// Records read ahead of the consumer: enough that reader and consumer overlap, few enough that
/// records of the largest size (1 MiB) stay within some 16 MiB.
const READ_AHEAD_RECORDS: usize = 16;

/// One thing met while reading a journal.
#[derive(Debug, Clone)]
pub enum Read {
    /// A record that proves itself.
    Record(Box<Record>),
    /// Something wrong, in its place; reading goes on after it.
    Damage(Finding),
}

/// A stream of records. Dropping it stops the reading.
#[derive(Debug)]
pub struct Records {
    receiver: mpsc::Receiver<Result<Read, RepositoryError>>,
}

/// The producing end of [`Records`].
pub type RecordsSender = mpsc::Sender<Result<Read, RepositoryError>>;

impl Records {
    /// A stream and its producing end, for implementations of a repository.
    #[must_use]
    pub fn channel() -> (RecordsSender, Self) {
        let (sender, receiver) = mpsc::channel(READ_AHEAD_RECORDS);
        (sender, Self { receiver })
    }

    /// The next record or damage, or `None` at the end. Dropping the future loses nothing.
    ///
    /// # Errors
    ///
    /// Those of the medium; the stream ends after one.
    pub async fn next(&mut self) -> Option<Result<Read, RepositoryError>> {
        self.receiver.recv().await
    }

    /// All records and all damage, in memory.
    ///
    /// # Errors
    ///
    /// Those of the medium.
    pub async fn collect(mut self) -> Result<(Vec<Record>, Vec<Finding>), RepositoryError> {
        let (mut records, mut findings) = (Vec::new(), Vec::new());
        while let Some(read) = self.next().await {
            match read? {
                Read::Record(record) => records.push(*record),
                Read::Damage(finding) => findings.push(finding),
            }
        }
        Ok((records, findings))
    }
}
