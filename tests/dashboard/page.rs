//! A page in the browser, and what a test does with it.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

use crate::browser::{Browser, DEADLINE};

/// Happens when all of a page is there.
const LOADED: &str = "Page.loadEventFired";

/// A page, with all that went wrong on it and all that it asked for.
pub(crate) struct Page {
    browser: Browser,
    session: String,
    origin: String,
}

/// What a page looks like to those who prefer dark or light.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Theme {
    Light,
    Dark,
}

impl Page {
    /// A blank page that is to show what is at an origin.
    pub(crate) fn of(origin: &str) -> Self {
        let mut browser = Browser::start();
        let target = browser.call(None, "Target.createTarget", json!({ "url": "about:blank" }));
        let target = json!({ "targetId": target["targetId"], "flatten": true });
        let attached = browser.call(None, "Target.attachToTarget", target);
        let session = attached["sessionId"].as_str().unwrap().to_owned();
        let mut page = Self { browser, session, origin: origin.to_owned() };
        for domain in ["Page", "Runtime", "Log", "Network", "Accessibility"] {
            page.call(&format!("{domain}.enable"), json!({}));
        }
        page.set_size(1280, 900);
        page
    }

    fn call(&mut self, method: &str, params: Value) -> Value {
        self.browser.call(Some(&self.session), method, params)
    }

    /// Goes to an address of the origin, and waits until all of it is there.
    pub(crate) fn open(&mut self, address: &str) {
        let url = format!("{}{address}", self.origin);
        self.follow(|page| drop(page.call("Page.navigate", json!({ "url": url }))));
    }

    /// Does what leads to a page, and waits until all of that is there.
    pub(crate) fn follow(&mut self, act: impl FnOnce(&mut Self)) {
        let before = self.browser.count(LOADED);
        act(self);
        self.browser.wait_beyond(LOADED, before);
    }

    /// Follows a link, or whatever a selector names.
    pub(crate) fn follow_to(&mut self, selector: &str) {
        self.follow(|page| {
            page.value(&format!("document.querySelector({selector:?}).click()"));
        });
    }

    /// The value of an expression; a promise is awaited.
    pub(crate) fn value(&mut self, expression: &str) -> Value {
        let params = json!({
            "expression": expression, "awaitPromise": true, "returnByValue": true
        });
        let mut answer = self.call("Runtime.evaluate", params);
        assert!(answer.get("exceptionDetails").is_none(), "{expression}: {answer}");
        answer["result"]["value"].take()
    }

    pub(crate) fn text(&mut self, selector: &str) -> String {
        let text = self.value(&format!("document.querySelector({selector:?})?.innerText ?? null"));
        text.as_str().unwrap_or_else(|| panic!("nothing is {selector}")).to_owned()
    }

    /// Waits until an expression is true. The page looks again and again, and gives up in time.
    pub(crate) fn wait_until(&mut self, expression: &str) {
        let deadline_ms = DEADLINE.as_millis() / 2;
        let came_true = self.value(&format!(
            "new Promise((resolve) => {{
                const end = performance.now() + {deadline_ms};
                const look = () => {{
                    if ({expression}) resolve(true);
                    else if (performance.now() > end) resolve(false);
                    else setTimeout(look, 20);
                }};
                look();
            }})"
        ));
        let body = if came_true == true { String::new() } else { self.text("body") };
        assert!(came_true == true, "never: {expression}\n{body}");
    }

    /// Presses a key as a person does.
    pub(crate) fn press(&mut self, key: &str) {
        let code = match key {
            "Tab" => 9,
            "Enter" => 13,
            "ArrowLeft" => 37,
            "ArrowRight" => 39,
            _ => panic!("which key is {key}?"),
        };
        let text = if key == "Enter" { "\r" } else { "" };
        for (kind, text) in [("keyDown", text), ("keyUp", "")] {
            let params = json!({
                "type": kind, "key": key, "code": key, "text": text,
                "windowsVirtualKeyCode": code,
            });
            self.call("Input.dispatchKeyEvent", params);
        }
    }

    /// From now on no page runs any script of its own.
    pub(crate) fn without_script(&mut self) {
        self.call("Emulation.setScriptExecutionDisabled", json!({ "value": true }));
    }

    /// Clicks with a mouse, where an element is.
    pub(crate) fn click(&mut self, selector: &str) {
        let node = self.node(selector);
        self.call("DOM.scrollIntoViewIfNeeded", json!({ "nodeId": node }));
        let model = self.call("DOM.getBoxModel", json!({ "nodeId": node }));
        let corner = |place: usize| model["model"]["content"][place].as_f64().unwrap();
        let (x, y) = (f64::midpoint(corner(0), corner(4)), f64::midpoint(corner(1), corner(5)));
        for kind in ["mousePressed", "mouseReleased"] {
            let params = json!({ "type": kind, "x": x, "y": y, "button": "left", "clickCount": 1 });
            self.call("Input.dispatchMouseEvent", params);
        }
    }

    /// The text of an element as its markup holds it, read without any script.
    pub(crate) fn outer_text(&mut self, selector: &str) -> String {
        let node = self.node(selector);
        let html = self.call("DOM.getOuterHTML", json!({ "nodeId": node }));
        let html = html["outerHTML"].as_str().unwrap();
        let mut is_text = true;
        let text = html.chars().filter(|character| match character {
            '<' | '>' => {
                is_text = *character == '>';
                false
            }
            _ => is_text,
        });
        text.collect()
    }

    fn node(&mut self, selector: &str) -> Value {
        let document = self.call("DOM.getDocument", json!({ "depth": 0 }));
        let root = document["root"]["nodeId"].clone();
        let params = json!({ "nodeId": root, "selector": selector });
        let mut found = self.call("DOM.querySelector", params);
        assert!(found["nodeId"].as_u64() > Some(0), "nothing is {selector}");
        found["nodeId"].take()
    }

    pub(crate) fn type_text(&mut self, text: &str) {
        self.call("Input.insertText", json!({ "text": text }));
    }

    pub(crate) fn set_size(&mut self, width: u32, height: u32) {
        let params = json!({
            "width": width, "height": height, "deviceScaleFactor": 1, "mobile": width < 600
        });
        self.call("Emulation.setDeviceMetricsOverride", params);
    }

    pub(crate) fn prefer(&mut self, theme: Theme) {
        let value = if theme == Theme::Dark { "dark" } else { "light" };
        let features = json!([{ "name": "prefers-color-scheme", "value": value }]);
        self.call("Emulation.setEmulatedMedia", json!({ "features": features }));
    }

    /// Every part of the page as those hear it who do not see it: its role and its name.
    pub(crate) fn heard(&mut self) -> Vec<(String, String)> {
        let tree = self.call("Accessibility.getFullAXTree", json!({}));
        let nodes = tree["nodes"].as_array().unwrap().iter();
        let text = |node: &Value, key: &str| node[key]["value"].as_str().unwrap_or("").to_owned();
        nodes
            .filter(|node| node["ignored"] != true)
            .map(|node| (text(node, "role"), text(node, "name")))
            .collect()
    }

    /// A picture of what is seen, as PNG.
    pub(crate) fn picture(&mut self) -> Vec<u8> {
        let shot = self.call("Page.captureScreenshot", json!({ "format": "png" }));
        STANDARD.decode(shot["data"].as_str().unwrap()).unwrap()
    }

    /// Asserts that nothing went wrong on the page, that no dialog was shown, and that nothing was
    /// asked of another host.
    pub(crate) fn assert_quiet(&mut self) {
        let origin = self.origin.clone();
        let objections: Vec<_> =
            self.browser.events().filter_map(|event| objection(event, &origin)).collect();
        assert!(objections.is_empty(), "{}", objections.join("\n"));
    }
}

/// What speaks against an event, if anything does.
fn objection(event: &Value, origin: &str) -> Option<String> {
    let params = &event["params"];
    let method = event["method"].as_str()?;
    let is_wrong = match method {
        "Page.javascriptDialogOpening" | "Runtime.exceptionThrown" => true,
        "Runtime.consoleAPICalled" => matches!(params["type"].as_str(), Some("error" | "warning")),
        "Log.entryAdded" => params["entry"]["level"] == "error",
        "Network.requestWillBeSent" => {
            let url = params["request"]["url"].as_str()?;
            !url.starts_with(origin) && !url.starts_with("data:") && url != "about:blank"
        }
        _ => false,
    };
    is_wrong.then(|| format!("{method}: {params}"))
}
