//! Extended statistics.

use super::lookup::spelt;
use super::names::{addition, join};
use super::{Result, Simulator};
use crate::catalog::{Id, IndexKey, Key, Kind, Object, Space, Statistics, named};
use crate::ddl::{self, ObjectKind};
use crate::list::CollectVec;
use crate::ordered::sort;

/// All there are: those of statistics that name none.
const KINDS: &[&str] = &["dependencies", "mcv", "ndistinct"];

impl Simulator<'_> {
    pub(super) fn create_statistics(&mut self, create: &ddl::CreateStatistics) -> Result {
        let table = self.relation(&create.table)?;
        let schema = match &create.name {
            Some(name) => self.target_schema(name)?,
            None => self.catalog.get(table).and_then(|it| it.schema).unwrap_or(Id::PUBLIC),
        };
        let columns = self.statistics_columns(table, create)?;
        let name = match &create.name {
            Some(name) => name.name.clone(),
            None => self.statistics_name(schema, table, create),
        };
        let key = Key::new(Space::Statistics, Some(schema), &name);
        if let Some(id) = self.catalog.find(&key) {
            if create.if_not_exists {
                return Ok(());
            }
            if let (Some(written), Some(object)) = (&create.name, self.catalog.get(id))
                && self.is_certain(object)
            {
                let is_it = |object: &Object| object.keys().contains(&key);
                let (kind, at) = (ObjectKind::Statistics, written.at.clone());
                return Err(self.duplicate(kind, &spelt(written), None, at, &is_it));
            }
            self.catalog.remove(id);
        }
        let mut kinds = create.kinds.clone();
        sort(&mut kinds);
        kinds.dedup();
        if kinds == KINDS {
            kinds.clear();
        }
        let statistics = Kind::Statistics(Statistics { table, kinds, columns });
        let object = self.made(Some(schema), &name, statistics);
        self.catalog.add(object);
        Ok(())
    }

    fn statistics_columns(
        &mut self,
        table: Id,
        create: &ddl::CreateStatistics,
    ) -> Result<Vec<IndexKey>> {
        let Some(object) = self.catalog.get(table) else { return Ok(Vec::new()) };
        let certain = self.is_certain(object) && object.view().is_none_or(|it| it.followed);
        let columns = object.columns().to_vec();
        let mut keys = Vec::with_capacity(create.columns.len());
        for key in &create.columns {
            match key {
                ddl::IndexKey::Expression(expression) => {
                    self.check_columns(expression, table)?;
                    keys.push(IndexKey::Expression(self.bind(expression, &columns)));
                }
                ddl::IndexKey::Column(name) => match named(&columns, &name.name) {
                    Some(column) => keys.push(IndexKey::Column(column.number)),
                    None if certain => {
                        return Err(self.unknown_column(table, &name.name, name.at.clone()));
                    }
                    None => {}
                },
            }
        }
        Ok(keys)
    }

    /// `ChooseExtendedStatisticName`.
    fn statistics_name(&self, schema: Id, table: Id, create: &ddl::CreateStatistics) -> String {
        let columns: Vec<&str> = create
            .columns
            .iter()
            .map(|key| match key {
                ddl::IndexKey::Column(name) => name.name.as_str(),
                ddl::IndexKey::Expression(_) => "expr",
            })
            .collect_vec();
        let table = self.catalog.get(table).map(|it| it.name.as_str()).unwrap_or_default();
        let columns = addition(&columns);
        let mut name = join(table, Some(&columns), "stat");
        let mut pass = 0;
        while self.catalog.find(&Key::new(Space::Statistics, Some(schema), &name)).is_some() {
            pass += 1;
            name = join(table, Some(&columns), &format!("stat{pass}"));
        }
        name
    }
}
