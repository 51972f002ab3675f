//! What was probably meant by a name that nothing has.

/// How alike two names have to be, from 0 to 1.
const LIKENESS_MIN: f64 = 0.8;

/// The candidate that is most like the name, if any is like it.
pub(super) fn nearest(name: &str, candidates: impl Iterator<Item = String>) -> Option<String> {
    let likeness = |candidate: &String| strsim::jaro_winkler(name, candidate);
    candidates
        .map(|candidate| (likeness(&candidate), candidate))
        .filter(|(likeness, _)| *likeness >= LIKENESS_MIN)
        .max_by(|(a, _), (b, _)| a.total_cmp(b))
        .map(|(_, candidate)| candidate)
}
