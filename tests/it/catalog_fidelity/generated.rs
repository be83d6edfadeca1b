//! Combinations, written by a program.

use super::Pair;

pub(super) fn topics() -> Vec<(String, Vec<Pair>)> {
    Vec::new()
}
