//! Kinds of object and how one of each is named, as in `DROP`, `COMMENT ON`, `ALTER … RENAME`.

use super::cursor::Reader;
use super::type_name::bare;
use crate::ddl::{ArgumentMode, Ident, Name, ObjectKind, ObjectName, TypeName};
use crate::sql::lex::Kind;

/// The frequent ones first; `USER MAPPING` before `USER`.
const KINDS: [(&[&str], ObjectKind); 47] = [
    (&["TABLE"], ObjectKind::Table),
    (&["INDEX"], ObjectKind::Index),
    (&["FUNCTION"], ObjectKind::Function),
    (&["VIEW"], ObjectKind::View),
    (&["TRIGGER"], ObjectKind::Trigger),
    (&["COLUMN"], ObjectKind::Column),
    (&["SEQUENCE"], ObjectKind::Sequence),
    (&["TYPE"], ObjectKind::Type),
    (&["MATERIALIZED", "VIEW"], ObjectKind::MaterializedView),
    (&["FOREIGN", "DATA", "WRAPPER"], ObjectKind::ForeignDataWrapper),
    (&["FOREIGN", "TABLE"], ObjectKind::ForeignTable),
    (&["TEXT", "SEARCH", "CONFIGURATION"], ObjectKind::TextSearchConfiguration),
    (&["TEXT", "SEARCH", "DICTIONARY"], ObjectKind::TextSearchDictionary),
    (&["TEXT", "SEARCH", "PARSER"], ObjectKind::TextSearchParser),
    (&["TEXT", "SEARCH", "TEMPLATE"], ObjectKind::TextSearchTemplate),
    (&["ACCESS", "METHOD"], ObjectKind::AccessMethod),
    (&["EVENT", "TRIGGER"], ObjectKind::EventTrigger),
    (&["OPERATOR", "CLASS"], ObjectKind::OperatorClass),
    (&["OPERATOR", "FAMILY"], ObjectKind::OperatorFamily),
    (&["USER", "MAPPING"], ObjectKind::UserMapping),
    (&["LARGE", "OBJECT"], ObjectKind::LargeObject),
    (&["PROCEDURAL", "LANGUAGE"], ObjectKind::Language),
    (&["FOREIGN", "SERVER"], ObjectKind::Server),
    (&["SCHEMA"], ObjectKind::Schema),
    (&["DOMAIN"], ObjectKind::Domain),
    (&["PROCEDURE"], ObjectKind::Procedure),
    (&["ROUTINE"], ObjectKind::Routine),
    (&["AGGREGATE"], ObjectKind::Aggregate),
    (&["EXTENSION"], ObjectKind::Extension),
    (&["STATISTICS"], ObjectKind::Statistics),
    (&["COLLATION"], ObjectKind::Collation),
    (&["CONVERSION"], ObjectKind::Conversion),
    (&["SERVER"], ObjectKind::Server),
    (&["LANGUAGE"], ObjectKind::Language),
    (&["OPERATOR"], ObjectKind::Operator),
    (&["CAST"], ObjectKind::Cast),
    (&["TRANSFORM"], ObjectKind::Transform),
    (&["PUBLICATION"], ObjectKind::Publication),
    (&["SUBSCRIPTION"], ObjectKind::Subscription),
    (&["ROLE"], ObjectKind::Role),
    (&["USER"], ObjectKind::Role),
    (&["GROUP"], ObjectKind::Role),
    (&["DATABASE"], ObjectKind::Database),
    (&["TABLESPACE"], ObjectKind::Tablespace),
    (&["RULE"], ObjectKind::Rule),
    (&["POLICY"], ObjectKind::Policy),
    (&["CONSTRAINT"], ObjectKind::Constraint),
];

impl Reader<'_> {
    /// `MATERIALIZED VIEW`: the kind of object that is next.
    pub(super) fn object_kind(&mut self) -> Option<ObjectKind> {
        let (_, kind) = KINDS.iter().find(|(words, _)| self.accept_all(words))?;
        Some(*kind)
    }

    /// An object of this kind, with what belongs to its name: `f(integer)`, `trigger ON table`.
    pub(super) fn object_name(&mut self, kind: ObjectKind) -> Option<ObjectName> {
        use ObjectKind::{
            Aggregate, Cast, Column, Constraint, Function, LargeObject, Operator, OperatorClass,
            OperatorFamily, Policy, Procedure, Routine, Rule, Transform, Trigger, UserMapping,
        };
        let mut object = ObjectName {
            kind,
            name: Name { schema: None, name: String::new(), at: 0..0 },
            part: None,
            arguments: None,
        };
        match kind {
            Function | Procedure | Routine | Aggregate => {
                object.name = self.name()?;
                if self.is_kind(Kind::Open) {
                    object.arguments = Some(self.argument_types()?);
                }
            }
            Operator => {
                object.name = self.operator_name()?;
                if self.is_kind(Kind::Open) {
                    object.arguments = Some(self.bracketed(Self::type_name)?);
                }
            }
            OperatorClass | OperatorFamily => {
                object.name = self.name()?;
                if self.accept("USING") {
                    object.part = Some(self.ident()?);
                }
            }
            Column => {
                let (table, column) = self.column_of_table()?;
                object.name = table;
                object.part = Some(column);
            }
            Trigger | Rule | Policy | Constraint => self.part_on_table(&mut object)?,
            Cast => object.name = self.cast_name()?,
            Transform => {
                let mut of = String::new();
                object.name = self.words_as_name(|reader| {
                    reader.expect("FOR")?;
                    of = bare(&reader.type_name()?);
                    reader.expect("LANGUAGE")?;
                    of = format!("FOR {of} LANGUAGE {}", reader.ident()?.name);
                    Some(())
                })?;
                object.name.name = of;
            }
            UserMapping => {
                object.name = self.words_as_name(|reader| {
                    reader.expect("FOR")?;
                    reader.ident()?;
                    reader.expect("SERVER")?;
                    reader.ident().map(drop)
                })?;
            }
            LargeObject => object.name = self.words_as_name(|reader| reader.integer().map(drop))?,
            _ => object.name = self.name()?,
        }
        Some(object)
    }

    /// `trigger ON table`, `constraint ON [DOMAIN] name`.
    fn part_on_table(&mut self, object: &mut ObjectName) -> Option<()> {
        object.part = Some(self.ident()?);
        self.expect("ON")?;
        // `domain` may also be the name of a table.
        let of_domain = self.is("DOMAIN") && self.is_name_at(1) && !self.is_at(1, "IS");
        if object.kind == ObjectKind::Constraint && of_domain {
            self.at += 1;
            object.kind = ObjectKind::DomainConstraint;
        }
        object.name = self.name()?;
        Some(())
    }

    /// `(bigint AS uuid)`, each type by one of its names.
    fn cast_name(&mut self) -> Option<Name> {
        let mut types = *self;
        let written = self.words_as_name(|reader| reader.skip_parens())?;
        types.at += 1;
        let mut pair = || {
            let source = types.type_name()?;
            types.expect("AS")?;
            Some(format!("({} AS {})", bare(&source), bare(&types.type_name()?)))
        };
        let name = pair().unwrap_or_else(|| written.name.clone());
        Some(Name { name, ..written })
    }

    /// What `read` goes over is the name.
    fn words_as_name(&mut self, read: impl FnOnce(&mut Self) -> Option<()>) -> Option<Name> {
        let from = self.at;
        read(self)?;
        let name = self.folded(from, self.at);
        Some(Name { schema: None, name, at: self.range_from(from) })
    }

    /// `===`, `schema.===`.
    pub(super) fn operator_name(&mut self) -> Option<Name> {
        let from = self.at;
        let mut schema = None;
        while self.is_name() && self.kind_at(1) == Some(Kind::Dot) {
            schema = Some(self.identifier()?);
            self.at += 1;
        }
        if !self.is_kind(Kind::Operator) {
            return None;
        }
        let name = self.text().to_owned();
        self.at += 1;
        Some(Name { schema, name, at: self.range_from(from) })
    }

    /// The types in the brackets behind the name of a routine, those that only come out left out:
    /// `(a integer, OUT b text)`, `(*)`, `(integer ORDER BY text)`.
    pub(super) fn argument_types(&mut self) -> Option<Vec<TypeName>> {
        self.expect_kind(Kind::Open)?;
        let mut types = Vec::new();
        if self.accept_operator("*") || self.is_kind(Kind::Close) {
            self.expect_kind(Kind::Close)?;
            return Some(types);
        }
        let mut behind_variadic = false;
        self.accept_all(&["ORDER", "BY"]);
        loop {
            let (mode, _, type_name) = self.argument()?;
            // Ordered by what is variadic already, an aggregate has that once.
            if mode != ArgumentMode::Out && !behind_variadic {
                types.push(type_name);
            }
            let default = self.accept("DEFAULT") || self.accept_operator("=");
            if default {
                self.expression(&[])?;
            }
            if self.accept_kind(Kind::Comma) {
                continue;
            }
            if !self.accept_all(&["ORDER", "BY"]) {
                break;
            }
            behind_variadic = mode == ArgumentMode::Variadic;
        }
        self.expect_kind(Kind::Close)?;
        Some(types)
    }

    /// An argument of a routine up to its default: `[mode] [name] type`, `name mode type`.
    pub(super) fn argument(&mut self) -> Option<(ArgumentMode, Option<Ident>, TypeName)> {
        let mode = self.argument_mode();
        let mut ahead = *self;
        if let Some(type_name) = ahead.type_name().filter(|_| ahead.behind_argument()) {
            *self = ahead;
            return Some((mode.unwrap_or_default(), None, type_name));
        }
        let name = self.ident()?;
        let mode = mode.or_else(|| self.argument_mode()).unwrap_or_default();
        Some((mode, Some(name), self.type_name()?))
    }

    fn argument_mode(&mut self) -> Option<ArgumentMode> {
        if self.accept_all(&["IN", "OUT"]) {
            return Some(ArgumentMode::InOut);
        }
        match self.accept_any(&["IN", "OUT", "INOUT", "VARIADIC"])? {
            "IN" => Some(ArgumentMode::In),
            "OUT" => Some(ArgumentMode::Out),
            "INOUT" => Some(ArgumentMode::InOut),
            _ => Some(ArgumentMode::Variadic),
        }
    }

    fn behind_argument(&self) -> bool {
        match self.kind() {
            None | Some(Kind::Comma | Kind::Close) => true,
            Some(Kind::Operator) => matches!(self.text(), "=" | ":="),
            _ => self.is_any(&["DEFAULT", "ORDER"]),
        }
    }
}
