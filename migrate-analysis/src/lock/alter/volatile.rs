//! Which expressions have another value for each row.

use super::words::{Word, of_text, words};
use crate::catalog::{Body, Catalog, Expr, Kind, Routine, RoutineKind};
use crate::list::CollectVec;

/// PostgreSQL's own functions that are `VOLATILE`: by name, sorted, of versions 13 to 18.
///
/// Made by `SELECT DISTINCT proname FROM pg_proc WHERE provolatile = 'v'`. Not in it: `timezone`, which is volatile
/// for `time with time zone` only, and what cannot be called in SQL.
#[rustfmt::skip]
const VOLATILE: &[&str] = &[
    "amvalidate", "array_sample", "array_shuffle", "bernoulli", "brin_desummarize_range",
    "brin_summarize_new_values", "brin_summarize_range", "clock_timestamp", "current_query",
    "currtid", "currtid2", "currval", "cursor_to_xml", "cursor_to_xmlschema", "gen_random_uuid",
    "gin_clean_pending_list", "lastval", "lo_close", "lo_creat", "lo_create", "lo_export",
    "lo_from_bytea", "lo_get", "lo_import", "lo_lseek", "lo_lseek64", "lo_open", "lo_put",
    "lo_tell", "lo_tell64", "lo_truncate", "lo_truncate64", "lo_unlink", "loread", "lowrite",
    "nextval", "pg_advisory_lock", "pg_advisory_lock_shared", "pg_advisory_unlock",
    "pg_advisory_unlock_all", "pg_advisory_unlock_shared", "pg_advisory_xact_lock",
    "pg_advisory_xact_lock_shared", "pg_available_wal_summaries", "pg_backup_start",
    "pg_backup_stop", "pg_blocking_pids", "pg_cancel_backend", "pg_clear_attribute_stats",
    "pg_clear_relation_stats", "pg_collation_actual_version", "pg_control_checkpoint",
    "pg_control_init", "pg_control_recovery", "pg_control_system",
    "pg_copy_logical_replication_slot", "pg_copy_physical_replication_slot",
    "pg_create_logical_replication_slot", "pg_create_physical_replication_slot",
    "pg_create_restore_point", "pg_current_logfile", "pg_current_wal_flush_lsn",
    "pg_current_wal_insert_lsn", "pg_current_wal_lsn", "pg_database_collation_actual_version",
    "pg_database_size", "pg_drop_replication_slot", "pg_export_snapshot",
    "pg_extension_config_dump", "pg_get_aios", "pg_get_backend_memory_contexts",
    "pg_get_loaded_modules", "pg_get_multixact_members", "pg_get_sequence_data",
    "pg_get_shmem_allocations", "pg_get_shmem_allocations_numa", "pg_get_wait_events",
    "pg_get_wal_replay_pause_state", "pg_get_wal_resource_managers", "pg_get_wal_summarizer_state",
    "pg_hba_file_rules", "pg_ident_file_mappings", "pg_import_system_collations", "pg_indexes_size",
    "pg_is_in_backup", "pg_is_in_recovery", "pg_is_wal_replay_paused",
    "pg_isolation_test_session_is_blocked", "pg_jit_available", "pg_last_committed_xact",
    "pg_last_wal_receive_lsn", "pg_last_wal_replay_lsn", "pg_last_xact_replay_timestamp",
    "pg_lock_status", "pg_log_backend_memory_contexts", "pg_log_standby_snapshot",
    "pg_logical_emit_message", "pg_logical_slot_get_binary_changes", "pg_logical_slot_get_changes",
    "pg_logical_slot_peek_binary_changes", "pg_logical_slot_peek_changes",
    "pg_ls_archive_statusdir", "pg_ls_dir", "pg_ls_logdir", "pg_ls_logicalmapdir",
    "pg_ls_logicalsnapdir", "pg_ls_replslotdir", "pg_ls_summariesdir", "pg_ls_tmpdir",
    "pg_ls_waldir", "pg_nextoid", "pg_notification_queue_usage", "pg_notify",
    "pg_partition_ancestors", "pg_partition_tree", "pg_prepared_xact", "pg_promote",
    "pg_read_binary_file", "pg_read_file", "pg_read_file_old", "pg_relation_size", "pg_reload_conf",
    "pg_replication_origin_advance", "pg_replication_origin_create", "pg_replication_origin_drop",
    "pg_replication_origin_progress", "pg_replication_origin_session_is_setup",
    "pg_replication_origin_session_progress", "pg_replication_origin_session_reset",
    "pg_replication_origin_session_setup", "pg_replication_origin_xact_reset",
    "pg_replication_origin_xact_setup", "pg_replication_slot_advance", "pg_restore_attribute_stats",
    "pg_restore_relation_stats", "pg_rotate_logfile", "pg_rotate_logfile_old",
    "pg_safe_snapshot_blocking_pids", "pg_sequence_last_value", "pg_show_all_file_settings",
    "pg_show_replication_origin_status", "pg_sleep", "pg_sleep_for", "pg_sleep_until",
    "pg_start_backup", "pg_stat_clear_snapshot", "pg_stat_file", "pg_stat_force_next_flush",
    "pg_stat_get_backend_io", "pg_stat_get_backend_wal", "pg_stat_get_io",
    "pg_stat_get_recovery_prefetch", "pg_stat_get_xact_blocks_fetched",
    "pg_stat_get_xact_blocks_hit", "pg_stat_get_xact_function_calls",
    "pg_stat_get_xact_function_self_time", "pg_stat_get_xact_function_total_time",
    "pg_stat_get_xact_numscans", "pg_stat_get_xact_tuples_deleted",
    "pg_stat_get_xact_tuples_fetched", "pg_stat_get_xact_tuples_hot_updated",
    "pg_stat_get_xact_tuples_inserted", "pg_stat_get_xact_tuples_newpage_updated",
    "pg_stat_get_xact_tuples_returned", "pg_stat_get_xact_tuples_updated", "pg_stat_have_stats",
    "pg_stat_reset", "pg_stat_reset_backend_stats", "pg_stat_reset_replication_slot",
    "pg_stat_reset_shared", "pg_stat_reset_single_function_counters",
    "pg_stat_reset_single_table_counters", "pg_stat_reset_slru", "pg_stat_reset_subscription_stats",
    "pg_stop_backup", "pg_stop_making_pinned_objects", "pg_switch_wal", "pg_sync_replication_slots",
    "pg_table_size", "pg_tablespace_size", "pg_terminate_backend", "pg_total_relation_size",
    "pg_try_advisory_lock", "pg_try_advisory_lock_shared", "pg_try_advisory_xact_lock",
    "pg_try_advisory_xact_lock_shared", "pg_wal_replay_pause", "pg_wal_replay_resume",
    "pg_wal_summary_contents", "pg_xact_commit_timestamp", "pg_xact_commit_timestamp_origin",
    "pg_xact_status", "query_to_xml", "query_to_xml_and_xmlschema", "query_to_xmlschema", "random",
    "random_normal", "set_config", "setseed", "setval", "suppress_redundant_updates_trigger",
    "system", "timeofday", "ts_rewrite", "ts_stat", "tsvector_update_trigger",
    "tsvector_update_trigger_column", "txid_status", "unique_key_recheck", "uuidv4", "uuidv7",
];

/// Functions of the extensions that come with PostgreSQL, and do not make values up; those of PostGIS (`st_…`) do not
/// either.
const OF_EXTENSIONS: &[&str] = &[
    "crypt",
    "digest",
    "hmac",
    "hstore",
    "text2ltree",
    "timezone",
    "unaccent",
    "uuid_generate_v3",
    "uuid_generate_v5",
    "uuid_nil",
    "uuid_ns_dns",
    "uuid_ns_oid",
    "uuid_ns_url",
    "uuid_ns_x500",
];

/// A function for which an expression has to be computed for each row.
pub(crate) struct VolatileCall {
    pub(crate) name: String,
    /// It is known to be volatile, and not only unknown.
    pub(crate) is_certain: bool,
}

/// Whether the expression has to be computed for each row, and what of it: the first function that is to blame.
pub(crate) fn volatile_call(catalog: &Catalog, expr: &Expr) -> Option<VolatileCall> {
    in_words(catalog, &words(expr))
}

fn in_words(catalog: &Catalog, words: &[Word]) -> Option<VolatileCall> {
    let mut calls = words.iter().enumerate().filter_map(|(at, word)| match word {
        Word::Routine(id) => {
            let object = catalog.get(*id)?;
            let Kind::Routine(routine) = &object.kind else { return None };
            is_volatile(catalog, routine)
                .then(|| VolatileCall { name: object.name.clone(), is_certain: true })
        }
        // Keywords are written in upper case, functions as they are called.
        Word::Name(name) if words.get(at + 1) == Some(&Word::Open) && is_call(name) => {
            let is_built_in = crate::simulate::is_built_in_function(name);
            let is_harmless = OF_EXTENSIONS.contains(&name.as_str()) || name.starts_with("st_");
            let is_certain = VOLATILE.binary_search(&name.as_str()).is_ok();
            // An extension's, perhaps: most of these make values up (`uuid_generate_v4`).
            let may_be = !is_built_in && !is_harmless;
            (is_certain || may_be).then(|| VolatileCall { name: name.clone(), is_certain })
        }
        _ => None,
    });
    calls.next()
}

fn is_call(name: &str) -> bool {
    name.starts_with(|c: char| c.is_alphabetic() || c == '_')
        && !name.contains(|c: char| c.is_uppercase())
}

fn is_volatile(catalog: &Catalog, routine: &Routine) -> bool {
    if routine.volatility != "volatile" {
        return false;
    }
    match inlined(routine) {
        Some(body) => {
            let mut words = Vec::new();
            of_text(body, &mut words);
            in_words(catalog, &lowered(words)).is_some()
        }
        None => true,
    }
}

/// What PostgreSQL puts in the place of a call: a function in SQL that is one expression, whatever it calls itself.
fn inlined(routine: &Routine) -> Option<&str> {
    let plain = routine.kind == RoutineKind::Function
        && routine.language == "sql"
        && !routine.security_definer
        && !routine.returns_set
        && !routine.strict
        && routine.settings.is_empty()
        && routine.arguments.is_empty();
    let Body::Text(body) = &routine.body else { return None };
    let body = body.trim().trim_end_matches(';').trim();
    let (first, rest) = body.split_at_checked(6)?;
    let has_clause = |word: &str| {
        let mut words = rest.split(|c: char| !c.is_alphanumeric() && c != '_');
        words.any(|it| it.eq_ignore_ascii_case(word))
    };
    let is_simple = first.eq_ignore_ascii_case("select")
        && !rest.contains([';', '$'])
        && !rest.contains("--")
        && !rest.contains("/*")
        && !["select", "from", "where", "union", "limit", "order", "with", "values", "having"]
            .into_iter()
            .any(has_clause);
    (plain && is_simple).then_some(rest)
}

/// Calls as an expression has them, folded; what else stands before a bracket is a keyword.
fn lowered(words: Vec<Word>) -> Vec<Word> {
    const KEYWORDS: &[&str] = &[
        "and",
        "any",
        "array",
        "as",
        "between",
        "case",
        "cast",
        "coalesce",
        "else",
        "extract",
        "greatest",
        "in",
        "least",
        "not",
        "nullif",
        "or",
        "overlay",
        "position",
        "row",
        "some",
        "substring",
        "then",
        "trim",
        "when",
    ];
    let lower = |word| match word {
        Word::Name(name) if KEYWORDS.contains(&name.to_ascii_lowercase().as_str()) => {
            Word::Name(name.to_ascii_uppercase())
        }
        Word::Name(name) => Word::Name(name.to_ascii_lowercase()),
        other => other,
    };
    words.into_iter().map(lower).collect_vec()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn blamed(text: &str) -> Option<String> {
        volatile_call(&Catalog::default(), &Expr::text(text)).map(|it| it.name)
    }

    #[test]
    fn the_table_is_sorted() {
        assert!(VOLATILE.is_sorted());
    }

    #[test]
    fn what_is_computed_for_each_row() {
        assert_eq!(blamed("md5(random()::text)").as_deref(), Some("random"));
        assert_eq!(blamed("COALESCE(NULL, clock_timestamp())").as_deref(), Some("clock_timestamp"));
        assert_eq!(blamed("uuid_generate_v4()").as_deref(), Some("uuid_generate_v4"));
        assert_eq!(blamed("public.nanoid(10)").as_deref(), Some("nanoid"));
    }

    #[test]
    fn what_is_computed_once() {
        for text in [
            "now()",
            "CURRENT_TIMESTAMP(3)",
            "timezone('utc', now())",
            "uuid_nil()",
            "lower('random()')",
            "ARRAY[]::text[]",
            "-5",
            "CAST('x' AS varchar(10))",
            "EXTRACT(epoch FROM now())",
        ] {
            assert_eq!(blamed(text), None, "{text}");
        }
    }
}
