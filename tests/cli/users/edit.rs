//! `users edit`

use super::{error_of, output_of, with_users};

const ROW: &str = "SELECT concat_ws('|', email, username, ifnull(bio, '-'), ifnull(image, '-'), token_version, \
                   updated_at > created_at) FROM users WHERE id = 1";

#[test]
fn what_is_passed_changes_and_the_rest_stays() {
    let operator = with_users(&["ada", "jake"]);
    operator.database().execute("UPDATE users SET created_at = 0, updated_at = 0", []).unwrap();
    let edit = |options: &[&str]| output_of(&operator, &[&["users", "edit", "1"], options].concat());
    assert_eq!(
        edit(&["--email", " Ada@BÜCHER.example", "--bio", "I count."]),
        "user 1 (ada@example.com, \"ada\") is changed, and now user 1 (Ada@xn--bcher-kva.example, \"ada\").\n"
    );
    assert_eq!(operator.sql(ROW), "Ada@xn--bcher-kva.example|ada|I count.|-|1|1");
    // The case of letters counts as a change, of the same user.
    edit(&["--username", "Ada"]);
    edit(&["--image", "https://x.io/a.png", "--bio", ""]);
    assert_eq!(operator.sql(ROW), "Ada@xn--bcher-kva.example|Ada|-|https://x.io/a.png|1|1");
    operator.database().execute("UPDATE users SET updated_at = 0", []).unwrap();
    assert_eq!(
        edit(&["--username", "Ada", "--bio", ""]),
        "user 1 (Ada@xn--bcher-kva.example, \"Ada\") is unchanged: these are their values.\n"
    );
    assert!(operator.sql(ROW).ends_with("|0"));
    assert_eq!(operator.sql("SELECT username || updated_at FROM users WHERE id = 2"), "jake0");
}

#[test]
fn all_problems_are_reported_and_nothing_changes() {
    let operator = with_users(&["ada", "jake"]);
    let before = operator.sql(ROW);
    let edit = |options: &[&str]| error_of(&operator, &[&["users", "edit", "ada"], options].concat(), "");
    let refusal = "latchkey: user 1 (ada@example.com, \"ada\") is unchanged:\n";
    let taken = "  email: user with this email already exists.\n  username: user with this username already exists.\n";
    assert_eq!(edit(&["--email", "JAKE@example.com", "--username", "Jake"]), [refusal, taken].concat());
    let long = "x".repeat(2_001);
    assert_eq!(
        edit(&["--email", "JAKE@example.com", "--username", "Jake", "--bio", &long]),
        [refusal, taken, "  bio: Ensure this field has no more than 2000 characters.\n"].concat()
    );
    assert_eq!(operator.sql(ROW), before);
    let nothing = operator.run(&["users", "edit", "ada"]);
    assert_eq!((nothing.status, nothing.stderr.contains("nothing to change")), (2, true));
}
