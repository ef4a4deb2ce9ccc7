use super::super::sample::{attack, bona_fide, failed, with_signals};
use super::super::summary::{Context, Summary};
use super::super::trial::{Outcome, Trial};
use super::*;

const HOSTILE: &str = "<script>alert(1)</script>\"'&\u{202e}\n\u{0}";

fn drawn(context: Context, trials: &[Trial]) -> String {
    let trials: Vec<_> = trials.iter().collect();
    page(&Summary::of(context, 70.0, &trials), &trials, &|_| Some(b"\xff\xd8\xff".to_vec())).unwrap()
}

#[test]
fn names_from_outside_are_text_and_nothing_else() {
    let mut trials = vec![
        with_signals(bona_fide(HOSTILE, 60.0), &[(HOSTILE, 40.0)]),
        with_signals(attack(HOSTILE, HOSTILE, 90.0), &[(HOSTILE, 10.0)]),
        failed(attack("b", HOSTILE, 0.0)),
    ];
    for trial in &mut trials {
        trial.id = HOSTILE.into();
        trial.condition = HOSTILE.into();
        if let Outcome::Failed { reason } = &mut trial.outcome {
            *reason = HOSTILE.into();
        }
    }
    let hostile = || HOSTILE.to_owned();
    let context = Context {
        title: hostile(),
        manifest_sha256: hostile(),
        split: hostile(),
        policy: 1,
        version: hostile(),
        made_at: hostile(),
        notes: vec![hostile()],
    };
    let html = drawn(context, &trials);
    assert!(!html.contains("<script") && !html.contains('\u{202e}') && !html.contains('\0'));
    assert!(html.contains("&lt;script&gt;alert(1)&lt;/script&gt;&quot;&#39;&amp; "));
    assert_eq!(html.matches("src=\"data:image/jpeg;base64,/9j/\"").count(), 2);
    well_formed(&html);
}

/// Each element that is opened is closed, in order.
fn well_formed(html: &str) {
    const VOID: [&str; 6] = ["meta", "img", "line", "rect", "circle", "path"];
    let body = html.split_once("<body>").unwrap().1;
    let mut open = vec!["html", "body"];
    for tag in body.split('<').skip(1).map(|tag| tag.split('>').next().unwrap()) {
        let name = tag.trim_start_matches('/').split([' ', '\n', '/']).next().unwrap();
        if let Some(closed) = tag.strip_prefix('/') {
            assert_eq!(open.pop(), Some(closed), "closed out of order");
        } else if !VOID.contains(&name) {
            open.push(name);
        }
    }
    assert!(open.is_empty(), "left open: {open:?}");
}

#[test]
fn a_page_needs_nothing_but_itself() {
    let html = drawn(Context::default(), &[bona_fide("a", 90.0), attack("b", "print", 10.0)]);
    for way_out in ["http:", "https:", "//", "url(", "@import", "<script", "<link"] {
        let body = html.replace("://www.w3.org", "");
        assert!(!body.contains(way_out), "{way_out}");
    }
}

#[test]
fn every_mixture_of_trials_can_be_drawn() {
    for trials in [
        vec![],
        vec![bona_fide("a", 90.0)],
        vec![failed(attack("a", "print", 0.0))],
        vec![failed(bona_fide("a", 0.0)), attack("a", "print", 100.0)],
    ] {
        let html = drawn(Context::default(), &trials);
        well_formed(&html);
        assert!(!html.contains("NaN") && !html.contains("inf"), "{html}");
    }
}
