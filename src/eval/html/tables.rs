use super::forest::{scale, whisker};
use super::{Text, section};
use crate::eval::proportion::Proportion;
use crate::eval::rates::{BonaFideRates, SpeciesRates};
use crate::eval::summary::{Context, Summary};
use crate::eval::words::{interval, percent, rate, spaced};
use std::fmt::{self, Write as _};

/// Each species beside the living, with intervals.
pub(super) fn species(out: &mut String, summary: &Summary) -> fmt::Result {
    let rates = &summary.rates;
    let threshold = rates.threshold;
    let about = format!(
        "Each PAI species at threshold {threshold}, with exact 95 % intervals. APCER is of the attacks that came to a score; \
         the last column is of all that were presented, since an attack without a score has not passed either."
    );
    section(out, "species", "Errors by PAI species", &about)?;
    let end = scale(rates.species.iter().map(|of| &of.apcer).chain([&rates.bona_fide.bpcer]));
    write!(
        out,
        "<div class=\"scroll\" tabindex=\"0\" role=\"region\" aria-labelledby=\"species-h\"><table>\n<thead><tr>\
         <th scope=\"col\">Presented</th><th scope=\"col\" class=\"n\">People</th>\
         <th scope=\"col\" class=\"n\">Trials</th><th scope=\"col\" class=\"n\">No score</th>\
         <th scope=\"col\" class=\"n\">Errors of scored</th><th scope=\"col\" class=\"n\">Rate</th>\
         <th scope=\"col\" class=\"n\">95 %</th><th scope=\"col\" class=\"plot\">0 to {} %</th>\
         <th scope=\"col\" class=\"n\">Passed of all</th></tr></thead>\n<tbody>\n",
        end * 100.0
    )?;
    for of in &rates.species {
        let SpeciesRates { species, subjects, presented, apnrr, apcer, passed } = of;
        let worst =
            rates.highest.as_ref().is_some_and(|highest| highest.species == *species && apcer.count > 0);
        let class = if worst { "attack worst" } else { "attack" };
        let last = format!("{} <small>{}</small>", rate(passed), interval(passed));
        row(out, class, species, [*subjects, *presented], [apnrr, apcer], "APCER", end, &last)?;
    }
    let BonaFideRates { subjects, presented, bpnrr, bpcer } = &rates.bona_fide;
    row(out, "living", "bona fide", [*subjects, *presented], [bpnrr, bpcer], "BPCER", end, "")?;
    out.write_str("</tbody></table></div>\n</section>\n")
}

#[expect(clippy::too_many_arguments, reason = "they are the cells of one row")]
fn row(
    out: &mut String,
    class: &str,
    name: &str,
    [subjects, presented]: [usize; 2],
    [silent, error]: [&Proportion; 2],
    unit: &str,
    end: f64,
    last: &str,
) -> fmt::Result {
    writeln!(
        out,
        "<tr class=\"{class}\"><th scope=\"row\">{}</th><td class=\"n\">{subjects}</td><td class=\"n\">{presented}</td>\
         <td class=\"n\">{}</td><td class=\"n\">{} of {}</td><td class=\"n strong\">{} <small>{unit}</small></td>\
         <td class=\"n\">{}</td><td class=\"plot\">{}</td><td class=\"n\">{last}</td></tr>",
        Text(&spaced(name)),
        silent.count,
        error.count,
        error.of,
        rate(error),
        interval(error),
        whisker(error, end),
    )
}

/// What other thresholds would come to.
pub(super) fn thresholds(out: &mut String, summary: &Summary) -> fmt::Result {
    let about = "A trial passes with a confidence above the threshold. The chosen one is marked.";
    section(out, "thresholds", "Other thresholds", about)?;
    out.write_str(
        "<div class=\"scroll\" tabindex=\"0\" role=\"region\" aria-labelledby=\"thresholds-h\"><table>\n<thead><tr>\
         <th scope=\"col\" class=\"n\">Threshold</th><th scope=\"col\" class=\"n\">Highest APCER</th>\
         <th scope=\"col\" class=\"n\">95 %</th><th scope=\"col\">Species</th>\
         <th scope=\"col\" class=\"n\">Attacks passed</th><th scope=\"col\" class=\"n\">BPCER</th>\
         <th scope=\"col\" class=\"n\">95 %</th><th scope=\"col\" class=\"n\">ACER</th></tr></thead>\n<tbody>\n",
    )?;
    for rates in &summary.thresholds {
        let chosen = if rates.threshold == summary.rates.threshold { " class=\"chosen\"" } else { "" };
        let none = Proportion::new(0, 0);
        let apcer = rates.highest.as_ref().map_or(&none, |highest| &highest.apcer);
        let name = rates.highest.as_ref().map_or_else(String::new, |highest| spaced(&highest.species));
        let bpcer = &rates.bona_fide.bpcer;
        writeln!(
            out,
            "<tr{chosen}><th scope=\"row\" class=\"n\">{}</th><td class=\"n strong\">{}</td><td class=\"n\">{}</td>\
             <td>{}</td><td class=\"n\">{} of {}</td><td class=\"n strong\">{}</td><td class=\"n\">{}</td>\
             <td class=\"n\">{}</td></tr>",
            rates.threshold,
            rate(apcer),
            interval(apcer),
            Text(&name),
            rates.passed.count,
            rates.passed.of,
            rate(bpcer),
            interval(bpcer),
            rates.acer.map_or_else(|| "–".to_owned(), percent),
        )?;
    }
    out.write_str("</tbody></table></div>\n</section>\n")
}

/// The same, under each condition apart.
pub(super) fn conditions(out: &mut String, summary: &Summary) -> fmt::Result {
    section(out, "conditions", "By condition", "At the chosen threshold. Few trials make wide intervals.")?;
    out.write_str(
        "<div class=\"scroll\" tabindex=\"0\" role=\"region\" aria-labelledby=\"conditions-h\"><table>\n<thead><tr>\
         <th scope=\"col\">Condition</th><th scope=\"col\" class=\"n\">Living</th>\
         <th scope=\"col\" class=\"n\">No score</th><th scope=\"col\" class=\"n\">BPCER</th>\
         <th scope=\"col\" class=\"n\">95 %</th><th scope=\"col\" class=\"n\">Attacks</th>\
         <th scope=\"col\" class=\"n\">Passed of all</th><th scope=\"col\" class=\"n\">95 %</th></tr></thead>\n<tbody>\n",
    )?;
    for (condition, rates) in &summary.conditions {
        let (living, passed) = (&rates.bona_fide, &rates.passed);
        writeln!(
            out,
            "<tr><th scope=\"row\">{}</th><td class=\"n\">{}</td><td class=\"n\">{}</td><td class=\"n strong\">{}</td>\
             <td class=\"n\">{}</td><td class=\"n\">{}</td><td class=\"n strong\">{}</td><td class=\"n\">{}</td></tr>",
            Text(condition),
            living.presented,
            living.bpnrr.count,
            rate(&living.bpcer),
            interval(&living.bpcer),
            passed.of,
            rate(passed),
            interval(passed),
        )?;
    }
    out.write_str("</tbody></table></div>\n</section>\n")
}

/// How the numbers are meant, and what they do not say.
pub(super) fn reading(out: &mut String, summary: &Summary) -> fmt::Result {
    let Context { manifest_sha256, version, made_at, .. } = &summary.context;
    section(out, "reading", "How to read this", "")?;
    write!(
        out,
        "<dl class=\"terms\">\n\
         <dt>APCER</dt><dd>Attack presentation classification error rate: attacks of one species that passed, of those that \
         came to a score (ISO/IEC 30107-3). An average over species would hide the one that gets through; the highest counts.</dd>\n\
         <dt>BPCER</dt><dd>Bona fide presentation classification error rate: living persons who did not pass, of those who came \
         to a score.</dd>\n\
         <dt>APNRR, BPNRR</dt><dd>Non-response rates: presentations without a score, of all. An attempt that fails for a \
         technical reason is no verdict.</dd>\n\
         <dt>ACER</dt><dd>Mean of the highest APCER and the BPCER. It hides which of the two is meant; read those.</dd>\n\
         <dt>95 %</dt><dd>Clopper and Pearson’s exact interval for a proportion. It takes trials as independent, which trials \
         of one person are not: with few people the truth may lie outside more often.</dd>\n\
         <dt>AUC</dt><dd>Probability that a living person has the higher number than an attack, ties counted half. Its interval \
         draws people anew, 1000 times. Where a signal divides all trials it shows no doubt, though there is some.</dd>\n\
         </dl>\n<p class=\"made\">Made {} by liveness {}. SHA-256 of the manifest: <code>{}</code></p>\n</section>\n",
        Text(made_at),
        Text(version),
        Text(manifest_sha256),
    )
}
