//! The table.

use std::fmt::Write as _;

/// One measured ratio.
pub(crate) struct Row {
    pub(crate) what: &'static str,
    pub(crate) service: String,
    pub(crate) bare: String,
    pub(crate) ratio: f64,
    pub(crate) target: &'static str,
    /// None where there is no target.
    pub(crate) met: Option<bool>,
    /// How it came about, for whoever doubts it.
    pub(crate) notes: Vec<String>,
}

impl Row {
    /// All rows as a table in Markdown.
    pub(crate) fn table(rows: &[Self]) -> String {
        let cells = rows.iter().map(|row| {
            let Self { what, service, bare, ratio, target, .. } = row;
            let met = row.met.map_or("", |met| if met { "met" } else { "missed" });
            let ratio = format!("{ratio:.2}");
            [*what, service, bare, &ratio, target, met].map(str::to_owned).to_vec()
        });
        let head = ["measure", "service", "bare counterpart", "ratio", "target", ""];
        table(&head, &cells.collect::<Vec<_>>())
    }
}

/// A table in Markdown.
pub(crate) fn table(head: &[&str], rows: &[Vec<String>]) -> String {
    let mut text = format!("| {} |\n|{}\n", head.join(" | "), " --- |".repeat(head.len()));
    for row in rows {
        // Writing to a string cannot fail.
        let _ = writeln!(text, "| {} |", row.join(" | "));
    }
    text
}

/// The middle one, or the mean of the two in the middle; 0 where there is none.
pub(crate) fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    let upper = values.len() / 2;
    match (values.len().is_multiple_of(2), values.get(upper.saturating_sub(1)), values.get(upper)) {
        (true, Some(below), Some(above)) => f64::midpoint(*below, *above),
        (_, _, middle) => middle.copied().unwrap_or(0.0),
    }
}

/// The least value that so large a share of all does not exceed; 0 where there is none.
pub(crate) fn percentile(mut values: Vec<f64>, share: f64) -> f64 {
    values.sort_by(f64::total_cmp);
    let rank = (values.len() as f64 * share).ceil() as usize;
    values.get(rank.saturating_sub(1)).copied().unwrap_or(0.0)
}

/// Numbers in one line.
pub(crate) fn list(values: &[f64], decimals: usize) -> String {
    values.iter().map(|value| format!("{value:.decimals$}")).collect::<Vec<_>>().join(" ")
}
