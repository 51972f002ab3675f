//! Removing the data of a record in memory.

use super::journal::{Journal, Line, storage};
use crate::format::parse;
use crate::repository::RepositoryError;
use crate::vocabulary::{
    Append, Appended, Author, BlobRef, Command, Entry, Event, ExpectedSeq, Outcome, Plan,
    Projection, Record, Redacted, Refusal, SessionId, Timestamp, plan, replay,
};

impl Journal {
    /// Removes the data of one record, and notes it.
    pub(super) fn redact(
        &mut self,
        session: &SessionId,
        redacted: Redacted,
        expected: ExpectedSeq,
        at: Timestamp,
        by: &Author,
    ) -> Result<Appended, RepositoryError> {
        let seq = redacted.seq;
        let entry = Entry { command: Command::NoteRedaction(redacted), key: None };
        let append = Append { expected, entries: vec![entry], by: by.clone() };
        let planned = plan(session, Some(self.state()), append, at, |_| None)
            .map_err(|rejection| RepositoryError::rejected(session, rejection))?;
        let records = self.records()?;
        let place = usize::try_from(seq.saturating_sub(1)).unwrap_or(usize::MAX);
        if let Some(record) = records.get(place) {
            refuse_the_indispensable(session, record)?;
            self.erase(place, record, &records)?;
        }
        let is_noted = records.iter().any(|record| {
            matches!(record.event(), Ok(Some(Event::Redacted(earlier))) if earlier.seq == seq)
        });
        let Plan { outcomes, .. } = &planned;
        let outcomes = if is_noted { vec![Outcome::Unchanged] } else { outcomes.clone() };
        if !is_noted {
            self.write(planned, at, by)?;
        }
        let blank = Projection::blank(session.clone(), self.began());
        self.set_state(self.records()?.iter().fold(blank, replay));
        Ok(Appended { state: self.state().metadata.clone(), outcomes })
    }

    fn records(&self) -> Result<Vec<Record>, RepositoryError> {
        let lines = self.lines().iter();
        lines.map(|line| parse(&line.text)?.to_record()).collect::<Result<_, _>>().map_err(storage)
    }

    fn erase(
        &mut self,
        place: usize,
        record: &Record,
        records: &[Record],
    ) -> Result<(), RepositoryError> {
        let seed = self.seed();
        let Some(line) = self.line_mut(place) else { return Ok(()) };
        let mut text = parse(&line.text).map_err(storage)?.erased(seed);
        text.pop();
        *line = Line { text: text.into(), link: line.link };
        let others = || records.iter().filter(|other| other.seq != record.seq);
        if let Some(blob) = blob_of(record)
            && others().all(|other| blob_of(other).is_none_or(|held| held.digest != blob.digest))
        {
            self.forget_text(&blob);
        }
        Ok(())
    }
}

fn blob_of(record: &Record) -> Option<BlobRef> {
    match record.event() {
        Ok(Some(Event::MessageRecorded(message))) => message.blob,
        _ => None,
    }
}

fn refuse_the_indispensable(session: &SessionId, record: &Record) -> Result<(), RepositoryError> {
    let kind = match record.event() {
        Ok(Some(Event::Redacted(_))) => "redacted",
        Ok(Some(Event::Recovered(_))) => "recovered",
        _ => return Ok(()),
    };
    let refusal = Refusal::Indispensable { seq: record.seq, kind };
    Err(RepositoryError::Refused { session: session.clone(), refusal })
}
