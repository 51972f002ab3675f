//! Sessions of somebody who means harm to whoever reads them.

use serde_json::json;

use crate::page::Page;
use crate::stage::Stage;

/// Texts that a page must show and never obey. Each would set a global or open a dialog.
const TEXTS: [&str; 12] = [
    "<script>globalThis.caught = 1; alert(1)</script>",
    "</div></li></main><script>globalThis.caught = 2</script>",
    "<img src=x onerror='globalThis.caught = 3'>",
    "<svg onload='globalThis.caught = 4'><script>globalThis.caught = 5</script></svg>",
    "<a href='javascript:globalThis.caught = 6'>click</a>",
    "<iframe src='javascript:parent.caught = 7'></iframe>",
    "<style>body { display: none }</style><link rel=stylesheet href='http://203.0.113.1/x.css'>",
    "<form action='http://203.0.113.1/'><input name=secret autofocus onfocus='caught = 8'></form>",
    "{{constructor.constructor('globalThis.caught = 9')()}} ${globalThis.caught = 10}",
    "data: x\n\nevent: overview\ndata: <script>globalThis.caught = 11</script>",
    "\u{1b}[2J\u{1b}]0;owned\u{7} \u{9b}31m \u{202e}gpj.exe\u{2066} zero\u{200b}width \r overwritten",
    "&lt;script&gt;globalThis.caught = 12&lt;/script&gt; &#x3c;b&#x3e; ]]> <!-- --> <![CDATA[",
];

const ADDRESSES: [&str; 8] = [
    "/",
    "/sessions",
    "/sessions?q=%3Cscript%3Ecaught%3D1%3C/script%3E&tag=x",
    "/sessions/villain",
    "/sessions/villain?at=3",
    "/search?q=caught",
    "/search?q=%22%3E%3Cimg%20src=x%20onerror=caught=1%3E",
    "/findings",
];

fn assert_inert(page: &mut Page, address: &str) {
    assert_eq!(page.value("typeof globalThis.caught"), "undefined", "{address}");
    let forged = page.value(
        "[...document.querySelectorAll('main *')].filter((element) =>
            ['SCRIPT', 'IFRAME', 'IMG', 'STYLE', 'LINK', 'OBJECT', 'EMBED'].includes(element.tagName)
            || [...element.attributes].some(({ name, value }) =>
                name.startsWith('on') || /^\\s*(javascript|data):/i.test(value)
                && ['href', 'src', 'action'].includes(name))).map((element) => element.outerHTML)",
    );
    assert_eq!(forged, json!([]), "{address}");
    let treacherous =
        page.value(r"/[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u202a-\u202e\u2066-\u2069\u200b]/.test(document.body.textContent)");
    assert_eq!(treacherous, false, "{address}");
}

#[test]
fn a_hostile_transcript_is_shown_and_not_obeyed() {
    let stage = Stage::new();
    let (mut villain, mut other) = (stage.writer(), stage.writer());
    villain.create("villain", "<script>globalThis.caught = 13</script>");
    other.create("victim", "Victim");
    let mut page = Page::of(&stage.origin);
    page.open("/");
    page.wait_until("document.querySelector('#live').textContent === 'Live'");
    for text in TEXTS {
        villain.record("villain", "user", text);
    }
    let field = json!({ "<img src=x onerror=caught=14>": "<script>caught=15</script>" });
    villain.tell(&json!({ "op": "set", "session": "villain", "key": "note", "value": field }));
    villain.tell(&json!({ "op": "tag", "session": "villain", "tag": "<b/onclick=caught=16>" }));
    other.record("victim", "user", "the last word");
    page.wait_until("document.querySelector('#changes').innerText.includes('the last word')");
    assert!(page.text("#changes").contains("<script>globalThis.caught = 1;"));
    assert_inert(&mut page, "live");

    for address in ADDRESSES {
        page.open(address);
        assert_inert(&mut page, address);
    }
    page.open("/sessions/villain");
    let shown = page.text(".timeline");
    for text in TEXTS.iter().take(10) {
        let first_line = text.lines().next().unwrap();
        assert!(shown.contains(first_line), "{text}");
    }
    assert!(shown.contains(r"\u{1b}[2J\u{1b}]0;owned\u{7}"), "{shown}");
    assert!(shown.contains(r"\u{202e}gpj.exe"), "{shown}");
    page.assert_quiet();
}

#[test]
fn an_address_that_means_nothing_is_answered_with_what_to_do() {
    let stage = Stage::new();
    stage.writer().create("only", "Only");
    let mut page = Page::of(&stage.origin);
    for address in [
        "/sessions/nobody",
        "/sessions/..%2f..%2fetc",
        "/sessions/only?at=99",
        "/sessions/only?at=x",
    ] {
        page.open(address);
        let shown = page.text(".failure");
        assert!(shown.contains("What to do"), "{address}: {shown}");
    }
}
