//! Diagnostic → text, as the user sees it.
//!
//! The first line is a sentence that stands alone and ends in `[code]`; the second is always
//! `--> path:line:col`, which editors and CI matchers read. No colours: rustc would show an escape
//! byte as a visible symbol.

use crate::diagnostic::{Diagnostic, Place};
use crate::list::CollectVec;
use crate::source::Source;
use annotate_snippets::renderer::DecorStyle;
use annotate_snippets::{Annotation, AnnotationKind, Element, Level, Origin, Renderer, Snippet};
use std::borrow::Cow;
use std::ops::Range;

/// Draws one diagnostic. `root` is how the set's directory is to be shown: a path relative to the
/// working directory, or whatever precedes the sources' own paths.
pub fn render(diagnostic: &Diagnostic, sources: &[Source], root: &str) -> String {
    let title = format!("{} [{}]", diagnostic.message, diagnostic.code);
    let mut group = Level::ERROR
        .no_name()
        .primary_title(title.as_str())
        .elements(places(diagnostic, sources, root));
    for note in &diagnostic.notes {
        group = group.element(Level::NOTE.message(note.as_str()));
    }
    for help in &diagnostic.help {
        group = group.element(Level::HELP.message(help.as_str()));
    }
    let text = Renderer::plain().decor_style(DecorStyle::Ascii).render(&[group]);
    // A title without a level still starts with the colon that would follow the level.
    let text = text.strip_prefix(": ").unwrap_or(&text);
    text.lines().map(str::trim_end).collect_vec().join("\n")
}

/// How a source is shown: its path below `root`.
pub fn display_path(source: &Source, root: &str) -> String {
    match (root.is_empty(), source.path().is_empty()) {
        (true, _) => source.path().to_owned(),
        (false, true) => root.to_owned(),
        (false, false) => format!("{}/{}", root.trim_end_matches('/'), source.path()),
    }
}

fn places<'a>(diagnostic: &'a Diagnostic, sources: &'a [Source], root: &str) -> Vec<Element<'a>> {
    let mut by_source: Vec<(&Source, Vec<Annotation<'a>>)> = Vec::new();
    let primary = (&diagnostic.place, diagnostic.label.as_deref(), AnnotationKind::Primary);
    let related = diagnostic
        .related
        .iter()
        .map(|(place, label)| (place, Some(label.as_str()), AnnotationKind::Context));
    for (place, label, kind) in std::iter::once(primary).chain(related) {
        let Some(source) = sources.get(place.source.index()) else { continue };
        let annotation = range(place, source).map(|span| kind.span(span).label(label));
        match by_source.iter_mut().find(|(seen, _)| std::ptr::eq(*seen, source)) {
            Some((_, annotations)) => annotations.extend(annotation),
            None => by_source.push((source, annotation.into_iter().collect_vec())),
        }
    }
    by_source.into_iter().map(|(source, list)| element(source, list, root)).collect_vec()
}

fn element<'a>(source: &'a Source, annotations: Vec<Annotation<'a>>, root: &str) -> Element<'a> {
    let path = display_path(source, root);
    let (line, column) = source.start();
    if annotations.is_empty() {
        return Origin::path(path).line(line).char_column(column).into();
    }
    let text = match indent(source) {
        0 => Cow::Borrowed(source.text()),
        blanks => Cow::Owned(format!("{:blanks$}{}", "", source.text())),
    };
    Snippet::source(text).line_start(line).path(path).annotations(annotations).into()
}

/// Blanks that put the first line of a script in a Rust file into its column there.
fn indent(source: &Source) -> usize {
    source.start().1 - 1
}

/// The place as a range that can be drawn, or none where it speaks of the whole file.
fn range(place: &Place, source: &Source) -> Option<Range<usize>> {
    let Range { start, end } = place.range;
    let valid = start < end && source.text().get(start..end).is_some();
    valid.then(|| start + indent(source)..end + indent(source))
}
