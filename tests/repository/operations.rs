//! Operations on a repository, and what each answers in words that any repository would use.

use std::fmt::Write as _;

use annals::repository::{Depth, Records, Repair, RepositoryError, SessionRepository};
use annals::vocabulary::{
    Append, Command, Data, Digest, Entry, ExpectedSeq, NewFork, NewMessage, NewSession, Role,
    SessionFilter, SessionId, SessionMetadata, SessionStatus, SortKey, Timestamp,
};
use proptest::collection::vec;
use proptest::option;
use proptest::prelude::{Just, Strategy, any};
use proptest::prop_oneof;
use proptest::sample::select;

use crate::commands::{command, message, name};
use crate::support::{author, id};

/// Few sessions, so that operations meet each other.
const SESSIONS: [&str; 3] = ["ash", "elm", "oak"];

/// How the answer begins where an operation is not carried out.
pub const REFUSED: &str = "refused: ";

/// What is done next.
#[derive(Debug, Clone)]
pub enum Operation {
    Append {
        session: &'static str,
        expected: Expected,
        entries: Vec<(Command, Option<String>)>,
    },
    Load(&'static str),
    Records {
        session: &'static str,
        from_seq: u64,
    },
    List(SessionFilter),
    Ids,
    Verify(&'static str),
    Recover {
        session: &'static str,
        repair: Repair,
    },
    Purge(&'static str),
    /// A message too long for its record, read back.
    LongText {
        session: &'static str,
        letter: char,
    },
    /// Another process opens the store.
    Reopen,
}

/// What the caller expects: an exact one is told from where the session stands.
#[derive(Debug, Clone, Copy)]
pub enum Expected {
    Any,
    NoSession,
    /// Where it stands, and so many more.
    Current {
        ahead: u64,
    },
}

fn session() -> impl Strategy<Value = &'static str> {
    select(&SESSIONS[..])
}

fn fork() -> impl Strategy<Value = Command> {
    session().prop_map(|parent| {
        let parent = SessionMetadata::blank(id(parent), Timestamp::EPOCH);
        Command::Fork(Box::new(NewFork { parent, head: Digest::of(b"a head"), name: None }))
    })
}

fn append() -> impl Strategy<Value = Operation> {
    let expected = prop_oneof![
        9 => Just(Expected::Any),
        1 => Just(Expected::NoSession),
        3 => (0..2_u64).prop_map(|ahead| Expected::Current { ahead }),
    ];
    // What begins a session, brings it back, or is taken by any, so that few are refused.
    let command = prop_oneof![
        10 => command(),
        10 => message(),
        2 => Just(Command::Create(NewSession::default())),
        2 => Just(Command::Restore),
        1 => fork(),
    ];
    let key = option::weighted(0.3, (0..9_u8).prop_map(|number| format!("key-{number}")));
    (session(), expected, vec((command, key), 0..3))
        .prop_map(|(session, expected, entries)| Operation::Append { session, expected, entries })
}

fn filter() -> impl Strategy<Value = SessionFilter> {
    let statuses = vec(select(SessionStatus::ALL.to_vec()), 0..3);
    let sort =
        select(vec![SortKey::LastActive, SortKey::Created, SortKey::Name, SortKey::Messages]);
    let tags = vec(name().prop_map(|tag| tag.parse().unwrap()), 0..2);
    (statuses, option::of(name()), tags, option::of(name()), sort, option::of(0..3_usize)).prop_map(
        |(statuses, search, tags, cwd, sort, limit)| SessionFilter {
            statuses,
            search,
            tags,
            cwd,
            sort,
            limit,
            ..SessionFilter::default()
        },
    )
}

/// The beginning of every session.
pub fn beginnings() -> Vec<Operation> {
    let begin = |session| Operation::Append {
        session,
        expected: Expected::NoSession,
        entries: vec![(Command::Create(NewSession::default()), None)],
    };
    SESSIONS.map(begin).to_vec()
}

/// Any operation; most are appends.
pub fn operation() -> impl Strategy<Value = Operation> {
    let repair = any::<bool>().prop_map(|apply| if apply { Repair::Apply } else { Repair::Plan });
    prop_oneof![
        40 => append(),
        8 => session().prop_map(Operation::Load),
        6 => (session(), 0..12_u64)
            .prop_map(|(session, from_seq)| Operation::Records { session, from_seq }),
        6 => filter().prop_map(Operation::List),
        1 => Just(Operation::Ids),
        4 => session().prop_map(Operation::Verify),
        2 => (session(), repair)
            .prop_map(|(session, repair)| Operation::Recover { session, repair }),
        1 => session().prop_map(Operation::Purge),
        1 => (session(), proptest::char::range('a', 'c'))
            .prop_map(|(session, letter)| Operation::LongText { session, letter }),
        3 => Just(Operation::Reopen),
    ]
}

/// Carries an operation out, and says what came of it. Keys and links that a repository makes up
/// are left out.
pub async fn answer<R: SessionRepository>(repository: &R, operation: &Operation) -> String {
    match attempt(repository, operation).await {
        Ok(answer) => answer,
        Err(error) => format!("{REFUSED}{error}"),
    }
}

async fn attempt<R: SessionRepository>(
    repository: &R,
    operation: &Operation,
) -> Result<String, RepositoryError> {
    match operation {
        Operation::Append { session, expected, entries } => {
            let session = id(session);
            let expected = resolved(repository, &session, *expected).await;
            let entries = entries.iter().map(|(command, key)| Entry {
                command: command.clone(),
                key: key.as_ref().map(|key| key.parse().unwrap()),
            });
            let append = Append { expected, entries: entries.collect(), by: author() };
            let appended = repository.append(&session, append).await?;
            Ok(format!("{:?} {:?}", appended.state, appended.outcomes))
        }
        Operation::Load(session) => {
            let loaded = repository.load(&id(session)).await?;
            Ok(format!("{:?} {:?}", loaded.state, loaded.findings))
        }
        Operation::Records { session, from_seq } => {
            told(repository.records(&id(session), *from_seq).await?).await
        }
        Operation::List(filter) => {
            let listing = repository.list(filter).await?;
            let (findings, unreadable) = (listing.findings.len(), listing.unreadable.len());
            Ok(format!("{:?} {findings} {unreadable}", listing.sessions))
        }
        Operation::Ids => {
            let mut ids = repository.ids().await?;
            ids.sort();
            Ok(format!("{ids:?}"))
        }
        Operation::Verify(session) => {
            let verified = repository.verify(&id(session), &Depth::default()).await?;
            Ok(format!("{} {:?}", verified.records, verified.findings))
        }
        Operation::Recover { session, repair } => {
            let recovery = repository.recover(&id(session), *repair, &author()).await?;
            Ok(format!("{recovery:?}"))
        }
        Operation::Purge(session) => {
            repository.delete(&id(session)).await.map(|()| "gone".to_owned())
        }
        Operation::LongText { session, letter } => {
            long_text(repository, &id(session), *letter).await
        }
        Operation::Reopen => Ok(String::new()),
    }
}

async fn resolved<R: SessionRepository>(
    repository: &R,
    session: &SessionId,
    expected: Expected,
) -> ExpectedSeq {
    match expected {
        Expected::Any => ExpectedSeq::Any,
        Expected::NoSession => ExpectedSeq::NoSession,
        Expected::Current { ahead } => {
            let seq = repository.load(session).await.map_or(0, |loaded| loaded.state.seq);
            ExpectedSeq::Exactly(seq + ahead)
        }
    }
}

async fn told(records: Records) -> Result<String, RepositoryError> {
    let (records, findings) = records.collect().await?;
    let mut told = format!("{findings:?}");
    for record in records {
        let Data::Present(data) = &record.data else { panic!("nothing was redacted") };
        let key = Some(record.key.as_str()).filter(|key| key.starts_with("key-"));
        write!(told, "\n{} {} {key:?} {} {:?}", record.seq, record.kind, data.get(), record.at)
            .unwrap();
        write!(told, " {:?}", record.by).unwrap();
    }
    Ok(told)
}

async fn long_text<R: SessionRepository>(
    repository: &R,
    session: &SessionId,
    letter: char,
) -> Result<String, RepositoryError> {
    let text = letter.to_string().repeat(70_000);
    let message = Command::RecordMessage(NewMessage::new(Role::tool(), text.clone()));
    let appended = repository.append(session, Append::one(message, author())).await?;
    let records = repository.records(session, appended.state.seq).await?;
    let (records, _) = records.collect().await?;
    let event = records[0].event().unwrap().unwrap();
    let annals::vocabulary::Event::MessageRecorded(message) = event else {
        return Ok(format!("{event:?}"));
    };
    let read = repository.text(session, &message.blob.unwrap()).await?;
    assert_eq!(read, text);
    Ok(format!("{:?}", appended.state))
}
