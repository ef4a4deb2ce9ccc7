//! Ratios: what the whole service does, over what its bare parts do in the same run on the same machine.
//!
//! `cargo bench --bench service [-- MEASURE…] [--quick]`; `docs/benchmarks.md` names the measures and says what each
//! figure means. Nothing here asserts a time: whoever reads the table judges.
#![expect(clippy::print_stdout, reason = "a bench prints what it measured")]

mod appends;
mod bare;
mod capture;
mod chained;
mod clients;
mod costs;
mod crowd;
mod frames;
mod group_commit;
mod http;
mod laps;
mod machine;
mod memory;
mod networks;
mod pace;
mod person;
mod plan;
mod posts;
mod process;
mod recorded;
mod remote_posts;
mod report;
mod scan;
mod service;
mod sessions;
mod signals;
mod sitting;
mod verdict;
mod verify;
mod visitor;
mod wire_reads;

use plan::{Measure, Plan};
use report::Row;

fn main() -> anyhow::Result<()> {
    let Some(plan) = Plan::read(std::env::args().skip(1))? else { return Ok(()) };
    print!("{}", machine::describe()?);
    let mut rows = Vec::new();
    for measure in &plan.measures {
        let measured = match measure {
            Measure::Frames => vec![frames::run(&plan)?],
            Measure::Posts => vec![posts::run(&plan)?],
            Measure::Memory => vec![memory::run(&plan)?],
            Measure::Verdict => vec![verdict::run(&plan)?],
            Measure::Appends => appends::run(&plan)?,
            Measure::Verify => verify::run(&plan)?,
            Measure::RemotePosts => vec![remote_posts::run(&plan)?],
            Measure::WireReads => vec![wire_reads::run(&plan)?],
            Measure::Sessions => {
                let (rows, tables) = sessions::run(&plan)?;
                println!("\n{tables}");
                rows
            }
        };
        for row in measured {
            println!("\n{}: {}", row.what, row.notes.join("; "));
            rows.push(row);
        }
    }
    print!("\n{}", Row::table(&rows));
    Ok(())
}
