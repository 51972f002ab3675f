//! The colours of the style sheet: far enough from what they stand on, and the series of a chart far
//! enough from each other for people who do not tell all colours apart.

use std::collections::BTreeMap;

const STYLE: &str = include_str!("../../src/serve/dashboard/style.css");

/// Least contrast of letters, and of what is drawn (WCAG 2.2, 1.4.3 and 1.4.11).
const LETTERS: f64 = 4.5;
const DRAWN: f64 = 3.0;

type Colour = [f64; 3];

/// Each colour by its name, for the light theme and for the dark one.
fn palettes() -> [BTreeMap<&'static str, Colour>; 2] {
    let mut palettes = [BTreeMap::new(), BTreeMap::new()];
    for line in STYLE.lines() {
        let Some((name, value)) =
            line.trim().strip_prefix("--").and_then(|line| line.split_once(':'))
        else {
            continue;
        };
        let Some(pair) = value.trim().strip_prefix("light-dark(") else { continue };
        let (light, dark) = pair.trim_end_matches(");").split_once(", ").unwrap();
        palettes[0].insert(name, colour(light));
        palettes[1].insert(name, colour(dark));
    }
    assert!(palettes[0].len() > 15, "the style sheet names its colours otherwise");
    palettes
}

fn colour(hex: &str) -> Colour {
    let channel = |place: usize| u8::from_str_radix(&hex[place..place + 2], 16).unwrap();
    [1, 3, 5].map(|place| linear(f64::from(channel(place)) / 255.0))
}

fn linear(channel: f64) -> f64 {
    if channel <= 0.04045 { channel / 12.92 } else { ((channel + 0.055) / 1.055).powf(2.4) }
}

fn luminance([red, green, blue]: Colour) -> f64 {
    0.2126 * red + 0.7152 * green + 0.0722 * blue
}

fn contrast(one: Colour, other: Colour) -> f64 {
    let (one, other) = (luminance(one), luminance(other));
    (one.max(other) + 0.05) / (one.min(other) + 0.05)
}

/// How a colour is seen without one kind of cone, of linear light (Machado, Oliveira and Fernandes
/// 2009, severity 1.0).
const DEFICIENCIES: [(&str, [[f64; 3]; 3]); 4] = [
    ("nobody", [[1.0, 0.0, 0.0], [0.0, 1.0, 0.0], [0.0, 0.0, 1.0]]),
    (
        "protanopia",
        [
            [0.152_286, 1.052_583, -0.204_868],
            [0.114_503, 0.786_281, 0.099_216],
            [-0.003_882, -0.048_116, 1.051_998],
        ],
    ),
    (
        "deuteranopia",
        [
            [0.367_322, 0.860_646, -0.227_968],
            [0.280_085, 0.672_501, 0.047_413],
            [-0.011_820, 0.042_940, 0.968_881],
        ],
    ),
    (
        "tritanopia",
        [
            [1.255_528, -0.076_749, -0.178_779],
            [-0.078_411, 0.930_809, 0.147_602],
            [0.004_733, 0.691_367, 0.303_900],
        ],
    ),
];

/// A colour in OKLab, where distances are about as large as they look (Ottosson 2020).
fn oklab([r, g, b]: Colour) -> [f64; 3] {
    let l = (0.412_221_470_8 * r + 0.536_332_536_3 * g + 0.051_445_992_9 * b).cbrt();
    let m = (0.211_903_498_2 * r + 0.680_699_545_1 * g + 0.107_396_956_6 * b).cbrt();
    let s = (0.088_302_461_9 * r + 0.281_718_837_6 * g + 0.629_978_700_5 * b).cbrt();
    [
        0.210_454_255_3 * l + 0.793_617_785_0 * m - 0.004_072_046_8 * s,
        1.977_998_495_1 * l - 2.428_592_205_0 * m + 0.450_593_709_9 * s,
        0.025_904_037_1 * l + 0.782_771_766_2 * m - 0.808_675_766_0 * s,
    ]
}

fn distance(one: Colour, other: Colour) -> f64 {
    let (one, other) = (oklab(one), oklab(other));
    one.iter().zip(other).map(|(a, b)| (a - b).powi(2)).sum::<f64>().sqrt()
}

#[test]
fn every_colour_stands_out_from_what_it_stands_on() {
    let letters = ["ink", "quiet", "accent", "ok", "warn", "critical", "p95", "p99"];
    let drawn = ["edge", "p50", "active", "background", "archived", "deleted"];
    for palette in palettes() {
        for ground in ["ground", "surface", "sunken"] {
            for (names, least) in [(&letters[..], LETTERS), (&drawn[..], DRAWN)] {
                for name in names {
                    let found = contrast(palette[name], palette[ground]);
                    assert!(found >= least, "{name} on {ground}: {found:.2}");
                }
            }
        }
        assert!(contrast(palette["on-accent"], palette["accent"]) >= LETTERS);
        assert!(contrast(palette["p50"], palette["surface"]) >= LETTERS, "the name of a line");
    }
}

#[test]
fn what_stands_side_by_side_is_told_apart_by_everybody() {
    // How the store is has a shape and a word of its own too: see `frame::mark`.
    let groups = [&["p50", "p95", "p99"][..], &["active", "background", "archived", "deleted"]];
    for (theme, palette) in ["light", "dark"].into_iter().zip(palettes()) {
        for group in groups {
            for (place, one) in group.iter().enumerate() {
                for other in &group[place + 1..] {
                    for (who, matrix) in DEFICIENCIES {
                        let seen = |name: &str| {
                            matrix.map(|row| {
                                let sum: f64 =
                                    row.iter().zip(palette[name]).map(|(a, b)| a * b).sum();
                                sum.clamp(0.0, 1.0)
                            })
                        };
                        let apart = distance(seen(one), seen(other));
                        assert!(apart >= 0.06, "{theme}, {who}: {one} and {other}: {apart:.3}");
                    }
                }
            }
        }
    }
}
