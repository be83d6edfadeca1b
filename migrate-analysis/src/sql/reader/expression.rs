//! Expressions, word by word.
//!
//! Nothing is parsed: it is enough to know at each word whether an operand is wanted (a name may then
//! be a column) or stands before it (a word is then a keyword).

use super::cursor::Reader;
use super::keyword::{self, Class};
use crate::ddl::{Expression, Word};
use crate::sql::lex::Kind;

/// The words of a column's constraints: they end a default that has no brackets.
pub(super) const COLUMN_CONSTRAINTS: [&str; 13] = [
    "NOT",
    "NULL",
    "UNIQUE",
    "PRIMARY",
    "CHECK",
    "REFERENCES",
    "CONSTRAINT",
    "DEFAULT",
    "COLLATE",
    "GENERATED",
    "DEFERRABLE",
    "INITIALLY",
    "NO",
];

impl Reader<'_> {
    /// An expression, up to a comma or closing bracket that is not its own, or to one of `stops` behind
    /// an operand.
    pub(super) fn expression(&mut self, stops: &[&str]) -> Option<Expression> {
        self.scan(stops, self.words.len())
    }

    /// The expression that ends before token `end`.
    pub(super) fn expression_to(&mut self, end: usize) -> Option<Expression> {
        self.scan(&[], end)
    }

    fn scan(&mut self, stops: &[&str], end: usize) -> Option<Expression> {
        let from = self.at;
        let mut scan = Scan {
            reader: *self,
            stops,
            end,
            words: Vec::new(),
            brackets: Vec::new(),
            operand: false,
            next: Bracket::Plain,
        };
        scan.run()?;
        let words = scan.words;
        self.at = scan.reader.at;
        if words.is_empty() {
            return None;
        }
        Some(Expression { words, at: self.range_from(from) })
    }

    /// `( expression )`, without its brackets.
    pub(super) fn expression_in_parens(&mut self) -> Option<Expression> {
        self.in_parens(|reader| reader.everything_in_parens())
    }

    /// Up to the bracket that closes, commas among it.
    fn everything_in_parens(&mut self) -> Option<Expression> {
        let from = self.at;
        let mut expression = self.expression(&[])?;
        while self.is_kind(Kind::Comma) {
            expression.words.push(Word::Text(",".to_owned()));
            self.at += 1;
            expression.words.append(&mut self.expression(&[])?.words);
        }
        expression.at = self.range_from(from);
        Some(expression)
    }
}

/// Whose bracket it is, where the words in it have a meaning of their own.
#[derive(Clone, Copy, Default, PartialEq, Eq)]
enum Bracket {
    #[default]
    Plain,
    /// `CAST(… AS type)`.
    Cast,
    /// `JSON_VALUE(… RETURNING type NULL ON EMPTY)`.
    Json,
}

struct Scan<'s, 'a> {
    reader: Reader<'a>,
    stops: &'s [&'s str],
    /// The token behind the last.
    end: usize,
    words: Vec<Word>,
    /// Those that are open.
    brackets: Vec<Bracket>,
    /// An operand stands before this place.
    operand: bool,
    /// What the next bracket is.
    next: Bracket,
}

impl Scan<'_, '_> {
    fn run(&mut self) -> Option<()> {
        while let Some(kind) = self.reader.kind().filter(|_| self.reader.at < self.end) {
            let outside = self.brackets.is_empty();
            match kind {
                Kind::Comma | Kind::Close | Kind::CloseBracket if outside => break,
                Kind::Semicolon => break,
                Kind::Word if outside && self.operand && self.reader.is_any(self.stops) => break,
                Kind::Word | Kind::QuotedName if self.operand => self.behind_operand()?,
                Kind::Word => self.word()?,
                Kind::QuotedName => self.name()?,
                _ => self.sign(kind)?,
            }
        }
        Some(())
    }

    /// Anything that is no word.
    fn sign(&mut self, kind: Kind) -> Option<()> {
        if kind == Kind::Operator && self.reader.text() == "::" {
            self.take();
            return self.type_name();
        }
        let star = kind == Kind::Operator && self.reader.text() == "*" && !self.operand;
        self.take();
        match kind {
            Kind::Open | Kind::OpenBracket => {
                self.brackets.push(std::mem::take(&mut self.next));
                self.operand = false;
            }
            Kind::Close | Kind::CloseBracket => {
                self.brackets.pop();
                self.operand = true;
            }
            Kind::Dot => {
                // A field of what stands before.
                if !self.reader.at_end() {
                    self.take_as_written();
                }
                self.operand = true;
            }
            Kind::Text | Kind::DollarText | Kind::Number | Kind::Param => self.operand = true,
            _ => self.operand = star,
        }
        Some(())
    }

    /// A word where an operand is wanted.
    fn word(&mut self) -> Option<()> {
        let class = keyword::class(self.reader.text());
        match class {
            Some(Class::Reserved) => return self.reserved(),
            Some(Class::Function) if !self.is_function_keyword() => {
                // `NOT LIKE`, `LEFT JOIN`; `CURRENT_SCHEMA`.
                self.operand = self.reader.is("CURRENT_SCHEMA");
                self.take();
                return Some(());
            }
            Some(Class::Column) => return self.column_keyword(),
            _ => {}
        }
        if self.window_word() {
            return Some(());
        }
        if self.reader.are(&["DOUBLE", "PRECISION"]) {
            return self.type_of_literal();
        }
        self.name()
    }

    /// `left(…)`, `right(…)`. No other keyword of their class is called in practice, and `LIKE (…)` is
    /// no call.
    fn is_function_keyword(&self) -> bool {
        self.reader.is_any(&["LEFT", "RIGHT"]) && self.reader.kind_at(1) == Some(Kind::Open)
    }

    fn reserved(&mut self) -> Option<()> {
        const OPERANDS: [&str; 16] = [
            "NULL",
            "TRUE",
            "FALSE",
            "DEFAULT",
            "END",
            "USER",
            "CURRENT_TIMESTAMP",
            "CURRENT_DATE",
            "CURRENT_TIME",
            "CURRENT_USER",
            "CURRENT_ROLE",
            "CURRENT_CATALOG",
            "SESSION_USER",
            "SYSTEM_USER",
            "LOCALTIME",
            "LOCALTIMESTAMP",
        ];
        self.operand = self.reader.is_any(&OPERANDS);
        if self.reader.is("CAST") {
            self.next = Bracket::Cast;
        }
        let by = self.reader.is_any(&["ORDER", "GROUP"]) && self.reader.is_at(1, "BY");
        self.take();
        if by {
            self.take();
        }
        Some(())
    }

    /// `COALESCE(…)`, `TIMESTAMP '…'`, `BETWEEN`, or a column of such a name.
    fn column_keyword(&mut self) -> Option<()> {
        if self.reader.is("BETWEEN") {
            self.take();
            return Some(());
        }
        if self.type_of_literal().is_some() {
            return Some(());
        }
        if self.reader.kind_at(1) != Some(Kind::Open) {
            return self.name();
        }
        if self.reader.is_any(&["TREAT", "XMLSERIALIZE"]) {
            self.next = Bracket::Cast;
        } else if self.reader.text().get(..4).is_some_and(|it| it.eq_ignore_ascii_case("json")) {
            self.next = Bracket::Json;
        }
        let extract = self.reader.is("EXTRACT");
        self.take();
        if extract && self.reader.is_at(2, "FROM") {
            self.take();
            self.brackets.push(Bracket::Plain);
            self.take();
        }
        self.operand = false;
        Some(())
    }

    /// `TIMESTAMP WITH TIME ZONE '…'`: its type, if it is one.
    fn type_of_literal(&mut self) -> Option<()> {
        let mut ahead = self.reader;
        let type_name = ahead.type_name()?;
        if !ahead.is_kind(Kind::Text) {
            return None;
        }
        self.reader = ahead;
        self.words.push(Word::Type(type_name));
        self.operand = true;
        self.take();
        Some(())
    }

    /// The words of a window that stand where an operand might.
    fn window_word(&mut self) -> bool {
        let pairs = [
            ["PARTITION", "BY"],
            ["UNBOUNDED", "PRECEDING"],
            ["UNBOUNDED", "FOLLOWING"],
            ["CURRENT", "ROW"],
        ];
        let Some(pair) = pairs.iter().find(|pair| self.reader.are(*pair)) else { return false };
        self.operand = pair[1] != "BY";
        self.take();
        self.take();
        true
    }

    /// A column, a function that is called, the type of a literal.
    fn name(&mut self) -> Option<()> {
        let from = self.reader.at;
        let mut path = self.reader.path()?;
        self.operand = true;
        let argument =
            self.reader.is_kind(Kind::Operator) && matches!(self.reader.text(), "=>" | ":=");
        match self.reader.kind() {
            Some(Kind::Open) => {
                let name = path.pop()?;
                self.words.push(Word::Function { schema: path.pop(), name });
                self.operand = false;
            }
            Some(Kind::Text) => {
                self.reader.at = from;
                return self.type_of_literal();
            }
            // `f(name => value)`, `t.*`.
            Some(Kind::Operator) if argument => self.folded(from),
            Some(Kind::Dot) => self.folded(from),
            _ if path.len() == 1 => self.words.push(Word::Name(path.pop()?)),
            _ => self.words.push(Word::Path(path)),
        }
        Some(())
    }

    /// A word behind an operand, where only a keyword or an alias can stand.
    fn behind_operand(&mut self) -> Option<()> {
        let reader = self.reader;
        if reader.is_kind(Kind::QuotedName) {
            self.take_as_written();
            return Some(());
        }
        if reader.are(&["AT", "TIME", "ZONE"]) {
            self.take();
            self.take();
            self.take();
            self.operand = false;
            return Some(());
        }
        if reader.is("IS") {
            return self.is_what();
        }
        if reader.is("AS") {
            return self.behind_as();
        }
        if reader.is("COLLATE") {
            self.take();
            return self.collation();
        }
        if reader.is("OPERATOR") && reader.kind_at(1) == Some(Kind::Open) {
            let end = reader.words.behind_parens(reader.at + 1);
            while self.reader.at < end {
                self.take();
            }
            self.operand = false;
            return Some(());
        }
        self.keyword()
    }

    fn keyword(&mut self) -> Option<()> {
        let reader = self.reader;
        let class = keyword::class(reader.text());
        let in_json = self.brackets.last() == Some(&Bracket::Json);
        let wants_operand = match class {
            _ if in_json && reader.is_any(&["ON", "WITH", "RETURNING"]) => false,
            None if in_json && reader.is_any(&["PASSING", "VALUE"]) => true,
            Some(Class::Reserved) => !reader.is_any(&["ASC", "DESC", "END", "NULL"]),
            Some(Class::Function) => !reader.is_any(&["ISNULL", "NOTNULL"]),
            Some(Class::Column) => reader.is("BETWEEN"),
            None => reader.is("ESCAPE"),
        };
        // `INTERVAL '1' DAY TO SECOND`.
        let field = reader.is("TO");
        let pair = reader.is_any(&["ORDER", "GROUP", "PARTITION"]) && reader.is_at(1, "BY");
        self.operand = !wants_operand;
        self.take();
        if field || pair {
            self.operand = field;
            self.take();
        }
        Some(())
    }

    /// `IS [NOT] NULL`, `IS DISTINCT FROM`, `IS JSON`.
    fn is_what(&mut self) -> Option<()> {
        self.take();
        if self.reader.is("NOT") {
            self.take();
        }
        let distinct = self.reader.are(&["DISTINCT", "FROM"]);
        if distinct {
            self.take();
        }
        if !self.reader.at_end() {
            self.take();
        }
        self.operand = !distinct;
        Some(())
    }

    /// The type of a `CAST`, or an alias.
    fn behind_as(&mut self) -> Option<()> {
        self.take();
        if self.brackets.last() == Some(&Bracket::Cast) {
            return self.type_name();
        }
        if self.reader.is_name() && self.reader.kind_at(1) != Some(Kind::Open) {
            self.take_as_written();
            self.operand = true;
        } else {
            self.operand = false;
        }
        Some(())
    }

    fn collation(&mut self) -> Option<()> {
        self.take_as_written();
        while self.reader.is_kind(Kind::Dot) && self.reader.is_name_at(1) {
            self.take();
            self.take_as_written();
        }
        self.operand = true;
        Some(())
    }

    fn type_name(&mut self) -> Option<()> {
        let type_name = self.reader.type_name()?;
        self.words.push(Word::Type(type_name));
        self.operand = true;
        Some(())
    }

    /// Takes one token: a word in upper case, anything else as it is written.
    fn take(&mut self) {
        let written = self.reader.text();
        let text = match self.reader.kind() {
            Some(Kind::Word) => written.to_ascii_uppercase(),
            _ => written.to_owned(),
        };
        self.words.push(Word::Text(text));
        self.reader.at += 1;
    }

    /// Takes one token that is a name: folded, with its quotes where it has some.
    fn take_as_written(&mut self) {
        let from = self.reader.at;
        self.reader.at += 1;
        self.folded(from);
    }

    fn folded(&mut self, from: usize) {
        let mut text = String::new();
        for at in from..self.reader.at {
            match self.reader.words.kind(at) {
                Some(Kind::Word) => text.push_str(&self.reader.words.text(at).to_ascii_lowercase()),
                _ => text.push_str(self.reader.words.text(at)),
            }
        }
        self.words.push(Word::Text(text));
    }
}
