//! Ratios: what the whole service does, over what its bare parts do in the same run on the same machine.
//!
//! `cargo bench --bench service [-- frames|posts|memory|verdict] [--quick]`; `docs/benchmarks.md` says what each figure
//! means. Nothing here asserts a time: whoever reads the table judges.
#![expect(clippy::print_stdout, reason = "a bench prints what it measured")]

mod capture;
mod clients;
mod frames;
mod group_commit;
mod http;
mod machine;
mod memory;
mod networks;
mod person;
mod plan;
mod posts;
mod recorded;
mod report;
mod service;
mod verdict;

use plan::{Measure, Plan};
use report::Row;

fn main() -> anyhow::Result<()> {
    let Some(plan) = Plan::read(std::env::args().skip(1))? else { return Ok(()) };
    print!("{}", machine::describe()?);
    let mut rows = Vec::new();
    for measure in &plan.measures {
        let row = match measure {
            Measure::Frames => frames::run(&plan)?,
            Measure::Posts => posts::run(&plan)?,
            Measure::Memory => memory::run(&plan)?,
            Measure::Verdict => verdict::run(&plan)?,
        };
        println!("\n{}: {}", row.what, row.notes.join("; "));
        rows.push(row);
    }
    print!("\n{}", Row::table(&rows));
    Ok(())
}
