use super::models::Place;
use crate::attack::{Ledger, Outcome, Planned, Presented, Service, Tally, Wanted, plan, present, way_code};
use anyhow::{Context as _, ensure};
use clap::{Args, ValueEnum};
use futures::{StreamExt as _, stream};
use liveness_attacks::{Material, Species};
use liveness_events::challenge::Way;
use liveness_events::session::MAX_ATTEMPTS;
use liveness_models::Analyser;
use std::cell::OnceCell;
use std::io::Write;
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;
use url::Url;

/// Play attacks on your own service over its own socket, and label them for `eval`
///
/// This tests an installation of your own: it needs one of its API keys, makes checks of its own with it, and answers them
/// with prints, screens and injected streams made of clips and pictures that you bring, of people who agreed to it. Then
/// `liveness export --to OUT/sessions.ndjson` and `liveness eval OUT` tell what got through. An interrupted run goes on
/// where it stopped when it is started again.
#[derive(Debug, Args)]
pub(super) struct AttackArgs {
    /// Where the service is reached
    #[arg(long, env = "LIVENESS_URL", default_value = "http://127.0.0.1:8080", value_name = "URL")]
    url: Url,
    /// An API key of the service, of the scope `api`
    #[arg(long, env = "LIVENESS_KEY", hide_env_values = true, value_name = "KEY")]
    key: String,
    /// Folder of clips and pictures of people; in it, `people.toml` may say which of them show the same person
    #[arg(long, value_name = "DIR")]
    media: PathBuf,
    /// Folder of what was presented: `manifest.toml` and `pictures`, to which this adds
    #[arg(long, value_name = "DIR")]
    out: PathBuf,
    /// Codes of what is presented, with commas between [default: all attacks]
    #[arg(long, value_delimiter = ',', value_name = "CODE", value_parser = species)]
    species: Vec<Species>,
    /// Present living persons instead of attacks: `filmed-warped` and `rendered-head`, who do all that is asked
    #[arg(long, conflicts_with = "species")]
    bona_fide: bool,
    /// How many of each species by each way
    #[arg(long, default_value_t = 1, value_name = "N", value_parser = clap::value_parser!(u64).range(1..))]
    count: u64,
    /// With coloured light, by motion alone, or both
    #[arg(long, value_enum, default_value_t = Ways::Both)]
    way: Ways,
    /// What fixes all that is drawn by chance
    #[arg(long, default_value_t = 1, value_name = "S")]
    seed: u64,
    /// How many are presented at once. Each of them is drawn here, about 8 frames a second
    #[arg(long, default_value_t = 4, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=256))]
    at_once: u16,
    /// Attempts of each presentation, where one fails for a technical reason
    #[arg(long, default_value_t = 1, value_name = "N", value_parser = clap::value_parser!(u8).range(1..=i64::from(MAX_ATTEMPTS)))]
    attempts: u8,
    #[command(flatten)]
    place: Place,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Ways {
    Light,
    Motion,
    Both,
}

fn species(code: &str) -> Result<Species, String> {
    Species::of_code(code).ok_or_else(|| {
        let codes = Species::ALL.map(Species::code);
        format!("must be one of {}", codes.join(", "))
    })
}

impl AttackArgs {
    fn wanted(&self) -> Wanted {
        // Who was only filmed never comes nearer.
        let of_kind = |species: &Species| match species {
            Species::Filmed => false,
            species => species.is_bona_fide() == self.bona_fide,
        };
        Wanted {
            species: if self.species.is_empty() {
                Species::ALL.into_iter().filter(of_kind).collect()
            } else {
                self.species.clone()
            },
            ways: match self.way {
                Ways::Light => vec![Way::Light],
                Ways::Motion => vec![Way::Motion],
                Ways::Both => vec![Way::Light, Way::Motion],
            },
            count: self.count,
            seed: self.seed,
        }
    }
}

pub(super) async fn run(args: &AttackArgs, out: &mut dyn Write) -> anyhow::Result<ExitCode> {
    let service = Service::new(args.url.clone(), args.key.clone())?;
    let mut ledger = Ledger::open(&args.out)?;
    let material = material(args, out)?;
    let wanted = args.wanted();
    tell_of_impossible(args, &wanted, &material, out)?;
    let planned = plan(&wanted, &material);
    let all = planned.len();
    let left: Vec<Planned> = planned.into_iter().filter(|one| !ledger.knows(&one.id())).collect();
    if left.len() < all {
        let before = all - left.len();
        writeln!(out, "{before} of {all} were presented before, and are not presented again")?;
    }
    let (material, mut tally) = (Arc::new(material), Tally::default());
    let failed = OnceCell::new();
    let presentations = left.into_iter().take_while(|_| failed.get().is_none());
    let presentations = presentations.map(|one| present(&service, &material, one, args.attempts));
    let mut presentations = stream::iter(presentations).buffer_unordered(args.at_once.into());
    while let Some(presented) = presentations.next().await {
        match presented {
            Ok(presented) => {
                ledger.record(&presented)?;
                tell(&presented, out)?;
                tally.add(&presented);
            }
            // What is under way is played to its end and counted; nothing else is begun.
            Err(error) => {
                failed.get_or_init(|| error);
            }
        }
    }
    drop(presentations);
    tally.print(out)?;
    failed.into_inner().map_or(Ok(ExitCode::SUCCESS), Err)
}

fn material(args: &AttackArgs, out: &mut dyn Write) -> anyhow::Result<Material> {
    let networks = args.place.load()?;
    let mut analyser = Analyser::load(&networks.runtime, &networks.set)?;
    let material = Material::read(&args.media, &mut analyser).context("--media")?;
    for (file, why) in &material.left_out {
        writeln!(out, "left out: {}: {why}", file.display())?;
    }
    let (clips, portraits) = (material.clips.len(), material.portraits.len());
    writeln!(out, "{clips} clips and {} pictures", portraits - clips)?;
    Ok(material)
}

/// Says which species cannot be made. Those that were asked for by name are missed.
fn tell_of_impossible(
    args: &AttackArgs,
    wanted: &Wanted,
    material: &Material,
    out: &mut dyn Write,
) -> anyhow::Result<()> {
    let impossible = wanted.species.iter().filter(|species| species.shows(material, 0).is_none());
    let codes: Vec<&str> = impossible.map(|species| species.code()).collect();
    if codes.is_empty() {
        return Ok(());
    }
    let why = "clips of people are needed (of two for `swapped-face`), and ffmpeg to read them";
    let told = format!("{} cannot be made of {}: {why}", codes.join(", "), args.media.display());
    ensure!(args.species.is_empty(), told);
    writeln!(out, "left out: {told}")?;
    Ok(())
}

fn tell(presented: &Presented, out: &mut dyn Write) -> anyhow::Result<()> {
    let Presented { planned, outcome, frames, per_second, .. } = presented;
    let came_to = match outcome {
        Outcome::Scored { passed: true, confidence } => format!("passed {confidence:.1}"),
        Outcome::Scored { passed: false, confidence } => format!("refused {confidence:.1}"),
        Outcome::Failed(reason) => format!("technical failure: {reason}"),
    };
    let (code, way) = (planned.species.code(), way_code(planned.way));
    writeln!(
        out,
        "{code:<24} {way:<6} {:<20} {came_to}, {frames} frames, {per_second:.1} a second",
        planned.subject
    )?;
    // Who watches sees it at once, also through a pipe.
    out.flush()?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::Parser;

    #[derive(Parser)]
    struct Line {
        #[command(flatten)]
        args: AttackArgs,
    }

    fn args(flags: &[&str]) -> Result<AttackArgs, clap::Error> {
        let fixed = ["attack", "--key", "k", "--media", "m", "--out", "o"];
        Line::try_parse_from(fixed.iter().chain(flags)).map(|line| line.args)
    }

    #[test]
    fn attacks_are_played_unless_living_persons_are_named() {
        let attacks = args(&[]).unwrap().wanted();
        assert_eq!((attacks.species.len(), attacks.ways.len(), attacks.count), (22, 2, 1));
        assert!(attacks.species.iter().all(|species| !species.is_bona_fide()));
        let living = args(&["--bona-fide", "--way", "light"]).unwrap().wanted();
        assert_eq!(living.species, [Species::FilmedWarped, Species::RenderedHead]);
        assert_eq!(living.ways, [Way::Light]);
        let named = args(&["--species", "filmed,screen-loop"]).unwrap().wanted();
        assert_eq!(named.species, [Species::Filmed, Species::ScreenLoop]);
    }

    #[test]
    fn what_cannot_be_is_refused() {
        for flags in
            [&["--species", "mask"][..], &["--count", "0"], &["--attempts", "4"], &["--at-once", "0"]]
        {
            assert!(args(flags).is_err(), "{flags:?}");
        }
    }

    #[test]
    fn species_that_need_clips_are_missed_where_they_are_named() {
        let (material, mut out) = (Material::default(), Vec::new());
        let named = args(&["--species", "screen-loop"]).unwrap();
        let told = tell_of_impossible(&named, &named.wanted(), &material, &mut out).unwrap_err().to_string();
        assert!(told.starts_with("screen-loop cannot be made of m: clips of people are needed"), "{told}");
        let all = args(&[]).unwrap();
        tell_of_impossible(&all, &all.wanted(), &material, &mut out).unwrap();
        assert!(String::from_utf8(out).unwrap().starts_with("left out: still-photo, "));
    }
}
