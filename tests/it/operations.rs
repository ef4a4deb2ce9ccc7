//! What `deploy/` and the operations manual say is what the binary has.

use super::kit::run;
use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

const ROOT: &str = env!("CARGO_MANIFEST_DIR");
const MANUAL: &str = "docs/operations.md";
/// Names the file of settings, and is therefore no flag's.
const CONFIG: &str = "LIVENESS_CONFIG";

/// Each command with the flags and variables of its help.
#[derive(Default)]
struct CommandLine(BTreeMap<Vec<String>, BTreeSet<String>>);

impl CommandLine {
    fn of_the_binary() -> Self {
        let (mut known, mut open) = (Self::default(), vec![vec![]]);
        while let Some(command) = open.pop() {
            let asked: Vec<&str> = command.iter().map(String::as_str).chain(["--help"]).collect();
            let help = String::from_utf8(run(Path::new(ROOT), &asked).stdout).unwrap();
            let listed = help.split_once("\nCommands:\n").map_or("", |(_, rest)| rest);
            let names = listed.lines().take_while(|line| !line.is_empty());
            let names = names.filter_map(|line| line.strip_prefix("  ")?.split(' ').next());
            for name in names.filter(|name| !name.is_empty() && *name != "help") {
                open.push([&command[..], &[name.to_owned()]].concat());
            }
            let said = flags(&help).into_iter().chain(variables(&help)).map(str::to_owned).collect();
            known.0.insert(command, said);
        }
        known
    }

    fn has(&self, word: &str) -> bool {
        word == CONFIG || self.0.values().any(|said| said.contains(word))
    }

    /// What is wrong with a use of the command line, given what stands behind the program's name.
    fn judge(&self, call: &str) -> Option<String> {
        let names: Vec<String> = call.split_whitespace().map(str::to_owned).collect();
        let depth = (1..=names.len()).take_while(|depth| self.0.contains_key(&names[..*depth])).last()?;
        let said = &self.0[&names[..depth]];
        let unknown: Vec<_> = flags(call).into_iter().filter(|flag| !said.contains(*flag)).collect();
        (!unknown.is_empty()).then(|| format!("`{}` has no {unknown:?}", names[..depth].join(" ")))
    }
}

/// Runs of `of` that begin with `start`.
fn runs<'a>(text: &'a str, start: &str, of: fn(char) -> bool) -> Vec<&'a str> {
    let found = text.match_indices(start).filter(|(at, _)| !text[..*at].ends_with(of));
    found.map(|(at, _)| text[at..].split_once(|c| !of(c)).map_or(&text[at..], |(run, _)| run)).collect()
}

fn flags(text: &str) -> Vec<&str> {
    let found = runs(text, "--", |c| c == '-' || c.is_ascii_lowercase() || c.is_ascii_digit());
    found.into_iter().filter(|flag| flag.len() > 2 && !flag.ends_with('-')).collect()
}

fn variables(text: &str) -> Vec<&str> {
    let found = runs(text, "LIVENESS_", |c| c == '_' || c.is_ascii_uppercase());
    found.into_iter().filter(|variable| !variable.ends_with('_')).collect()
}

/// Code between single backticks.
fn spans(text: &str) -> Vec<&str> {
    text.lines()
        .filter(|line| !line.starts_with("```"))
        .flat_map(|l| l.split('`').skip(1).step_by(2))
        .collect()
}

fn read(path: &Path) -> String {
    fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

fn files(folder: &Path) -> Vec<PathBuf> {
    fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).filter(|path| path.is_file()).collect()
}

#[test]
fn commands_flags_and_variables_that_are_named_exist() {
    let known = CommandLine::of_the_binary();
    assert!(
        known.has("--listen") && known.has("LIVENESS_DATA_DIR") && known.judge("keys list --nope").is_some()
    );
    let mut wrong = Vec::new();
    for path in files(&Path::new(ROOT).join("deploy")).into_iter().chain([Path::new(ROOT).join(MANUAL)]) {
        let text = read(&path);
        let mut told = |what: String| wrong.push(format!("{}: {what}", path.display()));
        for variable in variables(&text).into_iter().filter(|variable| !known.has(variable)) {
            told(format!("{variable} is no variable"));
        }
        for line in text.lines() {
            for (at, name) in line.match_indices("liveness ") {
                let call = line[at + name.len()..].split(['`', '|', '<', '#', '&', '"']).next().unwrap();
                known.judge(call).into_iter().for_each(&mut told);
            }
        }
        for span in spans(&text) {
            let unknown = flags(span).into_iter().filter(|flag| !known.has(flag));
            if span.starts_with("--") {
                unknown.for_each(|flag| told(format!("{flag} is no flag")));
            }
            let command = span.strip_prefix("liveness ").and_then(|call| call.split(' ').next());
            if command.is_some_and(|name| !known.0.contains_key(&[name.to_owned()][..])) {
                told(format!("`{span}` is no command"));
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn messages_of_the_manual_are_those_of_the_code() {
    let mut sources = String::new();
    let mut folders: Vec<PathBuf> =
        ["src", "web/src", "projections/src", "models/src"].map(|folder| Path::new(ROOT).join(folder)).into();
    while let Some(folder) = folders.pop() {
        let entries = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
        let (below, here): (Vec<_>, Vec<_>) = entries.partition(|path| path.is_dir());
        folders.extend(below);
        here.iter().for_each(|file| sources.push_str(&read(file)));
    }
    // A text that goes on in the next line of the source.
    let mut parts = sources.split("\\\n");
    let first = parts.next().unwrap_or_default().to_owned();
    let sources = parts.fold(first, |all, part| all + part.trim_start());

    let manual = read(&Path::new(ROOT).join(MANUAL));
    let (_, table) = manual.split_once("\n## What breaks").unwrap();
    let (table, _) = table.split_once("\n## ").unwrap();
    let messages: Vec<_> = table
        .lines()
        .filter_map(|row| row.strip_prefix("| ")?.split(" | ").nth(1))
        .flat_map(spans)
        .filter(|span| span.contains(' ') && !span.contains('/'))
        .collect();
    assert!(messages.len() > 20, "the table is not found: {messages:?}");
    let gone: Vec<_> = messages.into_iter().filter(|message| !sources.contains(message)).collect();
    assert!(gone.is_empty(), "no code says {gone:#?}");
}
