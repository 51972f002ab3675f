//! Events that an older version wrote.

use annals::vocabulary::{Event, EventKind, Upcaster, Upcasts};
use serde_json::{Map, Value};

/// A past in which `renamed` said `title` at first, then `label`.
static RAISED_TWICE: Upcasts = Upcasts::new(&[
    Upcaster { kind: EventKind::Renamed, from_version: 1, raise: title_to_label },
    Upcaster { kind: EventKind::Renamed, from_version: 2, raise: label_to_name },
]);

fn title_to_label(data: Map<String, Value>) -> Map<String, Value> {
    moved(data, "title", "label")
}

fn label_to_name(data: Map<String, Value>) -> Map<String, Value> {
    moved(data, "label", "name")
}

fn moved(mut data: Map<String, Value>, from: &str, to: &str) -> Map<String, Value> {
    if let Some(value) = data.remove(from) {
        data.insert(to.to_owned(), value);
    }
    data
}

fn name_in(data: &str) -> Option<String> {
    match Event::from_data("renamed", data, &RAISED_TWICE).unwrap() {
        Event::Renamed(renamed) => Some(renamed.name.unwrap().as_str().to_owned()),
        Event::Unknown { .. } => None,
        other => panic!("{other:?}"),
    }
}

#[test]
fn every_older_version_is_raised_to_the_newest() {
    assert_eq!(name_in(r#"{"title":"a"}"#).as_deref(), Some("a"));
    assert_eq!(name_in(r#"{"v":1,"title":"a"}"#).as_deref(), Some("a"));
    assert_eq!(name_in(r#"{"v":2,"label":"a"}"#).as_deref(), Some("a"));
    assert_eq!(name_in(r#"{"v":3,"name":"a"}"#).as_deref(), Some("a"));
}

#[test]
fn a_version_beyond_the_newest_is_preserved_as_unknown() {
    assert_eq!(name_in(r#"{"v":4,"name":"a"}"#), None);
}

#[test]
fn other_kinds_are_left_as_they_are() {
    assert_eq!(RAISED_TWICE.newest_version(EventKind::Renamed), 3);
    assert_eq!(RAISED_TWICE.newest_version(EventKind::Tagged), 1);
    let tagged = Event::from_data("tagged", r#"{"tag":"title"}"#, &RAISED_TWICE).unwrap();
    assert!(matches!(tagged, Event::Tagged(tag) if tag.as_str() == "title"));
}

#[test]
fn what_is_raised_still_has_to_fit_its_kind() {
    let fault = Event::from_data("renamed", r#"{"title":7}"#, &RAISED_TWICE).unwrap_err();
    assert_eq!(&*fault.kind, "renamed");
}
