//! The plot: time over size, both on logarithmic axes, one panel for sessions and one for events.

use svg::Document;
use svg::node::element::{Circle, Group, Line, Polyline, Style, Text};

use super::Point;

/// Readable on a light page and on a dark one.
const STYLE: &str = "
    text { font: 12px sans-serif; fill: #333 }
    .title { font-weight: bold }
    .grid { stroke: #ddd }
    .series polyline { fill: none; stroke-width: 2 }
    @media (prefers-color-scheme: dark) { text { fill: #ccc } .grid { stroke: #444 } }";

/// Tell twelve series apart on either background.
const COLOURS: [&str; 12] = [
    "#4e79a7", "#f28e2b", "#e15759", "#76b7b2", "#59a14f", "#edc948", "#b07aa1", "#ff9da7",
    "#9c755f", "#8c8c8c", "#1fa2c4", "#c2a000",
];

const PANEL_WIDTH: f64 = 400.0;
const PANEL_HEIGHT: f64 = 400.0;
const LEGEND_WIDTH: f64 = 210.0;
const LEFT: f64 = 60.0;
const TOP: f64 = 40.0;
const LINE_HEIGHT: f64 = 18.0;

/// What the axes span, in powers of ten.
struct Span {
    sizes: (f64, f64),
    times: (f64, f64),
}

impl Span {
    fn of(points: &[Point]) -> Self {
        let power = |values: &mut dyn Iterator<Item = f64>| {
            let (mut least, mut most) = (f64::INFINITY, f64::NEG_INFINITY);
            for value in values.map(f64::log10) {
                (least, most) = (least.min(value), most.max(value));
            }
            (least.floor(), most.ceil().max(least.floor() + 1.0))
        };
        let sizes = power(&mut points.iter().map(|point| point.size as f64));
        Self { sizes, times: power(&mut points.iter().map(|point| point.microseconds)) }
    }

    fn x(&self, size: f64) -> f64 {
        LEFT + PANEL_WIDTH * (size.log10() - self.sizes.0) / (self.sizes.1 - self.sizes.0)
    }

    fn y(&self, microseconds: f64) -> f64 {
        let share = (microseconds.log10() - self.times.0) / (self.times.1 - self.times.0);
        TOP + PANEL_HEIGHT * (1.0 - share)
    }
}

/// Draws both panels over the same span.
pub(super) fn draw(points: &[Point]) -> Document {
    let span = Span::of(points);
    let width = LEFT + PANEL_WIDTH + LEGEND_WIDTH;
    let height = TOP + PANEL_HEIGHT + 50.0;
    let mut document =
        Document::new().set("viewBox", (0, 0, 2.0 * width, height)).add(Style::new(STYLE));
    for (index, of) in ["sessions", "events"].into_iter().enumerate() {
        let panel = panel(&span, of, points.iter().filter(|point| point.of == of));
        let moved = format!("translate({} 0)", index as f64 * width);
        document = document.add(panel.set("transform", moved));
    }
    document
}

fn panel<'a>(span: &Span, of: &str, points: impl Iterator<Item = &'a Point>) -> Group {
    let title = match of {
        "sessions" => "time of an operation, by sessions of the store",
        _ => "time of an operation, by events of the session",
    };
    let title = text(LEFT, TOP - 18.0, title).set("class", "title");
    let mut group = grid(span).add(title);
    let points: Vec<&Point> = points.collect();
    let mut operations: Vec<&str> = points.iter().map(|point| point.operation.as_str()).collect();
    operations.sort_unstable();
    operations.dedup();
    for ((index, operation), colour) in operations.into_iter().enumerate().zip(COLOURS) {
        let of_it = points.iter().filter(|point| point.operation == operation);
        let places: Vec<(f64, f64)> =
            of_it.map(|point| (span.x(point.size as f64), span.y(point.microseconds))).collect();
        let legend = TOP + LINE_HEIGHT * (index as f64 + 0.5);
        group = group
            .add(series(&places, colour))
            .add(
                Circle::new()
                    .set("cx", LEFT + PANEL_WIDTH + 14.0)
                    .set("cy", legend - 4.0)
                    .set("r", 5)
                    .set("fill", colour),
            )
            .add(text(LEFT + PANEL_WIDTH + 24.0, legend, operation));
    }
    group
}

fn series(places: &[(f64, f64)], colour: &str) -> Group {
    let line: Vec<String> = places.iter().map(|(x, y)| format!("{x:.1},{y:.1}")).collect();
    let line = Polyline::new().set("points", line.join(" ")).set("stroke", colour);
    let group = Group::new().set("class", "series").add(line);
    places.iter().fold(group, |group, (x, y)| {
        group.add(Circle::new().set("cx", *x).set("cy", *y).set("r", 3).set("fill", colour))
    })
}

fn grid(span: &Span) -> Group {
    let mut group = Group::new();
    for size in powers(span.sizes) {
        let (x, bottom) = (span.x(size), TOP + PANEL_HEIGHT);
        group =
            group.add(line((x, TOP), (x, bottom))).add(text(x - 12.0, bottom + 18.0, &count(size)));
    }
    for time in powers(span.times) {
        let y = span.y(time);
        group = group.add(line((LEFT, y), (LEFT + PANEL_WIDTH, y))).add(text(
            4.0,
            y + 4.0,
            &duration(time),
        ));
    }
    group
}

fn powers((least, most): (f64, f64)) -> impl Iterator<Item = f64> {
    (least as i32..=most as i32).map(|power| 10_f64.powi(power))
}

fn line(from: (f64, f64), to: (f64, f64)) -> Line {
    let line = Line::new().set("x1", from.0).set("y1", from.1).set("x2", to.0).set("y2", to.1);
    line.set("class", "grid")
}

fn text(x: f64, y: f64, content: &str) -> Text {
    Text::new(content).set("x", x).set("y", y)
}

fn count(value: f64) -> String {
    match value {
        value if value >= 1e6 => format!("{}M", value / 1e6),
        value if value >= 1e3 => format!("{}k", value / 1e3),
        value => format!("{value}"),
    }
}

fn duration(microseconds: f64) -> String {
    match microseconds {
        time if time >= 1e6 => format!("{} s", time / 1e6),
        time if time >= 1e3 => format!("{} ms", time / 1e3),
        time => format!("{time} µs"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_costs_the_same_at_every_size_is_a_level_line() {
        let point = |of, size| Point {
            of,
            size,
            operation: "append".to_owned(),
            microseconds: 250.0,
            peak_mib: 1.0,
        };
        let points = [point("sessions", 10), point("sessions", 1_000), point("events", 10)];

        let drawn = draw(&points).to_string();

        let line = drawn.split("points=\"").nth(1).unwrap().split('"').next().unwrap();
        let heights: Vec<&str> =
            line.split(' ').map(|place| place.split_once(',').unwrap().1).collect();
        assert_eq!(heights.len(), 2, "{line}");
        assert_eq!(heights[0], heights[1]);
    }

    #[test]
    fn axes_are_written_in_units_that_people_read() {
        assert_eq!([1.0, 1e3, 1e6].map(duration), ["1 µs", "1 ms", "1 s"]);
        assert_eq!([10.0, 1e4, 1e6].map(count), ["10", "10k", "1M"]);
    }
}
