//! The list of sessions, with what narrows it down.

use maud::{Markup, html};
use serde::Deserialize;

use super::text::{address_of, line, title_of};
use super::units::count;
use crate::repository::Unreadable;
use crate::vocabulary::{
    Finding, LabelError, SessionFilter, SessionMetadata, SessionStatus, Tag, Timestamp,
};

/// Sessions on one page.
pub(super) const PAGE_SESSIONS: usize = 50;
/// The last page that can be asked for: whoever looks further narrows the list down.
const PAGE_MAX: usize = 2_000;

/// What an address asks for.
#[derive(Debug, Clone, Default, Deserialize)]
pub(super) struct Asked {
    /// A status, `all`, or nothing for all but the deleted ones.
    #[serde(default)]
    pub(super) status: String,
    /// A tag.
    #[serde(default)]
    pub(super) tag: String,
    /// A text in the name, the first message or a tag.
    #[serde(default)]
    pub(super) q: String,
    /// The page: 1, 2, 3 …
    #[serde(default)]
    pub(super) page: String,
}

impl Asked {
    /// The number of the page, within its bounds.
    pub(super) fn page(&self) -> usize {
        self.page.parse().unwrap_or(1).clamp(1, PAGE_MAX)
    }

    /// Which sessions are asked for. A status that is none asks for all of them.
    ///
    /// # Errors
    ///
    /// The tag can be none.
    pub(super) fn filter(&self) -> Result<SessionFilter, LabelError> {
        let statuses = match (self.status.as_str(), self.status.parse()) {
            (_, Ok(status)) => vec![status],
            ("all", _) => SessionStatus::ALL.to_vec(),
            _ => Vec::new(),
        };
        let tag: Option<Tag> = filled(&self.tag).map(str::parse).transpose()?;
        Ok(SessionFilter {
            statuses,
            tags: tag.into_iter().collect(),
            search: filled(&self.q).map(str::to_owned),
            // One more tells whether there is another page.
            limit: Some(self.page() * PAGE_SESSIONS + 1),
            ..SessionFilter::default()
        })
    }

    /// The address of another page of the same list.
    fn address(&self, page: usize) -> String {
        let mut query = form_urlencoded::Serializer::new(String::new());
        for (name, value) in [("status", &self.status), ("tag", &self.tag), ("q", &self.q)] {
            if let Some(value) = filled(value) {
                query.append_pair(name, value);
            }
        }
        if page > 1 {
            query.append_pair("page", &page.to_string());
        }
        format!("/sessions?{}", query.finish())
    }
}

fn filled(text: &str) -> Option<&str> {
    Some(text.trim()).filter(|text| !text.is_empty())
}

/// One page of the list.
#[derive(Default)]
pub(super) struct Shown {
    pub(super) sessions: Vec<SessionMetadata>,
    pub(super) has_more: bool,
    pub(super) findings: Vec<Finding>,
    pub(super) unreadable: Vec<Unreadable>,
}

/// The page.
pub(super) fn body(asked: &Asked, shown: &Shown, now: Timestamp) -> Markup {
    html! {
        h1 { "Sessions" }
        (form(asked))
        @for Unreadable { session, why } in &shown.unreadable {
            p.notice.critical { (line(session, 128)) " cannot be read: " (line(why, 400)) }
        }
        @if shown.sessions.is_empty() {
            p.quiet { "No session is like that." }
        } @else {
            (table(shown, now))
        }
        (pages(asked, shown.has_more))
    }
}

fn form(asked: &Asked) -> Markup {
    html! {
        form.filters method="get" action="/sessions" role="search" {
            div {
                label for="q" { "Text in name, first message or tag" }
                input id="q" name="q" type="search" value=(asked.q) maxlength="200";
            }
            div {
                label for="status" { "Status" }
                select id="status" name="status" {
                    option value="" { "all but deleted" }
                    @for status in SessionStatus::ALL {
                        option value=(status) selected[asked.status == status.as_str()] { (status) }
                    }
                    option value="all" selected[asked.status == "all"] { "all" }
                }
            }
            div {
                label for="tag" { "Tag" }
                input id="tag" name="tag" type="text" value=(asked.tag) maxlength="64";
            }
            button type="submit" { "Show" }
        }
    }
}

fn table(shown: &Shown, now: Timestamp) -> Markup {
    html! {
        table.sessions {
            caption.unseen { "Sessions, newest activity first" }
            thead {
                tr {
                    th scope="col" { "Session" }
                    th scope="col" { "Status" }
                    th.number scope="col" { "Messages" }
                    th.number.wide scope="col" { "Files" }
                    th scope="col" { "Last active" }
                }
            }
            tbody {
                @for state in &shown.sessions {
                    @let damage = shown.findings.iter().find(|finding| finding.session == state.id);
                    (row(state, damage, now))
                }
            }
        }
    }
}

fn row(state: &SessionMetadata, damage: Option<&Finding>, now: Timestamp) -> Markup {
    html! {
        tr {
            td.session {
                a href=(address_of(&state.id)) { bdi { (title_of(state)) } }
                @for tag in &state.tags { " " span.tag { bdi { (line(tag.as_str(), 64)) } } }
                @if let Some(finding) = damage { " " span.class.critical { (finding.class) } }
                @if let Some(text) = &state.first_message {
                    p.quiet dir="auto" { (line(text, 120)) }
                }
            }
            td { (status(state.status)) }
            td.number { (count(state.message_count)) }
            td.number.wide { (count(state.file_count)) }
            td { time datetime=(state.last_active) title={ (state.last_active.to_the_second()) " UTC" } {
                (state.last_active.ago(now))
            } }
        }
    }
}

/// A status as a word with its colour.
pub(super) fn status(status: SessionStatus) -> Markup {
    html! { span.status { span.swatch.(status.as_str()) {} (status) } }
}

fn pages(asked: &Asked, has_more: bool) -> Markup {
    let page = asked.page();
    html! {
        @if page > 1 || has_more {
            nav.pages aria-label="Pages of the list" {
                @if page > 1 { a href=(asked.address(page - 1)) rel="prev" { "Newer" } }
                span.quiet { "Page " (page) }
                @if has_more && page < PAGE_MAX {
                    a href=(asked.address(page + 1)) rel="next" { "Older" }
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn asked(status: &str, tag: &str, q: &str, page: &str) -> Asked {
        let own = str::to_owned;
        Asked { status: own(status), tag: own(tag), q: own(q), page: own(page) }
    }

    #[test]
    fn what_an_address_leaves_out_narrows_nothing_down() {
        let filter = asked("", " ", "", "").filter().unwrap();
        assert!(filter.statuses.is_empty() && filter.tags.is_empty() && filter.search.is_none());
        assert_eq!(filter.limit, Some(PAGE_SESSIONS + 1));
    }

    #[test]
    fn a_page_beyond_all_bounds_is_the_last_that_there_can_be() {
        for (page, number) in [("0", 1), ("-3", 1), ("x", 1), ("7", 7), ("999999999", PAGE_MAX)] {
            assert_eq!(asked("", "", "", page).page(), number, "{page}");
        }
    }

    #[test]
    fn the_address_of_another_page_keeps_what_was_asked() {
        let asked = asked("active", "", "a&b=\"<script>", "2");
        assert_eq!(asked.address(3), "/sessions?status=active&q=a%26b%3D%22%3Cscript%3E&page=3");
        assert_eq!(asked.address(1), "/sessions?status=active&q=a%26b%3D%22%3Cscript%3E");
    }

    #[test]
    fn a_tag_that_can_be_none_is_refused() {
        assert!(asked("", "two words\u{7}", "", "").filter().is_err());
    }
}
