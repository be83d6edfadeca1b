//! Cases without a server: sets and rows made by hand.

use std::time::SystemTime;

use super::*;
use crate::__private as private;
use crate::migration::{Step, pack};

fn script(statements: &[&str], sum: u8) -> Script {
    let mut text = String::new();
    let mut steps = Vec::new();
    for statement in statements {
        let start = text.len();
        text.push_str(statement);
        steps.push(Step { start, end: text.len(), builds: None, setting: false, locks: "" });
        text.push(';');
    }
    let text: &'static str = text.leak();
    private::script("x.sql", text, pack(&steps).leak(), [sum; 32], true)
}

fn migration(version: i64) -> EmbeddedMigration {
    migration_of(version, script(&["a", "b", "c"], 1), script(&["a"], 2))
}

fn migration_of(version: i64, up: Script, down: Script) -> EmbeddedMigration {
    private::migration(version, "m", up, Down::Script(down))
}

fn set_of(migrations: Vec<EmbeddedMigration>) -> MigrationSet {
    let migrations = Box::leak(migrations.into_boxed_slice());
    MigrationSet { migrations, digest: &0, directory: None, postgres: None }
}

fn set(versions: &[i64]) -> MigrationSet {
    set_of(versions.iter().map(|version| migration(*version)).collect())
}

fn row(version: i64) -> Row {
    Row {
        version,
        name: "m".to_owned(),
        up_checksum: hex(&[1; 32]),
        down_checksum: Some(hex(&[2; 32])),
        down: StoredDown::Script,
        partly: None,
        applied_at: SystemTime::UNIX_EPOCH,
        applied_by: "me".to_owned(),
        run_id: "run".to_owned(),
        duration: None,
    }
}

fn rows(versions: &[i64]) -> Vec<Row> {
    versions.iter().map(|version| row(*version)).collect()
}

fn partly(mut row: Row, half: Half, done: usize) -> Row {
    let hash = statements_hash(["a", "b", "c"].into_iter().take(done));
    row.partly = Some(Partly { half, done, failed: false, hash });
    row
}

fn pending(set: &[i64], applied: &[i64], target: Option<i64>) -> Result<Vec<i64>, ErrorKind> {
    let plan = up(&super::tests::set(set), &rows(applied), target, Policies::default());
    plan.map(|plan| plan.pending.iter().map(|up| up.migration.version()).collect())
        .map_err(|refusal| refusal.kind)
}

#[test]
fn what_is_pending() {
    assert_eq!(pending(&[], &[], None), Ok(vec![]));
    assert_eq!(pending(&[1, 2, 3], &[], None), Ok(vec![1, 2, 3]));
    assert_eq!(pending(&[1, 2, 3], &[1], None), Ok(vec![2, 3]));
    assert_eq!(pending(&[1, 2, 3], &[1, 2, 3], None), Ok(vec![]));
    assert_eq!(pending(&[1, 2, 3], &[1], Some(2)), Ok(vec![2]));
    assert_eq!(pending(&[1, 2, 3], &[1, 2, 3], Some(1)), Ok(vec![]));
}

#[test]
fn ahead_is_no_error_and_a_hole_is() {
    assert_eq!(pending(&[1, 2], &[1, 2, 3], None), Ok(vec![]));
    assert_eq!(pending(&[], &[1, 2], None), Ok(vec![]));
    assert_eq!(pending(&[1, 3], &[1, 2, 3], None), Err(ErrorKind::Missing));
    assert_eq!(pending(&[1, 3], &[1, 2], None), Err(ErrorKind::Missing));
    // A newer binary was here before our second one: late, not merely pending.
    assert_eq!(pending(&[1, 2], &[1, 3], None), Err(ErrorKind::OutOfOrder));
}

#[test]
fn out_of_order_is_asked_up_to_the_target_only() {
    assert_eq!(pending(&[1, 2, 3], &[1, 3], None), Err(ErrorKind::OutOfOrder));
    assert_eq!(pending(&[1, 2, 3], &[1, 3], Some(1)), Ok(vec![]));
    let policies = Policies { out_of_order: OutOfOrder::Apply, ..Policies::default() };
    let plan = up(&set(&[1, 2, 3, 4]), &rows(&[1, 3]), None, policies).unwrap();
    let versions: Vec<i64> = plan.pending.iter().map(|up| up.migration.version()).collect();
    assert_eq!(versions, [2, 4]);
    assert_eq!(plan.already, 2);
}

#[test]
fn an_edited_up_is_refused_and_an_edited_down_noted() {
    let mut rows = rows(&[1, 2]);
    rows[0].down_checksum = Some(hex(&[9; 32]));
    let plan = up(&set(&[1, 2]), &rows, None, Policies::default()).unwrap();
    assert_eq!(plan.down_edited.len(), 1);
    rows[1].up_checksum = hex(&[9; 32]);
    let refusal = up(&set(&[1, 2]), &rows, None, Policies::default()).unwrap_err();
    assert_eq!((refusal.kind, refusal.migration), (ErrorKind::Modified, Some(rows[1].id())));
    let policies = Policies { modified: Modified::Ignore, ..Policies::default() };
    assert_eq!(up(&set(&[1, 2]), &rows, None, policies).unwrap().pending, []);
}

#[test]
fn a_stopped_script_is_resumed_unless_its_beginning_changed() {
    let stopped = partly(row(1), Half::Up, 2);
    let plan = up(&set(&[1, 2]), std::slice::from_ref(&stopped), None, Policies::default());
    let plan = plan.unwrap();
    assert_eq!(plan.pending[0].resume, stopped.partly);
    assert_eq!((plan.pending.len(), plan.already), (2, 0));

    let edited = |statements: &[&str]| {
        let migration = migration_of(1, script(statements, 7), script(&["a"], 2));
        let rows = [stopped.clone()];
        up(&set_of(vec![migration]), &rows, None, Policies::default()).map_err(|r| r.kind)
    };
    assert!(edited(&["a", "b", "changed"]).is_ok());
    assert!(edited(&["a", "b"]).is_ok());
    assert_eq!(edited(&["a", "changed", "c"]).unwrap_err(), ErrorKind::PartlyApplied);
    assert_eq!(edited(&["a"]).unwrap_err(), ErrorKind::PartlyApplied);
}

#[test]
fn half_done_the_one_way_bars_the_other() {
    let back = partly(row(2), Half::Down, 1);
    let refusal = up(&set(&[1, 2]), &[row(1), back.clone()], None, Policies::default());
    assert_eq!(refusal.unwrap_err().kind, ErrorKind::PartlyApplied);
    let plan = down(&set(&[1, 2]), &[row(1), back.clone()], Depth::Last(1)).unwrap();
    assert_eq!(plan[0].resume, back.partly);
    let forth = partly(row(2), Half::Up, 1);
    let refusal = down(&set(&[1, 2]), &[row(1), forth], Depth::DownTo(0));
    assert_eq!(refusal.unwrap_err().kind, ErrorKind::PartlyApplied);
}

fn back(set: &MigrationSet, applied: &[i64], depth: Depth) -> Result<Vec<i64>, ErrorKind> {
    down(set, &rows(applied), depth)
        .map(|backs| backs.iter().map(|back| back.id.version()).collect())
        .map_err(|refusal| refusal.kind)
}

#[test]
fn how_far_a_rollback_goes() {
    let set = set(&[1, 2, 3]);
    assert_eq!(back(&set, &[1, 2, 3], Depth::Last(2)), Ok(vec![3, 2]));
    assert_eq!(back(&set, &[1, 2], Depth::Last(9)), Ok(vec![2, 1]));
    assert_eq!(back(&set, &[], Depth::Last(1)), Ok(vec![]));
    assert_eq!(back(&set, &[1, 2, 3], Depth::DownTo(1)), Ok(vec![3, 2]));
    assert_eq!(back(&set, &[1, 2, 3], Depth::DownTo(0)), Ok(vec![3, 2, 1]));
    assert_eq!(back(&set, &[1, 2, 3], Depth::DownTo(3)), Ok(vec![]));
    assert_eq!(back(&set, &[1, 2, 3], Depth::Above(None)), Ok(vec![3, 2, 1]));
    assert_eq!(back(&set, &[1, 2, 3], Depth::DownTo(4)), Err(ErrorKind::UnknownVersion));
    assert_eq!(back(&set, &[1, 2, 3, 4, 5], Depth::DownTo(4)), Ok(vec![5]));
}

#[test]
fn the_unknown_goes_back_by_what_is_stored() {
    let set = set(&[1]);
    let mut rows = rows(&[1, 2, 3]);
    let plan = down(&set, &rows, Depth::DownTo(1)).unwrap();
    assert!(plan.iter().all(|back| back.own.is_none() && back.stored == StoredDown::Script));
    rows[1].down = StoredDown::Irreversible("gone".to_owned());
    assert!(down(&set, &rows, Depth::Last(1)).is_ok());
    let refusal = down(&set, &rows, Depth::Last(2)).unwrap_err();
    assert_eq!(refusal.kind, ErrorKind::Irreversible);
    assert!(refusal.sentence.contains("2_m is irreversible: gone"));
}

#[test]
fn the_binarys_own_way_back_wins() {
    let mut rows = rows(&[1]);
    rows[0].down = StoredDown::Irreversible("it was once".to_owned());
    let plan = down(&set(&[1]), &rows, Depth::Last(1)).unwrap();
    assert!(plan[0].own.is_some() && plan[0].edited);
    let own = private::migration(1, "m", script(&["a"], 1), Down::Irreversible("now"));
    let refusal = down(&set_of(vec![own]), &super::tests::rows(&[1]), Depth::Last(1));
    assert_eq!(refusal.unwrap_err().kind, ErrorKind::Irreversible);
}

#[test]
fn baselines() {
    let versions = |rows: &[Row], version| {
        baseline(&set(&[1, 2, 3]), rows, version)
            .map(|all| all.iter().map(|m| m.version()).collect::<Vec<_>>())
            .map_err(|refusal| refusal.kind)
    };
    assert_eq!(versions(&[], 2), Ok(vec![1, 2]));
    assert_eq!(versions(&rows(&[1]), 3), Ok(vec![2, 3]));
    assert_eq!(versions(&rows(&[1, 2, 3]), 2), Err(ErrorKind::Conflict));
    assert_eq!(versions(&rows(&[9]), 2), Err(ErrorKind::Conflict));
    assert_eq!(versions(&[partly(row(1), Half::Up, 1)], 2), Err(ErrorKind::Conflict));
    assert_eq!(versions(&[], 4), Err(ErrorKind::UnknownVersion));
}

#[test]
fn states() {
    let mut applied = rows(&[1, 2, 4, 6]);
    applied[0].up_checksum = hex(&[9; 32]);
    applied[2] = partly(row(4), Half::Up, 2);
    let states: Vec<State> =
        status(&set(&[1, 3, 4, 5]), &applied).into_iter().map(|line| line.state).collect();
    let partly = State::PartlyApplied { done: 2, of: Some(3), rolling_back: false };
    let expected = [
        State::Modified,
        State::Missing,
        State::OutOfOrder,
        partly,
        State::OutOfOrder,
        State::Ahead,
    ];
    assert_eq!(states, expected);
}

#[test]
fn a_refusal_names_the_neighbours_and_not_a_thousand() {
    let all: Vec<i64> = (1..=100).collect();
    let refusal = in_set(&set(&all), 1000).unwrap_err();
    assert_eq!(refusal.help, ["near it: 99_m, 100_m"]);
    let mut edited = rows(&all);
    edited.iter_mut().for_each(|row| row.up_checksum = hex(&[9; 32]));
    let refusal = up(&set(&all), &edited, None, Policies::default()).unwrap_err();
    assert!(refusal.sentence.contains("8_m, 92 more were edited"), "{}", refusal.sentence);
}

#[test]
fn a_half_applied_one_that_is_unknown_is_refused_like_any_other() {
    let set = set(&[1, 3]);
    let hole = [row(1), partly(row(2), Half::Up, 1), row(3)];
    let refused = up(&set, &hole, None, Policies::default()).unwrap_err();
    assert_eq!(refused.kind, ErrorKind::Missing);
    let newer = [row(1), row(3), partly(row(4), Half::Up, 1)];
    assert_eq!(up(&set, &newer, None, Policies::default()).unwrap().ahead, 1);
    let strict = Policies { ahead: Ahead::Refuse, ..Policies::default() };
    assert_eq!(up(&set, &newer, None, strict).unwrap_err().kind, ErrorKind::Ahead);
}

#[test]
fn a_rollback_goes_on_only_in_the_script_that_it_began_with() {
    let stopped = |done| {
        let mut row = partly(row(1), Half::Down, done);
        row.down_checksum = Some(hex(&[9; 32]));
        row
    };
    let with_down = |statements: &[&str]| {
        let one = migration_of(1, script(&["a", "b", "c"], 1), script(statements, 2));
        down(&set_of(vec![one]), &[stopped(2)], Depth::Last(1)).map_err(|refusal| refusal.kind)
    };
    assert!(with_down(&["a", "b", "mended"]).is_ok());
    assert_eq!(with_down(&["other", "b", "c"]), Err(ErrorKind::PartlyApplied));
    assert_eq!(with_down(&["a"]), Err(ErrorKind::PartlyApplied), "shorter than what has run");
    // Nothing has run yet: any script will do.
    assert!(down(&set(&[1]), &[stopped(0)], Depth::Last(1)).is_ok());
}

#[test]
fn a_history_of_another_set_is_called_that() {
    let theirs = |version, sum: u8| Row {
        name: "theirs".to_owned(),
        up_checksum: hex(&[sum; 32]),
        ..row(version)
    };
    let refused = |rows: &[Row]| up(&set(&[1, 2, 3]), rows, None, Policies::default()).unwrap_err();
    let other = refused(&[theirs(1, 7), theirs(2, 7)]);
    assert_eq!(other.kind, ErrorKind::ForeignHistory);
    assert!(other.sentence.ends_with("1_theirs is there what 1_m is here"), "{}", other.sentence);
    assert!(other.help[0].contains(".history_table("));
    // No version in common, on either side of ours.
    let none = refused(&[theirs(2024, 7), theirs(2025, 7)]);
    assert_eq!(none.kind, ErrorKind::ForeignHistory);
    assert!(none.sentence.ends_with("none of its 2 migrations is in this one"));
    assert_eq!(refused(&[theirs(-1, 7)]).kind, ErrorKind::ForeignHistory);
    // One that was renamed and edited among ours, an edited one, and a renamed one.
    assert_eq!(refused(&[row(1), theirs(2, 7)]).kind, ErrorKind::VersionTaken);
    let mut edited = row(1);
    edited.up_checksum = hex(&[7; 32]);
    assert_eq!(refused(&[edited]).kind, ErrorKind::Modified);
    assert!(up(&set(&[1, 2]), &[theirs(1, 1)], None, Policies::default()).is_ok());
}
