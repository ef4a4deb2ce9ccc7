use super::*;

const ANNA: &str = r#"
[[trial]]
subject = "anna"
kind = "bona_fide"
condition = "indoors"
split = "report"
session = "0349cab3-7710-4f99-b9ac-16a42724bc7d"
"#;
const SESSION: &str = "0349cab3-7710-4f99-b9ac-16a42724bc7d";
const OTHER: &str = "6fc0b5a1-39f5-4f0c-8d0b-0d1f2f6f2c11";

fn wrong(text: &str) -> String {
    Manifest::parse(text).unwrap_err().to_string()
}

#[test]
fn trials_are_read_in_their_order() {
    let text = format!(
        "title = \"Autumn\"\n{ANNA}\n[[trial]]\nid = \"x\"\nsubject = \"boris\"\nkind = \"attack\"\nspecies = \"phone\"\n\
         condition = \"dim\"\nsplit = \"tune\"\nsession = \"{OTHER}\"\n"
    );
    let manifest = Manifest::parse(&text).unwrap();
    assert_eq!(manifest.title.as_deref(), Some("Autumn"));
    assert_eq!(manifest.sha256.len(), 64);
    let [anna, boris] = &manifest.entries[..] else { panic!("{manifest:?}") };
    assert_eq!((anna.id.as_str(), anna.line, &anna.kind), (SESSION, 3, &Kind::BonaFide));
    assert_eq!(anna.session.to_string(), SESSION);
    assert_eq!((boris.id.as_str(), boris.kind.species(), boris.split), ("x", Some("phone"), Split::Tune));
    assert_eq!(boris.session.to_string(), OTHER);
}

#[test]
fn what_is_written_is_read_again() {
    let entry = Entry {
        id: "still-photo 1".into(),
        subject: "\"quotes\" and a\nline".into(),
        kind: Kind::Attack("still-photo".into()),
        condition: "light".into(),
        split: Split::Tune,
        session: OTHER.parse().unwrap(),
        // The subject before it takes two lines more than one.
        line: 10,
    };
    let living = Entry { id: "filmed 1".into(), kind: Kind::BonaFide, session: Uuid::nil(), ..entry.clone() };
    let text = format!("{}{}", living.to_toml().unwrap(), entry.to_toml().unwrap());
    let read = Manifest::parse(&text).unwrap_or_else(|error| panic!("{error}: {text}"));
    assert_eq!(read.entries, [Entry { line: 1, ..living }, entry]);
}

#[test]
fn tables_in_a_line_are_trials_too() {
    let text = r#"trial = [
        { subject = "a", kind = "attack", species = "print", condition = "c", split = "tune", session = "0349cab3-7710-4f99-b9ac-16a42724bc7d" },
        { subject = "b", kind = "bona_fide", condition = "c", split = "tune", session = "6fc0b5a1-39f5-4f0c-8d0b-0d1f2f6f2c11", colour = "red" },
    ]"#;
    assert_eq!(wrong(text), "line 3: `colour` is not known");
}

#[test]
fn all_that_is_wrong_is_named_by_line_and_field() {
    let text = r#"titel = "Autumn"

[[trial]]
subject = " "
kind = "bonafide"
condition = 7
split = "report"
session = "0349"

[[trial]]
kind = "attack"
condition = "dim"
split = "test"
media = "a.mp4"
session = "0349cab3-7710-4f99-b9ac-16a42724bc7d"
"#;
    let told = wrong(text);
    for problem in [
        "line 1: `titel` is not known",
        "line 4: `subject` is empty",
        "line 5: `kind` is \"bonafide\", but must be \"bona_fide\" or \"attack\"",
        "line 6: `condition` must be a text",
        "line 8: `session` must be a UUID",
        "line 10: `subject` is missing",
        "line 10: `species` is missing: an attack is of a PAI species",
        "line 13: `split` is \"test\", but must be \"tune\" or \"report\"",
        "line 14: `media` is not known",
    ] {
        assert!(told.contains(problem), "{problem} is missing in {told}");
    }
    assert_eq!(told.matches("; ").count(), 8, "{told}");
}

#[test]
fn living_persons_are_of_no_species() {
    assert_eq!(wrong(&format!("{ANNA}species = \"print\"")), "line 8: `species` is of attacks alone");
}

#[test]
fn a_trial_without_a_session_is_refused() {
    let text = ANNA.replace(&format!("session = \"{SESSION}\"\n"), "");
    assert_eq!(wrong(&text), "line 2: `session` is missing");
}

#[test]
fn a_subject_is_in_one_split_alone() {
    let other = ANNA.replace("report", "tune").replace(SESSION, OTHER);
    let told = wrong(&format!("{ANNA}{other}"));
    assert_eq!(told, "line 9: `split`: \"anna\" is in split report by line 2: a subject is in one alone");
}

#[test]
fn ids_and_sessions_are_told_apart() {
    let other = ANNA.replace(SESSION, OTHER);
    assert_eq!(
        wrong(&format!("{ANNA}id = \"x\"\n{other}id = \"x\"\n")),
        "line 10: `id`: \"x\" is that of the trial of line 2 too"
    );
    assert_eq!(
        wrong(&format!("{ANNA}id = \"x\"\n{ANNA}")),
        format!("line 10: `session`: {SESSION} is that of the trial of line 2 too")
    );
}

#[test]
fn what_is_no_manifest_is_refused() {
    assert!(wrong("trial = [").starts_with("line 1: "), "{}", wrong("trial = ["));
    assert!(wrong("\n\ntrial = = 1").starts_with("line 3: "));
    assert_eq!(wrong(""), "line 1: there is no [[trial]]");
    assert_eq!(wrong("trial = 1"), "line 1: `trial` must be a list of tables: [[trial]]");
}

#[test]
fn of_many_problems_the_first_are_told() {
    let text = "[[trial]]\n".repeat(5);
    let told = wrong(&text);
    assert_eq!(told.matches("; line").count(), TOLD - 1);
    assert!(told.ends_with("; and 15 more"), "{told}");
}
