//! Compile errors of the macro as rustc prints them, and programs that have to compile. Only the
//! glue is tried here: what is wrong with a migration is tested in migrate-analysis.

use std::fs;
use std::path::Path;

#[test]
fn compile_errors_and_programs() {
    link_migrations();
    let cases = trybuild::TestCases::new();
    cases.pass("ui/pass/*.rs");
    cases.compile_fail("ui/fail/*.rs");
}

/// The macro looks for a directory beside the crate's Cargo.toml, which trybuild writes below the
/// target folder.
fn link_migrations() {
    let target = Path::new(env!("CARGO_TARGET_TMPDIR")).parent().unwrap();
    let package = target.join("tests/trybuild").join(env!("CARGO_PKG_NAME"));
    let link = package.join("migrations");
    fs::create_dir_all(&package).unwrap();
    let _ = fs::remove_file(&link);
    let here = Path::new(env!("CARGO_MANIFEST_DIR")).join("ui/migrations");
    std::os::unix::fs::symlink(here, link).unwrap();
}
