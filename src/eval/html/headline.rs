use super::Text;
use crate::eval::proportion::Proportion;
use crate::eval::summary::{Context, Summary};
use crate::eval::words::{counted, interval, percent, rate, spaced};
use std::fmt::{self, Write as _};

/// The top of the page: what was asked, the answer in one sentence, and the numbers that count.
pub(super) fn write(out: &mut String, summary: &Summary) -> fmt::Result {
    let Context { title, split, policy, .. } = &summary.context;
    let threshold = summary.rates.threshold;
    let split = if split == "all" { "all splits" } else { split };
    write!(
        out,
        "<header>\n<p class=\"kicker\">Liveness evaluation</p>\n<h1>{}</h1>\n<p class=\"lead\">{}</p>\n\
         <ul class=\"facts\">\n<li>policy {policy}</li><li>threshold {threshold}</li><li>split: {}</li>\
         <li>{}</li><li>{}</li></ul>\n",
        Text(title),
        sentence(summary),
        Text(split),
        counted(summary.trials, "trial", "trials"),
        counted(summary.subjects, "person", "people"),
    )?;
    cards(out, summary)?;
    notes(out, &summary.context)?;
    out.write_str("</header>\n")
}

/// What happened, in words.
fn sentence(summary: &Summary) -> String {
    let rates = &summary.rates;
    let mut told = Vec::new();
    if rates.passed.of > 0 {
        let species = counted(rates.species.len(), "species", "species");
        let passed = if rates.passed.count == 0 { "None".to_owned() } else { rates.passed.count.to_string() };
        let attacks = counted(rates.passed.of, "attack", "attacks");
        told.push(format!("<b>{passed} of {attacks}</b> of {species} passed."));
    }
    let living = &rates.bona_fide;
    if living.presented > 0 {
        let refused = if living.bpcer.count == 0 { "none" } else { &living.bpcer.count.to_string() };
        let silent = match living.bpnrr.count {
            0 => "all came to a score".to_owned(),
            some => format!("{some} came to no score"),
        };
        let people = counted(living.presented, "bona fide presentation", "bona fide presentations");
        told.push(format!("Of <b>{people}</b>, {refused} did not pass and {silent}."));
    }
    told.join(" ")
}

fn cards(out: &mut String, summary: &Summary) -> fmt::Result {
    let rates = &summary.rates;
    out.write_str("<dl class=\"cards\">\n")?;
    if let Some(highest) = &rates.highest {
        let of = spaced(&highest.species);
        card(out, "attack", "Highest APCER", &highest.apcer, &format!("scored attacks, by {}", Text(&of)))?;
    }
    let of_all = "attacks, scored or not";
    card(out, "attack", "Attacks passed", &rates.passed, of_all)?;
    card(out, "living", "BPCER", &rates.bona_fide.bpcer, "scored living persons did not pass")?;
    card(out, "living", "No score (BPNRR)", &rates.bona_fide.bpnrr, "living persons came to no score")?;
    if let Some(acer) = rates.acer {
        let what = "mean of highest APCER and BPCER";
        let acer = percent(acer);
        writeln!(out, "<div class=\"card\"><dt>ACER</dt><dd><b>{acer}</b><span>{what}</span></dd></div>")?;
    }
    out.write_str("</dl>\n")
}

fn card(out: &mut String, class: &str, name: &str, proportion: &Proportion, what: &str) -> fmt::Result {
    let Proportion { count, of, .. } = proportion;
    writeln!(
        out,
        "<div class=\"card {class}\"><dt>{name}</dt><dd><b>{}</b><span class=\"range\">{}</span>\
         <span>{count} of {of} {what}</span></dd></div>",
        rate(proportion),
        interval(proportion),
    )
}

fn notes(out: &mut String, context: &Context) -> fmt::Result {
    if context.notes.is_empty() {
        return Ok(());
    }
    out.write_str("<ul class=\"notes\">\n")?;
    for note in &context.notes {
        writeln!(out, "<li>{}</li>", Text(note))?;
    }
    out.write_str("</ul>\n")
}
