//! What one state of the catalog has that another has not, in words, with the SQL that would mend it.
//!
//! [`restore`](crate::restore) compares the state before an up with the one after its down;
//! [`inverse`](crate::inverse) the state before an up with the one after it. Things are compared by what
//! they are called and how they are written in their own state, as PostgreSQL's own tools would see them;
//! by identity only to tell a rename from a drop and a create.

mod column;
mod constraint;
mod described;
mod objects;
mod parts;
mod reach;
mod routine;
mod table;
mod trigger;
mod view;

use crate::catalog::{Column, Expr, Id, Kind, Object, Sequence, State};
use crate::deparse;
use crate::list::CollectVec;
use crate::ordered::{SortedMap, SortedSet, sort_by_key};
use crate::sql::compare::{self, Sameness};

/// Something that is not as it was.
#[derive(Clone)]
pub(crate) struct Difference {
    /// `` `users.email` loses NOT NULL ``.
    pub(crate) words: String,
    pub(crate) weight: Weight,
    /// What would mend it; empty where nothing can.
    pub(crate) fixes: Vec<Fix>,
    /// What no statement can bring back, or why none can mend it.
    pub(crate) caveat: Option<String>,
}

impl Difference {
    /// The names in its words, without quotes.
    pub(crate) fn names(&self) -> Vec<String> {
        let ticked = self.words.split('`').skip(1).step_by(2).take(1);
        let without_arguments = ticked.map(|it| it.split('(').next().unwrap_or(it));
        let parts = without_arguments
            .flat_map(|it| it.split('.'))
            .map(|it| it.trim_matches('"').to_owned());
        parts.collect_vec()
    }
}

/// How much a difference counts.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Weight {
    /// The columns have another order, which PostgreSQL cannot change.
    Order,
    /// Perhaps there is none: one side is not known well enough.
    Doubtful,
    Certain,
}

/// A statement, without its semicolon, and when its turn is.
#[derive(Clone)]
pub(crate) struct Fix {
    pub(crate) phase: Phase,
    /// Inside a phase: creation in order of age, dropping the other way round.
    pub(crate) order: i64,
    pub(crate) sql: String,
    /// What it drops, or changes in a way that views which read it do not survive.
    pub(crate) stirs: Option<(Id, Option<u32>)>,
    /// The names that an object gives up and takes, of those that exclude each other.
    renames: Option<(String, String)>,
}

impl Fix {
    /// `column`: none where it is the whole relation.
    fn stirring(self, id: Id, column: Option<u32>) -> Fix {
        Fix { stirs: Some((id, column)), ..self }
    }
}

/// The order in which differences are mended: down to what both states share, under the names of the
/// later one, then renaming, then up again under the names of the earlier one.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Phase {
    DropTrigger,
    DropView,
    DropForeignKey,
    DropConstraint,
    DropIndex,
    DropColumn,
    DropTable,
    Rename,
    CreateObject,
    CreateTable,
    AddColumn,
    AlterColumn,
    AddConstraint,
    AddForeignKey,
    CreateView,
    CreateTrigger,
    DropObject,
    Describe,
}

/// Which objects of two states belong together.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Matching {
    /// What is called the same, as everyone but the catalog itself would see it.
    Names,
    /// What is the same, whatever it is called: to lead back from a rename.
    Identity,
}

/// Compares what was touched.
pub(crate) fn compare(
    before: &State<'_>,
    after: &State<'_>,
    touched: impl Iterator<Item = Id>,
    matching: Matching,
) -> Vec<Difference> {
    let mut differ = Differ {
        before,
        after,
        missing: SortedSet::new(),
        left: SortedSet::new(),
        both: SortedMap::new(),
        matching,
        found: Vec::new(),
    };
    differ.run(&touched.collect_vec());
    differ.found
}

/// The statements that mend all of it, in order, each without its semicolon.
pub(crate) fn statements(differences: &[Difference]) -> Vec<String> {
    let mut fixes: Vec<&Fix> = differences.iter().flat_map(|it| &it.fixes).collect_vec();
    sort_by_key(&mut fixes, |fix| (fix.phase, fix.order));
    let mut statements: Vec<String> = fixes.into_iter().map(|fix| fix.sql.clone()).collect_vec();
    statements.dedup();
    statements
}

struct Differ<'a> {
    before: &'a State<'a>,
    after: &'a State<'a>,
    /// Objects that only one state has.
    missing: SortedSet<Id>,
    left: SortedSet<Id>,
    /// What of the earlier state is what of the later one.
    both: SortedMap<Id, Id>,
    matching: Matching,
    found: Vec<Difference>,
}

/// One object in both states.
#[derive(Clone, Copy)]
struct Pair<'a> {
    before: (Id, &'a Object),
    after: (Id, &'a Object),
}

impl<'a> Differ<'a> {
    fn run(&mut self, touched: &[Id]) {
        let (before, after) = (self.before, self.after);
        let mut then: Vec<(Id, &Object)> =
            touched.iter().filter_map(|id| Some((*id, before.get(*id)?))).collect_vec();
        let mut now: Vec<(Id, &Object)> =
            touched.iter().filter_map(|id| Some((*id, after.get(*id)?))).collect_vec();
        let mut pairs = Vec::new();
        let same_name = |a: &(Id, &Object), b: &(Id, &Object)| self.same_name(a.1, b.1);
        let same_object = |a: &(Id, &Object), b: &(Id, &Object)| a.0 == b.0 && same_kind(a.1, b.1);
        let both = |a: &(Id, &Object), b: &(Id, &Object)| same_name(a, b) && same_object(a, b);
        type Test<'t> = &'t dyn Fn(&(Id, &Object), &(Id, &Object)) -> bool;
        let tests: [Test<'_>; 3] = match self.matching {
            Matching::Names => [&both, &same_name, &same_object],
            Matching::Identity => [&both, &same_object, &same_name],
        };
        for test in tests {
            then.retain(|one| match now.iter().position(|other| test(one, other)) {
                Some(at) => {
                    pairs.push(Pair { before: *one, after: now.swap_remove(at) });
                    false
                }
                None => true,
            });
        }
        // What is known in part has nothing to be missing or left: only its parts.
        let whole = |it: &&(Id, &Object)| !it.1.partial;
        self.missing = then.iter().filter(whole).map(|it| it.0).collect();
        self.left = now.iter().filter(whole).map(|it| it.0).collect();
        sort_by_key(&mut pairs, |pair| pair.before.0);
        self.both = pairs.iter().map(|pair| (pair.before.0, pair.after.0)).collect();
        for pair in pairs {
            self.pair(pair);
        }
        sort_by_key(&mut now, |it| it.0);
        for (id, object) in then {
            self.missing_object(id, object);
        }
        for (id, object) in now {
            self.left_object(id, object);
        }
        self.views_in_the_way();
        self.order_renames();
    }

    /// What takes a name comes after what gives it up.
    fn order_renames(&mut self) {
        let fixes = || self.found.iter().flat_map(|it| &it.fixes);
        let taken: SortedMap<String, String> =
            fixes().filter_map(|it| it.renames.clone()).collect();
        let depth = |(_, to): &(String, String)| {
            let mut behind = std::iter::successors(Some(to), |name| taken.get(*name));
            // In a circle there is no order.
            i64::try_from(behind.by_ref().take(taken.len() + 2).count()).unwrap_or(0)
        };
        let depths: Vec<i64> =
            fixes().map(|it| it.renames.as_ref().map_or(0, &depth)).collect_vec();
        for (fix, depth) in self.found.iter_mut().flat_map(|it| &mut it.fixes).zip(depths) {
            fix.order += depth << 40;
        }
    }

    /// Of the same kind and, by what their own states call them, at the same place.
    fn same_name(&self, before: &Object, after: &Object) -> bool {
        before.name == after.name
            && same_kind(before, after)
            && self.schema(self.before, before) == self.schema(self.after, after)
            && self.place(self.before, before) == self.place(self.after, after)
    }

    fn schema<'s>(&self, state: &'s State<'_>, object: &Object) -> Option<&'s str> {
        state.get(object.schema?).map(|schema| schema.name.as_str())
    }

    /// What beside the name tells two routines apart.
    fn place(&self, state: &State<'_>, object: &Object) -> Option<String> {
        match &object.kind {
            Kind::Routine(_) => Some(deparse::routine_name(state, object)),
            _ => None,
        }
    }

    fn note(&mut self, weight: Weight, words: String, fixes: Vec<Fix>) {
        self.found.push(Difference { words, weight, fixes, caveat: None });
    }

    fn certain(&mut self, words: String, fixes: Vec<Fix>) {
        self.note(Weight::Certain, words, fixes);
    }

    /// The last difference cannot be mended whole.
    fn caveat(&mut self, caveat: String) {
        if let Some(last) = self.found.last_mut() {
            last.caveat = Some(caveat);
        }
    }

    /// Whether two expressions are the same, each over the columns of its own state.
    fn sameness(&self, before: (&Expr, &[Column]), after: (&Expr, &[Column])) -> Sameness {
        let one = deparse::expression(self.before, before.0, before.1);
        let other = deparse::expression(self.after, after.0, after.1);
        if one == other { Sameness::Same } else { compare::expressions(&one, &other) }
    }

    /// The weight of a difference between expressions that may be absent; none where there is none.
    fn expressions(
        &self,
        before: Option<(&Expr, &[Column])>,
        after: Option<(&Expr, &[Column])>,
    ) -> Option<Weight> {
        match (before, after) {
            (None, None) => None,
            (Some(before), Some(after)) => weight(self.sameness(before, after)),
            _ => Some(Weight::Certain),
        }
    }
}

fn weight(sameness: Sameness) -> Option<Weight> {
    match sameness {
        Sameness::Same => None,
        Sameness::Perhaps => Some(Weight::Doubtful),
        Sameness::Different => Some(Weight::Certain),
    }
}

/// Two tables, two enums, …. What is known in part may be of any kind.
fn same_kind(one: &Object, other: &Object) -> bool {
    let is_relation = |kind: &Kind| {
        matches!(kind, Kind::Table(_) | Kind::View(_) | Kind::Index(_) | Kind::Sequence(_))
    };
    let is_type = |kind: &Kind| {
        matches!(kind, Kind::Enum(_) | Kind::Composite(_) | Kind::Domain(_) | Kind::Range { .. })
    };
    match (&one.kind, &other.kind) {
        (Kind::Type, kind) | (kind, Kind::Type) if is_type(kind) => true,
        (Kind::Relation, kind) | (kind, Kind::Relation) if is_relation(kind) => true,
        (Kind::View(one), Kind::View(other)) => one.materialized == other.materialized,
        // That of an identity column is a part of it.
        (Kind::Sequence(one), Kind::Sequence(other)) => {
            let is_identity = |it: &Sequence| it.owned_by.is_some_and(|owner| owner.identity);
            is_identity(one) == is_identity(other)
        }
        (Kind::Routine(one), Kind::Routine(other)) => one.kind == other.kind,
        (Kind::Other { kind: one, .. }, Kind::Other { kind: other, .. }) => one == other,
        (one, other) => std::mem::discriminant(one) == std::mem::discriminant(other),
    }
}

fn fix(phase: Phase, order: i64, sql: String) -> Fix {
    Fix { phase, order, sql, stirs: None, renames: None }
}

/// By which objects are made, oldest first, and with a minus before it dropped.
fn age(id: Id) -> i64 {
    i64::from(id.number())
}
