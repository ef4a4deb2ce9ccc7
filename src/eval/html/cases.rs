use super::{PictureOf, Text, section};
use crate::eval::summary::Summary;
use crate::eval::trial::{Scored, Trial};
use crate::eval::words::spaced;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use std::fmt::{self, Write as _};

/// Cases that are shown of either kind.
const CASES: usize = 12;
/// Signals that are named of one case.
const SIGNALS: usize = 3;

/// The attacks that came furthest, the living persons who came least far, and why others came to no score.
pub(super) fn write(
    out: &mut String,
    summary: &Summary,
    trials: &[&Trial],
    picture_of: &PictureOf<'_>,
) -> fmt::Result {
    let threshold = summary.rates.threshold;
    let mut scored: Vec<(&Trial, &Scored)> =
        trials.iter().filter_map(|trial| Some((*trial, trial.scored()?))).collect();
    scored.sort_by(|(_, a), (_, b)| a.confidence.total_cmp(&b.confidence));
    section(out, "attacks", "Attacks that came furthest", "The highest confidence first.")?;
    let attacks = scored.iter().rev().filter(|(trial, _)| !trial.is_bona_fide()).take(CASES);
    cases(out, attacks, picture_of, |confidence| confidence > threshold)?;
    section(out, "living", "Living persons who came least far", "The lowest confidence first.")?;
    let living = scored.iter().filter(|(trial, _)| trial.is_bona_fide()).take(CASES);
    cases(out, living, picture_of, |confidence| confidence <= threshold)?;
    failures(out, summary)
}

fn cases<'a>(
    out: &mut String,
    cases: impl Iterator<Item = &'a (&'a Trial, &'a Scored)>,
    picture_of: &PictureOf<'_>,
    is_wrong: impl Fn(f64) -> bool,
) -> fmt::Result {
    let mut none = true;
    out.write_str("<ol class=\"cases\">\n")?;
    for (trial, scored) in cases {
        none = false;
        case(out, trial, scored, picture_of, is_wrong(scored.confidence))?;
    }
    out.write_str("</ol>\n")?;
    if none {
        out.write_str("<p>There is none with a score.</p>\n")?;
    }
    out.write_str("</section>\n")
}

fn case(
    out: &mut String,
    trial: &Trial,
    scored: &Scored,
    picture_of: &PictureOf<'_>,
    wrong: bool,
) -> fmt::Result {
    let class = match (trial.is_bona_fide(), wrong) {
        (true, true) => "living wrong",
        (true, false) => "living",
        (false, true) => "attack wrong",
        (false, false) => "attack",
    };
    write!(out, "<li class=\"{class}\">")?;
    if let Some(jpeg) = picture_of(trial.session) {
        let (id, data) = (Text(&trial.id), STANDARD.encode(jpeg));
        write!(
            out,
            "<img class=\"picture\" src=\"data:image/jpeg;base64,{data}\" alt=\"What was shown: {id}\">"
        )?;
    }
    let verdict = match (trial.is_bona_fide(), wrong) {
        (true, true) => "did not pass",
        (false, true) => "passed",
        (true, false) => "passed, as it should",
        (false, false) => "stopped",
    };
    let kind = trial.kind.species().map_or_else(|| "bona fide".to_owned(), spaced);
    write!(
        out,
        "<p class=\"score\"><b>{:.1}</b> <span class=\"verdict\">{verdict}</span></p><p class=\"id\">{}</p>\
         <p class=\"of\">{} · {} · {}</p>",
        scored.confidence,
        Text(&trial.id),
        Text(&kind),
        Text(&trial.subject),
        Text(&trial.condition),
    )?;
    speaking(out, scored)?;
    out.write_str("</li>\n")
}

/// The signals that took away most.
fn speaking(out: &mut String, scored: &Scored) -> fmt::Result {
    let mut signals: Vec<_> = scored.signals.iter().filter(|signal| signal.lost >= 0.05).collect();
    signals.sort_by(|a, b| b.lost.total_cmp(&a.lost));
    if signals.is_empty() {
        return out.write_str("<p class=\"why\">no signal spoke against it</p>");
    }
    out.write_str("<ul class=\"why\">")?;
    for signal in signals.into_iter().take(SIGNALS) {
        let missing = if signal.score.is_none() { ", not measured" } else { "" };
        write!(out, "<li>{} <b>−{:.1}</b>{missing}</li>", Text(&spaced(&signal.name)), signal.lost)?;
    }
    out.write_str("</ul>")
}

fn failures(out: &mut String, summary: &Summary) -> fmt::Result {
    if summary.failures.is_empty() {
        return Ok(());
    }
    section(out, "failures", "Without a score", "Why presentations came to no score.")?;
    out.write_str(
        "<div class=\"scroll\" tabindex=\"0\" role=\"region\" aria-labelledby=\"failures-h\"><table>\n<thead><tr>\
         <th scope=\"col\">Reason</th><th scope=\"col\" class=\"n\">Living</th><th scope=\"col\" class=\"n\">Attacks</th>\
         </tr></thead>\n<tbody>\n",
    )?;
    for failure in &summary.failures {
        writeln!(
            out,
            "<tr><th scope=\"row\">{}</th><td class=\"n\">{}</td><td class=\"n\">{}</td></tr>",
            Text(&spaced(&failure.reason)),
            failure.bona_fide,
            failure.attacks
        )?;
    }
    out.write_str("</tbody></table></div>\n</section>\n")
}
