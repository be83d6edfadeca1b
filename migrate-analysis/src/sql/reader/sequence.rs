//! CREATE SEQUENCE and ALTER SEQUENCE, and the options they share with identity columns.

use super::cursor::Reader;
use crate::ddl::{AlterSequence, Command, CreateSequence, OwnedBy, SequenceOptions};

/// Behind `CREATE`: `[TEMPORARY|UNLOGGED] SEQUENCE …`.
pub(super) fn create_sequence(reader: &mut Reader<'_>) -> Option<Command> {
    let persistence = reader.persistence();
    reader.expect("SEQUENCE")?;
    let if_not_exists = reader.if_not_exists();
    let name = reader.name()?;
    let mut options = SequenceOptions::default();
    while reader.sequence_option(&mut options)?.is_some() {}
    Some(Command::CreateSequence(CreateSequence { name, if_not_exists, persistence, options }))
}

/// Behind `ALTER`: `SEQUENCE …`.
pub(super) fn alter_sequence(reader: &mut Reader<'_>) -> Option<Command> {
    reader.expect("SEQUENCE")?;
    let if_exists = reader.if_exists();
    let name = reader.name()?;
    let mut options = SequenceOptions::default();
    let mut set_logged = None;
    if reader.accept("SET") {
        set_logged = Some(reader.accept_any(&["LOGGED", "UNLOGGED"])? == "LOGGED");
    }
    while reader.sequence_option(&mut options)?.is_some() {}
    Some(Command::AlterSequence(AlterSequence { name, if_exists, options, set_logged }))
}

/// An option that is not an option of the sequence itself.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum SequenceOption {
    Kept,
    /// `RESTART` moves the sequence and does not change it.
    Restart,
}

impl Reader<'_> {
    /// `( option … )` behind `IDENTITY`.
    pub(super) fn identity_options(&mut self) -> Option<SequenceOptions> {
        self.in_parens(|reader| {
            let mut options = SequenceOptions::default();
            while reader.sequence_option(&mut options)?.is_some() {}
            Some(options)
        })
    }

    /// One option; `Some(None)` where none follows.
    pub(super) fn sequence_option(
        &mut self,
        options: &mut SequenceOptions,
    ) -> Option<Option<SequenceOption>> {
        const WORDS: [&str; 13] = [
            "INCREMENT",
            "START",
            "MINVALUE",
            "MAXVALUE",
            "NO",
            "CACHE",
            "CYCLE",
            "OWNED",
            "AS",
            "RESTART",
            "SEQUENCE",
            "LOGGED",
            "UNLOGGED",
        ];
        let Some(word) = self.accept_any(&WORDS) else { return Some(None) };
        match word {
            "INCREMENT" => {
                self.accept("BY");
                options.increment = Some(self.integer()?);
            }
            "START" => {
                self.accept("WITH");
                options.start = Some(self.integer()?);
            }
            "MINVALUE" => options.min = Some(Some(self.integer()?)),
            "MAXVALUE" => options.max = Some(Some(self.integer()?)),
            "NO" => match self.accept_any(&["MINVALUE", "MAXVALUE", "CYCLE"])? {
                "MINVALUE" => options.min = Some(None),
                "MAXVALUE" => options.max = Some(None),
                _ => options.cycle = Some(false),
            },
            "CACHE" => options.cache = Some(self.integer()?),
            "CYCLE" => options.cycle = Some(true),
            "AS" => options.type_name = Some(self.type_name()?),
            "OWNED" => {
                self.expect("BY")?;
                options.owned_by = Some(self.owned_by()?);
            }
            "RESTART" => {
                let with = self.accept("WITH");
                if with || self.is_kind(crate::sql::lex::Kind::Number) || self.is_sign() {
                    self.integer()?;
                }
                return Some(Some(SequenceOption::Restart));
            }
            "SEQUENCE" => {
                self.expect("NAME")?;
                options.name = Some(self.name()?);
            }
            "LOGGED" | "UNLOGGED" => {}
            _ => return None,
        }
        Some(Some(SequenceOption::Kept))
    }

    fn is_sign(&self) -> bool {
        matches!(self.text(), "-" | "+")
    }

    fn owned_by(&mut self) -> Option<OwnedBy> {
        if self.is("NONE") && self.kind_at(1) != Some(crate::sql::lex::Kind::Dot) {
            self.at += 1;
            return Some(OwnedBy::None);
        }
        let (table, column) = self.column_of_table()?;
        Some(OwnedBy::Column { table, column })
    }
}
