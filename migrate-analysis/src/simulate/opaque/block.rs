//! A DO block whose statements are known: each is run as if it stood by itself.

use crate::catalog::{Key, Space};
use crate::ddl::{
    AlterActionKind, AlterTable, Block, Command, Guard, Ident, Name, Step, TableConstraint,
    TypeAction,
};
use crate::simulate::{Failure, FailureKind, Result, Simulator};

/// Whether all of it could be followed. Where it could not, nothing of it counts.
type Followed = Result<bool>;

impl Simulator<'_> {
    pub(super) fn follow(&mut self, block: &Block) -> Followed {
        self.follow_steps(&block.steps)
    }

    fn follow_steps(&mut self, steps: &[Step]) -> Followed {
        for step in steps {
            let followed = match step {
                Step::Run(command) => self.command(command).map(|()| true),
                Step::Rows(_) => Ok(true),
                Step::Raise { message, at } => {
                    Err(Failure::wrong(at.clone(), "P0001", message.clone()))
                }
                Step::Try { steps, caught } => self.follow_try(steps, caught),
                Step::If { guard, then, otherwise } => self.follow_if(guard, then, otherwise),
            };
            if !followed? {
                return Ok(false);
            }
        }
        Ok(true)
    }

    /// A failure that is caught takes back what was done before it.
    fn follow_try(&mut self, steps: &[Step], caught: &[String]) -> Followed {
        let (mark, deaths) = (self.catalog.mark(), self.deaths.len());
        match self.follow_steps(steps) {
            Err(failure) if catches(caught, &failure) => {
                self.catalog.rollback(mark);
                self.deaths.truncate(deaths);
                Ok(true)
            }
            other => other,
        }
    }

    /// The guard asks whether there is what the first statement makes, or needs: then whether it
    /// would fail tells what the guard comes to.
    fn follow_if(&mut self, guard: &Guard, then: &[Step], otherwise: &[Step]) -> Followed {
        let is_known = |step: &Step| !matches!(step, Step::Rows(_));
        let first = then.iter().position(is_known).unwrap_or(then.len());
        let then = then.get(first..).unwrap_or_default();
        let Some(Step::Run(first)) = then.first() else { return Ok(false) };
        if !self.asks_for(guard, first) {
            return Ok(false);
        }
        let (mark, deaths) = (self.catalog.mark(), self.deaths.len());
        match self.command(first) {
            Err(failure) if is_answered(guard, &failure) => {
                self.catalog.rollback(mark);
                self.deaths.truncate(deaths);
                self.follow_steps(otherwise)
            }
            Err(failure) => Err(failure),
            // Nothing happened (`IF NOT EXISTS`), so that the guard may have come to either.
            Ok(()) if self.catalog.mark() == mark => {
                Ok(then.iter().filter(|it| is_known(it)).count() == 1 && otherwise.is_empty())
            }
            Ok(()) => self.follow_steps(then.get(1..).unwrap_or_default()),
        }
    }

    /// Whether every name of the guard is one of the statement, and the one that matters among them.
    fn asks_for(&self, guard: &Guard, command: &Command) -> bool {
        let Some(mentioned) = mentioned(command) else { return false };
        let is_schema =
            |name: &str| self.catalog.find(&Key::new(Space::Schema, None, name)).is_some();
        let known = |name: &String| {
            mentioned.makes.contains(name) || mentioned.needs.contains(name) || is_schema(name)
        };
        let matters = if guard.absent { &mentioned.makes } else { &mentioned.needs };
        guard.names.iter().all(known) && guard.names.iter().any(|name| matters.contains(name))
    }
}

/// Names in a statement: of what it makes, and of what has to be there.
#[derive(Default)]
struct Mentioned {
    makes: Vec<String>,
    needs: Vec<String>,
}

impl Mentioned {
    fn makes(mut self, name: &str) -> Mentioned {
        self.makes.push(name.to_owned());
        self
    }

    fn needs(mut self, name: &str) -> Mentioned {
        self.needs.push(name.to_owned());
        self
    }

    fn within(self, name: &Name) -> Mentioned {
        self.needs(&name.name)
    }
}

fn mentioned(command: &Command) -> Option<Mentioned> {
    let none = Mentioned::default;
    let named = |name: &Option<Ident>| name.as_ref().map(|name| name.name.clone());
    Some(match command {
        Command::CreateTable(it) => none().makes(&it.name.name),
        Command::CreateView(it) => none().makes(&it.name.name),
        Command::CreateSequence(it) => none().makes(&it.name.name),
        Command::CreateType(it) => none().makes(&it.name.name),
        Command::CreateDomain(it) => none().makes(&it.name.name),
        Command::CreateSchema(it) => none().makes(&named(&it.name)?),
        Command::CreateExtension(it) => none().makes(&it.name.name),
        Command::CreateOther(it) => none().makes(&it.object.name.name),
        Command::CreateIndex(it) => none().makes(&named(&it.name)?).within(&it.table),
        Command::CreateTrigger(it) => none().makes(&it.name.name).within(&it.table),
        Command::CreatePolicy(it) => none().makes(&it.name.name).within(&it.table),
        Command::AlterType(it) => match &it.action {
            TypeAction::AddValue { value, .. } => none().makes(value).within(&it.name),
            TypeAction::RenameValue { from, to, .. } => {
                none().makes(to).needs(from).within(&it.name)
            }
            TypeAction::Attributes(_) | TypeAction::Set => return None,
        },
        Command::AlterTable(it) => of_alter_table(it)?,
        Command::Rename(it) => {
            let names = none().makes(&it.to.name).within(&it.object.name);
            it.object.part.iter().fold(names, |names, part| names.needs(&part.name))
        }
        Command::Drop(it) => match it.objects.as_slice() {
            [object] => {
                let names = none().within(&object.name);
                object.part.iter().fold(names, |names, part| names.needs(&part.name))
            }
            _ => return None,
        },
        _ => return None,
    })
}

/// Of several actions the first says what the guard is about.
fn of_alter_table(alter: &AlterTable) -> Option<Mentioned> {
    let names = Mentioned::default().within(&alter.table);
    Some(match &alter.actions.first()?.kind {
        AlterActionKind::AddColumn { column, .. } => names.makes(&column.name.name),
        AlterActionKind::AddConstraint(constraint) => {
            let TableConstraint { name, .. } = constraint.as_ref();
            names.makes(&name.as_ref()?.name)
        }
        AlterActionKind::DropColumn { column, .. }
        | AlterActionKind::AlterColumn { column, .. } => names.needs(&column.name),
        AlterActionKind::DropConstraint { constraint, .. } => names.needs(&constraint.name),
        _ => names,
    })
}

/// Whether the failure is the one that the guard keeps away.
fn is_answered(guard: &Guard, failure: &Failure) -> bool {
    let last = |name: &str| name.rsplit('.').next().unwrap_or(name).to_owned();
    match &failure.kind {
        FailureKind::Duplicate { name, .. } => guard.absent && guard.names.contains(&last(name)),
        FailureKind::Unknown { name, of, .. } => {
            let of = of.as_deref().map(last);
            !guard.absent
                && (guard.names.contains(&last(name))
                    || of.is_some_and(|of| guard.names.contains(&of)))
        }
        FailureKind::Dependents { .. } | FailureKind::Wrong { .. } => false,
    }
}

/// Whether one of the conditions of a handler is that of the failure.
fn catches(caught: &[String], failure: &Failure) -> bool {
    let conditions: &[&str] = match &failure.kind {
        FailureKind::Duplicate { .. } => &[
            "duplicate_object",
            "duplicate_table",
            "duplicate_column",
            "duplicate_function",
            "duplicate_schema",
            "42710",
            "42P07",
            "42701",
            "42723",
            "42P06",
        ],
        FailureKind::Unknown { .. } => &[
            "undefined_object",
            "undefined_table",
            "undefined_column",
            "undefined_function",
            "invalid_schema_name",
            "42704",
            "42P01",
            "42703",
            "42883",
            "3F000",
        ],
        FailureKind::Dependents { .. } => &["dependent_objects_still_exist", "2BP01"],
        FailureKind::Wrong { sqlstate: "P0001", .. } => &["raise_exception", "P0001"],
        FailureKind::Wrong { sqlstate, .. } => {
            return caught.iter().any(|it| it == "others" || it == sqlstate);
        }
    };
    caught.iter().any(|it| it == "others" || conditions.contains(&it.as_str()))
}
