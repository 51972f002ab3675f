//! Following a store: what has happened to any of its sessions.

use annals::repository::{Following, Growth, SessionRepository};
use annals::vocabulary::Command;

use super::Place;

async fn told<R: SessionRepository>(place: &Place<R>, following: &mut Following) -> Vec<Growth> {
    let mut growths = place.repository.growths(following).await.unwrap();
    growths.sort_by(|one, other| one.session.cmp(&other.session));
    growths
}

pub async fn who_begins_to_follow_is_told_of_nothing_that_has_been<R: SessionRepository>(
    place: Place<R>,
) {
    let session = place.create("past").await;
    place.say(&session, "two").await;
    let mut following = Following::default();
    assert_eq!(told(&place, &mut following).await, []);
    assert_eq!(told(&place, &mut following).await, []);
}

pub async fn a_growth_is_told_once_with_all_that_it_holds<R: SessionRepository>(place: Place<R>) {
    let (old, other) = (place.create("old").await, place.create("other").await);
    let mut following = Following::default();
    told(&place, &mut following).await;

    place.say(&old, "two").await;
    place.say(&old, "three").await;
    let grown = Growth { session: old.clone(), after_seq: 1, seq: 3 };
    assert_eq!(told(&place, &mut following).await, [grown]);
    assert_eq!(told(&place, &mut following).await, []);

    place.say(&old, "four").await;
    place.say(&other, "two").await;
    let grown = [
        Growth { session: old, after_seq: 3, seq: 4 },
        Growth { session: other, after_seq: 1, seq: 2 },
    ];
    assert_eq!(told(&place, &mut following).await, grown);
    assert_eq!(told(&place, &mut following).await, []);
}

pub async fn a_session_made_meanwhile_is_told_from_its_beginning<R: SessionRepository>(
    place: Place<R>,
) {
    let mut following = Following::default();
    told(&place, &mut following).await;
    let session = place.create("young").await;
    place.say(&session, "two").await;
    let grown = Growth { session, after_seq: 0, seq: 2 };
    assert_eq!(told(&place, &mut following).await, [grown]);
}

pub async fn a_change_that_is_no_activity_is_told_too<R: SessionRepository>(place: Place<R>) {
    let session = place.create("old").await;
    place.create("newer").await;
    let mut following = Following::default();
    told(&place, &mut following).await;
    let name = Some("Orchard".parse().unwrap());
    place.make(&session, Command::Rename { name, occurred: None }).await;
    let grown = Growth { session: session.clone(), after_seq: 1, seq: 2 };
    assert_eq!(told(&place, &mut following).await, [grown]);
    place.make(&session, Command::Delete).await;
    let grown = Growth { session, after_seq: 2, seq: 3 };
    assert_eq!(told(&place, &mut following).await, [grown]);
}

pub async fn a_session_removed_and_made_again_is_told_anew<R: SessionRepository>(place: Place<R>) {
    let session = place.create("phoenix").await;
    place.say(&session, "two").await;
    let mut following = Following::default();
    told(&place, &mut following).await;
    place.repository.delete(&session).await.unwrap();
    assert_eq!(told(&place, &mut following).await, []);
    place.create("phoenix").await;
    let grown = Growth { session, after_seq: 0, seq: 1 };
    assert_eq!(told(&place, &mut following).await, [grown]);
}
