//! `reseal`

use crate::command::{LOCAL, Operator, Outcome};
use crate::seals::{LOST, NEW, OLD, insert, open, seed, set_secrets};

/// Runs it, and drops the first line of its stderr.
fn run(operator: &Operator, arguments: &[&str]) -> (i32, String, String) {
    let Outcome { status, stdout, stderr } = operator.run(&[&["reseal"], arguments].concat());
    for secret in [NEW, OLD, LOST, "the seed of"] {
        assert!(!stdout.contains(secret) && !stderr.contains(secret), "{stdout}{stderr}");
    }
    (status, stdout, stderr.strip_prefix(LOCAL).unwrap_or(&stderr).to_owned())
}

#[test]
fn seeds_of_the_previous_secret_are_sealed_anew_and_no_other_changes() {
    let operator = Operator::new();
    set_secrets(&operator, Some(NEW), Some(OLD));
    insert(&operator, NEW, [1]);
    insert(&operator, OLD, [2, 3]);
    insert(&operator, LOST, [4, 5]);
    let waits = "UPDATE credentials SET key = '3 waiting', token_version = 0 WHERE user_id = 3";
    operator.database().execute(waits, []).unwrap();
    let others = "SELECT group_concat(secret) FROM credentials WHERE user_id IN (1, 4, 5)";
    let before = operator.sql(others);
    let closed = "neither DATA_SECRET nor DATA_SECRET_PREVIOUS opens 2 seeds of users 4, 5, so no code of that app is \
                  accepted: find the secret that sealed it, or remove it with 'users credentials remove'\n";
    let end = "2 can't be opened; DATA_SECRET_PREVIOUS is not needed any more: remove it\n";
    assert_eq!(run(&operator, &[]), (0, format!("2 of 5 seeds resealed; {end}"), closed.to_owned()));
    for user_id in [1, 2, 3] {
        assert_eq!(open(&operator, NEW, user_id), Some(seed(user_id)));
        assert_eq!(open(&operator, OLD, user_id), None);
    }
    assert_eq!(operator.sql(others), before);
    assert_eq!(open(&operator, LOST, 4), Some(seed(4)));
    // Once more, and without the previous one.
    let again = format!("5 seeds stored, none sealed under DATA_SECRET_PREVIOUS; {end}");
    for previous in [Some(OLD), None] {
        set_secrets(&operator, Some(NEW), previous);
        assert_eq!(run(&operator, &[]), (0, again.clone(), closed.to_owned()));
    }
}

#[test]
fn a_secret_that_sealed_nothing_yet_is_confirmed() {
    let operator = Operator::new();
    set_secrets(&operator, Some(NEW), Some(OLD));
    insert(&operator, OLD, [1]);
    let error = "latchkey: no seed is sealed under this DATA_SECRET yet: make sure that the Worker has it, and pass --yes\n";
    assert_eq!(run(&operator, &[]), (2, String::new(), error.to_owned()));
    assert_eq!(open(&operator, OLD, 1), Some(seed(1)));
    let done = "1 of 1 seed resealed; DATA_SECRET_PREVIOUS is not needed any more: remove it\n";
    assert_eq!(run(&operator, &["--yes"]), (0, done.to_owned(), String::new()));
    assert_eq!(open(&operator, NEW, 1), Some(seed(1)));
}

#[test]
fn an_interrupted_run_is_resumed_and_no_seed_is_lost() {
    let operator = Operator::new();
    set_secrets(&operator, Some(NEW), Some(OLD));
    insert(&operator, OLD, 1..=2_500);
    let database = operator.database();
    let meddle = "CREATE TRIGGER meddle BEFORE UPDATE ON credentials WHEN new.user_id = 2300 \
                  BEGIN SELECT raise(ABORT, 'stop'); END";
    database.execute_batch(meddle).unwrap();
    assert_eq!(run(&operator, &["--yes"]), (1, String::new(), "latchkey: stop\n".to_owned()));
    let opened = |secret| (1..=2_500).filter(|id| open(&operator, secret, *id) == Some(seed(*id))).count();
    assert_eq!((opened(NEW), opened(OLD)), (2_000, 500));
    database.execute_batch("DROP TRIGGER meddle").unwrap();
    let done = "500 of 2500 seeds resealed; DATA_SECRET_PREVIOUS is not needed any more: remove it\n";
    assert_eq!(run(&operator, &[]), (0, done.to_owned(), String::new()));
    assert_eq!((opened(NEW), opened(OLD)), (2_500, 0));
}

/// Whoever can write to the database gives nobody the app of another user.
#[test]
fn a_seal_is_good_in_its_place_only() {
    let operator = Operator::new();
    set_secrets(&operator, Some(NEW), Some(OLD));
    insert(&operator, NEW, [1, 2, 3]);
    let copied = "UPDATE credentials SET secret = (SELECT secret FROM credentials WHERE user_id = 1) WHERE user_id = 2";
    operator.database().execute(copied, []).unwrap();
    operator.database().execute("UPDATE credentials SET id = 31 WHERE user_id = 3", []).unwrap();
    assert_eq!((open(&operator, NEW, 2), open(&operator, NEW, 3)), (None, None));
    let (_, stdout, stderr) = run(&operator, &[]);
    assert!(
        stdout.contains("; 2 can't be opened; ") && stderr.contains("of users 2, 3,"),
        "{stdout}{stderr}"
    );
}

/// A user who sets up another app meanwhile keeps that one.
#[test]
fn a_seed_that_is_replaced_meanwhile_stays() {
    let operator = Operator::new();
    set_secrets(&operator, Some(NEW), Some(OLD));
    insert(&operator, NEW, [1]);
    insert(&operator, OLD, [2, 3]);
    // The first UPDATE finds that the other row has a seal of its own by now.
    let meddle = "CREATE TRIGGER meddle AFTER UPDATE OF secret ON credentials WHEN new.user_id = 2 \
                  BEGIN UPDATE credentials SET secret = 'another' WHERE user_id = 3; END";
    operator.database().execute_batch(meddle).unwrap();
    let (status, stdout, _) = run(&operator, &[]);
    assert_eq!(
        (status, stdout.starts_with("2 of 3 seeds resealed; 1 can't be opened; ")),
        (0, true),
        "{stdout}"
    );
    assert_eq!(operator.sql("SELECT secret FROM credentials WHERE user_id = 3"), "another");
}

#[test]
fn it_needs_the_secret() {
    let operator = Operator::new();
    let error = "latchkey: DATA_SECRET is not set: docs/credentials.md\n";
    assert_eq!(run(&operator, &[]), (1, String::new(), error.to_owned()));
    set_secrets(&operator, Some("short"), None);
    assert!(run(&operator, &[]).2.contains("DATA_SECRET has fewer than 32 bytes"));
    set_secrets(&operator, Some(NEW), None);
    let none = "no seed is stored; DATA_SECRET_PREVIOUS is not needed any more: remove it\n";
    assert_eq!(run(&operator, &[]), (0, none.to_owned(), String::new()));
    // The deployed one is not the local one.
    let (status, _, stderr) = run(&operator, &["--remote"]);
    assert_eq!(status, 1);
    assert!(stderr.contains("DATA_SECRET has fewer than 32 bytes"), "{stderr}");
}
