//! A crate that allows itself nothing.
#![no_implicit_prelude]
#![deny(warnings, missing_docs, unused_qualifications, unreachable_pub, missing_debug_implementations)]
#![forbid(unsafe_code)]

extern crate migrate_runtime;

/// Names that generated code must not trip over.
pub mod shadows {
    #![allow(missing_docs, missing_debug_implementations)]
    pub struct Option;
    pub struct Some;
    pub mod core {}
    pub mod std {}
}
#[allow(unused_imports)]
use shadows::*;

::migrate_runtime::migrations! {
    /// From a directory.
    pub mod schema = "migrations/good";
}

::migrate_runtime::migrations! {
    mod second;
    1 => some { up: "CREATE TABLE a ()", down: "DROP TABLE a" }
    2 => none { up: "CREATE TABLE b ()", down: "DROP TABLE b" }
    3 => option { up: "CREATE TABLE c ()", down: "DROP TABLE c" }
}

fn main() {
    let _ = schema::migrator();
    let _ = (second::Some, second::None, second::Option, second::migrator(), second::SET);
    ::std::assert_eq!(schema::SET.migrations().len(), 2);
    const _: () = {
        use ::migrate_runtime::Migration;
        ::std::assert!(second::Some::VERDICT.restores());
        ::std::assert!(!second::Some::DESTROYS_DATA);
    };
}
