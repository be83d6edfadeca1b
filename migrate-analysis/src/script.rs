//! One file: its sections, directives, statements and steps, and what is wrong with them.
//!
//! Everything here follows from the file's name and text alone, so that the result can be kept
//! while the text stays the same. What needs the other files is asked in [`set`](crate::set).

use crate::checksum;
use crate::diagnostic::{self, Code, Diagnostic, Place};
use crate::directive::{self, Direction, Directive};
use crate::layout::Part;
use crate::list::CollectVec;
use crate::source::SourceId;
use crate::sql::{self, Comment};
use crate::statement::{Statement, TransactionUse};
use crate::transaction::{self, Problem, Step};
use crate::wording;
use std::ops::Range;

/// What a file says.
#[derive(Default)]
pub(crate) struct ScriptFile {
    pub(crate) up: Option<Script>,
    pub(crate) down: Option<Script>,
    /// `irreversible <reason>`, and where it stands.
    pub(crate) irreversible: Option<(String, Range<usize>)>,
    pub(crate) allows: Vec<Allow>,
    pub(crate) diagnostics: Vec<Diagnostic>,
    /// There seems to be a down section, inside something that was never closed.
    pub(crate) hides_down: bool,
    /// A comment that seems to be meant as the mark of the down section, which the file does not have.
    pub(crate) near_down: Option<Range<usize>>,
}

/// A script of one direction.
#[derive(Clone)]
pub(crate) struct Script {
    /// Its section mark; empty where the file is the script.
    pub(crate) mark: Range<usize>,
    pub(crate) statements: Vec<Statement>,
    pub(crate) steps: Vec<Step>,
    pub(crate) transactional: bool,
    pub(crate) checksum: [u8; 32],
    /// `no-op <reason>`.
    pub(crate) no_op: Option<String>,
}

/// `allow(code, …) <reason>`.
pub(crate) struct Allow {
    pub(crate) code: Code,
    pub(crate) range: Range<usize>,
    /// The statement it speaks of; none where it speaks of the whole script.
    pub(crate) statement: Option<Range<usize>>,
    pub(crate) used: bool,
}

/// Reads a file. `run_in_transaction` is what diesel's `metadata.toml` beside it says.
pub(crate) fn read(
    source: SourceId,
    text: &str,
    part: Part,
    run_in_transaction: Option<bool>,
) -> ScriptFile {
    let no_transaction = run_in_transaction == Some(false) || starts_with_sqlx_mark(text);
    let comments = sql::comments(text, 0..text.len());
    let mut reader = Reader { source, text, comments, file: ScriptFile::default(), no_transaction };
    reader.no_transaction |= reader.has_mark_for_the_file();
    match part {
        Part::Up => reader.single(Direction::Up),
        Part::Down => reader.single(Direction::Down),
        Part::Both => {
            reader.sections();
            reader.file.hides_down = reader.hides_down();
            reader.file.near_down = reader.near_down();
        }
    }
    diagnostic::sort(&mut reader.file.diagnostics);
    reader.file
}

fn starts_with_sqlx_mark(text: &str) -> bool {
    text.lines().next().is_some_and(directive::is_sqlx_no_transaction)
}

/// The first mark that says otherwise than the file's name, if there are marks of both kinds.
fn plain_mark_against(direction: Direction, marks: &[Section]) -> Option<Range<usize>> {
    let agrees = marks.iter().any(|section| section.direction == direction);
    let against = marks.iter().find(|section| section.plain && section.direction != direction);
    against.filter(|_| agrees).map(|section| section.mark.clone())
}

struct Reader<'a> {
    source: SourceId,
    text: &'a str,
    /// Of the whole file.
    comments: Vec<Comment>,
    file: ScriptFile,
    /// Of the whole file.
    no_transaction: bool,
}

/// A stretch of the file between section marks.
struct Section {
    direction: Direction,
    mark: Range<usize>,
    body: Range<usize>,
    no_transaction: bool,
    plain: bool,
}

impl Section {
    fn unmarked(direction: Direction, body: Range<usize>) -> Section {
        Section { direction, mark: 0..0, body, no_transaction: false, plain: false }
    }
}

/// The directives of one section that its statements have to know.
#[derive(Default)]
struct Directives {
    no_transaction: bool,
    no_op: Option<(String, Range<usize>)>,
    opaque: Vec<Range<usize>>,
    allow: Vec<(Vec<Code>, Range<usize>)>,
}

impl Reader<'_> {
    fn place(&self, range: Range<usize>) -> Place {
        Place { source: self.source, range }
    }

    fn report(&mut self, diagnostic: Diagnostic) {
        self.file.diagnostics.push(diagnostic);
    }

    fn single(&mut self, direction: Direction) {
        if let Some(mark) = plain_mark_against(direction, &self.marks()) {
            let place = self.place(mark);
            self.report(wording::sections_in_single(place, direction));
        }
        self.script(Section::unmarked(direction, 0..self.text.len()));
    }

    /// goose's `NO TRANSACTION` counts for both sections, in whichever it stands.
    fn has_mark_for_the_file(&self) -> bool {
        self.comments.iter().any(|comment| {
            let directive = self.directive(&comment.range);
            matches!(directive, Some(Ok(Directive::NoTransaction { whole_file: true })))
        })
    }

    fn sections(&mut self) {
        let marks = self.marks();
        let Some(first) = marks.first() else { return self.single(Direction::Up) };
        self.preamble(0..first.mark.start);
        let mut seen: Vec<(Direction, Range<usize>)> = Vec::new();
        for section in marks {
            let (direction, mark) = (section.direction, section.mark.clone());
            if let Some((_, earlier)) = seen.iter().find(|(other, _)| *other == direction) {
                let (second, first) = (self.place(mark), self.place(earlier.clone()));
                self.report(wording::repeated_section(direction, second, first));
                continue;
            }
            seen.push((direction, mark));
            self.script(section);
        }
        if self.file.up.is_none() {
            let place = seen.first().map_or(0..0, |(_, mark)| mark.clone());
            self.report(wording::missing_up_section(self.place(place)));
        }
    }

    /// Whether what begins the down section stands in a literal or a comment that was never closed.
    fn hides_down(&self) -> bool {
        let is_mark = |line: &str| match directive::read(line.trim()) {
            Some(Ok(Directive::Section(section))) => section.direction == Direction::Down,
            _ => false,
        };
        let is_broken = self.file.diagnostics.iter().any(|it| it.code == Code::NotPostgres);
        is_broken && self.file.down.is_none() && self.text.lines().any(is_mark)
    }

    /// `-- DWON` on a line of its own, where no section goes down.
    fn near_down(&self) -> Option<Range<usize>> {
        let is_near = |comment: &&Comment| {
            let text = self.text.get(comment.range.clone()).unwrap_or_default();
            let word = text.trim_start_matches('-').trim().trim_end_matches(':').to_lowercase();
            self.starts_line(comment.range.start) && directive::closest(&word, &["down"]).is_some()
        };
        // Measuring how far words are from each other takes its time, unoptimised.
        let comments = if self.file.down.is_none() { self.comments.as_slice() } else { &[] };
        comments.iter().find(is_near).map(|comment| comment.range.clone())
    }

    /// The section marks, each with the stretch up to the next one. A mark counts even where a
    /// statement before it lacks its semicolon.
    fn marks(&self) -> Vec<Section> {
        let mut found: Vec<(directive::Section, Range<usize>)> = Vec::new();
        for comment in &self.comments {
            let Some(Ok(Directive::Section(section))) = self.directive(&comment.range) else {
                continue;
            };
            // `-- up` above a value of an enum, inside the brackets, is a remark.
            let start = comment.range.start;
            let remark = section.plain && comment.inside_statement && self.column(start) > 0;
            if self.starts_line(start) && !remark {
                found.push((section, comment.range.clone()));
            }
        }
        // So is `-- Up: create users` in a file whose section begins with goose's mark.
        let explicit: Vec<Direction> =
            found.iter().filter(|(it, _)| !it.plain).map(|(it, _)| it.direction).collect_vec();
        found.retain(|(section, _)| !section.plain || !explicit.contains(&section.direction));
        self.stretches(found)
    }

    fn stretches(&self, marks: Vec<(directive::Section, Range<usize>)>) -> Vec<Section> {
        let mut sections: Vec<Section> = Vec::new();
        for (section, mark) in marks {
            match sections.last_mut() {
                Some(last) => last.body.end = mark.start,
                None if section.separates => {
                    sections.push(Section::unmarked(Direction::Up, 0..mark.start));
                }
                None => {}
            }
            sections.push(Section {
                direction: section.direction,
                body: mark.end..self.text.len(),
                mark,
                no_transaction: section.no_transaction,
                plain: section.plain,
            });
        }
        sections
    }

    fn directive(&self, range: &Range<usize>) -> Option<Result<Directive, directive::Misread>> {
        directive::read(self.text.get(range.clone())?)
    }

    fn starts_line(&self, at: usize) -> bool {
        let line = self.text.get(at - self.column(at)..at).unwrap_or_default();
        line.trim_matches([' ', '\t']).is_empty()
    }

    /// How many bytes stand before it on its line.
    fn column(&self, at: usize) -> usize {
        let before = self.text.get(..at).unwrap_or_default();
        at - before.rfind('\n').map_or(0, |end| end + 1)
    }

    /// What stands before the first section mark speaks of the whole file.
    fn preamble(&mut self, body: Range<usize>) {
        let script = sql::parse(self.text, body.clone(), &|_| true);
        if let Some(statement) = script.statements.first() {
            let place = self.place(statement.range.clone());
            self.report(wording::statement_before_sections(place));
        }
        let directives = self.directives(body, None);
        self.no_transaction |= directives.no_transaction;
        if let Some((_, range)) = &directives.no_op {
            let place = self.place(range.clone());
            self.report(wording::no_op_in_up(place));
        }
        self.allows(&directives, &[]);
    }

    fn script(&mut self, section: Section) {
        let directives = self.directives(section.body.clone(), Some(section.direction));
        let mut found = sql::parse(self.text, section.body.clone(), &|start| {
            directives.opaque.iter().any(|mark| self.next_statement(mark.end, start))
        });
        for problem in std::mem::take(&mut found.problems) {
            let place = self.place(problem.range.clone());
            self.report(wording::sql_problem(place, &problem));
        }
        let declared = self.no_transaction || section.no_transaction || directives.no_transaction;
        let mode = transaction::mode(self.text, &found.statements, declared);
        self.allows(&directives, &found.statements);
        self.opaque(&directives, &found.statements);
        if let Some(problem) = &mode.problem {
            self.mode_problem(problem, &found.statements, section.direction);
        }
        if mode.transactional {
            self.enum_values(&found.statements);
        }
        let checksum = checksum::script(self.text, mode.kept(&found.statements), declared);
        if mode.steps.is_empty() {
            self.empty(&section, &directives);
        } else if let (Some((_, range)), Direction::Down) = (&directives.no_op, section.direction) {
            let (place, down) = (self.place(range.clone()), self.place(section.mark.clone()));
            self.report(wording::down_beside("no-op", place, down));
        }
        if let (Some((_, range)), Direction::Up) = (&directives.no_op, section.direction) {
            let place = self.place(range.clone());
            self.report(wording::no_op_in_up(place));
        }
        let script = Script {
            mark: section.mark,
            checksum,
            steps: mode.steps,
            transactional: mode.transactional,
            no_op: directives.no_op.map(|(reason, _)| reason),
            statements: found.statements,
        };
        match section.direction {
            Direction::Up => self.file.up = Some(script),
            Direction::Down => self.file.down = Some(script),
        }
    }

    /// Reads the directives of a stretch; `direction` is `None` before the first section mark.
    fn directives(&mut self, body: Range<usize>, direction: Option<Direction>) -> Directives {
        let mut directives = Directives::default();
        let whole = body == (0..self.text.len());
        // A section begins anew: a statement that was left open before it is not.
        let comments = if whole { self.comments.clone() } else { sql::comments(self.text, body) };
        for comment in comments {
            let range = comment.range.clone();
            let directive = match self.directive(&range) {
                None => continue,
                Some(Err(misread)) => {
                    // sqlx's mark is one on the first line, and a near miss anywhere else.
                    let sqlx = range.start == 0 && starts_with_sqlx_mark(self.text);
                    if !sqlx {
                        let bad =
                            range.start + misread.range.start..range.start + misread.range.end;
                        let place = self.place(bad);
                        self.report(wording::misread(place, &misread));
                    }
                    continue;
                }
                Some(Ok(directive)) => directive,
            };
            if comment.inside_statement && !is_harmless(&directive) {
                let place = self.place(range);
                self.report(wording::directive_inside_statement(place));
                continue;
            }
            self.take(directive, range, direction, &mut directives);
        }
        directives
    }

    fn take(
        &mut self,
        directive: Directive,
        range: Range<usize>,
        direction: Option<Direction>,
        directives: &mut Directives,
    ) {
        match directive {
            Directive::Neutral => {}
            // Marks of sections were taken before; here they stand in a file that is one script, or
            // behind a statement.
            Directive::Section(mark) => {
                if !mark.plain && !self.starts_line(range.start) {
                    let place = self.place(range);
                    self.report(wording::mark_behind_statement(place));
                } else if let (false, Some(file)) = (mark.plain, direction)
                    && mark.direction != file
                {
                    let place = self.place(range);
                    self.report(wording::section_in_single(mark.direction, place, file));
                } else {
                    directives.no_transaction |= mark.no_transaction;
                }
            }
            Directive::NoTransaction { .. } => directives.no_transaction = true,
            Directive::NoOp(reason) => directives.no_op = Some((reason, range)),
            Directive::Irreversible(reason) => self.file.irreversible = Some((reason, range)),
            Directive::Opaque | Directive::Allow(_) if !self.starts_line(range.start) => {
                let word = if directive == Directive::Opaque { "opaque" } else { "allow" };
                let place = self.place(range);
                self.report(wording::directive_behind_statement(place, word));
            }
            Directive::Opaque => directives.opaque.push(range),
            Directive::Allow(codes) => directives.allow.push((codes, range)),
        }
    }

    /// Whether nothing but blanks and comments stands between a directive and a statement.
    fn next_statement(&self, end: usize, start: usize) -> bool {
        end <= start && sql::normalized(self.text, end..start).is_empty()
    }

    fn allows(&mut self, directives: &Directives, statements: &[Statement]) {
        for (codes, range) in &directives.allow {
            let stands_first =
                statements.first().is_none_or(|first| range.end <= first.range.start);
            let next = statements.iter().find(|statement| range.end <= statement.range.start);
            if next.is_none() && !stands_first {
                let place = self.place(range.clone());
                self.report(wording::directive_without_statement(place, "allow"));
                continue;
            }
            let statement = if stands_first { None } else { next.map(|next| next.range.clone()) };
            self.file.allows.extend(codes.iter().map(|code| Allow {
                code: *code,
                range: range.clone(),
                statement: statement.clone(),
                used: false,
            }));
        }
    }

    fn opaque(&mut self, directives: &Directives, statements: &[Statement]) {
        for mark in &directives.opaque {
            if !statements.iter().any(|next| self.next_statement(mark.end, next.range.start)) {
                let place = self.place(mark.clone());
                self.report(wording::directive_without_statement(place, "opaque"));
            }
        }
    }

    fn mode_problem(&mut self, problem: &Problem, statements: &[Statement], direction: Direction) {
        let place = |at: usize| self.place(statements[at].range.clone());
        let command = |at: usize| title(self.text, &statements[at]);
        let diagnostic = match *problem {
            Problem::Mixed { outside, other } => {
                wording::mixed(place(outside), &command(outside), place(other), direction)
            }
            Problem::OutsideInBlock { outside } => {
                wording::outside_in_block(place(outside), &command(outside))
            }
            Problem::Control { at, unbalanced } => {
                wording::transaction_control(place(at), &command(at), unbalanced)
            }
        };
        self.report(diagnostic);
    }

    /// PostgreSQL refuses a new enum value in the transaction that adds it.
    fn enum_values(&mut self, statements: &[Statement]) {
        for (at, statement) in statements.iter().enumerate() {
            let Some(added) = &statement.adds_enum_value else { continue };
            let uses: Vec<_> = statements[at + 1..]
                .iter()
                .filter(|later| later.action.command != "ALTER TYPE")
                .filter_map(|later| {
                    let used = sql::mentions_literal(self.text, later.range.clone(), &added.value)?;
                    Some((later.range.clone(), used))
                })
                .collect_vec();
            // All are asked, so that each `allow` that is needed counts as used.
            let mut refused = uses;
            refused.retain(|(statement, _)| {
                !self.is_allowed(Code::EnumValueUsedInTransaction, statement)
            });
            let Some((_, used)) = refused.into_iter().next() else { continue };
            let (used, place) = (self.place(used), self.place(statement.range.clone()));
            self.report(wording::enum_value_used(used, place, &added.value));
        }
    }

    fn is_allowed(&mut self, code: Code, statement: &Range<usize>) -> bool {
        let allow = self.file.allows.iter_mut().find(|allow| {
            allow.code == code && allow.statement.as_ref().is_none_or(|only| only == statement)
        });
        match allow {
            Some(allow) => {
                allow.used = true;
                true
            }
            None => false,
        }
    }

    fn empty(&mut self, section: &Section, directives: &Directives) {
        let down = section.direction == Direction::Down;
        let excused = down && (directives.no_op.is_some() || self.file.irreversible.is_some());
        // A section that holds only broken text has been reported already, and so has a directive in it
        // that says why it is empty, but not well.
        let is_told = |code| {
            let misread = [Code::PsqlCommand, Code::UnknownDirective, Code::MisplacedDirective];
            misread.contains(&code)
        };
        let body = &section.body;
        let mut within =
            self.file.diagnostics.iter().filter(|it| body.contains(&it.place.range.start));
        if !excused && !within.any(|it| is_told(it.code)) {
            let place = self.place(section.mark.clone());
            self.report(wording::empty_script(section.direction, place));
        }
    }
}

/// The command, with the word that keeps it out of a transaction: `CREATE INDEX CONCURRENTLY`.
fn title(text: &str, statement: &Statement) -> String {
    let sql = text.get(statement.range.clone()).unwrap_or_default();
    let concurrently = statement.transaction == TransactionUse::Outside
        && sql.split_whitespace().any(|word| word.eq_ignore_ascii_case("concurrently"));
    let suffix = if concurrently { " CONCURRENTLY" } else { "" };
    format!("{}{suffix}", statement.action.command)
}

/// Plain comments of people and marks that change nothing may stand anywhere.
fn is_harmless(directive: &Directive) -> bool {
    matches!(
        directive,
        Directive::Neutral | Directive::Section(directive::Section { plain: true, .. })
    )
}

impl ScriptFile {
    /// Whether its statements may be others than its author means, or in other sections.
    pub(crate) fn is_misread(&self) -> bool {
        self.diagnostics.iter().any(|diagnostic| {
            matches!(
                diagnostic.code,
                Code::MalformedSections
                    | Code::UnknownDirective
                    | Code::MisplacedDirective
                    | Code::PsqlCommand
                    | Code::TransactionControl
            )
        })
    }

    /// Gives every diagnostic the source it is in: an analysis numbers its sources anew.
    pub(crate) fn belongs_to(&mut self, source: SourceId) {
        for diagnostic in &mut self.diagnostics {
            diagnostic.place.source = source;
            diagnostic.related.iter_mut().for_each(|(place, _)| place.source = source);
        }
    }
}
