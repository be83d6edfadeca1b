//! The number of a migration in its set as a type, which costs the compiler half of what a value does:
//! `((Set, __1), __7)` is the one with the number 39. Each name in it counts, too: the macro calls the
//! first 32 of them by `Set`, and every further 32 by a name for what they begin with.

use crate::migration::Set;

/// Where a migration stands.
pub trait Place {
    type Set: Set;
    const INDEX: usize;
}

/// A set is where it begins.
impl<S: Set> Place for S {
    type Set = S;
    const INDEX: usize = 0;
}

impl<P: Place, D: Digit> Place for (P, D) {
    type Set = P::Set;
    const INDEX: usize = 32 * P::INDEX + D::VALUE;
}

/// A digit to the base of 32.
pub trait Digit {
    const VALUE: usize;
}

/// The digits. A glob import of them is cheaper to resolve than paths.
pub mod digits {
    use super::Digit;

    macro_rules! digits {
        ($($name:ident = $value:literal)*) => {
            $(
                /// A digit.
                #[derive(Debug)]
                pub struct $name;
                impl Digit for $name {
                    const VALUE: usize = $value;
                }
            )*
        };
    }

    digits! {
        __0 = 0 __1 = 1 __2 = 2 __3 = 3 __4 = 4 __5 = 5 __6 = 6 __7 = 7
        __8 = 8 __9 = 9 __10 = 10 __11 = 11 __12 = 12 __13 = 13 __14 = 14 __15 = 15
        __16 = 16 __17 = 17 __18 = 18 __19 = 19 __20 = 20 __21 = 21 __22 = 22 __23 = 23
        __24 = 24 __25 = 25 __26 = 26 __27 = 27 __28 = 28 __29 = 29 __30 = 30 __31 = 31
    }
}

#[cfg(test)]
mod tests {
    use super::digits::{__0, __1, __7, __31};
    use super::*;
    use crate::migration::MigrationSet;

    enum None {}

    impl Set for None {
        const SET: MigrationSet = MigrationSet {
            migrations: &[],
            digest: &0,
            directory: Option::None,
            postgres: Option::None,
        };
    }

    #[test]
    fn digits_are_a_number() {
        assert_eq!(<None as Place>::INDEX, 0);
        assert_eq!(<(None, __7) as Place>::INDEX, 7);
        assert_eq!(<((None, __1), __7) as Place>::INDEX, 39);
        assert_eq!(<((None, __31), __31) as Place>::INDEX, 1023);
        assert_eq!(<(((None, __1), __0), __31) as Place>::INDEX, 1024 + 31);
    }
}
