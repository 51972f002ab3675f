//! A history written by hand: commands or events, one second apart.

use std::fmt::Write as _;

use annals::vocabulary::{
    Command, Created, Event, Projection, Refusal, SessionMetadata, Timestamp, Upcasts,
    check_transition, decide, fold,
};

const START: &str = "2026-11-22T13:45:04.000000Z";

/// A session's history as it grows, told line by line.
pub struct History {
    pub state: Option<Projection>,
    at: Timestamp,
    told: String,
}

impl History {
    /// A session that does not exist yet.
    pub fn unborn() -> Self {
        Self { state: None, at: START.parse().unwrap(), told: String::new() }
    }

    /// A session that was created and nothing else.
    pub fn begun() -> Self {
        let mut history = Self::unborn();
        history.event(Event::Created(Created::default()));
        history
    }

    pub fn metadata(&self) -> &SessionMetadata {
        &self.state.as_ref().unwrap().metadata
    }

    /// Asks for a change, and tells what was decided.
    pub fn ask(&mut self, command: Command) -> Result<(), Refusal> {
        match decide(self.state.as_ref(), command) {
            Ok(events) if events.is_empty() => self.told.push_str("nothing to do\n"),
            Ok(events) => events.into_iter().for_each(|event| self.event(event)),
            Err(refusal) => {
                writeln!(self.told, "refused: {refusal}").unwrap();
                return Err(refusal);
            }
        }
        Ok(())
    }

    pub fn with(mut self, commands: impl IntoIterator<Item = Command>) -> Self {
        for command in commands {
            self.ask(command).unwrap();
        }
        self
    }

    /// Lets something happen, possible or not, as a journal would bring it back.
    pub fn event(&mut self, event: Event) {
        let (kind, data) = (event.kind_name().to_owned(), event.to_data().unwrap());
        self.data(&kind, &data);
    }

    /// Lets something happen whose record says this.
    pub fn data(&mut self, kind: &str, data: &str) {
        let event = Event::from_data(kind, data, &Upcasts::CURRENT).unwrap();
        let impossible = check_transition(self.state.as_ref(), &event).err();
        let id = "a-session".parse().unwrap();
        let before = self.state.take().unwrap_or_else(|| Projection::blank(id, self.at));
        let seq = before.metadata.seq + 1;
        self.state = Some(fold(before, seq, self.at, &event));
        self.at = self.at.saturating_add_micros(1_000_000);
        let known = if event.kind().is_some() { "" } else { " (not known)" };
        writeln!(self.told, "{seq} {kind}{known} {data}").unwrap();
        if let Some(impossible) = impossible {
            writeln!(self.told, "  impossible: {impossible}").unwrap();
        }
    }

    /// What happened, and what it came to.
    pub fn tell(&self) -> String {
        let state = self.state.as_ref().map(|state| serde_json::to_string_pretty(state).unwrap());
        format!("{}\n{}\n", self.told, state.unwrap_or_else(|| "no session".to_owned()))
    }
}
