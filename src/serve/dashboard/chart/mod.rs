//! Charts: pictures made here, in the page, with the same figures as a table.

mod draw;
mod scale;

use maud::{Markup, html};

pub(super) use self::scale::Span;
use super::units::Unit;
use crate::vocabulary::Timestamp;

/// Figures over time, as a card with a picture.
pub(super) struct Chart {
    /// Names the card among those of a page.
    pub(super) id: &'static str,
    /// What is shown.
    pub(super) title: &'static str,
    /// What the values are.
    pub(super) unit: Unit,
    /// The time that is shown.
    pub(super) span: Span,
    /// The moments that the lines have values for, the oldest first.
    pub(super) moments: Vec<Timestamp>,
    /// One to three lines.
    pub(super) lines: Vec<Line>,
    /// The limit that a health check holds the figure against.
    pub(super) limit: Option<f64>,
    /// The axis reaches at least as far, so that a little does not look like a lot.
    pub(super) reach: f64,
    /// What else there is to say about it.
    pub(super) note: Option<String>,
    /// What stands in place of the picture as long as there is nothing to show.
    pub(super) nothing: &'static str,
}

/// One figure over time.
pub(super) struct Line {
    /// Its name; empty where the chart has only one.
    pub(super) name: &'static str,
    /// How it is drawn: a class of the style sheet.
    pub(super) class: &'static str,
    /// A value for each moment; `None` where nothing was measured.
    pub(super) values: Vec<Option<f64>>,
}

impl Line {
    /// The newest value that was measured.
    fn latest(&self) -> Option<f64> {
        self.values.iter().rev().copied().flatten().next()
    }
}

impl Chart {
    fn highest(&self) -> Option<f64> {
        let values = self.lines.iter().flat_map(|line| line.values.iter().copied().flatten());
        values.reduce(f64::max)
    }

    /// The picture in words, for those who do not see it.
    fn description(&self) -> String {
        let Some(highest) = self.highest() else { return self.nothing.to_owned() };
        let told = self.lines.iter().map(|line| {
            let value = self.unit.tell_if_any(line.latest());
            if line.name.is_empty() {
                format!("Now {value}.")
            } else {
                format!("{} now {value}.", line.name)
            }
        });
        let told: Vec<_> = told.collect();
        let minutes = self.span.length.as_secs() / 60;
        format!("{} Highest in {minutes} minutes {}.", told.join(" "), self.unit.tell(highest))
    }

    /// The card: heading, newest figures, picture, and the figures as a table.
    pub(super) fn card(&self) -> Markup {
        let Self { id, title, unit, nothing, note, .. } = self;
        html! {
            figure.card.chart id=(id) aria-labelledby={ (id) "-title" } {
                figcaption {
                    h2 id={ (id) "-title" } { (title) }
                    p.latest {
                        @for line in &self.lines {
                            span {
                                @if !line.name.is_empty() { span.key.(line.class) { (line.name) } " " }
                                b { (unit.tell_if_any(line.latest())) }
                            }
                        }
                        @if let Some(note) = note { span.quiet { (note) } }
                    }
                }
                (draw::picture(self))
                details id={ (id) "-figures" } {
                    summary { "Figures" span.unseen { " of: " (title) } }
                    @if self.highest().is_some() { (self.table()) } @else { p.quiet { (nothing) } }
                }
            }
        }
    }

    fn table(&self) -> Markup {
        let several = self.lines.len() > 1;
        html! {
            div.scrolls tabindex="0" role="region" aria-label={ "Figures of: " (self.title) } {
                table {
                    caption.unseen { (self.title) ", the newest first; times in UTC" }
                    thead {
                        tr {
                            th scope="col" { "Until" }
                            @for line in &self.lines {
                                th.number scope="col" { @if several { (line.name) } @else { "Value" } }
                            }
                        }
                    }
                    tbody {
                        @for (place, moment) in self.moments.iter().enumerate().rev() {
                            tr {
                                td { (moment.time_of_day()) }
                                @for line in &self.lines {
                                    td.number {
                                        (self.unit.tell_if_any(line.values.get(place).copied().flatten()))
                                    }
                                }
                            }
                        }
                    }
                }
            }
        }
    }
}
