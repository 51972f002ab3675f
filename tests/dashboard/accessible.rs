//! Everybody can use the pages: with a keyboard, on a phone, in both themes, and without seeing them.

use serde_json::{Value, json};

use crate::page::{Page, Theme};
use crate::stage::Stage;

const ADDRESSES: [&str; 8] = [
    "/",
    "/?window=24h",
    "/sessions",
    "/sessions/orchard",
    "/sessions/orchard?at=2",
    "/search?q=apple",
    "/findings",
    "/runbook",
];

/// Roles of what can be worked with or must be described: each needs a name.
const NAMED_ROLES: [&str; 10] = [
    "button",
    "link",
    "textbox",
    "searchbox",
    "slider",
    "combobox",
    "image",
    "figure",
    "navigation",
    "region",
];

/// A text that no line can hold, without a place to break it.
const ENDLESS: &str = "a-word-without-any-place-where-a-line-could-be-broken-";

fn stage() -> Stage {
    let stage = Stage::new();
    let (mut one, mut other) = (stage.writer(), stage.writer());
    one.create("orchard", "Orchard plan");
    one.record("orchard", "user", &format!("apple {}", ENDLESS.repeat(8)));
    one.record("orchard", "assistant", "```\n    code that is quite wide, wider than a phone\n```");
    one.tell(&json!({ "op": "tag", "session": "orchard", "tag": "frost" }));
    other.create("stained", &ENDLESS[..50].repeat(2));
    other.record("stained", "user", "spotless");
    other.record("stained", "user", "after it");
    stage.damage("stained", "spotless");
    stage
}

/// Opens a page on which everything that it can show is there.
fn open(page: &mut Page, address: &str) {
    page.open(address);
    page.wait_until("document.querySelector('#live').textContent === 'Live'");
    page.wait_until("document.querySelector('#health .critical') !== null");
}

#[test]
fn nothing_is_wider_than_a_phone() {
    let stage = stage();
    let mut page = Page::of(&stage.origin);
    page.set_size(360, 740);
    for address in ADDRESSES {
        open(&mut page, address);
        let wider = page.value(
            "document.documentElement.scrollWidth > document.documentElement.clientWidth
                ? [...document.querySelectorAll('body *')]
                    .filter((e) => e.getBoundingClientRect().right > innerWidth + 1)
                    .map((e) => e.outerHTML.slice(0, 160))
                : []",
        );
        assert_eq!(wider, json!([]), "{address}");
        assert_eq!(page.value("innerWidth"), 360, "{address}");
    }
}

/// The contrast of every text with what is behind it, where it is less than people need: 4.5, or 3
/// for large letters (WCAG 2.2, 1.4.3).
const TOO_FAINT: &str = r"(() => {
    const rgb = (text) => (/^rgba?\(/.test(text) ? text.match(/[\d.]+/g).map(Number) : null);
    const luminance = ([r, g, b]) => {
        const linear = [r, g, b].map((c) => c / 255)
            .map((c) => (c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4));
        return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2];
    };
    const behind = (element) => {
        for (let e = element; e; e = e.parentElement) {
            const color = rgb(getComputedStyle(e).backgroundColor);
            if (color && (color.length === 3 || color[3] === 1)) return color;
        }
        return [255, 255, 255];
    };
    const texts = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
    const faint = [];
    while (texts.nextNode()) {
        const element = texts.currentNode.parentElement;
        if (!texts.currentNode.data.trim() || !element.checkVisibility()) continue;
        const style = getComputedStyle(element);
        const svg = element.closest('svg');
        if (svg && element.tagName !== 'text') continue;
        const color = rgb(svg ? style.fill : style.color);
        const [one, other] = [luminance(color), luminance(behind(element))].sort((a, b) => b - a);
        const ratio = (one + 0.05) / (other + 0.05);
        const isLarge = parseFloat(style.fontSize) >= 24;
        if (ratio < (isLarge ? 3 : 4.5)) {
            faint.push(`${ratio.toFixed(2)}: ${element.className} ${texts.currentNode.data.trim()}`);
        }
    }
    return [...new Set(faint)];
})()";

#[test]
fn every_text_can_be_read_in_both_themes() {
    let stage = stage();
    let mut page = Page::of(&stage.origin);
    let mut grounds = Vec::new();
    for theme in [Theme::Light, Theme::Dark] {
        page.prefer(theme);
        for address in ADDRESSES {
            open(&mut page, address);
            assert_eq!(page.value(TOO_FAINT), json!([]), "{address} {theme:?}");
        }
        grounds.push(page.value("getComputedStyle(document.body).backgroundColor"));
    }
    assert_ne!(grounds[0], grounds[1]);
    page.assert_quiet();
}

#[test]
fn everything_that_can_be_worked_with_has_a_name() {
    let stage = stage();
    let mut page = Page::of(&stage.origin);
    for address in ADDRESSES {
        open(&mut page, address);
        let heard = page.heard();
        let nameless: Vec<_> = heard
            .iter()
            .filter(|(role, name)| NAMED_ROLES.contains(&role.as_str()) && name.trim().is_empty())
            .collect();
        assert!(nameless.is_empty(), "{address}: {nameless:?}");
        let headings = page.value("document.querySelectorAll('h1').length");
        assert_eq!(headings, 1, "{address}");
        let doubled = page.value(
            "[...document.querySelectorAll('[id]')].map((e) => e.id)
                .filter((id, place, all) => all.indexOf(id) !== place)",
        );
        assert_eq!(doubled, json!([]), "{address}");
        let uncaptioned =
            page.value("document.querySelectorAll('table:not(:has(caption))').length");
        assert!(address == "/runbook" || uncaptioned == 0, "{address}");
    }
}

#[test]
fn a_chart_can_be_heard_and_read_as_a_table() {
    let stage = stage();
    let mut page = Page::of(&stage.origin);
    open(&mut page, "/");
    page.wait_until("document.querySelector('#events path.line') !== null");
    assert!(page.heard().contains(&("image".to_owned(), "Append latency".to_owned())));
    let words = page.value("document.querySelector('#latency desc').textContent").to_string();
    assert!(words.contains("p95 now") || words.contains("no appends"), "{words}");
    page.value("document.querySelector('#events summary').click()");
    assert!(page.text("#events table").contains("Until"));
}

/// What has the focus, as a selector would name it.
const FOCUSED: &str = "(() => {
    const e = document.activeElement;
    return e.id ? '#' + e.id : e.getAttribute('href') ?? e.tagName;
})()";

#[test]
fn the_keyboard_reaches_the_controls_in_the_order_of_the_page() {
    let stage = stage();
    let mut page = Page::of(&stage.origin);
    open(&mut page, "/");
    let mut reached = Vec::new();
    for _ in 0..40 {
        page.press("Tab");
        reached.push(page.value(FOCUSED));
        let outline = page.value("getComputedStyle(document.activeElement).outlineStyle");
        assert_eq!(outline, "solid", "the focus is seen on {}", reached.last().unwrap());
        if reached.last() == Some(&json!("#pause")) {
            break;
        }
    }
    let order =
        ["#main", "/", "/sessions", "/search", "/findings", "#theme", "/?window=5m", "#pause"];
    let mut awaited = order.iter();
    let mut next = awaited.next();
    for focused in &reached {
        if next.is_some_and(|next| focused == next) {
            next = awaited.next();
        }
    }
    assert_eq!(next, None, "{}", Value::from(reached));

    page.value("document.activeElement.blur()");
    page.open("/");
    page.press("Tab");
    page.press("Enter");
    page.wait_until("document.activeElement.id === 'main'");
}

#[test]
fn a_theme_that_was_chosen_is_remembered() {
    let stage = stage();
    let mut page = Page::of(&stage.origin);
    page.prefer(Theme::Light);
    open(&mut page, "/");
    page.value("document.querySelector('#theme').click()");
    page.value("document.querySelector('#theme').click()");
    assert_eq!(page.text("#theme"), "Theme: dark");
    open(&mut page, "/sessions");
    assert_eq!(page.value("document.documentElement.dataset.theme"), "dark");
    assert_eq!(page.value("getComputedStyle(document.documentElement).colorScheme"), "dark");
    page.assert_quiet();
}
