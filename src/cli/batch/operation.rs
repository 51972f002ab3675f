//! A line of a batch as a command.

use clap::ValueEnum as _;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};

use crate::cli::commands::list::Sort;
use crate::cli::error::CliError;
use crate::cli::time;
use crate::manager::{ChangeLine, ChangeOptions, CreationLine};
use crate::vocabulary::{Command, NewSession, SessionFilter, SessionId, Statuses, Tag, Timestamp};

const LINE_HINT: &str =
    "write one JSON object a line, such as {\"op\":\"show\",\"session\":\"@last\"}";
const OPERATION_HINT: &str = "see `annals batch --help` for the operations and their fields";

/// What a line asks for.
#[derive(Debug)]
pub(super) enum Operation {
    Create { id: SessionId, new: Box<NewSession> },
    Change { session: String, command: Box<Command>, options: ChangeOptions },
    Show { session: String },
    List(Box<SessionFilter>),
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ShowFields {
    session: String,
}

#[derive(Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct ListFields {
    status: Option<OneOrMany<String>>,
    search: Option<String>,
    #[serde(alias = "tags")]
    tag: Option<OneOrMany<Tag>>,
    cwd: Option<String>,
    since: Option<String>,
    until: Option<String>,
    sort: Option<String>,
    limit: Option<usize>,
}

/// A value, or a list of them.
#[derive(Deserialize)]
#[serde(untagged)]
enum OneOrMany<T> {
    One(T),
    Many(Vec<T>),
}

impl<T> OneOrMany<T> {
    fn into_vec(self) -> Vec<T> {
        match self {
            Self::One(value) => vec![value],
            Self::Many(values) => values,
        }
    }
}

/// The `ref` of a line, and what the line asks for.
pub(super) fn parse(line: &str) -> (Value, Result<Operation, CliError>) {
    let mut fields: Map<String, Value> = match serde_json::from_str(line) {
        Ok(fields) => fields,
        Err(error) => {
            let message = format!("the line is no JSON object: {error}");
            return (Value::Null, Err(CliError::Usage { message, hint: LINE_HINT }));
        }
    };
    let reference = fields.remove("ref").unwrap_or_default();
    let operation = match fields.remove("op") {
        Some(Value::String(name)) => of_name(&name, fields),
        Some(_) => Err(unusable("\"op\" is not a text".to_owned())),
        None => Err(unusable("the line has no \"op\"".to_owned())),
    };
    (reference, operation)
}

fn of_name(name: &str, fields: Map<String, Value>) -> Result<Operation, CliError> {
    match name {
        "create" => read(fields).map(create),
        "show" => read(fields).map(|ShowFields { session }| Operation::Show { session }),
        "list" => read(fields).and_then(list),
        other => match ChangeLine::parse(other, fields) {
            Ok(Some(change)) => Ok(of_change(change)),
            Ok(None) => Err(unusable(format!("{other:?} is no operation"))),
            Err(error) => Err(unusable(error.to_string())),
        },
    }
}

fn create(line: CreationLine) -> Operation {
    let id = line.id.clone().unwrap_or_else(SessionId::generate);
    Operation::Create { id, new: Box::new(line.into()) }
}

fn of_change(ChangeLine { session, command, options }: ChangeLine) -> Operation {
    Operation::Change { session, command: Box::new(command), options }
}

fn list(fields: ListFields) -> Result<Operation, CliError> {
    let words = fields.status.map(OneOrMany::into_vec).unwrap_or_default();
    let statuses: Result<Vec<_>, _> =
        words.iter().flat_map(|words| words.split(',')).map(Statuses::parse).collect();
    let statuses = statuses.map_err(|error| unusable(error.to_string()))?;
    Ok(Operation::List(Box::new(SessionFilter {
        statuses: Statuses::collect(&statuses),
        search: fields.search,
        tags: fields.tag.map(OneOrMany::into_vec).unwrap_or_default(),
        cwd: fields.cwd,
        since: fields.since.as_deref().map(moment).transpose()?,
        until: fields.until.as_deref().map(moment).transpose()?,
        sort: fields.sort.as_deref().map(sort).transpose()?.unwrap_or_default().into(),
        limit: fields.limit,
        ..SessionFilter::default()
    })))
}

fn moment(text: &str) -> Result<Timestamp, CliError> {
    time::parse_argument(text).map_err(|error| unusable(format!("{text:?}: {error}")))
}

fn sort(text: &str) -> Result<Sort, CliError> {
    Sort::from_str(text, false).map_err(|_| unusable(format!("{text:?} is nothing to sort by")))
}

fn read<T: DeserializeOwned>(fields: Map<String, Value>) -> Result<T, CliError> {
    serde_json::from_value(Value::Object(fields)).map_err(|error| unusable(error.to_string()))
}

fn unusable(message: String) -> CliError {
    CliError::Usage { message, hint: OPERATION_HINT }
}
