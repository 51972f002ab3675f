//! The picture of a chart: lines over a few grid lines, each with its name at its end.

use std::fmt::Write as _;

use maud::{Markup, html};

use super::scale::Scale;
use super::{Chart, Line};
use crate::serve::dashboard::units::Unit;

/// The picture in units of its own; the style sheet shows one of them as about a pixel, so that
/// letters have the size that they are given here.
const WIDTH: f64 = 400.0;
const HEIGHT: f64 = 138.0;
/// Where the lines are drawn. Labels of the axis stand to the left and below, names to the right.
const LEFT: f64 = 46.0;
const RIGHT: f64 = 390.0;
/// Where the lines end that have names.
const RIGHT_OF_NAMED: f64 = 364.0;
const TOP: f64 = 12.0;
const BOTTOM: f64 = 114.0;
/// The least distance between the names of two lines.
const NAME_HEIGHT: f64 = 13.0;
/// A limit this many times as high as the highest value is left out: it would press the line flat.
const LIMIT_TIMES_MAX: f64 = 4.0;

/// A chart's axes.
struct Frame<'a> {
    chart: &'a Chart,
    scale: Scale,
    limit: Option<f64>,
}

/// The picture; its words are in `title` and `desc`.
pub(super) fn picture(chart: &Chart) -> Markup {
    let frame = Frame::of(chart);
    let id = chart.id;
    html! {
        svg viewBox={ "0 0 " (WIDTH) " " (HEIGHT) } role="img"
            aria-labelledby={ (id) "-name" } aria-describedby={ (id) "-words" } {
            title id={ (id) "-name" } { (chart.title) }
            desc id={ (id) "-words" } { (chart.description()) }
            (frame.grid())
            (frame.moments())
            @if let Some(limit) = frame.limit { (frame.limit_line(limit)) }
            @if chart.highest().is_some() {
                @for line in &chart.lines { (frame.line(line)) }
                (frame.names())
            } @else {
                text.nothing x=(f64::midpoint(LEFT, frame.right())) y=(f64::midpoint(TOP, BOTTOM) - 6.0) text-anchor="middle" {
                    (chart.nothing)
                }
            }
        }
    }
}

impl<'a> Frame<'a> {
    fn of(chart: &'a Chart) -> Self {
        let highest = chart.highest().unwrap_or(0.0);
        if chart.unit == Unit::Share && chart.reach >= 1.0 {
            return Self { chart, scale: Scale::of_all(), limit: chart.limit };
        }
        let limit =
            chart.limit.filter(|limit| *limit <= (highest * LIMIT_TIMES_MAX).max(chart.reach));
        let top = highest.max(chart.reach).max(limit.unwrap_or(0.0));
        Self { chart, scale: Scale::up_to(top), limit }
    }

    /// Where the lines end.
    fn right(&self) -> f64 {
        let is_named = self.chart.lines.iter().any(|line| !line.name.is_empty());
        if is_named { RIGHT_OF_NAMED } else { RIGHT }
    }

    fn y(&self, value: f64) -> f64 {
        BOTTOM - self.scale.place(value) * (BOTTOM - TOP)
    }

    fn x(&self, place: f64) -> f64 {
        LEFT + place * (self.right() - LEFT)
    }

    fn grid(&self) -> Markup {
        html! {
            @for value in self.scale.ticks() {
                line.grid x1=(LEFT) x2=(self.right()) y1=(at(self.y(value))) y2=(at(self.y(value))) {}
                text.axis x=(LEFT - 6.0) y=(at(self.y(value) + 4.0)) text-anchor="end" {
                    (self.chart.unit.tell(value))
                }
            }
        }
    }

    fn moments(&self) -> Markup {
        html! {
            @for moment in self.chart.span.ticks() {
                @let x = self.x(self.chart.span.place(moment));
                // Letters near an edge would be cut off.
                @if x > LEFT + 14.0 && x < self.right() - 6.0 {
                    line.tick x1=(at(x)) x2=(at(x)) y1=(BOTTOM) y2=(BOTTOM + 4.0) {}
                    text.axis x=(at(x)) y=(BOTTOM + 17.0) text-anchor="middle" {
                        (moment.time_of_day().chars().take(5).collect::<String>())
                    }
                }
            }
        }
    }

    fn limit_line(&self, limit: f64) -> Markup {
        let y = self.y(limit);
        html! {
            line.limit x1=(LEFT) x2=(self.right()) y1=(at(y)) y2=(at(y)) {}
            text.limit x=(LEFT + 4.0) y=(at(if y < TOP + 16.0 { y + 13.0 } else { y - 5.0 })) {
                "limit " (self.chart.unit.tell(limit))
            }
        }
    }

    fn line(&self, line: &Line) -> Markup {
        let path = self.path(line);
        let end = self.points(line).last();
        html! {
            path.line.(line.class) d=(path) {}
            @if let Some((x, y)) = end { circle.end.(line.class) cx=(at(x)) cy=(at(y)) r="3" {} }
        }
    }

    /// The name of each line at its end, or as near to it as its neighbours allow.
    fn names(&self) -> Markup {
        let ends = self.chart.lines.iter().filter(|line| !line.name.is_empty());
        let mut ends: Vec<_> =
            ends.filter_map(|line| Some((self.points(line).last()?.1, line))).collect();
        ends.sort_by(|(one, _), (other, _)| other.total_cmp(one));
        let mut below = BOTTOM + NAME_HEIGHT;
        for (y, _) in &mut ends {
            *y = y.min(below - NAME_HEIGHT);
            below = *y;
        }
        html! {
            @for (y, line) in ends {
                text.name.(line.class) x=(RIGHT_OF_NAMED + 8.0) y=(at(y + 4.0)) { (line.name) }
            }
        }
    }

    fn points(&self, line: &Line) -> impl Iterator<Item = (f64, f64)> {
        let values = self.chart.moments.iter().zip(&line.values);
        values.filter_map(|(moment, value)| {
            Some((self.x(self.chart.span.place(*moment)), self.y((*value)?)))
        })
    }

    /// The way through the values. Where nothing was measured it breaks off, and a value that
    /// stands alone is a dot: a move and a line of no length, which round ends make visible.
    fn path(&self, line: &Line) -> String {
        let mut path = String::new();
        let mut pen_is_down = false;
        for (moment, value) in self.chart.moments.iter().zip(&line.values) {
            let Some(value) = value else {
                pen_is_down = false;
                continue;
            };
            let (x, y) = (at(self.x(self.chart.span.place(*moment))), at(self.y(*value)));
            // Writing to a string cannot fail.
            let _ = match pen_is_down {
                true => write!(path, "L{x} {y}"),
                false => write!(path, "M{x} {y}h0"),
            };
            pen_is_down = true;
        }
        path
    }
}

/// A place in the picture, to a tenth of its unit.
fn at(place: f64) -> String {
    let text = format!("{place:.1}");
    text.strip_suffix(".0").map(str::to_owned).unwrap_or(text)
}
