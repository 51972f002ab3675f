//! What two other processes do is seen as they do it.

use crate::page::Page;
use crate::stage::Stage;

#[test]
fn what_other_processes_record_appears_without_a_reload() {
    let stage = Stage::new();
    let (mut one, mut other) = (stage.writer(), stage.writer());
    one.create("orchard", "Orchard plan");
    other.create("bakery", "Bakery");
    let mut page = Page::of(&stage.origin);
    page.open("/");
    page.wait_until("document.querySelector('#live').textContent === 'Live'");
    page.value("globalThis.isStillTheSamePage = true");

    one.record("orchard", "user", "When do apple trees freeze?");
    page.wait_until("document.querySelector('#changes').innerText.includes('apple trees')");
    other.record("bakery", "assistant", "At 230 degrees, for 40 minutes.");
    page.wait_until("document.querySelector('#changes li').innerText.includes('230 degrees')");

    let newest = page.text("#changes li a");
    assert_eq!(newest, "Bakery");
    assert_eq!(page.value("isStillTheSamePage"), true);
    page.assert_quiet();
}

#[test]
fn the_figures_follow_the_store_and_keep_what_was_opened() {
    let stage = Stage::new();
    let (mut one, mut other) = (stage.writer(), stage.writer());
    one.create("one", "One");
    other.create("other", "Other");
    let mut page = Page::of(&stage.origin);
    page.open("/");
    page.wait_until("document.querySelector('.statuses .latest').innerText === '2'");
    page.value("document.querySelector('#events-figures').open = true");
    page.value("document.querySelector('#events-figures summary').focus()");

    one.create("third", "Third");
    page.wait_until("document.querySelector('.statuses .latest').innerText === '3'");
    assert_eq!(page.value("document.querySelector('#events-figures').open"), true);
    assert_eq!(page.value("document.activeElement.parentElement.id"), "events-figures");
    page.wait_until("document.querySelector('#events path.line')?.getAttribute('d').includes('L')");
    page.assert_quiet();
}

#[test]
fn the_list_of_the_newest_changes_stays_short_and_can_be_paused() {
    let stage = Stage::new();
    let mut writer = stage.writer();
    writer.create("busy", "Busy");
    let mut page = Page::of(&stage.origin);
    page.open("/");
    page.wait_until("document.querySelector('#live').textContent === 'Live'");
    for number in 1..=45 {
        writer.record("busy", "user", &format!("message {number}"));
    }
    page.wait_until("document.querySelector('#changes').innerText.includes('message 45')");
    assert_eq!(page.value("document.querySelectorAll('#changes li').length"), 30);

    page.value("document.querySelector('#pause').click()");
    writer.record("busy", "user", "while nobody looked");
    // Another page tells that the change has gone round.
    let mut witness = Page::of(&stage.origin);
    witness.open("/");
    witness.wait_until("document.querySelector('#changes').innerText.includes('nobody looked')");
    assert!(!page.text("#changes").contains("nobody looked"));
    page.value("document.querySelector('#pause').click()");
    page.wait_until("document.querySelector('#changes li').innerText.includes('nobody looked')");
    page.assert_quiet();
}

#[test]
fn a_byte_that_flips_turns_the_badge_and_is_found_with_its_next_step() {
    let stage = Stage::new();
    let (mut one, mut other) = (stage.writer(), stage.writer());
    one.create("stained", "Stained");
    for text in ["first", "the spotless middle", "last"] {
        one.record("stained", "user", text);
    }
    let mut page = Page::of(&stage.origin);
    page.open("/");
    page.wait_until("document.querySelector('#health').innerText.includes('Healthy')");

    stage.damage("stained", "the spotless middle");
    other.create("bystander", "Bystander");
    page.wait_until("document.querySelector('#health .critical') !== null");
    assert_eq!(page.text("#health").trim(), "1 session corrupted");
    page.wait_until("document.querySelector('.alerts')?.innerText.includes('Corrupted sessions')");

    page.open("/findings");
    let finding = page.text(".findings li");
    for part in ["corrupt", "stained", "annals recover"] {
        assert!(finding.contains(part), "{finding}");
    }
    page.open("/sessions/stained");
    let places = page.value(
        "[...document.querySelectorAll('.timeline > li')].map((item) =>
            item.matches('.damage') ? 'damage' : item.id)",
    );
    assert!(places.to_string().contains("damage"), "{places}");
    assert!(page.text(".timeline").contains("first") && page.text(".timeline").contains("last"));
    page.assert_quiet();
}
