//! How lists are made.

/// `collect::<Vec<_>>()` in one loop.
///
/// Every application compiles this crate, unoptimised, and there the way of the standard library is ten functions
/// and 400 lines of LLVM's code more, for each of hundreds of iterators.
pub(crate) trait CollectVec: Iterator + Sized {
    fn collect_vec(mut self) -> Vec<Self::Item> {
        let mut list = Vec::new();
        while let Some(item) = self.next() {
            list.push(item);
        }
        list
    }
}

impl<I: Iterator> CollectVec for I {}
