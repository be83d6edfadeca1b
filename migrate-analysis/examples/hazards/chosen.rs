//! Chance that anybody can repeat.

/// Some of these, chosen by the seed.
pub(crate) fn chosen<T>(mut left: Vec<T>, count: usize, seed: u64) -> Vec<T> {
    let mut state = seed;
    let mut chosen = Vec::new();
    for _ in 0..count.min(left.len()) {
        // A linear congruential generator is random enough to choose by.
        state =
            state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        let at = usize::try_from(state >> 33).unwrap_or(0) % left.len();
        chosen.push(left.swap_remove(at));
    }
    chosen
}
