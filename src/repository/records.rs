//! Records as a stream with a bounded number of them in memory.

use std::ops::ControlFlow;
use std::vec::IntoIter;

use tokio::sync::mpsc;

use super::RepositoryError;
use crate::vocabulary::{Finding, Record};

/// Records that are handed over together: waking the other side costs more than a record does.
const PAGE_RECORDS: usize = 64;

/// Bytes of data that are handed over together, and one record more of at most 1 MiB.
const PAGE_BYTES: usize = 1024 * 1024;

/// Pages read ahead of the consumer: enough that reader and consumer overlap, few enough that the
/// largest of them stay within some 12 MiB.
const READ_AHEAD_PAGES: usize = 4;

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
    page: IntoIter<Read>,
    pages: mpsc::Receiver<Result<Vec<Read>, RepositoryError>>,
}

/// The producing end of [`Records`], for a thread that may block.
#[derive(Debug)]
pub struct RecordsSender {
    page: Vec<Read>,
    /// How much data there is in it.
    bytes: usize,
    pages: mpsc::Sender<Result<Vec<Read>, RepositoryError>>,
}

impl Records {
    /// A stream and its producing end, for implementations of a repository.
    #[must_use]
    pub fn channel() -> (RecordsSender, Self) {
        let (sender, pages) = mpsc::channel(READ_AHEAD_PAGES);
        let sender = RecordsSender { page: Vec::new(), bytes: 0, pages: sender };
        (sender, Self { page: Vec::new().into_iter(), pages })
    }

    /// The next record or damage, or `None` at the end. Dropping the future loses nothing.
    ///
    /// # Errors
    ///
    /// Those of the medium; the stream ends after one.
    pub async fn next(&mut self) -> Option<Result<Read, RepositoryError>> {
        loop {
            if let Some(read) = self.page.next() {
                return Some(Ok(read));
            }
            match self.pages.recv().await? {
                Ok(page) => self.page = page.into_iter(),
                Err(error) => return Some(Err(error)),
            }
        }
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

impl RecordsSender {
    /// Hands something over, and says whether anybody still listens. Blocks the thread.
    pub fn send(&mut self, read: Read) -> ControlFlow<()> {
        if let Read::Record(record) = &read {
            self.bytes += record.data.bytes();
        }
        self.page.push(read);
        if self.page.len() < PAGE_RECORDS && self.bytes < PAGE_BYTES {
            return ControlFlow::Continue(());
        }
        self.hand_over()
    }

    /// Hands over what has not been yet, and how the reading ended. Blocks the thread.
    pub fn finish(mut self, result: Result<(), RepositoryError>) {
        if self.hand_over().is_continue()
            && let Err(error) = result
        {
            // Whoever no longer listens needs no error either.
            let _nobody_listens = self.pages.blocking_send(Err(error));
        }
    }

    /// Hands over what has not been yet, as before waiting for something. Blocks the thread.
    pub fn hand_over(&mut self) -> ControlFlow<()> {
        self.bytes = 0;
        match self.pages.blocking_send(Ok(std::mem::take(&mut self.page))) {
            Ok(()) => ControlFlow::Continue(()),
            Err(_) => ControlFlow::Break(()),
        }
    }
}
