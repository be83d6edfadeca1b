//! Objects of every kind: what they have in common, and the small ones.

use super::{Column, ColumnType, Expr, Id, Index, Routine, Rule, Sequence, Table, Trigger, View};
use crate::ddl::ObjectKind;
use crate::list::CollectVec;
use crate::ordered::{SortedMap, SortedSet};

/// An object of the schema.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct Object {
    /// None for what belongs to the database: schemas, extensions, publications.
    pub(crate) schema: Option<Id>,
    pub(crate) name: String,
    /// None: the role that the migrations connect as.
    pub(crate) owner: Option<String>,
    /// None: what the owner has by itself.
    pub(crate) acl: Option<Acl>,
    pub(crate) comment: Option<String>,
    /// Nothing in the set made it: it is known to exist, and some of what it holds is known.
    pub(crate) partial: bool,
    /// It belongs to an extension.
    pub(crate) extension: Option<Id>,
    pub(crate) kind: Kind,
}

#[derive(Clone, PartialEq, Eq)]
pub(crate) enum Kind {
    Session(Session),
    Schema,
    Table(Table),
    View(View),
    Index(Index),
    Sequence(Sequence),
    /// A relation of which not even that is known.
    Relation,
    Enum(Vec<String>),
    Composite(Vec<Attribute>),
    Domain(Domain),
    Range {
        subtype: ColumnType,
        options: Vec<(String, String)>,
    },
    /// A base type, a shell, or one that nothing is known of.
    Type,
    Routine(Routine),
    Extension {
        version: Option<String>,
        schema: Option<Id>,
    },
    Statistics(Statistics),
    /// By what it was made with; none where that is not known.
    Other {
        kind: ObjectKind,
        definition: Option<String>,
    },
}

/// Among the options of a range: the name of the type of its multiranges.
pub(crate) const MULTIRANGE: &str = "multirange_type_name";

/// An attribute of a composite type.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct Attribute {
    pub(crate) name: String,
    pub(crate) column_type: ColumnType,
    pub(crate) collation: Option<String>,
    pub(crate) comment: Option<String>,
}

#[derive(Clone, PartialEq, Eq)]
pub(crate) struct Domain {
    pub(crate) base: ColumnType,
    pub(crate) collation: Option<String>,
    pub(crate) not_null: bool,
    pub(crate) default: Option<Expr>,
    pub(crate) checks: Vec<DomainCheck>,
}

#[derive(Clone, PartialEq, Eq)]
pub(crate) struct DomainCheck {
    pub(crate) name: String,
    pub(crate) expression: Expr,
    pub(crate) validated: bool,
    pub(crate) comment: Option<String>,
}

/// Extended statistics.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct Statistics {
    pub(crate) table: Id,
    pub(crate) kinds: Vec<String>,
    pub(crate) columns: Vec<super::IndexKey>,
}

/// Privileges by grantee (`public` for everyone, the empty name for the owner `None`), each privilege in upper case with whether it may be
/// passed on. The owner's own are in it once anything was granted or revoked.
#[derive(Clone, PartialEq, Eq)]
pub(crate) enum Acl {
    Known(SortedMap<String, SortedMap<String, bool>>),
    /// Default privileges, or a statement that could not be followed, had a part in it.
    Unknown,
}

/// What belongs to the connection, and to the analysis.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct Session {
    /// Names of schemas. None: the default, the role's own schema and `public`.
    pub(crate) search_path: Option<Vec<String>>,
    pub(crate) role: Option<String>,
    pub(crate) fog: Fog,
}

/// What statements that could not be followed may have made, changed or dropped.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Fog {
    /// Anything at all, as long as the script runs.
    pub(crate) everywhere: bool,
    /// How many scripts were like that. After the first, whatever the set itself never made may exist.
    pub(crate) storms: u32,
    /// The words of what those of this migration put together as they ran; none where they are not known.
    pub(crate) storm: Option<SortedSet<String>>,
    /// Whatever has one of these names, in any schema.
    pub(crate) names: SortedSet<String>,
    /// Names of what statements of this migration took for gone, or for changed, since it may be.
    pub(crate) doubted: SortedSet<String>,
}

impl Fog {
    /// Whether what the set never made may exist.
    pub(crate) fn hides_others(&self) -> bool {
        self.everywhere || self.storms > 0
    }
}

impl Session {
    pub(crate) const NONE: Session = Session {
        search_path: None,
        role: None,
        fog: Fog {
            everywhere: false,
            storms: 0,
            storm: None,
            names: SortedSet::new(),
            doubted: SortedSet::new(),
        },
    };
}

impl Default for Session {
    fn default() -> Session {
        Session::NONE
    }
}

/// In which two objects cannot have the same name.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum Space {
    Schema,
    /// Tables, views, indexes, sequences, composite types.
    Relation,
    /// Types, and the row types of tables and views.
    Type,
    Routine,
    Extension,
    Statistics,
    Other(ObjectKind),
}

/// A name in its space.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct Key {
    pub(crate) space: Space,
    pub(crate) schema: Option<Id>,
    pub(crate) name: String,
    /// The input types of a routine.
    pub(crate) signature: String,
}

impl Key {
    pub(crate) fn new(space: Space, schema: Option<Id>, name: &str) -> Key {
        Key { space, schema, name: name.to_owned(), signature: String::new() }
    }
}

impl Object {
    pub(crate) fn new(schema: Option<Id>, name: &str, kind: Kind) -> Object {
        Object {
            schema,
            name: name.to_owned(),
            owner: None,
            acl: None,
            comment: None,
            partial: false,
            extension: None,
            kind,
        }
    }

    /// What `ALL` is for the object, and what its owner has by itself. For a table that is what it was
    /// before PostgreSQL 17, which adds `MAINTAIN`.
    pub(crate) fn all_privileges(&self) -> &'static [&'static str] {
        match &self.kind {
            Kind::Table(_) | Kind::View(_) | Kind::Relation => {
                &["SELECT", "INSERT", "UPDATE", "DELETE", "TRUNCATE", "REFERENCES", "TRIGGER"]
            }
            Kind::Sequence(_) => &["SELECT", "UPDATE", "USAGE"],
            Kind::Schema => &["CREATE", "USAGE"],
            Kind::Routine(_) => &["EXECUTE"],
            Kind::Enum(_)
            | Kind::Composite(_)
            | Kind::Domain(_)
            | Kind::Range { .. }
            | Kind::Type => &["USAGE"],
            Kind::Other {
                kind: ObjectKind::Server | ObjectKind::ForeignDataWrapper | ObjectKind::Language,
                ..
            } => &["USAGE"],
            Kind::Session(_)
            | Kind::Index(_)
            | Kind::Extension { .. }
            | Kind::Statistics(_)
            | Kind::Other { .. } => &[],
        }
    }

    /// The names it takes.
    pub(crate) fn keys(&self) -> Vec<Key> {
        let key = |space| Key::new(space, self.schema, &self.name);
        match &self.kind {
            Kind::Session(_) => Vec::new(),
            Kind::Schema => vec![key(Space::Schema)],
            Kind::Table(_) | Kind::View(_) | Kind::Composite(_) | Kind::Relation => {
                vec![key(Space::Relation), key(Space::Type)]
            }
            Kind::Index(_) | Kind::Sequence(_) => vec![key(Space::Relation)],
            Kind::Enum(_) | Kind::Domain(_) | Kind::Type => vec![key(Space::Type)],
            Kind::Range { options, .. } => {
                // With the type of its multiranges, which comes and goes with it.
                let multirange = options.iter().find(|(name, _)| name == MULTIRANGE);
                let name = multirange.map(|(_, name)| Key::new(Space::Type, self.schema, name));
                std::iter::once(key(Space::Type)).chain(name).collect_vec()
            }
            Kind::Routine(routine) => {
                vec![Key { signature: routine.signature(), ..key(Space::Routine) }]
            }
            Kind::Extension { .. } => vec![key(Space::Extension)],
            Kind::Statistics(_) => vec![key(Space::Statistics)],
            Kind::Other { kind, .. } => vec![key(Space::Other(*kind))],
        }
    }

    /// The objects it refers to, without itself.
    pub(crate) fn references(&self) -> SortedSet<Id> {
        let mut ids: SortedSet<Id> = self.schema.into_iter().chain(self.extension).collect();
        match &self.kind {
            Kind::Table(table) => table.references(&mut ids),
            Kind::View(view) => view.references(&mut ids),
            Kind::Index(index) => index.references(&mut ids),
            Kind::Sequence(sequence) => sequence.references(&mut ids),
            Kind::Composite(attributes) => {
                ids.extend(attributes.iter().filter_map(|it| it.column_type.user_type()));
            }
            Kind::Domain(domain) => domain.references(&mut ids),
            Kind::Range { subtype, .. } => ids.extend(subtype.user_type()),
            Kind::Routine(routine) => routine.references(&mut ids),
            Kind::Extension { schema, .. } => ids.extend(*schema),
            Kind::Statistics(statistics) => {
                ids.insert(statistics.table);
                for key in &statistics.columns {
                    key.references(&mut ids);
                }
            }
            Kind::Session(_)
            | Kind::Schema
            | Kind::Relation
            | Kind::Enum(_)
            | Kind::Type
            | Kind::Other { .. } => {}
        }
        ids
    }

    pub(crate) fn table(&self) -> Option<&Table> {
        match &self.kind {
            Kind::Table(table) => Some(table),
            _ => None,
        }
    }

    pub(crate) fn table_mut(&mut self) -> Option<&mut Table> {
        match &mut self.kind {
            Kind::Table(table) => Some(table),
            _ => None,
        }
    }

    pub(crate) fn index(&self) -> Option<&Index> {
        match &self.kind {
            Kind::Index(index) => Some(index),
            _ => None,
        }
    }

    pub(crate) fn view(&self) -> Option<&View> {
        match &self.kind {
            Kind::View(view) => Some(view),
            _ => None,
        }
    }

    /// The triggers of a table or view.
    pub(crate) fn triggers(&self) -> &[Trigger] {
        match &self.kind {
            Kind::Table(table) => &table.triggers,
            Kind::View(view) => &view.triggers,
            _ => &[],
        }
    }

    pub(crate) fn triggers_mut(&mut self) -> Option<&mut Vec<Trigger>> {
        match &mut self.kind {
            Kind::Table(table) => Some(&mut table.triggers),
            Kind::View(view) => Some(&mut view.triggers),
            _ => None,
        }
    }

    /// The rules of a table or view.
    pub(crate) fn rules(&self) -> &[Rule] {
        match &self.kind {
            Kind::Table(table) => &table.rules,
            Kind::View(view) => &view.rules,
            _ => &[],
        }
    }

    pub(crate) fn rules_mut(&mut self) -> Option<&mut Vec<Rule>> {
        match &mut self.kind {
            Kind::Table(table) => Some(&mut table.rules),
            Kind::View(view) => Some(&mut view.rules),
            _ => None,
        }
    }

    /// The columns of a table or view.
    pub(crate) fn columns(&self) -> &[Column] {
        match &self.kind {
            Kind::Table(table) => &table.columns,
            Kind::View(view) => &view.columns,
            _ => &[],
        }
    }

    pub(crate) fn columns_mut(&mut self) -> Option<&mut Vec<Column>> {
        match &mut self.kind {
            Kind::Table(table) => Some(&mut table.columns),
            Kind::View(view) => Some(&mut view.columns),
            _ => None,
        }
    }

    /// The defaults of its columns, or of a domain.
    pub(crate) fn defaults(&self) -> impl Iterator<Item = &Expr> {
        let own = match &self.kind {
            Kind::Domain(domain) => domain.default.as_ref(),
            _ => None,
        };
        self.columns().iter().filter_map(|column| column.default.as_ref()).chain(own)
    }

    pub(crate) fn defaults_mut(&mut self) -> impl Iterator<Item = &mut Expr> {
        let (columns, own) = match &mut self.kind {
            Kind::Table(table) => (table.columns.as_mut_slice(), None),
            Kind::View(view) => (view.columns.as_mut_slice(), None),
            Kind::Domain(domain) => (&mut [][..], domain.default.as_mut()),
            _ => (&mut [][..], None),
        };
        columns.iter_mut().filter_map(|column| column.default.as_mut()).chain(own)
    }

    pub(crate) fn sequence(&self) -> Option<&Sequence> {
        match &self.kind {
            Kind::Sequence(sequence) => Some(sequence),
            _ => None,
        }
    }
}

impl Domain {
    fn references(&self, ids: &mut SortedSet<Id>) {
        ids.extend(self.base.user_type());
        let checks = self.checks.iter().map(|check| &check.expression);
        for expression in self.default.iter().chain(checks) {
            expression.references(ids);
        }
    }
}
