//! The simulated schema to bytes and back, without the journal of how it came about.

use super::{Decode, Encode, Input, decoded, encode_slice};
use crate::catalog::{
    Acl, Argument, Attribute, BaseType, Body, Catalog, Column, ColumnType, Constraint,
    ConstraintKind, Domain, DomainCheck, Expr, Fog, ForeignAction, ForeignKey, Id, Index,
    IndexElement, IndexKey, Kept, Key, Kind, Object, Ownership, PartitionKey, Parts, Piece, Policy,
    Routine, RoutineKind, Rule, Sequence, Session, Space, Statistics, Table, Trigger, View,
};
use crate::ddl::{ArgumentMode, Enabled, ObjectKind, Persistence, ReplicaIdentity};
use crate::ordered::{SortedMap, SortedSet};

impl Encode for Catalog {
    fn encode(&self, out: &mut Vec<u8>) {
        let Parts { objects, names, dependents, made } = self.parts(Object::encode, decoded);
        encode_slice(&objects.bytes, out);
        objects.ends.encode(out);
        names.encode(out);
        dependents.encode(out);
        made.len().encode(out);
        made.iter().for_each(|name| name.encode(out));
    }
}

impl Decode for Catalog {
    fn decode(input: &mut Input<'_>) -> Catalog {
        let (bytes, ends) = (input.slice().to_vec(), Decode::decode(input));
        let (names, dependents) = (Decode::decode(input), Decode::decode(input));
        let made = Vec::<String>::decode(input).into_iter().collect();
        let objects = Kept { bytes, ends, read: decoded };
        Catalog::restored(Parts { objects, names, dependents, made })
    }
}

impl Encode for Id {
    fn encode(&self, out: &mut Vec<u8>) {
        self.number().encode(out);
    }
}

impl Decode for Id {
    fn decode(input: &mut Input<'_>) -> Id {
        Id::numbered(u32::decode(input))
    }
}

impl Encode for u32 {
    fn encode(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(&self.to_le_bytes());
    }
}

impl Decode for u32 {
    fn decode(input: &mut Input<'_>) -> u32 {
        u32::from_le_bytes(input.array())
    }
}

impl Encode for i32 {
    fn encode(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(&self.to_le_bytes());
    }
}

impl Decode for i32 {
    fn decode(input: &mut Input<'_>) -> i32 {
        i32::from_le_bytes(input.array())
    }
}

impl<T: Encode> Encode for SortedSet<T> {
    fn encode(&self, out: &mut Vec<u8>) {
        self.len().encode(out);
        self.iter().for_each(|item| item.encode(out));
    }
}

impl<T: Decode + Ord> Decode for SortedSet<T> {
    fn decode(input: &mut Input<'_>) -> SortedSet<T> {
        let mut set = SortedSet::new();
        for _ in 0..input.length() {
            set.insert(T::decode(input));
        }
        set
    }
}

impl<K: Encode, V: Encode> Encode for SortedMap<K, V> {
    fn encode(&self, out: &mut Vec<u8>) {
        self.len().encode(out);
        for (key, value) in self {
            key.encode(out);
            value.encode(out);
        }
    }
}

impl<K: Decode + Ord, V: Decode> Decode for SortedMap<K, V> {
    fn decode(input: &mut Input<'_>) -> SortedMap<K, V> {
        let mut map = SortedMap::new();
        for _ in 0..input.length() {
            map.insert(K::decode(input), V::decode(input));
        }
        map
    }
}

/// An enum as one byte, of which one is 0, and what its variant holds.
macro_rules! variants {
    ($type:ident {
        $($byte:literal = $variant:ident $(($($item:ident),+))? $({ $($field:ident),+ })?),+ $(,)?
    }) => {
        impl Encode for $type {
            fn encode(&self, out: &mut Vec<u8>) {
                match self {
                    $($type::$variant $(($($item),+))? $({ $($field),+ })? => {
                        out.push($byte);
                        $($($item.encode(out);)+)?
                        $($($field.encode(out);)+)?
                    })+
                }
            }
        }

        impl Decode for $type {
            fn decode(input: &mut Input<'_>) -> $type {
                match input.byte() {
                    $($byte => {
                        $($(let $item = Decode::decode(input);)+)?
                        $($(let $field = Decode::decode(input);)+)?
                        $type::$variant $(($($item),+))? $({ $($field),+ })?
                    })+
                    _ => input.damaged(),
                }
            }
        }
    };
}

variants!(Kind {
    0 = Session(session),
    1 = Schema,
    2 = Table(table),
    3 = View(view),
    4 = Index(index),
    5 = Sequence(sequence),
    6 = Relation,
    7 = Enum(values),
    8 = Composite(attributes),
    9 = Domain(domain),
    10 = Range { subtype, options },
    11 = Type,
    12 = Routine(routine),
    13 = Extension { version, schema },
    14 = Statistics(statistics),
    15 = Other { kind, definition },
});
variants!(Space {
    0 = Schema,
    1 = Relation,
    2 = Type,
    3 = Routine,
    4 = Extension,
    5 = Statistics,
    6 = Other(kind),
});
variants!(Acl { 0 = Known(grantees), 1 = Unknown });
variants!(Piece {
    0 = Text(text),
    1 = Column(number),
    2 = Routine(id, name),
    3 = Type(column_type),
    4 = Relation(id),
});
variants!(BaseType {
    0 = BuiltIn(name),
    1 = User(id),
    2 = Foreign { schema, name },
    3 = Unknown,
});
variants!(ConstraintKind {
    0 = Check(expression),
    1 = Unique { index },
    2 = PrimaryKey { index },
    3 = Exclude { index },
    4 = ForeignKey(key),
});
variants!(ForeignAction {
    0 = NoAction,
    1 = Restrict,
    2 = Cascade,
    3 = SetNull(columns),
    4 = SetDefault(columns),
});
variants!(IndexKey { 0 = Column(number), 1 = Expression(expression) });
variants!(Body {
    0 = Text(text),
    1 = Sql(text),
    2 = Library(text),
    3 = Options(options),
    4 = Unknown,
});
variants!(ReplicaIdentity { 0 = Default, 1 = Full, 2 = Nothing, 3 = Index(name) });
choice!(Persistence { Permanent = 0, Unlogged = 1, Temporary = 2 });
choice!(Enabled { Origin = 0, Disabled = 1, Replica = 2, Always = 3 });
choice!(ArgumentMode { In = 0, Out = 1, InOut = 2, Variadic = 3 });
choice!(RoutineKind { Function = 0, Procedure = 1, Aggregate = 2 });
choice!(ObjectKind {
    Schema = 0,
    Table = 1,
    ForeignTable = 2,
    View = 3,
    MaterializedView = 4,
    Index = 5,
    Sequence = 6,
    Type = 7,
    Domain = 8,
    Function = 9,
    Procedure = 10,
    Routine = 11,
    Aggregate = 12,
    Extension = 13,
    Statistics = 14,
    Collation = 15,
    Conversion = 16,
    TextSearchConfiguration = 17,
    TextSearchDictionary = 18,
    TextSearchParser = 19,
    TextSearchTemplate = 20,
    ForeignDataWrapper = 21,
    Server = 22,
    UserMapping = 23,
    Language = 24,
    Operator = 25,
    OperatorClass = 26,
    OperatorFamily = 27,
    Cast = 28,
    Transform = 29,
    AccessMethod = 30,
    EventTrigger = 31,
    Publication = 32,
    Subscription = 33,
    Role = 34,
    Database = 35,
    Tablespace = 36,
    LargeObject = 37,
    DefaultPrivileges = 38,
    Trigger = 39,
    Rule = 40,
    Policy = 41,
    Column = 42,
    Constraint = 43,
    DomainConstraint = 44,
});
record!(Key { space, schema, name, signature });
record!(Object { schema, name, owner, acl, comment, partial, extension, kind });
record!(Session { search_path, role, fog });
record!(Fog { everywhere, storms, storm, names, doubted });
record!(Attribute { name, column_type, collation, comment });
record!(Domain { base, collation, not_null, default, checks });
record!(DomainCheck { name, expression, validated, comment });
record!(Statistics { table, kinds, columns });
record!(Expr { pieces });
record!(ColumnType { base, modifiers, array });
record!(Table {
    persistence,
    server,
    of_type,
    columns,
    last_number,
    constraints,
    triggers,
    policies,
    rules,
    partition_by,
    parents,
    bound,
    options,
    access_method,
    tablespace,
    row_security,
    force_row_security,
    replica_identity,
    clustered_on,
    foreign_options,
});
record!(Column {
    number,
    name,
    column_type,
    not_null,
    not_null_name,
    default,
    generated,
    identity,
    collation,
    storage,
    compression,
    statistics,
    options,
    comment,
    acl,
    local,
    inherited,
    partial,
});
record!(Constraint {
    name,
    kind,
    validated,
    deferrable,
    initially_deferred,
    not_enforced,
    no_inherit,
    comment,
    local,
    inherited,
});
record!(ForeignKey { columns, table, referenced, index, full_match, on_delete, on_update });
record!(Trigger {
    name,
    constraint,
    timing,
    events,
    from,
    deferrable,
    initially_deferred,
    referencing,
    for_each_row,
    when,
    function,
    arguments,
    enabled,
    comment,
    inherited,
});
record!(Policy { name, permissive, command, roles, using, check, comment });
record!(Rule { name, definition, enabled, comment });
record!(PartitionKey { strategy, keys });
record!(Index {
    table,
    unique,
    primary,
    constraint,
    method,
    elements,
    include,
    predicate,
    nulls_not_distinct,
    options,
    tablespace,
    valid,
    parent,
    column_names,
});
record!(IndexElement { key, collation, operator_class, operator, descending, nulls_first });
record!(Sequence { persistence, data_type, start, increment, min, max, cache, cycle, owned_by });
record!(Ownership { table, column, identity });
record!(View {
    materialized,
    persistence,
    columns,
    query,
    reads,
    uses,
    followed,
    outdated,
    options,
    check_option,
    populated,
    triggers,
    rules,
    listed,
});
record!(Routine {
    kind,
    arguments,
    returns,
    returns_set,
    returns_table,
    language,
    volatility,
    strict,
    security_definer,
    leakproof,
    parallel,
    cost,
    rows,
    support,
    window,
    settings,
    body,
    uses,
});
record!(Argument { mode, table, name, column_type, default });
