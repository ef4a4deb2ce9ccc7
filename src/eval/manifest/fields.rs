use super::{Problem, line_of};
use std::collections::HashSet;
use std::ops::Range;
use toml::Spanned;
use toml::de::{DeTable, DeValue};
use uuid::Uuid;

/// The fields of one table, each of which is asked for by its name; what was not asked for is refused at the end.
pub(super) struct Fields<'a, 'i, 'p> {
    text: &'a str,
    table: &'a DeTable<'i>,
    /// Where the table begins.
    start: usize,
    problems: &'p mut Vec<Problem>,
    asked: HashSet<&'static str>,
}

impl<'a, 'i, 'p> Fields<'a, 'i, 'p> {
    pub(super) fn new(
        text: &'a str,
        (start, table): (usize, &'a DeTable<'i>),
        problems: &'p mut Vec<Problem>,
    ) -> Self {
        Self { text, table, start, problems, asked: HashSet::new() }
    }

    /// The line in which the table begins.
    pub(super) fn line(&self) -> usize {
        line_of(self.text, self.start)
    }

    fn get(&mut self, name: &'static str) -> Option<&'a Spanned<DeValue<'i>>> {
        self.asked.insert(name);
        self.table.get(name)
    }

    fn problem(&mut self, at: Option<Range<usize>>, name: &str, what: &str) {
        let line = at.map_or_else(|| self.line(), |span| line_of(self.text, span.start));
        self.problems.push(Problem { line, what: format!("`{name}` {what}") });
    }

    /// Notes that a field is wrong, at its line where it is there, else at the table's.
    pub(super) fn wrong<T>(&mut self, name: &'static str, what: &str) -> Option<T> {
        let span = self.get(name).map(Spanned::span);
        self.problem(span, name, what);
        None
    }

    pub(super) fn optional_text(&mut self, name: &'static str) -> Option<String> {
        let value = self.get(name)?;
        match value.get_ref().as_str().map(str::trim) {
            Some("") => self.wrong(name, "is empty"),
            Some(text) => Some(text.to_owned()),
            None => self.wrong(name, "must be a text"),
        }
    }

    pub(super) fn text(&mut self, name: &'static str) -> Option<String> {
        if self.get(name).is_none() {
            return self.wrong(name, "is missing");
        }
        self.optional_text(name)
    }

    pub(super) fn one_of<T: Copy>(&mut self, name: &'static str, choices: &[(&str, T)]) -> Option<T> {
        let text = self.text(name)?;
        if let Some((_, choice)) = choices.iter().find(|(code, _)| *code == text) {
            return Some(*choice);
        }
        let codes: Vec<_> = choices.iter().map(|(code, _)| format!("{code:?}")).collect();
        self.wrong(name, &format!("is {text:?}, but must be {}", codes.join(" or ")))
    }

    pub(super) fn uuid(&mut self, name: &'static str) -> Option<Uuid> {
        let text = self.text(name)?;
        Uuid::try_parse(&text).ok().or_else(|| self.wrong(name, "must be a UUID"))
    }

    /// The tables of a list, each with the place where it begins.
    pub(super) fn tables(&mut self, name: &'static str) -> Vec<(usize, &'a DeTable<'i>)> {
        let Some(value) = self.get(name) else { return Vec::new() };
        let all = value.get_ref().as_array().and_then(|array| {
            array.iter().map(|item| Some((item.span().start, item.get_ref().as_table()?))).collect()
        });
        all.or_else(|| self.wrong(name, "must be a list of tables: [[trial]]")).unwrap_or_default()
    }

    /// Refuses what was not asked for.
    pub(super) fn finish(mut self) {
        let unknown = self.table.keys().filter(|key| !self.asked.contains(&**key.get_ref()));
        let unknown: Vec<_> = unknown.map(|key| (key.span(), key.get_ref().to_string())).collect();
        for (span, name) in unknown {
            self.problem(Some(span), &name, "is not known");
        }
    }
}
