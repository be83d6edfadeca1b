//! Which relations and types a statement names.

use crate::catalog::{Catalog, Id, Space};
use crate::ddl::{
    AlterActionKind, Block, ColumnConstraintKind, Command, CreateTable, Expression, GrantTarget,
    Maintenance, Name, ObjectKind, ObjectName, OwnedBy, Query, Reindexed, Select, SequenceOptions,
    SourceKind, Step, TableConstraint, TableConstraintKind, TableElement, Word,
};
use crate::list::CollectVec;
use crate::simulate::{self, External};

/// What a statement names, looked up before it runs. (Afterwards it may be gone, or another one may have its name.)
#[derive(Default)]
pub(crate) struct Names(Vec<(Space, Name, Id)>);

impl Names {
    pub(crate) fn before(catalog: &mut Catalog, external: &External, command: &Command) -> Names {
        let hidden = hidden(command);
        let mut written = Vec::new();
        collect(command, &mut written);
        written.extend(hidden.iter().map(|name| (Space::Relation, name)));
        let known = written.into_iter().filter_map(|(space, name)| {
            let id = simulate::lookup(catalog, external, space, name)?;
            Some((space, name.clone(), id))
        });
        Names(known.collect_vec())
    }

    /// A table, view, index, sequence.
    pub(crate) fn relation(&self, name: &Name) -> Option<Id> {
        self.find(Space::Relation, name)
    }

    /// A type or domain.
    pub(crate) fn data_type(&self, name: &Name) -> Option<Id> {
        self.find(Space::Type, name)
    }

    fn find(&self, space: Space, name: &Name) -> Option<Id> {
        let is_it = |(own, other, _): &&(Space, Name, Id)| {
            *own == space && other.schema == name.schema && other.name == name.name
        };
        self.0.iter().find(is_it).map(|(_, _, id)| *id)
    }
}

/// What stands in expressions: the tables of subqueries, and the sequences of `nextval('…')`.
pub(super) fn hidden(command: &Command) -> Vec<Name> {
    match command {
        Command::CreatePolicy(it) => subqueries(it.using.iter().chain(&it.check)),
        Command::AlterPolicy(it) => subqueries(it.using.iter().chain(&it.check)),
        Command::Select(it) => sequences(it),
        Command::Insert(it) | Command::Update(it) => sequences(&it.query),
        _ => Vec::new(),
    }
}

fn subqueries<'a>(expressions: impl Iterator<Item = &'a Expression>) -> Vec<Name> {
    let mut names = Vec::new();
    for expression in expressions {
        let is_from = |word: &Word| matches!(word, Word::Text(it) if it == "FROM" || it == "JOIN");
        for pair in expression.words.windows(2) {
            let at = expression.at.clone();
            match pair {
                [first, Word::Name(name)] if is_from(first) => {
                    names.push(Name { schema: None, name: name.clone(), at });
                }
                [first, Word::Path(path)] if is_from(first) => {
                    if let [schema, name] = path.as_slice() {
                        names.push(Name { schema: Some(schema.clone()), name: name.clone(), at });
                    }
                }
                _ => {}
            }
        }
    }
    names
}

fn sequences(query: &Query) -> Vec<Name> {
    let advances = |name: &&Name| matches!(name.name.as_str(), "nextval" | "setval");
    let mut names = Vec::new();
    for function in query.functions.iter().filter(advances) {
        for (at, _) in query.sql.match_indices(&function.name) {
            let behind = query.sql.get(at + function.name.len()..).unwrap_or_default();
            let literal = behind.trim_start().strip_prefix('(').map(str::trim_start);
            let written = literal.and_then(|it| it.strip_prefix('\'')?.split_once('\''));
            let Some((written, _)) = written else { continue };
            let mut parts = written.split('.').map(folded);
            let (first, second) = (parts.next(), parts.next());
            let (schema, name) = match (first, second) {
                (Some(schema), Some(name)) => (Some(schema), name),
                (Some(name), None) => (None, name),
                _ => continue,
            };
            names.push(Name { schema, name, at: function.at.clone() });
        }
    }
    names
}

/// A name in a literal.
fn folded(written: &str) -> String {
    match written.strip_prefix('"').and_then(|it| it.strip_suffix('"')) {
        Some(quoted) => quoted.to_owned(),
        None => written.to_ascii_lowercase(),
    }
}

type Written<'a> = Vec<(Space, &'a Name)>;

fn collect<'a>(command: &'a Command, out: &mut Written<'a>) {
    let mut relation = |name: &'a Name| out.push((Space::Relation, name));
    match command {
        Command::CreateTable(it) => create_table(it, out),
        Command::CreateTableAs(it) => {
            relation(&it.name);
            query(&it.query, out);
        }
        Command::AlterTable(it) => {
            relation(&it.table);
            it.actions.iter().for_each(|action| alter_action(&action.kind, out));
        }
        Command::CreateIndex(it) => relation(&it.table),
        Command::AttachIndex { index, partition } => {
            [index, partition].into_iter().for_each(relation)
        }
        Command::CreateView(it) => {
            relation(&it.name);
            query(&it.query, out);
        }
        Command::CreateSequence(it) => {
            relation(&it.name);
            owner(&it.options, out);
        }
        Command::AlterSequence(it) => {
            relation(&it.name);
            owner(&it.options, out);
        }
        Command::AlterType(it) => out.push((Space::Type, &it.name)),
        Command::AlterDomain(it) => out.push((Space::Type, &it.name)),
        Command::CreateTrigger(it) => std::iter::once(&it.table).chain(&it.from).for_each(relation),
        Command::CreatePolicy(it) => relation(&it.table),
        Command::AlterPolicy(it) => relation(&it.table),
        Command::CreateRule(it) => {
            relation(&it.table);
            it.action.iter().for_each(|action| collect(action, out));
        }
        Command::CreateStatistics(it) => relation(&it.table),
        Command::CreateOther(it) => it.tables.iter().for_each(relation),
        Command::AlterOther { object: it, tables } => {
            tables.iter().for_each(relation);
            object(it, out);
        }
        Command::SetSchema { object: it, .. } | Command::SetOwner { object: it, .. } => {
            object(it, out)
        }
        Command::Rename(it) => object(&it.object, out),
        Command::Comment(it) => object(&it.object, out),
        Command::Drop(it) => it.objects.iter().for_each(|it| object(it, out)),
        Command::Grant(it) => {
            if let GrantTarget::Objects(objects) = &it.on {
                objects.iter().for_each(|it| object(it, out));
            }
        }
        Command::Insert(it) | Command::Update(it) | Command::Delete(it) | Command::Merge(it) => {
            relation(&it.table);
            query(&it.query, out);
        }
        Command::Truncate { tables, .. } => tables.iter().for_each(relation),
        Command::Select(it) => query(it, out),
        Command::Refresh { view, .. } => relation(view),
        Command::CreateSchema(it) => it.elements.iter().for_each(|it| collect(it, out)),
        Command::Do { block: Some(it), .. } => block(it, out),
        Command::Maintenance(it) => maintenance(it, out),
        _ => {}
    }
}

/// The table of the column that a sequence goes with.
fn owner<'a>(options: &'a SequenceOptions, out: &mut Written<'a>) {
    if let Some(OwnedBy::Column { table, .. }) = &options.owned_by {
        out.push((Space::Relation, table));
    }
}

fn create_table<'a>(create: &'a CreateTable, out: &mut Written<'a>) {
    let parent = create.partition_of.iter().map(|(parent, _)| parent);
    let others = create.inherits.iter().chain(parent);
    out.extend(std::iter::once(&create.name).chain(others).map(|it| (Space::Relation, it)));
    for element in &create.elements {
        match element {
            TableElement::Column(column) => {
                column.constraints.iter().for_each(|it| column_constraint(&it.kind, out));
            }
            TableElement::Constraint(it) => constraint(it, out),
            TableElement::Like(like) => out.push((Space::Relation, &like.table)),
        }
    }
}

fn column_constraint<'a>(kind: &'a ColumnConstraintKind, out: &mut Written<'a>) {
    if let ColumnConstraintKind::References(references) = kind {
        out.push((Space::Relation, &references.table));
    }
}

fn constraint<'a>(constraint: &'a TableConstraint, out: &mut Written<'a>) {
    if let TableConstraintKind::ForeignKey { references, .. } = &constraint.kind {
        out.push((Space::Relation, &references.table));
    }
}

fn alter_action<'a>(action: &'a AlterActionKind, out: &mut Written<'a>) {
    match action {
        AlterActionKind::AddColumn { column, .. } => {
            column.constraints.iter().for_each(|it| column_constraint(&it.kind, out));
        }
        AlterActionKind::AddConstraint(it) => constraint(it, out),
        AlterActionKind::AttachPartition { partition: it, .. }
        | AlterActionKind::DetachPartition { partition: it, .. }
        | AlterActionKind::Inherit(it)
        | AlterActionKind::NoInherit(it) => out.push((Space::Relation, it)),
        _ => {}
    }
}

fn object<'a>(object: &'a ObjectName, out: &mut Written<'a>) {
    let space = match object.kind {
        ObjectKind::Type | ObjectKind::Domain | ObjectKind::DomainConstraint => Space::Type,
        ObjectKind::Statistics => Space::Statistics,
        _ => Space::Relation,
    };
    out.push((space, &object.name));
}

fn query<'a>(query: &'a Query, out: &mut Written<'a>) {
    query.tree.iter().for_each(|tree| select(tree, out));
}

fn select<'a>(tree: &'a Select, out: &mut Written<'a>) {
    tree.with.iter().for_each(|it| select(&it.query, out));
    tree.subqueries.iter().for_each(|it| select(it, out));
    for arm in &tree.arms {
        arm.from.iter().for_each(|it| source(&it.kind, out));
        arm.subqueries.iter().for_each(|it| select(it, out));
    }
}

fn source<'a>(kind: &'a SourceKind, out: &mut Written<'a>) {
    match kind {
        SourceKind::Relation(name) => out.push((Space::Relation, name)),
        SourceKind::Query(query) => select(query, out),
        SourceKind::Join(sources) => sources.iter().for_each(|it| source(&it.kind, out)),
        SourceKind::Function { .. } | SourceKind::Other => {}
    }
}

fn block<'a>(block: &'a Block, out: &mut Written<'a>) {
    steps(&block.steps, out);
}

fn steps<'a>(all: &'a [Step], out: &mut Written<'a>) {
    for step in all {
        match step {
            Step::Run(command) | Step::Rows(command) => collect(command, out),
            Step::Raise { .. } => {}
            Step::Try { steps: inner, .. } => steps(inner, out),
            Step::If { then, otherwise, .. } => {
                steps(then, out);
                steps(otherwise, out);
            }
        }
    }
}

fn maintenance<'a>(maintenance: &'a Maintenance, out: &mut Written<'a>) {
    let tables: &[Name] = match maintenance {
        Maintenance::Lock { tables, .. }
        | Maintenance::Vacuum { tables, .. }
        | Maintenance::Analyze(tables) => tables,
        Maintenance::Cluster(table) => table.as_slice(),
        Maintenance::Reindex {
            target: Reindexed::Index(name) | Reindexed::Table(name), ..
        }
        | Maintenance::CopyFrom(name)
        | Maintenance::CopyTo(name) => std::slice::from_ref(name),
        Maintenance::Reindex { .. } | Maintenance::Set { .. } | Maintenance::DropDatabase(_) => &[],
    };
    out.extend(tables.iter().map(|it| (Space::Relation, it)));
}
