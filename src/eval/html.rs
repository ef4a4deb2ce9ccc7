//! The report as one HTML file: no script, nothing fetched, pictures as data URIs.
//!
//! Names come from manifests and logs. They reach the page through [`Text`] alone, which is the one place that escapes.

mod cases;
mod det;
mod forest;
mod headline;
mod histogram;
mod signals;
mod tables;

#[cfg(test)]
mod tests;

use super::summary::Summary;
use super::trial::Trial;
use std::fmt::{self, Write};
use uuid::Uuid;

const STYLE: &str = include_str!("html/page.css");

/// The picture of a session, as JPEG, where there is one.
pub type PictureOf<'a> = dyn Fn(Uuid) -> Option<Vec<u8>> + 'a;

/// Draws the report on trials and what they amount to.
///
/// # Errors
/// Never, for a string takes all that is written; the type is that of the writing macros.
pub fn page(summary: &Summary, trials: &[&Trial], picture_of: &PictureOf<'_>) -> Result<String, fmt::Error> {
    let mut out = String::new();
    let title = Text(&summary.context.title);
    write!(
        out,
        "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
         <meta http-equiv=\"Content-Security-Policy\" \
         content=\"default-src 'none'; img-src data:; style-src 'unsafe-inline'\">\n\
         <meta name=\"color-scheme\" content=\"light dark\">\n\
         <title>{title} · liveness eval</title>\n<style>\n{STYLE}</style>\n</head>\n<body>\n"
    )?;
    headline::write(&mut out, summary)?;
    out.write_str("<main>\n")?;
    tables::species(&mut out, summary)?;
    histogram::write(&mut out, summary, trials)?;
    det::write(&mut out, summary, trials)?;
    tables::thresholds(&mut out, summary)?;
    signals::write(&mut out, summary)?;
    tables::conditions(&mut out, summary)?;
    cases::write(&mut out, summary, trials, picture_of)?;
    tables::reading(&mut out, summary)?;
    out.write_str("</main>\n</body>\n</html>\n")?;
    Ok(out)
}

/// Text from outside, with all that HTML gives a meaning to taken out of it, for elements and quoted attributes.
struct Text<'a>(&'a str);

impl fmt::Display for Text<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for letter in self.0.chars() {
            match letter {
                '&' => f.write_str("&amp;")?,
                '<' => f.write_str("&lt;")?,
                '>' => f.write_str("&gt;")?,
                '"' => f.write_str("&quot;")?,
                '\'' => f.write_str("&#39;")?,
                // HTML has no place for these, escaped or not.
                control if control.is_control() => f.write_char(' ')?,
                // Marks of direction would let a name reorder the text around it.
                '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' => {
                    f.write_char(' ')?
                }
                plain => f.write_char(plain)?,
            }
        }
        Ok(())
    }
}

/// Begins a section: its anchor, its heading and what it is about.
fn section(out: &mut String, id: &str, heading: &str, about: &str) -> fmt::Result {
    write!(out, "<section id=\"{id}\" aria-labelledby=\"{id}-h\">\n<h2 id=\"{id}-h\">{heading}</h2>\n")?;
    if !about.is_empty() {
        writeln!(out, "<p class=\"about\">{about}</p>")?;
    }
    Ok(())
}
