//! What a query says by other words than PostgreSQL when it prints it: `*`, the place or name of a column
//! that comes out, a table's name with a number behind it.

use super::node::Node;

/// A relation that a query reads.
pub(crate) struct Relation {
    /// Perhaps with its schema.
    pub(crate) path: Vec<String>,
    /// What `*` stands for.
    pub(crate) columns: Vec<String>,
}

/// What the tables of a query have.
#[derive(Clone)]
pub(super) struct Known<'r> {
    pub(super) relations: &'r [Relation],
    /// Those of `WITH`; none where their columns are not known.
    common: Vec<(String, Option<Vec<String>>)>,
}

impl<'r> Known<'r> {
    pub(super) fn new(relations: &'r [Relation]) -> Known<'r> {
        Known { relations, common: Vec::new() }
    }

    fn columns_of(&self, path: &[String]) -> Option<Vec<String>> {
        if let [name] = path
            && let Some((_, columns)) = self.common.iter().rev().find(|table| table.0 == *name)
        {
            return columns.clone();
        }
        let mut all = self.relations.iter().filter(|it| it.path.ends_with(path));
        let only = all.next()?;
        all.next().is_none().then(|| only.columns.clone())
    }
}

/// A column of a source: none of them where a `JOIN … USING` has made one of two.
struct Field {
    source: Option<String>,
    name: String,
}

impl Field {
    fn item(&self) -> Node {
        let path = self.source.iter().chain([&self.name]).cloned().collect();
        Node::call("as", vec![Node::Name(path), Node::text(&self.name)])
    }
}

/// `top`: nothing is around it, whose names it had to avoid.
pub(super) fn resolve(node: &mut Node, known: &Known<'_>, top: bool) {
    match node {
        Node::Call(head, parts) => match (head.as_str(), parts.as_mut_slice()) {
            ("query", [_, _, ..]) => query(parts, known, top),
            ("select", [_, _, _, _, _, _, _]) => {
                select(parts, known);
                if !top {
                    unnumber(parts);
                }
            }
            (head, [one, other]) if is_set_operation(head) => {
                resolve(one, known, top);
                resolve(other, known, top);
                // Only the first names the columns.
                forget_names(other);
            }
            _ => parts.iter_mut().for_each(|it| resolve(it, known, false)),
        },
        Node::Cast(_, inner) => resolve(inner, known, false),
        _ => {}
    }
}

fn is_set_operation(head: &str) -> bool {
    let head = head.trim_end_matches(" all");
    ["union", "intersect", "except"].contains(&head)
}

fn query(clauses: &mut [Node], known: &Known<'_>, top: bool) {
    let mut known = known.clone();
    for clause in &mut *clauses {
        let Node::Call(head, tables) = clause else { continue };
        if head == "with" || head == "with recursive" {
            common_tables(tables, &mut known, head == "with recursive");
        }
    }
    let Some((body, clauses)) = clauses.split_first_mut() else { return };
    resolve(body, &known, top);
    for clause in clauses {
        match clause {
            Node::Call(head, _) if head.starts_with("with") => {}
            Node::Call(head, keys) if head == "order by" => {
                keys.iter_mut().for_each(|key| resolve(key, &known, false));
                order(keys, body);
            }
            other => resolve(other, &known, false),
        }
    }
}

fn common_tables(tables: &mut [Node], known: &mut Known<'_>, recursive: bool) {
    for table in tables {
        let Node::Call(_, parts) = table else { continue };
        let [alias, query] = parts.as_mut_slice() else { continue };
        let Some((name, listed)) = alias_of(alias) else { continue };
        let columns = |query: &Node| Some(relabelled(outputs(query)?, &listed));
        if recursive {
            known.common.push((name.clone(), columns(query)));
        }
        resolve(query, known, false);
        known.common.push((name, columns(query)));
    }
}

/// The name of a source, and those of its first columns.
fn alias_of(alias: &Node) -> Option<(String, Vec<String>)> {
    let Node::Call(_, names) = alias else { return None };
    let mut texts = names.iter().filter_map(|name| match name {
        Node::Literal { value, .. } => Some(value.clone()),
        _ => None,
    });
    Some((texts.next()?, texts.collect()))
}

fn relabelled(mut columns: Vec<String>, names: &[String]) -> Vec<String> {
    for (column, name) in columns.iter_mut().zip(names) {
        column.clone_from(name);
    }
    columns
}

/// The names of the columns that come out; none where these are not known.
fn outputs(query: &Node) -> Option<Vec<String>> {
    let Node::Call(head, parts) = query else { return None };
    match (head.as_str(), parts.as_slice()) {
        ("query", [body, ..]) => outputs(body),
        ("select", [_, Node::Call(_, items), ..]) => {
            items.iter().map(|it| Some(output(it)?.1.to_owned())).collect()
        }
        ("values", [Node::Call(_, row), ..]) => {
            Some((1..=row.len()).map(|at| format!("column{at}")).collect())
        }
        (head, [first, _]) if is_set_operation(head) => outputs(first),
        _ => None,
    }
}

/// A column that comes out, and its name; none for `*`.
fn output(item: &Node) -> Option<(&Node, &str)> {
    let Node::Call(head, parts) = item else { return None };
    match parts.as_slice() {
        [expression, Node::Literal { value, .. }] if head == "as" => Some((expression, value)),
        _ => None,
    }
}

/// `ORDER BY` of a query: what comes out goes before what goes in.
fn order(keys: &mut [Node], body: &Node) {
    let keys = keys.iter_mut().filter_map(|key| match key {
        Node::Call(_, parts) => parts.first_mut(),
        _ => None,
    });
    match body {
        Node::Call(head, parts) if head == "select" => {
            let items = parts.get(1).map_or(&[][..], operands);
            keys.for_each(|key| said_otherwise(key, items, |_| Some(false)));
        }
        _ => {
            let names = outputs(body).unwrap_or_default();
            for key in keys {
                let Node::Name(path) = &*key else { continue };
                let place = names.iter().position(|name| path.as_slice() == [name.as_str()]);
                if let Some(place) = place {
                    *key = Node::text(&(place + 1).to_string());
                }
            }
        }
    }
}

/// A key that is the place or the name of a column that comes out. `is_input`: whether a name is a column that
/// goes in, and goes before that; none where it is not known.
fn said_otherwise(key: &mut Node, items: &[Node], is_input: impl Fn(&str) -> Option<bool>) {
    let meant = match &*key {
        Node::Literal { value, of: None } => {
            let Ok(place) = value.parse::<usize>() else { return };
            let is_known = items.iter().take(place).all(|it| output(it).is_some());
            let item = items.get(place.wrapping_sub(1)).and_then(output);
            if is_known { item.map(|it| it.0.clone()) } else { Some(Node::Unknown) }
        }
        Node::Name(path) => {
            let [name] = path.as_slice() else { return };
            let named = items.iter().filter_map(output).find(|it| it.1 == name);
            match (named, is_input(name)) {
                (None, _) | (_, Some(true)) => None,
                (Some((Node::Name(column), _)), None) if column.ends_with(path) => None,
                (Some(_), None) => Some(Node::Unknown),
                (Some((expression, _)), Some(false)) => Some(expression.clone()),
            }
        }
        _ => None,
    };
    if let Some(meant) = meant {
        *key = meant;
    }
}

fn operands(node: &Node) -> &[Node] {
    match node {
        Node::Call(_, operands) => operands,
        _ => &[],
    }
}

fn select(parts: &mut [Node], known: &Known<'_>) {
    parts.iter_mut().for_each(|it| resolve(it, known, false));
    let [distinct, Node::Call(_, items), Node::Call(_, from), _, Node::Call(_, group), ..] = parts
    else {
        return;
    };
    let mut fields = Some(Vec::new());
    for source in from {
        let more = fields_of(source, known);
        fields = fields.zip(more).map(|(mut all, more)| {
            all.extend(more);
            all
        });
    }
    if let Some(fields) = &fields {
        let written = std::mem::take(items);
        *items = written.into_iter().flat_map(|item| expanded(item, fields)).collect();
    }
    // Brackets around several keys are none.
    let keys = std::mem::take(group).into_iter().flat_map(|key| match key {
        Node::Call(head, keys) if head == "row" => keys,
        key => vec![key],
    });
    *group = keys.collect();
    let is_input = |name: &str| Some(fields.as_ref()?.iter().any(|field| field.name == name));
    group.iter_mut().for_each(|key| said_otherwise(key, items, is_input));
    if let Node::Call(head, keys) = distinct
        && head == "distinct on"
    {
        keys.iter_mut().for_each(|key| said_otherwise(key, items, |_| Some(false)));
    }
}

/// What stands for `*`, `t.*`.
fn expanded(item: Node, fields: &[Field]) -> Vec<Node> {
    let Node::Call(head, of) = &item else { return vec![item] };
    let meant: Vec<Node> = match of.as_slice() {
        [] if head == "*" => fields.iter().map(Field::item).collect(),
        [Node::Name(path)] if head == "*" => {
            let of_it = |field: &&Field| field.source.as_ref() == path.last();
            fields.iter().filter(of_it).map(Field::item).collect()
        }
        _ => Vec::new(),
    };
    if meant.is_empty() { vec![item] } else { meant }
}

/// What a source has; none where it is not known.
fn fields_of(source: &mut Node, known: &Known<'_>) -> Option<Vec<Field>> {
    let Node::Call(head, parts) = source else { return None };
    match (head.as_str(), parts.as_mut_slice()) {
        ("table", [Node::Name(path), alias, _]) => {
            let columns = known.columns_of(path)?;
            match alias_of(alias) {
                Some(_) => labelled(columns, alias),
                None => Some(fields(columns, path.last()?)),
            }
        }
        ("query in from" | "lateral query", [query, alias]) => labelled(outputs(query)?, alias),
        (head, [left, right, constraint]) if head.ends_with("join") => {
            let (left, right) = (fields_of(left, known)?, fields_of(right, known)?);
            Some(joined(left, right, constraint))
        }
        _ => None,
    }
}

/// Columns by the names that an alias gives them. PostgreSQL writes all where it gives some.
fn labelled(columns: Vec<String>, alias: &mut Node) -> Option<Vec<Field>> {
    let (name, listed) = alias_of(alias)?;
    let columns = relabelled(columns, &listed);
    if !listed.is_empty() {
        let all = std::iter::once(&name).chain(&columns).map(|name| Node::text(name));
        *alias = Node::call("alias", all.collect());
    }
    Some(fields(columns, &name))
}

fn fields(columns: Vec<String>, source: &str) -> Vec<Field> {
    let field = |name| Field { source: Some(source.to_owned()), name };
    columns.into_iter().map(field).collect()
}

/// What is in both by `USING` comes once, and first. `NATURAL` is written out as that.
fn joined(left: Vec<Field>, right: Vec<Field>, constraint: &mut Node) -> Vec<Field> {
    let is_in = |fields: &[Field], name: &str| fields.iter().any(|field| field.name == name);
    if matches!(&*constraint, Node::Call(head, _) if head == "natural") {
        let both = left.iter().filter(|field| is_in(&right, &field.name));
        let both = both.map(|field| Node::Name(vec![field.name.clone()])).collect();
        *constraint = Node::call("using", both);
    }
    let mut all = Vec::new();
    if let Node::Call(head, columns) = &*constraint
        && head == "using"
    {
        let names = columns.iter().filter_map(|column| match column {
            Node::Name(path) => path.last().cloned(),
            _ => None,
        });
        all.extend(names.map(|name| Field { source: None, name }));
    }
    let merged = all.len();
    let apart = left.into_iter().chain(right);
    let apart: Vec<Field> =
        apart.filter(|field| !is_in(all.get(..merged).unwrap_or(&[]), &field.name)).collect();
    all.extend(apart);
    all
}

/// The names of what comes out, where these are compared apart.
pub(super) fn forget_names(query: &mut Node) {
    let Node::Call(head, parts) = query else { return };
    match (head.as_str(), parts.as_mut_slice()) {
        ("query", [body, ..]) => forget_names(body),
        ("select", [_, Node::Call(_, items), ..]) => {
            for item in items {
                let bare = output(item).map(|it| it.0.clone());
                *item = bare.unwrap_or_else(|| std::mem::replace(item, Node::Unknown));
            }
        }
        (head, [one, other]) if is_set_operation(head) => {
            forget_names(one);
            forget_names(other);
        }
        _ => {}
    }
}

/// PostgreSQL prints `t t_1` where a query around it has a `t`. This takes the number away, where nothing in
/// the query is called so.
fn unnumber(select: &mut [Node]) {
    let mut names = Vec::new();
    select.get(2).iter().for_each(|from| source_names(from, &mut names));
    // A number in the own name of a table is none of PostgreSQL's.
    let bare = names.iter().map(|(name, aliased)| match aliased {
        true => unnumbered(name).unwrap_or(name),
        false => name,
    });
    let bare: Vec<&str> = bare.collect();
    for ((name, _), to) in names.iter().zip(&bare) {
        let is_only = bare.iter().filter(|other| *other == to).count() == 1;
        if name == to || !is_only || select.iter().any(|part| is_qualifier(part, to)) {
            continue;
        }
        select.iter_mut().for_each(|part| rename(part, name, to));
    }
}

/// `t` of `t_1`.
fn unnumbered(name: &str) -> Option<&str> {
    let (bare, number) = name.rsplit_once('_')?;
    let is_number = !number.is_empty() && number.bytes().all(|it| it.is_ascii_digit());
    (is_number && !bare.is_empty()).then_some(bare)
}

/// What the sources of a query are called, and whether by an alias.
fn source_names(source: &Node, names: &mut Vec<(String, bool)>) {
    let Node::Call(head, parts) = source else { return };
    match (head.as_str(), parts.as_slice()) {
        ("table", [Node::Name(path), alias, _]) => match alias_of(alias) {
            Some((name, _)) => names.push((name, true)),
            None => names.extend(path.last().map(|name| (name.clone(), false))),
        },
        ("query in from" | "lateral query" | "source", [_, alias, ..]) => {
            names.extend(alias_of(alias).map(|it| (it.0, true)));
        }
        (head, [left, right, _]) if head.ends_with("join") => {
            source_names(left, names);
            source_names(right, names);
        }
        ("from", sources) => sources.iter().for_each(|it| source_names(it, names)),
        _ => {}
    }
}

fn is_qualifier(node: &Node, name: &str) -> bool {
    match node {
        Node::Name(path) => path.iter().rev().skip(1).any(|part| part == name),
        Node::Call(head, operands) => match operands.as_slice() {
            [Node::Name(path)] if head == "*" => path.iter().any(|part| part == name),
            operands => operands.iter().any(|it| is_qualifier(it, name)),
        },
        Node::Cast(_, inner) => is_qualifier(inner, name),
        Node::Literal { .. } | Node::Bool(_) | Node::Unknown => false,
    }
}

fn rename(node: &mut Node, from: &str, to: &str) {
    match node {
        Node::Name(path) => {
            for part in path.iter_mut().rev().skip(1).filter(|part| *part == from) {
                to.clone_into(part);
            }
        }
        Node::Call(head, operands) => match (head.as_str(), operands.as_mut_slice()) {
            ("*", [Node::Name(path)]) => {
                for part in path.iter_mut().filter(|part| *part == from) {
                    to.clone_into(part);
                }
            }
            ("table", [Node::Name(path), alias, _])
                if alias_of(alias).is_some_and(|it| it.0 == from) =>
            {
                let is_own = path.last().is_some_and(|it| it == to)
                    && matches!(&*alias, Node::Call(_, names) if names.len() == 1);
                *alias = if is_own { Node::leaf("alias") } else { renamed(alias, to) };
            }
            ("query in from" | "lateral query" | "source", [query, alias, ..]) => {
                rename(query, from, to);
                if alias_of(alias).is_some_and(|it| it.0 == from) {
                    *alias = renamed(alias, to);
                }
            }
            (_, operands) => operands.iter_mut().for_each(|it| rename(it, from, to)),
        },
        Node::Cast(_, inner) => rename(inner, from, to),
        Node::Literal { .. } | Node::Bool(_) | Node::Unknown => {}
    }
}

fn renamed(alias: &Node, to: &str) -> Node {
    let columns = operands(alias).iter().skip(1).cloned();
    Node::call("alias", std::iter::once(Node::text(to)).chain(columns).collect())
}
