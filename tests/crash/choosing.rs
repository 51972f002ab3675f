//! Combinations of independent choices: all of them up to a bound, above it a stated part.

use std::collections::BTreeSet;

/// How many combinations are looked at.
#[derive(Debug, Clone, Copy)]
pub struct Bounds {
    /// Up to so many combinations, all of them.
    pub exhaustive: usize,
    /// Above that: these.
    pub reach: Reach,
    /// And so many more, drawn from a fixed seed.
    pub drawn: usize,
}

/// Which combinations are looked at where there are too many to look at all; each has those above.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Reach {
    /// All lost, all kept, everything up to some choice kept and the rest lost, all kept but one.
    Losses,
    /// All lost but one, and everything from some choice on kept and the rest lost.
    Singles,
    /// All kept but two, all lost but two.
    Pairs,
}

/// Combinations of choices, of which each has so many options: 0 stands for "lost", the highest for
/// "kept", those between for something older than the newest.
pub fn combinations(options: &[usize], bounds: Bounds) -> Vec<Vec<usize>> {
    let product = options.iter().try_fold(1_usize, |product, count| product.checked_mul(*count));
    match product {
        Some(count) if count <= bounds.exhaustive => all(options, count),
        _ => some(options, bounds),
    }
}

fn all(options: &[usize], count: usize) -> Vec<Vec<usize>> {
    let nth = |mut number: usize| {
        let digit = |count: &usize| {
            let digit = number % count;
            number /= count;
            digit
        };
        options.iter().map(digit).collect()
    };
    (0..count).map(nth).collect()
}

fn some(options: &[usize], bounds: Bounds) -> Vec<Vec<usize>> {
    let lost = vec![0; options.len()];
    let kept: Vec<usize> = options.iter().map(|count| count - 1).collect();
    let mut chosen = BTreeSet::from([lost.clone(), kept.clone()]);
    for cut in 0..options.len() {
        chosen.insert([&kept[..cut], &lost[cut..]].concat());
        if bounds.reach >= Reach::Singles {
            chosen.insert([&lost[..cut], &kept[cut..]].concat());
        }
    }
    let bases = [&kept, &lost];
    let bases = if bounds.reach == Reach::Losses { &bases[..1] } else { &bases };
    for base in bases {
        for (at, one) in alternatives(base, options, 0) {
            if bounds.reach == Reach::Pairs {
                chosen.extend(alternatives(&one, options, at + 1).map(|(_, two)| two));
            }
            chosen.insert(one);
        }
    }
    let mut dice = Dice(0x5eed);
    for _ in 0..bounds.drawn {
        chosen.insert(options.iter().map(|count| dice.below(*count)).collect());
    }
    chosen.into_iter().collect()
}

/// All combinations that differ from one in a single choice, at `from` or behind, with its index.
fn alternatives<'a>(
    base: &'a [usize],
    options: &'a [usize],
    from: usize,
) -> impl Iterator<Item = (usize, Vec<usize>)> + 'a {
    (from..options.len()).flat_map(move |at| {
        (0..options[at]).filter(move |option| *option != base[at]).map(move |option| {
            let mut other = base.to_vec();
            other[at] = option;
            (at, other)
        })
    })
}

/// Numbers that look random and are the same in every run: splitmix64.
struct Dice(u64);

impl Dice {
    fn below(&mut self, count: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ mixed >> 30).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ mixed >> 27).wrapping_mul(0x94d0_49bb_1331_11eb);
        usize::try_from((mixed ^ mixed >> 31) % count as u64).unwrap()
    }
}

#[test]
fn up_to_the_bound_there_is_every_combination_once() {
    let bounds = Bounds { exhaustive: 12, reach: Reach::Losses, drawn: 0 };
    let found: BTreeSet<_> = combinations(&[2, 3, 2], bounds).into_iter().collect();

    assert_eq!(found.len(), 12);
}

#[test]
fn above_the_bound_there_are_single_and_double_losses_and_prefixes() {
    let bounds = Bounds { exhaustive: 12, reach: Reach::Pairs, drawn: 0 };
    let found: BTreeSet<_> = combinations(&[2; 5], bounds).into_iter().collect();

    for expected in [[0, 0, 0, 0, 0], [1, 1, 1, 0, 0], [0, 0, 0, 1, 1], [1, 0, 1, 0, 1]] {
        assert!(found.contains(expected.as_slice()), "{expected:?}");
    }
    assert_eq!(combinations(&[], bounds), [Vec::<usize>::new()]);
}
