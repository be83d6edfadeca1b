//! How lists are made.

/// `collect`, in one loop.
///
/// Every application compiles this crate, unoptimised, and there the way of the standard library is ten functions
/// and 400 lines of LLVM's code more, for each of hundreds of iterators.
#[expect(clippy::while_let_on_iterator, reason = "of a `for` loop half as much again is made")]
pub(crate) trait CollectVec: Iterator + Sized {
    /// `collect::<Vec<_>>()`.
    fn collect_vec(mut self) -> Vec<Self::Item> {
        let mut list = Vec::new();
        while let Some(item) = self.next() {
            list.push(item);
        }
        list
    }

    /// `collect::<Option<Vec<_>>>()`: none where one is none.
    fn collect_all<T>(mut self) -> Option<Vec<T>>
    where
        Self: Iterator<Item = Option<T>>,
    {
        let mut list = Vec::new();
        while let Some(item) = self.next() {
            list.push(item?);
        }
        Some(list)
    }
}

impl<I: Iterator> CollectVec for I {}
