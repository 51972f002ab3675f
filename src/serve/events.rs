//! `/events`: what happens, as it happens, as server-sent events.

use std::convert::Infallible;
use std::fmt::Write as _;
use std::sync::Arc;
use std::time::Duration;

use axum::body::{Body, Bytes};
use axum::extract::State;
use axum::http::{HeaderMap, header};
use axum::response::{IntoResponse, Response};
use futures_util::stream;
use serde::Deserialize;
use tokio::sync::{OwnedSemaphorePermit, watch};
use tokio::time::{Instant, sleep_until};

use super::api::Parameters;
use super::changes::{Missed, Numbered, Telling};
use super::fault::Fault;
use super::{Shared, dashboard};
use crate::repository::SessionRepository;

/// How often a quiet stream shows that it is alive: less than proxies wait.
const KEEP_ALIVE: Duration = Duration::from_secs(15);

/// How long a browser waits before it comes again.
const RETRY: Duration = Duration::from_secs(2);

/// What shows that a quiet stream is alive.
const ALIVE: &str = ":\n\n";

/// The number of the last event that a client has seen.
const LAST_EVENT_ID: &str = "last-event-id";

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct EventsQuery {
    #[serde(default, rename = "as")]
    form: Form,
}

/// What the data of an event is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Form {
    /// For programs.
    #[default]
    Json,
    /// Parts of the dashboard.
    Html,
}

/// Answers with the changes from now on, or from the one after `Last-Event-ID`.
pub(super) async fn events<R: SessionRepository>(
    State(shared): State<Arc<Shared<R>>>,
    Parameters(query): Parameters<EventsQuery>,
    headers: HeaderMap,
) -> Result<Response, Fault> {
    let place = Arc::clone(&shared.event_places).try_acquire_owned();
    let place = place.map_err(|_| Fault::too_many_followers())?;
    let last = headers.get(LAST_EVENT_ID).and_then(|id| id.to_str().ok());
    let follower = Follower::new(shared, query.form, last, place);
    let headers =
        [(header::CONTENT_TYPE, "text/event-stream"), (header::CACHE_CONTROL, "no-store")];
    let events = stream::unfold(follower, async |mut follower| {
        let events = follower.next().await?;
        // All followers are told at once, and none of them is in a hurry: who else waits for this
        // processor, as a writer does, comes first.
        std::thread::yield_now();
        Some((Ok::<_, Infallible>(events), follower))
    });
    Ok((headers, Body::from_stream(events)).into_response())
}

/// One client that follows.
struct Follower<R: SessionRepository> {
    shared: Arc<Shared<R>>,
    form: Form,
    /// Up to which change it was told.
    at: u64,
    greeting: Option<Greeting>,
    /// What was shown last of what is shown again whenever it changes.
    shown: [String; 2],
    /// Whether that may look different by now.
    may_look_different: bool,
    figures: watch::Receiver<Option<Arc<crate::manager::MetricsSnapshot>>>,
    health: watch::Receiver<Option<Arc<crate::manager::SessionHealth>>>,
    stopping: watch::Receiver<bool>,
    _place: OwnedSemaphorePermit,
}

/// What a client is told first.
enum Greeting {
    /// From where it follows.
    Welcome,
    /// That it has missed something.
    Reset,
}

impl Greeting {
    fn name(&self) -> &'static str {
        match self {
            Self::Welcome => "ready",
            Self::Reset => "reset",
        }
    }
}

impl<R: SessionRepository> Follower<R> {
    fn new(
        shared: Arc<Shared<R>>,
        form: Form,
        last: Option<&str>,
        place: OwnedSemaphorePermit,
    ) -> Self {
        let resumed = last.map(|id| shared.changes.number_of(id));
        let (at, greeting) = match resumed {
            Some(Some(number)) => (number, Greeting::Welcome),
            Some(None) => (shared.changes.newest(), Greeting::Reset),
            None => (shared.changes.newest(), Greeting::Welcome),
        };
        Self {
            form,
            at,
            greeting: Some(greeting),
            shown: Default::default(),
            may_look_different: form == Form::Html,
            figures: shared.metrics.subscribe(),
            health: shared.health.subscribe(),
            stopping: shared.stopping.subscribe(),
            _place: place,
            shared,
        }
    }

    /// The next events; `None` once the server stops.
    async fn next(&mut self) -> Option<Bytes> {
        if let Some(greeting) = self.greeting.take() {
            let shared = Arc::clone(&self.shared);
            // Who was greeted may rely on hearing all that happens from then on.
            let mut following = shared.following.subscribe();
            tokio::select! {
                _ = self.stopping.wait_for(|stopping| *stopping) => return None,
                _ = following.wait_for(|following| *following) => {}
            }
            let retry = RETRY.as_millis();
            return Some(format!("retry: {retry}\n{}", self.at_present(greeting.name())).into());
        }
        let alive_at = Instant::now() + KEEP_ALIVE;
        loop {
            if let Some(event) = self.fragment() {
                return Some(event.into());
            }
            let shared = Arc::clone(&self.shared);
            let told = tokio::select! {
                biased;
                _ = self.stopping.wait_for(|stopping| *stopping) => return None,
                told = shared.changes.after(self.at) => Some(told),
                changed = self.figures.changed() => changed.ok().map(|()| None)?,
                changed = self.health.changed() => changed.ok().map(|()| None)?,
                () = sleep_until(alive_at) => return Some(Bytes::from_static(ALIVE.as_bytes())),
            };
            match told {
                Some(Ok(telling)) => return Some(self.events_of(&telling)),
                Some(Err(Missed { newest })) => {
                    self.at = newest;
                    return Some(self.at_present("reset").into());
                }
                None => self.may_look_different = self.form == Form::Html,
            }
        }
    }

    /// What was told as events, which are made once for all who are sent the whole of it.
    fn events_of(&mut self, telling: &Telling) -> Bytes {
        let untold = telling.after(self.at);
        let events = || self.events(untold).into();
        let [json, html] = &telling.events;
        let whole = match self.form {
            Form::Json => json,
            Form::Html => html,
        };
        let is_whole = untold.len() == telling.changes.len();
        let events = if is_whole { whole.get_or_init(events).clone() } else { events() };
        self.at = telling.last();
        events
    }

    fn events(&self, changes: &[Arc<Numbered>]) -> String {
        let mut events = String::new();
        for change in changes {
            let id = self.shared.changes.id_of(change.number);
            match self.form {
                Form::Json => write_event(&mut events, "change", Some(&id), &change.json),
                Form::Html => {
                    let row = dashboard::change_row(&change.change);
                    write_event(&mut events, "change", Some(&id), &row);
                }
            }
        }
        events
    }

    /// An event that says only up to where the client was told.
    fn at_present(&self, name: &str) -> String {
        event(name, Some(&self.shared.changes.id_of(self.at)), "{}")
    }

    /// A part of the dashboard that looks different from when it was shown last.
    fn fragment(&mut self) -> Option<String> {
        if !self.may_look_different {
            return None;
        }
        let health = self.shared.health.borrow().clone();
        let now = [
            ("health", health.map(|health| dashboard::badge(&health)).unwrap_or_default()),
            ("overview", dashboard::overview(&self.shared)),
        ];
        for (shown, (name, html)) in self.shown.iter_mut().zip(now) {
            if *shown != html {
                *shown = html;
                return Some(event(name, None, shown));
            }
        }
        self.may_look_different = false;
        None
    }
}

/// An event as the lines of a stream.
fn event(name: &str, id: Option<&str>, data: &str) -> String {
    let mut lines = String::new();
    write_event(&mut lines, name, id, data);
    lines
}

fn write_event(lines: &mut String, name: &str, id: Option<&str>, data: &str) {
    // Writing to a string cannot fail.
    let _ = writeln!(lines, "event: {name}");
    let _ = id.map(|id| writeln!(lines, "id: {id}"));
    // A carriage return ends a line, too.
    for line in data.split(['\n', '\r']) {
        let _ = writeln!(lines, "data: {line}");
    }
    lines.push('\n');
}

#[cfg(test)]
mod tests {
    use super::event;

    #[test]
    fn data_of_several_lines_stay_data() {
        let text = event("change", Some("x-1"), "<li>\nevent: reset\rid: 7</li>");
        let lines = [
            "event: change",
            "id: x-1",
            "data: <li>",
            "data: event: reset",
            "data: id: 7</li>",
            "",
            "",
        ];
        assert_eq!(text, lines.join("\n"));
    }
}
