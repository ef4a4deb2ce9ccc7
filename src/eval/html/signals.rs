use super::forest::area_whisker;
use super::{Text, section};
use crate::eval::ablation::Ablation;
use crate::eval::auc::Auc;
use crate::eval::proportion::Proportion;
use crate::eval::summary::{SignalPower, Summary};
use crate::eval::words::{area, counted, rate, spaced};
use std::fmt::{self, Write as _};

/// Each signal alone, against each species, and what is lost without it.
pub(super) fn write(out: &mut String, summary: &Summary) -> fmt::Result {
    if summary.signals.is_empty() {
        return Ok(());
    }
    alone(out, summary)?;
    against_species(out, summary)?;
    without(out, summary)
}

fn alone(out: &mut String, summary: &Summary) -> fmt::Result {
    let about = "How well each signal by itself divides living persons from attacks (AUC): 1 divides all, 0.5 tells nothing. \
                 The score is what counts for the confidence; the value is what was measured before, where below 0.5 means \
                 that lower values are alive. Not measured: scored trials in which the signal is missing.";
    section(out, "signals", "Each signal alone", about)?;
    out.write_str(
        "<div class=\"scroll\" tabindex=\"0\" role=\"region\" aria-labelledby=\"signals-h\"><table>\n<thead><tr>\
         <th scope=\"col\">Signal</th><th scope=\"col\" class=\"n\">AUC of score</th>\
         <th scope=\"col\" class=\"n\">95 %</th><th scope=\"col\" class=\"plot\">0 to 1</th>\
         <th scope=\"col\" class=\"n\">AUC of value</th><th scope=\"col\" class=\"n\">Not measured: living</th>\
         <th scope=\"col\" class=\"n\">attacks</th></tr></thead>\n<tbody>\n",
    )?;
    for of in &summary.signals {
        let SignalPower { signal, by_score, by_value, missing_bona_fide, missing_attacks, .. } = of;
        let last = format!(
            "<td class=\"n\">{}</td><td class=\"n\">{missing_bona_fide}</td><td class=\"n\">{missing_attacks}</td>",
            area(by_value.map(|auc| auc.area))
        );
        auc_row(out, "", &spaced(signal), *by_score, &last)?;
    }
    let last = "<td></td><td></td><td></td>";
    auc_row(out, " class=\"chosen\"", "confidence, all together", summary.confidence, last)?;
    out.write_str("</tbody></table></div>\n</section>\n")
}

fn auc_row(out: &mut String, class: &str, name: &str, auc: Option<Auc>, last: &str) -> fmt::Result {
    let interval = auc.and_then(|auc| auc.interval);
    let told = interval.map_or_else(String::new, |(low, high)| format!("{low:.3} to {high:.3}"));
    let drawn = auc.map_or_else(String::new, |auc| area_whisker(auc.area, auc.interval));
    writeln!(
        out,
        "<tr{class}><th scope=\"row\">{}</th><td class=\"n strong\">{}</td><td class=\"n\">{told}</td>\
         <td class=\"plot\">{drawn}</td>{last}</tr>",
        Text(name),
        area(auc.map(|auc| auc.area)),
    )
}

fn against_species(out: &mut String, summary: &Summary) -> fmt::Result {
    let species: Vec<_> = summary.rates.species.iter().map(|of| &of.species).collect();
    if species.is_empty() {
        return Ok(());
    }
    let about = "AUC of each signal’s score against one species alone. The stronger the colour, the better that signal tells \
                 that species; a dash where no trial of it has the signal.";
    section(out, "matrix", "Which signal tells which species", about)?;
    out.write_str(
        "<div class=\"scroll\" tabindex=\"0\" role=\"region\" aria-labelledby=\"matrix-h\"><table class=\"matrix\">\n\
         <thead><tr><th scope=\"col\">Signal</th>",
    )?;
    for species in &species {
        write!(out, "<th scope=\"col\">{}</th>", Text(&spaced(species)))?;
    }
    out.write_str("</tr></thead>\n<tbody>\n")?;
    for SignalPower { signal, by_species, .. } in &summary.signals {
        write!(out, "<tr><th scope=\"row\">{}</th>", Text(&spaced(signal)))?;
        for species in &species {
            match by_species.get(*species).copied().flatten() {
                Some(area) => {
                    let (class, strength) =
                        if area >= 0.5 { ("good", area - 0.5) } else { ("bad", 0.5 - area) };
                    write!(out, "<td class=\"{class}\" style=\"--s:{:.2}\">{area:.2}</td>", strength * 2.0)?;
                }
                None => out.write_str("<td>–</td>")?,
            }
        }
        out.write_str("</tr>\n")?;
    }
    out.write_str("</tbody></table></div>\n</section>\n")
}

fn without(out: &mut String, summary: &Summary) -> fmt::Result {
    let mut about = "The rates at the chosen threshold if a signal did not exist. An attack that is let in was stopped by that \
                     signal alone; a person who is let in was kept out by it alone."
        .to_owned();
    if summary.not_fused > 0 {
        let trials = counted(summary.not_fused, "trial has", "trials have");
        write!(
            about,
            " <b>{trials} a confidence that is not what its signals come to: this table does not hold.</b>"
        )?;
    }
    section(out, "ablation", "Without each signal", &about)?;
    out.write_str(
        "<div class=\"scroll\" tabindex=\"0\" role=\"region\" aria-labelledby=\"ablation-h\"><table>\n<thead><tr>\
         <th scope=\"col\">Without</th><th scope=\"col\" class=\"n\">Attacks let in</th>\
         <th scope=\"col\" class=\"n\">Highest APCER</th><th scope=\"col\">Species</th>\
         <th scope=\"col\" class=\"n\">People let in</th><th scope=\"col\" class=\"n\">BPCER</th></tr></thead>\n<tbody>\n",
    )?;
    for Ablation { signal, rates, attacks_let_in, people_let_in } in &summary.ablations {
        let none = Proportion::new(0, 0);
        let highest = rates.highest.as_ref();
        let apcer = highest.map_or(&none, |highest| &highest.apcer);
        let species = highest.map_or_else(String::new, |highest| spaced(&highest.species));
        let plus = |count: &usize| if *count == 0 { "–".to_owned() } else { format!("+{count}") };
        writeln!(
            out,
            "<tr><th scope=\"row\">{}</th><td class=\"n {}\">{}</td><td class=\"n strong\">{}</td><td>{}</td>\
             <td class=\"n {}\">{}</td><td class=\"n strong\">{}</td></tr>",
            Text(&spaced(signal)),
            if *attacks_let_in > 0 { "up-attack" } else { "" },
            plus(attacks_let_in),
            rate(apcer),
            Text(&species),
            if *people_let_in > 0 { "up-living" } else { "" },
            plus(people_let_in),
            rate(&rates.bona_fide.bpcer),
        )?;
    }
    out.write_str("</tbody></table></div>\n</section>\n")
}
