//! Finding a session and reading it, now and as it was.

use serde_json::json;

use crate::page::Page;
use crate::stage::Stage;

fn orchard() -> Stage {
    let stage = Stage::new();
    let (mut one, mut other) = (stage.writer(), stage.writer());
    one.create("orchard", "Orchard plan");
    one.record("orchard", "user", "When do apple trees freeze?");
    one.record("orchard", "assistant", "Blossoms are lost at two degrees below zero.");
    one.tell(&json!({ "op": "tag", "session": "orchard", "tag": "frost" }));
    one.tell(&json!({ "op": "rename", "session": "orchard", "name": "Frost warnings" }));
    one.tell(&json!({ "op": "archive", "session": "orchard" }));
    other.create("bakery", "Bakery");
    other.record("bakery", "user", "How hot is the oven?");
    stage
}

#[test]
fn the_past_of_a_session_is_reached_by_links_by_the_slider_and_by_its_address() {
    let stage = orchard();
    let mut page = Page::of(&stage.origin);
    page.open("/sessions/orchard");
    assert_eq!(page.text("h1"), "Frost warnings");
    assert!(page.text("main .heading").contains("archived"));
    assert_eq!(page.text("#at-shown"), "6 of 6");

    page.open("/sessions/orchard?at=2");
    assert_eq!(page.text("h1"), "Orchard plan");
    assert!(page.text("main .heading").contains("active"));
    assert!(page.text(".timeline").contains("apple trees"));
    assert!(!page.text(".timeline").contains("Blossoms"));

    page.follow_to(".steps a[href$='at=3']");
    assert!(page.text(".timeline").contains("Blossoms"));

    page.value("document.querySelector('#at').focus()");
    page.follow(|page| page.press("ArrowRight"));
    assert_eq!(page.text("#at-shown"), "4 of 6");
    assert!(page.text("main .heading").contains("frost"));
    page.assert_quiet();
}

#[test]
fn time_travel_works_without_the_script() {
    let stage = orchard();
    let mut page = Page::of(&stage.origin);
    page.without_script();
    page.open("/sessions/orchard?at=2");
    page.follow(|page| page.click("form.travel button"));
    page.follow(|page| page.click("form.travel .steps a:last-of-type"));
    assert_eq!(page.outer_text("h1"), "Frost warnings");
}

#[test]
fn roles_are_told_apart_and_long_texts_are_folded() {
    let stage = orchard();
    let mut writer = stage.writer();
    let long = "a line of a long answer\n".repeat(200);
    writer.record("bakery", "assistant", &long);
    writer.record("bakery", "tool", &"x".repeat(70_000));
    let mut page = Page::of(&stage.origin);
    page.open("/sessions/bakery");
    let roles = page.value("[...document.querySelectorAll('.message')].map((m) => m.className)");
    assert_eq!(roles, json!(["message user", "message assistant", "message tool"]));
    assert_eq!(page.value("document.querySelector('.assistant details').open"), false);
    page.value("document.querySelector('.assistant summary').click()");
    assert_eq!(page.text(".assistant details .text").lines().count(), 200);

    page.follow_to(".tool a[href*=text]");
    assert_eq!(page.text(".card.text").len(), 70_000);
    page.assert_quiet();
}

#[test]
fn a_text_is_found_in_every_session_and_leads_to_its_place() {
    let stage = orchard();
    let mut page = Page::of(&stage.origin);
    page.open("/search");
    page.value("document.querySelector('#q').focus()");
    page.type_text("BLOSSOMS");
    page.follow(|page| page.press("Enter"));
    assert_eq!(page.text("mark"), "Blossoms");
    page.follow_to(".hits a");
    assert_eq!(
        page.value("location.pathname + location.search + location.hash"),
        "/sessions/orchard?at=3#seq-3"
    );
    page.assert_quiet();
}

#[test]
fn a_long_text_is_searched_to_its_end_and_a_talkative_session_leaves_room_for_others() {
    let stage = orchard();
    let mut writer = stage.writer();
    writer.record("bakery", "tool", &format!("{} and then quinces", "x".repeat(200_000)));
    let mut page = Page::of(&stage.origin);
    page.open("/search?q=QUINCES");
    assert_eq!(page.text("mark"), "quinces");
    assert!(!page.text("main").contains("are shown"));

    for n in 0..4 {
        writer.record("bakery", "user", &format!("quinces, for the {n}th time"));
    }
    writer.create("stall", "Market stall");
    writer.record("stall", "user", "and quinces");
    page.open("/search?q=QUINCES");
    assert_eq!(page.value("document.querySelectorAll('mark').length"), json!(4));
    assert!(page.text("main").contains("Of one session, the first 3 are shown."));
    page.assert_quiet();
}

#[test]
fn the_list_is_narrowed_down_by_status_tag_and_text() {
    let stage = orchard();
    let mut page = Page::of(&stage.origin);
    for (address, listed) in [
        ("/sessions", json!(["Bakery", "Frost warnings"])),
        ("/sessions?status=archived", json!(["Frost warnings"])),
        ("/sessions?tag=frost", json!(["Frost warnings"])),
        ("/sessions?q=OVEN", json!(["Bakery"])),
        ("/sessions?q=OVEN&status=archived", json!([])),
    ] {
        page.open(address);
        let shown =
            page.value("[...document.querySelectorAll('td.session a')].map((a) => a.innerText)");
        assert_eq!(shown, listed, "{address}");
    }
    page.assert_quiet();
}

#[test]
fn a_long_list_has_pages() {
    let stage = Stage::new();
    let mut writer = stage.writer();
    for number in 0..60 {
        writer.create(&format!("s{number:02}"), &format!("Session {number:02}"));
    }
    let mut page = Page::of(&stage.origin);
    page.open("/sessions");
    assert_eq!(page.value("document.querySelectorAll('td.session').length"), 50);
    page.follow_to(".pages a");
    assert_eq!(page.value("document.querySelectorAll('td.session').length"), 10);
    assert!(page.text(".pages").contains("Newer"));
}
