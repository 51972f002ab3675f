//! The runbook, which is part of the program: whoever is woken finds it where the alert is.

use maud::{Markup, PreEscaped, html};
use pulldown_cmark::{CowStr, Event, Options, Parser, Tag, TagEnd};

const RUNBOOK: &str = include_str!("../../../docs/SESSION_RUNBOOK.md");

/// The page.
pub(super) fn body() -> Markup {
    html! { article.prose { (rendered(RUNBOOK)) } }
}

/// Markdown as HTML. Headings get the anchors that links name; HTML in it is left out, and so are
/// links to files that are not served.
fn rendered(markdown: &str) -> Markup {
    let mut events: Vec<Event<'_>> =
        Parser::new_ext(markdown, Options::ENABLE_TABLES).filter(is_shown).collect();
    for place in 0..events.len() {
        let anchor = anchor_of(events.get(place + 1..).unwrap_or_default());
        if let Some(Event::Start(Tag::Heading { id, .. })) = events.get_mut(place) {
            *id = Some(CowStr::from(anchor));
        }
    }
    let mut rendered = String::with_capacity(markdown.len() * 2);
    pulldown_cmark::html::push_html(&mut rendered, linked(events).into_iter());
    PreEscaped(rendered)
}

fn is_shown(event: &Event<'_>) -> bool {
    !matches!(event, Event::Html(_) | Event::InlineHtml(_))
}

/// The anchor of the heading whose text begins here, made as code hosts make it.
fn anchor_of(events: &[Event<'_>]) -> String {
    let inside = events.iter().take_while(|event| !matches!(event, Event::End(TagEnd::Heading(_))));
    let text: String = inside
        .filter_map(|event| match event {
            Event::Text(text) | Event::Code(text) => Some(text.as_ref()),
            _ => None,
        })
        .collect();
    let kept = text
        .trim()
        .chars()
        .filter(|character| character.is_alphanumeric() || matches!(character, ' ' | '-' | '_'));
    kept.flat_map(char::to_lowercase).map(|c| if c == ' ' { '-' } else { c }).collect()
}

/// The same without links that lead nowhere from here.
fn linked(events: Vec<Event<'_>>) -> Vec<Event<'_>> {
    let mut kept = Vec::with_capacity(events.len());
    let mut is_dropped = false;
    for event in events {
        match &event {
            Event::Start(Tag::Link { dest_url, .. }) => {
                is_dropped = !dest_url.starts_with('#') && !dest_url.starts_with("https://");
                if is_dropped {
                    continue;
                }
            }
            Event::End(TagEnd::Link) if is_dropped => {
                is_dropped = false;
                continue;
            }
            _ => {}
        }
        kept.push(event);
    }
    kept
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_heading_can_be_linked_to_by_its_words() {
        let html = rendered("## AnnalsStaleLocks\n\n### A `torn-tail`, again?\n").into_string();
        assert!(html.contains(r#"<h2 id="annalsstalelocks">"#), "{html}");
        assert!(html.contains(r#"<h3 id="a-torn-tail-again">"#), "{html}");
    }

    #[test]
    fn html_and_links_to_files_that_are_not_served_are_left_out() {
        let html = rendered("<b onclick=x>bold</b> [here](#there) [file](format.md)").into_string();
        assert!(!html.contains("onclick") && !html.contains("format.md"), "{html}");
        assert!(html.contains(r##"<a href="#there">here</a>"##) && html.contains("file"), "{html}");
    }

    #[test]
    fn every_check_and_every_class_of_finding_has_its_section() {
        let html = body().into_string();
        let classes = crate::vocabulary::FindingClass::ALL.map(|(_, name)| name);
        for anchor in crate::serve::dashboard::alerts::anchors().chain(classes) {
            assert!(html.contains(&format!("id=\"{anchor}\"")), "no section {anchor}");
        }
    }
}
