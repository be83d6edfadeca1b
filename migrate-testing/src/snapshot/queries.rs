//! The catalogs as facts: a table of queries, one for each kind of object.
//!
//! The `search_path` is `pg_catalog` while they run, so the server qualifies every name that it
//! writes. PostgreSQL 13 to 18 understand them. Where a column of a catalog came later, `since` says
//! so; where it changed its name, and the catalog is small, the row is asked as JSON.

/// What a kind of object is, and what is told of it.
pub(super) struct Query {
    /// The kind, an expression.
    kind: &'static str,
    /// The name, an expression.
    name: &'static str,
    /// The name of what it goes away with, an expression.
    parent: &'static str,
    /// Each attribute with its expression; null is no fact.
    attributes: &'static [(&'static str, &'static str)],
    /// What follows FROM; where schemas matter, `pg_namespace` is `n`.
    from: &'static str,
    condition: &'static str,
    /// Attributes that servers have from a version on.
    since: &'static [(u32, &'static str, &'static str)],
    /// Its catalog, and its OID there: for the comment, and for what belongs to an extension.
    object: (&'static str, &'static str),
    /// What the comments are numbered by below that OID; -1 where there are none.
    part: &'static str,
    /// Lower OIDs came with the server. To say so spares reading the whole catalog.
    first: u32,
    /// The column of its owner.
    owner: Option<&'static str>,
    /// The column of its grants, and its letter for `acldefault`.
    grants: Option<(&'static str, &'static str)>,
}

impl Query {
    const PLAIN: Query = Query {
        kind: "''",
        name: "''",
        parent: "''",
        attributes: &[],
        since: &[],
        from: "",
        condition: "true",
        object: ("", ""),
        part: "0",
        first: 16_384,
        owner: None,
        grants: None,
    };

    /// One statement: rows of kind, name, parent, attribute, value.
    pub(super) fn sql(&self, version: u32) -> String {
        let Query { kind, name, parent, from, condition, object: (class, oid), .. } = self;
        let (part, first) = (self.part, self.first);
        let newer = self.since.iter().filter(|(since, ..)| *since <= version);
        let newer = newer.map(|(_, attribute, value)| (*attribute, *value));
        let attributes = self.attributes.iter().copied().chain(newer);
        let mut values: Vec<_> = attributes
            .map(|(attribute, value)| format!("('{attribute}', ({value})::text)"))
            .collect();
        if let Some(owner) = self.owner {
            values.push(format!("('owner', pg_get_userbyid({owner})::text)"));
            if let Some((acl, letter)) = self.grants {
                let (given, own) =
                    (sorted(acl), sorted(&format!("acldefault('{letter}', {owner})")));
                // After GRANT and REVOKE the default is spelt out: that is no difference.
                values.push(format!(
                    "('grants', CASE WHEN {acl} IS NOT NULL THEN nullif({given}, {own}) END)"
                ));
            }
        }
        values.push(format!(
            "('comment', (SELECT d.description FROM pg_description d \
             WHERE d.classoid = '{class}'::regclass AND d.objoid = {oid} AND d.objsubid = {part}))"
        ));
        let own = match from.contains("pg_namespace") {
            true => "coalesce(n.nspname !~ '^pg_' AND n.nspname <> 'information_schema', true)",
            false => "true",
        };
        format!(
            "SELECT {kind}, {name}, {parent}, f.attribute, f.value FROM {from} \
             CROSS JOIN LATERAL (VALUES {values}) f (attribute, value) \
             WHERE f.value IS NOT NULL AND {oid} >= {first} AND {own} AND ({condition}) \
             AND NOT EXISTS (SELECT FROM pg_depend x WHERE x.classid = '{class}'::regclass AND x.objid = {oid} \
             AND x.deptype = 'e');\n",
            values = values.join(", "),
        )
    }
}

/// The entries of an array as one text, whatever their order.
fn sorted(array: &str) -> String {
    format!(
        "array_to_string(ARRAY(SELECT e::text COLLATE \"C\" FROM unnest({array}) e ORDER BY 1), ', ')"
    )
}

/// The same, for arrays that stand in the table below; nothing for an empty one.
macro_rules! sorted {
    ($array:literal) => {
        concat!(
            "nullif(array_to_string(ARRAY(SELECT e::text COLLATE \"C\" FROM unnest(",
            $array,
            ") e ORDER BY 1), ', '), '')"
        )
    };
}

const IN_SCHEMA: &str = "format('%I', n.nspname)";
const RELATION: &str = "format('%I.%I', n.nspname, c.relname)";

pub(super) const QUERIES: &[Query] = &[
    Query {
        kind: "'schema'",
        name: IN_SCHEMA,
        from: "pg_namespace n",
        object: ("pg_namespace", "n.oid"),
        first: 0,
        owner: Some("n.nspowner"),
        grants: Some(("n.nspacl", "n")),
        ..Query::PLAIN
    },
    Query {
        kind: "'extension'",
        name: "format('%I', o.extname)",
        attributes: &[("schema", "o.extnamespace::regnamespace"), ("version", "o.extversion")],
        from: "pg_extension o",
        object: ("pg_extension", "o.oid"),
        first: 0,
        ..Query::PLAIN
    },
    Query {
        kind: "CASE c.relkind WHEN 'f' THEN 'foreign table' ELSE 'table' END",
        name: RELATION,
        parent: IN_SCHEMA,
        attributes: &[
            ("unlogged", "CASE c.relpersistence WHEN 'u' THEN 'yes' END"),
            ("partition key", "pg_get_partkeydef(c.oid)"),
            ("partition bound", "pg_get_expr(c.relpartbound, c.oid)"),
            (
                "parents",
                "SELECT string_agg(i.inhparent::regclass::text, ', ' ORDER BY i.inhseqno) \
                 FROM pg_inherits i WHERE i.inhrelid = c.oid",
            ),
            ("storage options", sorted!("c.reloptions")),
            (
                "toast options",
                concat!(
                    "SELECT ",
                    sorted!("t.reloptions"),
                    " FROM pg_class t WHERE t.oid = c.reltoastrelid"
                ),
            ),
            ("row level security", "CASE WHEN c.relrowsecurity THEN 'yes' END"),
            ("forced row level security", "CASE WHEN c.relforcerowsecurity THEN 'yes' END"),
            (
                "replica identity",
                "CASE WHEN c.relkind <> 'f' THEN CASE c.relreplident \
                 WHEN 'n' THEN 'nothing' WHEN 'f' THEN 'full' WHEN 'i' THEN 'index' END END",
            ),
            ("access method", "SELECT m.amname FROM pg_am m WHERE m.oid = c.relam"),
            ("tablespace", "SELECT s.spcname FROM pg_tablespace s WHERE s.oid = c.reltablespace"),
            ("type", "CASE WHEN c.reloftype <> 0 THEN c.reloftype::regtype END"),
            (
                "server",
                "SELECT s.srvname FROM pg_foreign_table f \
                 JOIN pg_foreign_server s ON s.oid = f.ftserver WHERE f.ftrelid = c.oid",
            ),
            (
                "foreign options",
                concat!(
                    "SELECT ",
                    sorted!("f.ftoptions"),
                    " FROM pg_foreign_table f WHERE f.ftrelid = c.oid"
                ),
            ),
            (
                "disabled constraint triggers",
                "SELECT string_agg(DISTINCT k.conname::text, ', ') FROM pg_trigger t \
                 JOIN pg_constraint k ON k.oid = t.tgconstraint \
                 WHERE t.tgrelid = c.oid AND t.tgisinternal AND t.tgenabled <> 'O'",
            ),
        ],
        from: "pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace",
        condition: "c.relkind IN ('r', 'p', 'f')",
        object: ("pg_class", "c.oid"),
        owner: Some("c.relowner"),
        grants: Some(("c.relacl", "r")),
        ..Query::PLAIN
    },
    Query {
        kind: "'column'",
        name: "format('%I.%I.%I', n.nspname, c.relname, a.attname)",
        parent: RELATION,
        attributes: &[
            (
                super::POSITION,
                "(SELECT count(*) FROM pg_attribute b WHERE b.attrelid = c.oid \
                 AND b.attnum BETWEEN 1 AND a.attnum AND NOT b.attisdropped)",
            ),
            ("type", "format_type(a.atttypid, a.atttypmod)"),
            (
                "not null",
                // A constraint of its own from 18 on, which may be NOT VALID.
                "CASE WHEN a.attnotnull THEN CASE WHEN EXISTS (SELECT FROM pg_constraint k \
                 WHERE k.conrelid = c.oid AND k.contype = 'n' AND k.conkey[1] = a.attnum \
                 AND NOT k.convalidated) THEN 'not valid' ELSE 'yes' END END",
            ),
            ("default", "CASE a.attgenerated WHEN '' THEN pg_get_expr(d.adbin, d.adrelid) END"),
            (
                "generated",
                "CASE WHEN a.attgenerated <> '' THEN pg_get_expr(d.adbin, d.adrelid) || \
                 CASE a.attgenerated WHEN 's' THEN ' stored' ELSE ' virtual' END END",
            ),
            (
                "identity",
                "CASE a.attidentity WHEN 'a' THEN 'always' WHEN 'd' THEN 'by default' END",
            ),
            (
                "collation",
                "CASE WHEN a.attcollation <> t.typcollation THEN a.attcollation::regcollation END",
            ),
            ("storage", "nullif(a.attstorage, t.typstorage)"),
            // -1 until 16, null from 17 on.
            ("statistics target", "nullif(a.attstattarget, -1)"),
            // An internal value among them says how many columns the row once had.
            (
                "options",
                "SELECT string_agg(e, ', ' ORDER BY e COLLATE \"C\") FROM unnest(a.attoptions) e \
                 WHERE e !~ '^pg_attver='",
            ),
            ("foreign options", sorted!("a.attfdwoptions")),
            ("grants", sorted!("a.attacl")),
            (
                "inherited",
                "CASE WHEN a.attinhcount > 0 THEN a.attinhcount || \
                 CASE WHEN a.attislocal THEN ' and local' ELSE '' END END",
            ),
        ],
        since: &[(140_000, "compression", "nullif(a.attcompression, '')")],
        from: "pg_attribute a JOIN pg_class c ON c.oid = a.attrelid \
               JOIN pg_namespace n ON n.oid = c.relnamespace \
               JOIN pg_type t ON t.oid = a.atttypid \
               LEFT JOIN pg_attrdef d ON d.adrelid = a.attrelid AND d.adnum = a.attnum",
        // A composite type of an extension belongs to it by its type, not by its relation.
        condition: "c.relkind IN ('r', 'p', 'f', 'v', 'm', 'c') AND a.attnum > 0 \
                    AND a.attrelid >= 16384 \
                    AND NOT a.attisdropped AND NOT EXISTS (SELECT FROM pg_depend y WHERE \
                    y.classid = 'pg_type'::regclass AND y.objid = c.reltype AND y.deptype = 'e')",
        object: ("pg_class", "c.oid"),
        part: "a.attnum",
        ..Query::PLAIN
    },
    Query {
        kind: "'constraint'",
        name: "format('%I.%I.%I', n.nspname, coalesce(c.relname, t.typname), k.conname)",
        parent: "format('%I.%I', n.nspname, coalesce(c.relname, t.typname))",
        attributes: &[
            ("definition", "pg_get_constraintdef(k.oid)"),
            (
                "inherited",
                "CASE WHEN k.coninhcount > 0 THEN k.coninhcount || \
                 CASE WHEN k.conislocal THEN ' and local' ELSE '' END END",
            ),
        ],
        from: "pg_constraint k JOIN pg_namespace n ON n.oid = k.connamespace \
               LEFT JOIN pg_class c ON c.oid = k.conrelid \
               LEFT JOIN pg_type t ON t.oid = k.contypid",
        // NOT NULL is told with the column, CONSTRAINT TRIGGERs with the triggers.
        // A foreign key to a partitioned table has a row for each partition too, on the same table.
        condition: "k.contype IN ('c', 'f', 'p', 'u', 'x') AND NOT EXISTS (SELECT FROM pg_constraint \
                    p WHERE p.oid = k.conparentid AND p.conrelid = k.conrelid) AND NOT EXISTS (SELECT FROM pg_depend \
                    y WHERE y.deptype = 'e' AND (y.classid, y.objid) IN \
                    (('pg_class'::regclass, k.conrelid), ('pg_type'::regclass, k.contypid)))",
        object: ("pg_constraint", "k.oid"),
        ..Query::PLAIN
    },
    Query {
        kind: "'index'",
        name: "format('%I.%I.%I', n.nspname, r.relname, c.relname)",
        // That of a constraint goes with it.
        parent: "(SELECT format('%I.%I', n.nspname, r.relname) || \
                 coalesce((SELECT format('.%I', k.conname) FROM pg_constraint k \
                 WHERE k.conindid = c.oid AND k.contype IN ('p', 'u', 'x')), ''))",
        attributes: &[
            ("definition", "pg_get_indexdef(c.oid)"),
            ("invalid", "CASE WHEN NOT i.indisvalid THEN 'yes' END"),
            ("clustered", "CASE WHEN i.indisclustered THEN 'yes' END"),
            ("replica identity", "CASE WHEN i.indisreplident THEN 'yes' END"),
            ("parent", "SELECT h.inhparent::regclass FROM pg_inherits h WHERE h.inhrelid = c.oid"),
            ("tablespace", "SELECT s.spcname FROM pg_tablespace s WHERE s.oid = c.reltablespace"),
        ],
        from: "pg_index i JOIN pg_class c ON c.oid = i.indexrelid \
               JOIN pg_class r ON r.oid = i.indrelid \
               JOIN pg_namespace n ON n.oid = r.relnamespace",
        condition: "r.relkind <> 't' AND NOT EXISTS (SELECT FROM pg_depend y WHERE \
                    y.classid = 'pg_class'::regclass AND y.objid = r.oid AND y.deptype = 'e')",
        object: ("pg_class", "c.oid"),
        ..Query::PLAIN
    },
    Query {
        kind: "'sequence'",
        name: RELATION,
        // One that is owned by a column goes with its table.
        parent: "(SELECT coalesce((SELECT d.refobjid::regclass::text FROM pg_depend d \
                 WHERE d.classid = 'pg_class'::regclass AND d.objid = c.oid AND d.objsubid = 0 \
                 AND d.refclassid = 'pg_class'::regclass AND d.deptype IN ('a', 'i') LIMIT 1), \
                 format('%I', n.nspname)))",
        attributes: &[
            ("type", "format_type(s.seqtypid, NULL)"),
            ("start", "s.seqstart"),
            ("increment", "s.seqincrement"),
            ("minimum", "s.seqmin"),
            ("maximum", "s.seqmax"),
            ("cache", "s.seqcache"),
            ("cycle", "CASE WHEN s.seqcycle THEN 'yes' END"),
            ("unlogged", "CASE c.relpersistence WHEN 'u' THEN 'yes' END"),
            (
                "owned by",
                "SELECT format('%s.%I', d.refobjid::regclass, a.attname) || \
                 CASE d.deptype WHEN 'i' THEN ' as identity' ELSE '' END FROM pg_depend d \
                 JOIN pg_attribute a ON a.attrelid = d.refobjid AND a.attnum = d.refobjsubid \
                 WHERE d.classid = 'pg_class'::regclass AND d.objid = c.oid AND d.objsubid = 0 \
                 AND d.refclassid = 'pg_class'::regclass AND d.deptype IN ('a', 'i') LIMIT 1",
            ),
        ],
        from: "pg_sequence s JOIN pg_class c ON c.oid = s.seqrelid \
               JOIN pg_namespace n ON n.oid = c.relnamespace",
        object: ("pg_class", "c.oid"),
        owner: Some("c.relowner"),
        grants: Some(("c.relacl", "s")),
        ..Query::PLAIN
    },
    Query {
        kind: "CASE t.typtype WHEN 'e' THEN 'enum' WHEN 'd' THEN 'domain' \
               WHEN 'c' THEN 'composite type' WHEN 'r' THEN 'range type' ELSE 'type' END",
        name: "format('%I.%I', n.nspname, t.typname)",
        parent: IN_SCHEMA,
        attributes: &[
            (
                "type",
                "CASE t.typtype WHEN 'd' THEN format_type(t.typbasetype, t.typtypmod) \
                 WHEN 'r' THEN r.rngsubtype::regtype::text END",
            ),
            ("not null", "CASE WHEN t.typnotnull THEN 'yes' END"),
            ("default", "t.typdefault"),
            (
                "collation",
                "CASE WHEN t.typtype = 'd' AND t.typcollation <> 0 \
                 THEN t.typcollation::regcollation::text \
                 WHEN r.rngcollation <> 0 THEN r.rngcollation::regcollation::text END",
            ),
            (
                "functions",
                "CASE t.typtype WHEN 'b' THEN concat_ws(', ', t.typinput, t.typoutput, \
                 t.typreceive, t.typsend) \
                 WHEN 'r' THEN concat_ws(', ', r.rngcanonical, r.rngsubdiff) END",
            ),
        ],
        from: "pg_type t JOIN pg_namespace n ON n.oid = t.typnamespace \
               LEFT JOIN pg_class c ON c.oid = t.typrelid \
               LEFT JOIN pg_range r ON r.rngtypid = t.oid",
        condition: "(t.typtype IN ('e', 'd', 'r') OR t.typtype = 'b' AND NOT EXISTS (SELECT FROM \
                    pg_type e WHERE e.typarray = t.oid) OR c.relkind = 'c')",
        object: ("pg_type", "t.oid"),
        owner: Some("t.typowner"),
        grants: Some(("t.typacl", "T")),
        ..Query::PLAIN
    },
    Query {
        kind: "'enum value'",
        name: "format('%I.%I.%L', n.nspname, t.typname, e.enumlabel)",
        parent: "format('%I.%I', n.nspname, t.typname)",
        attributes: &[(
            super::POSITION,
            "(SELECT count(*) FROM pg_enum b WHERE b.enumtypid = t.oid \
             AND b.enumsortorder <= e.enumsortorder)",
        )],
        from: "pg_enum e JOIN pg_type t ON t.oid = e.enumtypid \
               JOIN pg_namespace n ON n.oid = t.typnamespace",
        object: ("pg_type", "t.oid"),
        part: "-1",
        ..Query::PLAIN
    },
    Query {
        kind: "CASE c.relkind WHEN 'm' THEN 'materialized view' ELSE 'view' END",
        name: RELATION,
        parent: IN_SCHEMA,
        attributes: &[
            ("definition", "pg_get_viewdef(c.oid)"),
            ("storage options", sorted!("c.reloptions")),
            ("unpopulated", "CASE WHEN c.relkind = 'm' AND NOT c.relispopulated THEN 'yes' END"),
            ("access method", "SELECT m.amname FROM pg_am m WHERE m.oid = c.relam"),
            ("tablespace", "SELECT s.spcname FROM pg_tablespace s WHERE s.oid = c.reltablespace"),
        ],
        from: "pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace",
        condition: "c.relkind IN ('v', 'm')",
        object: ("pg_class", "c.oid"),
        owner: Some("c.relowner"),
        grants: Some(("c.relacl", "r")),
        ..Query::PLAIN
    },
    Query {
        kind: "CASE p.prokind WHEN 'a' THEN 'aggregate' WHEN 'p' THEN 'procedure' \
               ELSE 'function' END",
        name: "format('%I.%I(%s)', n.nspname, p.proname, oidvectortypes(p.proargtypes))",
        parent: IN_SCHEMA,
        attributes: &[
            ("definition", "CASE WHEN p.prokind <> 'a' THEN pg_get_functiondef(p.oid) END"),
            (
                "aggregate",
                "SELECT concat_ws(', ', g.aggkind, g.aggtransfn, g.aggfinalfn, g.aggcombinefn, \
                 g.aggserialfn, g.aggdeserialfn, g.aggmtransfn, g.aggminvtransfn, g.aggmfinalfn, \
                 g.aggsortop::regoperator, g.aggtranstype::regtype, g.agginitval, \
                 g.aggfinalmodify, p.proparallel) FROM pg_aggregate g WHERE g.aggfnoid = p.oid",
            ),
        ],
        from: "pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace",
        // The constructors of a range type come and go with it.
        condition: "NOT EXISTS (SELECT FROM pg_depend y WHERE y.classid = 'pg_proc'::regclass \
                    AND y.objid = p.oid AND y.deptype = 'i')",
        object: ("pg_proc", "p.oid"),
        owner: Some("p.proowner"),
        grants: Some(("p.proacl", "f")),
        ..Query::PLAIN
    },
    Query {
        kind: "'trigger'",
        name: "format('%I.%I.%I', n.nspname, c.relname, t.tgname)",
        parent: RELATION,
        attributes: &[
            ("definition", "pg_get_triggerdef(t.oid)"),
            (
                "enabled",
                "CASE t.tgenabled WHEN 'D' THEN 'no' WHEN 'R' THEN 'on a replica' \
                 WHEN 'A' THEN 'always' END",
            ),
        ],
        from: "pg_trigger t JOIN pg_class c ON c.oid = t.tgrelid \
               JOIN pg_namespace n ON n.oid = c.relnamespace",
        condition: "NOT t.tgisinternal",
        object: ("pg_trigger", "t.oid"),
        ..Query::PLAIN
    },
    Query {
        kind: "'policy'",
        name: "format('%I.%I.%I', n.nspname, c.relname, p.polname)",
        parent: RELATION,
        attributes: &[
            (
                "command",
                "CASE p.polcmd WHEN 'r' THEN 'SELECT' WHEN 'a' THEN 'INSERT' \
                 WHEN 'w' THEN 'UPDATE' WHEN 'd' THEN 'DELETE' ELSE 'ALL' END",
            ),
            ("restrictive", "CASE WHEN NOT p.polpermissive THEN 'yes' END"),
            (
                "roles",
                "SELECT string_agg(e, ', ' ORDER BY e COLLATE \"C\") FROM (SELECT CASE r \
                 WHEN 0 THEN 'public' ELSE r::regrole::text END FROM unnest(p.polroles) r) x (e)",
            ),
            ("USING", "pg_get_expr(p.polqual, p.polrelid)"),
            ("WITH CHECK", "pg_get_expr(p.polwithcheck, p.polrelid)"),
        ],
        from: "pg_policy p JOIN pg_class c ON c.oid = p.polrelid \
               JOIN pg_namespace n ON n.oid = c.relnamespace",
        object: ("pg_policy", "p.oid"),
        ..Query::PLAIN
    },
    Query {
        kind: "'rule'",
        name: "format('%I.%I.%I', n.nspname, c.relname, r.rulename)",
        parent: RELATION,
        attributes: &[
            ("definition", "pg_get_ruledef(r.oid)"),
            (
                "enabled",
                "CASE r.ev_enabled WHEN 'D' THEN 'no' WHEN 'R' THEN 'on a replica' \
                 WHEN 'A' THEN 'always' END",
            ),
        ],
        from: "pg_rewrite r JOIN pg_class c ON c.oid = r.ev_class \
               JOIN pg_namespace n ON n.oid = c.relnamespace",
        condition: "r.rulename <> '_RETURN'",
        object: ("pg_rewrite", "r.oid"),
        ..Query::PLAIN
    },
    Query {
        kind: "'event trigger'",
        name: "format('%I', o.evtname)",
        attributes: &[
            ("event", "o.evtevent"),
            ("function", "o.evtfoid::regprocedure"),
            ("tags", sorted!("o.evttags")),
            (
                "enabled",
                "CASE o.evtenabled WHEN 'D' THEN 'no' WHEN 'R' THEN 'on a replica' \
                 WHEN 'A' THEN 'always' END",
            ),
        ],
        from: "pg_event_trigger o",
        object: ("pg_event_trigger", "o.oid"),
        owner: Some("o.evtowner"),
        ..Query::PLAIN
    },
    Query {
        kind: "'statistics'",
        name: "format('%I.%I', n.nspname, s.stxname)",
        parent: "s.stxrelid::regclass::text",
        attributes: &[
            ("definition", "pg_get_statisticsobjdef(s.oid)"),
            ("target", "nullif(s.stxstattarget, -1)"),
        ],
        from: "pg_statistic_ext s JOIN pg_namespace n ON n.oid = s.stxnamespace",
        object: ("pg_statistic_ext", "s.oid"),
        owner: Some("s.stxowner"),
        ..Query::PLAIN
    },
    Query {
        kind: "'publication'",
        name: "format('%I', p.pubname)",
        attributes: &[
            ("all tables", "CASE WHEN p.puballtables THEN 'yes' END"),
            (
                "operations",
                "concat_ws(', ', CASE WHEN p.pubinsert THEN 'insert' END, \
                 CASE WHEN p.pubupdate THEN 'update' END, CASE WHEN p.pubdelete THEN 'delete' END, \
                 CASE WHEN p.pubtruncate THEN 'truncate' END, \
                 CASE WHEN p.pubviaroot THEN 'via root' END)",
            ),
            (
                "tables",
                "SELECT string_agg(r.prrelid::regclass::text, ', ' \
                 ORDER BY r.prrelid::regclass::text) \
                 FROM pg_publication_rel r WHERE r.prpubid = p.oid",
            ),
        ],
        since: &[
            (
                150_000,
                "schemas",
                "SELECT string_agg(s.pnnspid::regnamespace::text, ', ' \
                 ORDER BY s.pnnspid::regnamespace::text) FROM pg_publication_namespace s \
                 WHERE s.pnpubid = p.oid",
            ),
            (
                150_000,
                "columns",
                "SELECT string_agg(format('%s (%s)', r.prrelid::regclass, \
                 (SELECT string_agg(format('%I', a.attname), ', ' ORDER BY a.attname) \
                 FROM pg_attribute a WHERE a.attrelid = r.prrelid AND a.attnum = ANY (r.prattrs))), \
                 ', ' ORDER BY r.prrelid::regclass::text) FROM pg_publication_rel r \
                 WHERE r.prpubid = p.oid AND r.prattrs IS NOT NULL",
            ),
            (
                150_000,
                "conditions",
                "SELECT string_agg(format('%s: %s', r.prrelid::regclass, \
                 pg_get_expr(r.prqual, r.prrelid)), ', ' ORDER BY r.prrelid::regclass::text) \
                 FROM pg_publication_rel r WHERE r.prpubid = p.oid AND r.prqual IS NOT NULL",
            ),
            (180_000, "generated columns", "nullif(p.pubgencols, 'n')"),
        ],
        from: "pg_publication p",
        object: ("pg_publication", "p.oid"),
        owner: Some("p.pubowner"),
        ..Query::PLAIN
    },
    Query {
        kind: "'foreign data wrapper'",
        name: "format('%I', o.fdwname)",
        attributes: &[
            ("handler", "nullif(o.fdwhandler, 0)::regprocedure"),
            ("validator", "nullif(o.fdwvalidator, 0)::regprocedure"),
            ("options", sorted!("o.fdwoptions")),
        ],
        from: "pg_foreign_data_wrapper o",
        object: ("pg_foreign_data_wrapper", "o.oid"),
        owner: Some("o.fdwowner"),
        grants: Some(("o.fdwacl", "F")),
        ..Query::PLAIN
    },
    Query {
        kind: "'server'",
        name: "format('%I', o.srvname)",
        attributes: &[
            ("wrapper", "w.fdwname"),
            ("type", "o.srvtype"),
            ("version", "o.srvversion"),
            ("options", sorted!("o.srvoptions")),
        ],
        from: "pg_foreign_server o JOIN pg_foreign_data_wrapper w ON w.oid = o.srvfdw",
        object: ("pg_foreign_server", "o.oid"),
        owner: Some("o.srvowner"),
        grants: Some(("o.srvacl", "S")),
        ..Query::PLAIN
    },
    Query {
        kind: "'user mapping'",
        name: "format('%I.%I', m.srvname, m.usename)",
        parent: "format('%I', m.srvname)",
        // Told apart, and not told: a password may be among them.
        attributes: &[("options", "md5(coalesce(m.umoptions::text, ''))")],
        from: "pg_user_mappings m",
        object: ("pg_user_mapping", "m.umid"),
        ..Query::PLAIN
    },
    Query {
        kind: "'default privileges'",
        name: "format('%I%s %s', pg_get_userbyid(o.defaclrole), \
               coalesce(' in ' || quote_ident(n.nspname), ''), CASE o.defaclobjtype \
               WHEN 'r' THEN 'on tables' WHEN 'S' THEN 'on sequences' \
               WHEN 'f' THEN 'on functions' WHEN 'T' THEN 'on types' WHEN 'n' THEN 'on schemas' \
               ELSE 'on large objects' END)",
        parent: "coalesce(quote_ident(n.nspname), '')",
        attributes: &[("grants", sorted!("o.defaclacl"))],
        from: "pg_default_acl o LEFT JOIN pg_namespace n ON n.oid = o.defaclnamespace",
        object: ("pg_default_acl", "o.oid"),
        ..Query::PLAIN
    },
    Query {
        kind: "'collation'",
        name: "format('%I.%I', n.nspname, o.collname)",
        parent: IN_SCHEMA,
        attributes: &[(
            // Its locale is called differently in 13, 15 and 17.
            "definition",
            "(to_jsonb(o) - ARRAY['oid', 'collname', 'collnamespace', 'collowner', 'collversion'])",
        )],
        from: "pg_collation o JOIN pg_namespace n ON n.oid = o.collnamespace",
        object: ("pg_collation", "o.oid"),
        owner: Some("o.collowner"),
        ..Query::PLAIN
    },
    Query {
        kind: "'cast'",
        name: "format('(%s AS %s)', o.castsource::regtype, o.casttarget::regtype)",
        parent: "(CASE WHEN o.castsource >= 16384 THEN o.castsource ELSE o.casttarget END)\
                 ::regtype::text",
        attributes: &[
            ("function", "nullif(o.castfunc, 0)::regprocedure"),
            ("context", "o.castcontext"),
            ("method", "o.castmethod"),
        ],
        from: "pg_cast o",
        condition: "NOT EXISTS (SELECT FROM pg_depend y WHERE y.deptype = 'i' \
                    AND y.classid = 'pg_cast'::regclass AND y.objid = o.oid)",
        object: ("pg_cast", "o.oid"),
        ..Query::PLAIN
    },
    Query {
        kind: "'operator'",
        name: "format('%I.%s(%s, %s)', n.nspname, o.oprname, nullif(o.oprleft, 0)::regtype, \
               nullif(o.oprright, 0)::regtype)",
        parent: IN_SCHEMA,
        attributes: &[
            ("function", "o.oprcode::regprocedure"),
            ("result", "o.oprresult::regtype"),
            ("commutator", "nullif(o.oprcom, 0)::regoperator"),
            ("negator", "nullif(o.oprnegate, 0)::regoperator"),
            ("restriction", "nullif(o.oprrest, 0)::regproc"),
            ("join", "nullif(o.oprjoin, 0)::regproc"),
            ("hashes", "CASE WHEN o.oprcanhash THEN 'yes' END"),
            ("merges", "CASE WHEN o.oprcanmerge THEN 'yes' END"),
        ],
        from: "pg_operator o JOIN pg_namespace n ON n.oid = o.oprnamespace",
        object: ("pg_operator", "o.oid"),
        owner: Some("o.oprowner"),
        ..Query::PLAIN
    },
    Query {
        kind: "'operator class'",
        name: "format('%I.%I using %I', n.nspname, o.opcname, m.amname)",
        parent: IN_SCHEMA,
        attributes: &[
            ("type", "o.opcintype::regtype"),
            ("key type", "nullif(o.opckeytype, 0)::regtype"),
            ("default", "CASE WHEN o.opcdefault THEN 'yes' END"),
        ],
        from: "pg_opclass o JOIN pg_namespace n ON n.oid = o.opcnamespace \
               JOIN pg_am m ON m.oid = o.opcmethod",
        object: ("pg_opclass", "o.oid"),
        owner: Some("o.opcowner"),
        ..Query::PLAIN
    },
    Query {
        kind: "'operator family'",
        name: "format('%I.%I using %I', n.nspname, o.opfname, m.amname)",
        parent: IN_SCHEMA,
        attributes: &[
            (
                "operators",
                "SELECT string_agg(format('%s %s', p.amopstrategy, p.amopopr::regoperator), ', ' \
                 ORDER BY p.amopstrategy, p.amopopr::regoperator::text COLLATE \"C\") \
                 FROM pg_amop p WHERE p.amopfamily = o.oid",
            ),
            (
                "functions",
                "SELECT string_agg(format('%s %s', p.amprocnum, p.amproc::regprocedure), ', ' \
                 ORDER BY p.amprocnum, p.amproc::regprocedure::text COLLATE \"C\") \
                 FROM pg_amproc p WHERE p.amprocfamily = o.oid",
            ),
        ],
        from: "pg_opfamily o JOIN pg_namespace n ON n.oid = o.opfnamespace \
               JOIN pg_am m ON m.oid = o.opfmethod",
        object: ("pg_opfamily", "o.oid"),
        owner: Some("o.opfowner"),
        ..Query::PLAIN
    },
    Query {
        kind: "'text search configuration'",
        name: "format('%I.%I', n.nspname, o.cfgname)",
        parent: IN_SCHEMA,
        attributes: &[
            (
                "parser",
                "SELECT p.prsnamespace::regnamespace || '.' || p.prsname FROM pg_ts_parser p \
                 WHERE p.oid = o.cfgparser",
            ),
            (
                "mapping",
                "SELECT string_agg(format('%s %s', m.maptokentype, m.mapdict::regdictionary), ', ' \
                 ORDER BY m.maptokentype, m.mapseqno) FROM pg_ts_config_map m \
                 WHERE m.mapcfg = o.oid",
            ),
        ],
        from: "pg_ts_config o JOIN pg_namespace n ON n.oid = o.cfgnamespace",
        object: ("pg_ts_config", "o.oid"),
        owner: Some("o.cfgowner"),
        ..Query::PLAIN
    },
    Query {
        kind: "'text search dictionary'",
        name: "format('%I.%I', n.nspname, o.dictname)",
        parent: IN_SCHEMA,
        attributes: &[
            ("template", "SELECT t.tmplname FROM pg_ts_template t WHERE t.oid = o.dicttemplate"),
            ("options", "o.dictinitoption"),
        ],
        from: "pg_ts_dict o JOIN pg_namespace n ON n.oid = o.dictnamespace",
        object: ("pg_ts_dict", "o.oid"),
        owner: Some("o.dictowner"),
        ..Query::PLAIN
    },
    Query {
        kind: "'language'",
        name: "format('%I', o.lanname)",
        attributes: &[("trusted", "CASE WHEN o.lanpltrusted THEN 'yes' END")],
        from: "pg_language o",
        object: ("pg_language", "o.oid"),
        owner: Some("o.lanowner"),
        grants: Some(("o.lanacl", "l")),
        ..Query::PLAIN
    },
    Query {
        kind: "'settings'",
        name: "CASE o.setrole WHEN 0 THEN 'of the database' \
               ELSE format('of %I', pg_get_userbyid(o.setrole)) END",
        attributes: &[("values", sorted!("o.setconfig"))],
        from: "pg_db_role_setting o JOIN pg_database b ON b.oid = o.setdatabase",
        condition: "b.datname = current_database()",
        object: ("pg_database", "b.oid"),
        first: 0,
        part: "-1",
        ..Query::PLAIN
    },
];
