use super::*;

fn code(comment: &str) -> Option<Code> {
    read(comment).and_then(Result::err).map(|misread| misread.code)
}

#[test]
fn prose_is_no_directive() {
    for comment in [
        "-- creates the users",
        "-- up to here everything is old",
        "-- migrate the rows of `users` first",
        "-- migrated: yes",
        "-- Migration: create users",
        "-- down the road",
        "--",
        "-- migrates: all",
        "-- migrate down payments",
        "-- migrate up users",
        "-- migrate allow list",
        "-- Migrate: copy rows",
        "-- Down migrations are for the weak",
        "-- atlas:nolint",
        "/* creates the users */",
    ] {
        assert_eq!(read(comment), None, "{comment}");
    }
}

#[test]
fn marks_of_every_layout() {
    for (comment, direction) in [
        ("-- UP", Direction::Up),
        ("-- UP: Apply this migration", Direction::Up),
        ("--DOWN", Direction::Down),
        ("-- migrate: up", Direction::Up),
        ("-- migrate:down", Direction::Down),
        ("-- +goose Up", Direction::Up),
        ("-- +goose down", Direction::Down),
        ("-- +migrate Down", Direction::Down),
        ("-- Up Migration", Direction::Up),
        ("-- Down Migration", Direction::Down),
        ("-- migration: down", Direction::Down),
        ("-- ==== DOWN ====", Direction::Down),
        ("--- up", Direction::Up),
        ("-- +micrate Up", Direction::Up),
        ("-- rambler down", Direction::Down),
        ("---- create above / drop below ----", Direction::Down),
        ("-- //@UNDO", Direction::Down),
    ] {
        match read(comment) {
            Some(Ok(Directive::Section(section))) => assert_eq!(section.direction, direction),
            other => panic!("{comment}: {other:?}"),
        }
    }
}

#[test]
fn misspelt_directives_are_errors() {
    for comment in [
        "-- migrate: ireversible there is no way back",
        "-- migrte: down",
        "-- Migrate: down",
        "-- migrate irreversible because",
        "-- no-transaction",
        "-- no-transaction: an index",
        "-- migrate down",
        "-- migrate allow(version-gap) a reason",
        "/* migrate: irreversible the rows are gone */",
        "/*+goose Up*/",
        "-- +goose Upp",
        "-- +goose ENVSUB ON",
        "-- migrate: allow unused",
        "-- migrate: allow(version-gapp) a reason",
        "-- migrate: allow(not-postgres) a reason",
    ] {
        assert_eq!(code(comment), Some(Code::UnknownDirective), "{comment}");
    }
    assert_eq!(code("-- migrate: irreversible"), Some(Code::MisplacedDirective));
    assert_eq!(code("-- migrate: lock-timeout 5s"), Some(Code::UnsupportedDirective));
}

#[test]
fn distances() {
    assert_eq!(distance("ireversible", "irreversible"), 1);
    assert_eq!(distance("no-po", "no-op"), 1);
    assert_eq!(closest("drop", WORDS), None);
}
