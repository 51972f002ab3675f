//! What is read is what was appended.

use annals::repository::{RepositoryError, SessionRepository};
use annals::vocabulary::bounds::{EXCERPT_BYTES_MAX, INLINE_TEXT_BYTES_MAX};
use annals::vocabulary::{
    BlobRef, Command, Digest, Event, MessageRecorded, NewSession, Projection, replay,
};

use super::{Place, rename};

pub async fn records_come_in_order_from_a_seq_on<R: SessionRepository>(place: Place<R>) {
    let session = place.create("ordered").await;
    for text in ["two", "three", "four"] {
        place.say(&session, text).await;
    }
    for (from_seq, expected) in
        [(0, vec![1, 2, 3, 4]), (1, vec![1, 2, 3, 4]), (3, vec![3, 4]), (4, vec![4])]
    {
        let records = place.records(&session, from_seq).await;
        assert_eq!(records.iter().map(|record| record.seq).collect::<Vec<_>>(), expected);
    }
}

pub async fn records_beyond_the_end_are_none<R: SessionRepository>(place: Place<R>) {
    let session = place.create("ended").await;
    assert_eq!(place.records(&session, 2).await.len(), 0);
    assert_eq!(place.records(&session, u64::MAX).await.len(), 0);
}

pub async fn a_history_longer_than_the_read_ahead_comes_whole<R: SessionRepository>(
    place: Place<R>,
) {
    let session = place.create("long").await;
    for n in 0..400 {
        place.say(&session, &format!("message {n}")).await;
    }
    let seqs: Vec<_> = place.records(&session, 1).await.iter().map(|record| record.seq).collect();
    assert_eq!(seqs, (1..=401).collect::<Vec<_>>());
}

pub async fn a_stream_that_is_dropped_half_way_harms_nothing<R: SessionRepository>(
    place: Place<R>,
) {
    let session = place.create("dropped").await;
    for n in 0..50 {
        place.say(&session, &format!("message {n}")).await;
    }
    let mut records = place.repository.records(&session, 1).await.unwrap();
    assert!(records.next().await.is_some());
    drop(records);
    assert_eq!(place.say(&session, "and on").await, 52);
    assert_eq!(place.records(&session, 1).await.len(), 52);
}

pub async fn replaying_the_records_gives_the_state<R: SessionRepository>(place: Place<R>) {
    let session = place.create("replayed").await;
    place.clock.advance_ms(10);
    place.say(&session, "hello").await;
    place.make(&session, rename("a name")).await;
    place.make(&session, Command::Tag("red".parse().unwrap())).await;
    place.make(&session, Command::Undo).await;
    place.make(&session, Command::Archive).await;

    let records = place.records(&session, 1).await;
    let blank = Projection::blank(session.clone(), records[0].at);
    let replayed = records.iter().fold(blank, replay);
    assert_eq!(replayed.metadata, place.repository.load(&session).await.unwrap().state);
}

pub async fn each_record_names_the_link_of_the_one_before<R: SessionRepository>(place: Place<R>) {
    let session = place.create("chained").await;
    place.say(&session, "two").await;
    place.say(&session, "three").await;
    let records = place.records(&session, 1).await;
    for pair in records.windows(2) {
        assert_eq!(pair[1].prev, pair[0].link);
    }
    assert_eq!(place.repository.load(&session).await.unwrap().head, records[2].link);
}

pub async fn a_version_changes_with_the_history_and_with_nothing_else<R: SessionRepository>(
    place: Place<R>,
) {
    let session = place.create("versioned").await;
    let before = place.repository.version(&session).await.unwrap();
    place.make(&session, Command::Activate).await;
    place.repository.load(&session).await.unwrap();
    place.create("another").await;
    assert_eq!(place.repository.version(&session).await.unwrap(), before);
    place.say(&session, "hello").await;
    assert_ne!(place.repository.version(&session).await.unwrap(), before);
}

pub async fn a_session_made_again_has_another_version<R: SessionRepository>(place: Place<R>) {
    let session = place.create("again").await;
    let before = place.repository.version(&session).await.unwrap();
    place.repository.delete(&session).await.unwrap();
    place.make(&session, Command::Create(NewSession::default())).await;
    assert_ne!(place.repository.version(&session).await.unwrap(), before);
}

async fn only_message<R: SessionRepository>(place: &Place<R>, text: &str) -> MessageRecorded {
    let session = place.create("talkative").await;
    place.say(&session, text).await;
    let records = place.records(&session, 2).await;
    let Ok(Some(Event::MessageRecorded(message))) = records[0].event() else {
        panic!("a message was recorded");
    };
    message
}

pub async fn a_long_text_is_kept_whole_and_its_record_holds_an_excerpt<R: SessionRepository>(
    place: Place<R>,
) {
    let text = "0123456789".repeat(20_000);
    let message = only_message(&place, &text).await;
    assert_eq!(message.text.as_deref(), text.get(..EXCERPT_BYTES_MAX));
    let blob = message.blob.expect("the text is kept outside the record");
    assert_eq!(blob, BlobRef { digest: Digest::of(text.as_bytes()), bytes: 200_000 });

    let session = super::id("talkative");
    assert_eq!(place.repository.text(&session, &blob).await.unwrap(), text);
    let state = place.repository.load(&session).await.unwrap().state;
    assert_eq!(state.first_message.as_deref(), text.get(..200));
}

pub async fn an_excerpt_ends_between_two_characters<R: SessionRepository>(place: Place<R>) {
    let text = format!("a{}", "€".repeat(INLINE_TEXT_BYTES_MAX / 3 + 1));
    let message = only_message(&place, &text).await;
    // One byte and 341 characters of three bytes each are 1024 bytes; with one letter more in
    // front, the last character does not fit.
    assert_eq!(message.text.unwrap().len(), 1024);
    let shifted = format!("a{text}");
    let session = super::id("talkative");
    place.say(&session, &shifted).await;
    let Ok(Some(Event::MessageRecorded(message))) = place.records(&session, 3).await[0].event()
    else {
        panic!("a message was recorded");
    };
    assert_eq!(message.text.unwrap(), format!("aa{}", "€".repeat(340)));
    assert_eq!(place.repository.text(&session, &message.blob.unwrap()).await.unwrap(), shifted);
}

pub async fn a_text_at_the_bound_stays_in_its_record<R: SessionRepository>(place: Place<R>) {
    let text = "x".repeat(INLINE_TEXT_BYTES_MAX);
    let message = only_message(&place, &text).await;
    assert_eq!(message.blob, None);
    assert_eq!(message.text, Some(text));
}

pub async fn a_text_that_no_record_refers_to_is_missing<R: SessionRepository>(place: Place<R>) {
    let session = place.create("silent").await;
    let blob = BlobRef { digest: Digest::of(b"never said"), bytes: 10 };
    let missing = place.repository.text(&session, &blob).await;
    let Err(RepositoryError::MissingText { digest, .. }) = missing else {
        panic!("nobody said it: {missing:?}");
    };
    assert_eq!(digest, blob.digest);
}
