//! The tests of the API that run twice: natively over SQLite, and against the built Worker in workerd.
//!
//! A test is a function of [`Start`]; `all!` makes a `#[test]` of each.

pub mod accounts;
pub mod authenticator;
pub mod breached;
pub mod cases;
pub mod credentials;
pub mod factor;
pub mod hints;
pub mod login_failures;
pub mod mailbox;
pub mod methods;
pub mod notices;
pub mod passkeys;
pub mod passwords;
pub mod profile;
pub mod protocol;
pub mod range_server;
pub mod reauthentication;
pub mod receiver;
pub mod request;
pub mod resets;
pub mod second_steps;
pub mod secret_ends;
pub mod session_list;
pub mod sessions;
pub mod sign_in;
pub mod staff;
pub mod staff_changes;
pub mod tokens;
pub mod vectors;
pub mod verification;
pub mod webhook;

use std::collections::BTreeMap;
use std::rc::Rc;

use latchkey::auth::keys::Keys;
use latchkey::auth::secret::Secret;
use latchkey::auth::session::Session;
use latchkey::auth::token;

pub use request::{Request, Response};

pub const SECRET: &str = "a secret of the tests, 32 bytes or more";

pub type Vars<'a> = BTreeMap<&'a str, &'a str>;

/// An API to be tested.
pub trait Api {
    /// Sends a request and waits for the answer.
    fn send(&self, call: &Request) -> Response;

    /// Does what an operator would do to the database; gives the first column of the first row as text.
    fn sql(&self, sql: &str) -> Option<String>;

    /// The time there, in Unix seconds.
    fn now(&self) -> i64;

    /// What was written to the log so far, a line each.
    fn log(&self) -> Vec<String>;

    /// The mails to this address, oldest first, once all work after the answers so far is done. Only of an API that has
    /// mail. The address is that of one test: others may share the mailbox.
    fn mails(&self, to: &str) -> Vec<Received>;
}

/// Mail as it arrived.
#[derive(Debug, Clone, PartialEq, Eq, serde::Deserialize)]
pub struct Received {
    pub to: String,
    pub subject: String,
    pub text: String,
    pub html: String,
}

/// Starts an API with these variables. Its database may be shared with other tests.
pub type Start = fn(Vars) -> Rc<dyn Api>;

/// The variables of most tests: one iteration, since strength is not the point.
pub fn django() -> Vars<'static> {
    Vars::from([
        ("JWT_SECRET", SECRET),
        ("API_DIALECT", "django"),
        ("ALLOWED_ORIGINS", "https://app.example.com, http://localhost:5173"),
        ("PASSWORD_HASHER", "pbkdf2_sha256$1"),
        ("TOKEN_TTL_DAYS", "60"),
        ("RATE_LIMIT", "off"),
        ("READ_REPLICATION", "on"),
    ])
}

/// The same in the other dialect, and where it makes no difference in other ways too.
pub fn realworld() -> Vars<'static> {
    Vars::from([
        ("JWT_SECRET", SECRET),
        ("API_DIALECT", "realworld"),
        ("ALLOWED_ORIGINS", "*"),
        ("ALLOWED_HEADERS", "traceparent, X-Requested-With"),
        ("PASSWORD_HASHER", "pbkdf2_sha512$2"),
        ("TOKEN_TTL_DAYS", "1"),
        ("RATE_LIMIT", "off"),
        ("READ_REPLICATION", "on"),
    ])
}

/// Variables of a deployment that has every feature.
pub fn with_mail() -> Vars<'static> {
    let mut vars = django();
    vars.extend([
        ("MAIL_FROM", "Example <accounts@example.com>"),
        ("APP_NAME", "Example"),
        ("APP_URL", "https://app.example.com/account"),
        ("EMAIL", "bound"),
        ("MAIL_SIGN_IN", "on"),
    ]);
    vars
}

/// The keys of a deployment with this secret.
pub fn keys(secret: &str) -> Keys {
    Keys::new(Secret::new(secret.to_owned()).unwrap(), None)
}

/// A token that is good for a minute.
pub fn mint(secret: &str, user: i64, version: i64, now: i64) -> String {
    let session = Session { sid: "sid".to_owned(), lifetime: 0, proof: None };
    token::issue(&keys(secret), user, version, &session, now, 60).unwrap()
}

/// A token of this user id as the API would sign it.
pub fn token(api: &dyn Api, id: i64) -> String {
    mint(SECRET, id, 0, api.now())
}

/// Registers a user under this name and gives the token.
pub fn register(api: &dyn Api, name: &str) -> String {
    let user = format!(r#"{{"user":{{"username":"{name}","email":"{name}@x.io","password":"jakejake"}}}}"#);
    let answer = api.send(&Request::post("/api/users", &user));
    assert_eq!(answer.status, 201, "{}", answer.body);
    answer.token()
}

/// A login with these credentials.
pub fn login(email: &str, password: &str) -> Request {
    let body = serde_json::json!({ "user": { "email": email, "password": password } });
    Request::post("/api/users/login", &body.to_string())
}

/// A body with an email alone.
pub fn email(email: &str) -> String {
    serde_json::json!({ "user": { "email": email } }).to_string()
}

/// The secret that the link of a mail has.
pub fn secret_of(mail: &Received) -> String {
    let (_, rest) = mail.text.split_once("&secret=").unwrap();
    rest.split_whitespace().next().unwrap().to_owned()
}

/// The code that a mail has, on a line of its own.
pub fn code_of(mail: &Received) -> String {
    let is_code = |line: &&str| line.len() == 8 && line.bytes().all(|c| c.is_ascii_digit());
    mail.text.lines().find(is_code).unwrap().to_owned()
}

/// The id of a user.
pub fn id(api: &dyn Api, name: &str) -> i64 {
    let id = api.sql(&format!("SELECT id FROM users WHERE username = '{name}'"));
    id.unwrap().parse().unwrap()
}

macro_rules! all {
    ($start:expr; $($module:ident: $($test:ident)+;)+) => {
        $(mod $module {
            $(#[test]
            fn $test() {
                $crate::api::$module::$test($start);
            })+
        })+
    };
    ($start:expr) => {
        $crate::api::all! { $start;
            cases: recorded_of_the_original contract_in_realworld;
            accounts:
                a_user_registers_logs_in_and_reads_themself
                a_patch_changes_what_it_names
                a_patch_that_names_nothing_writes_nothing
                every_taken_field_is_reported_even_where_another_fails
                case_makes_no_other_email_or_username
                a_user_is_no_conflict_to_themself
                texts_of_every_kind_come_back_as_they_were_sent
                a_login_brings_an_old_hash_up_to_date
                a_hash_that_cannot_be_read_matches_nothing_and_is_logged
                a_deactivated_user_is_refused_everywhere
                a_token_of_a_user_who_is_gone_is_of_no_user
                an_id_is_never_given_away_again
                fields_are_checked_at_their_limits
                hostile_values_get_the_contracts_answer
                a_domain_in_unicode_and_in_punycode_is_one
                the_current_password_proves_a_change
                the_current_password_proves_a_deactivation;
            profile:
                every_profile_field_is_stored_and_read_back
                every_profile_field_keeps_its_rule;
            passwords:
                a_password_has_as_many_characters_as_asked_for
                a_password_is_one_whatever_keyboard_it_comes_from
                a_hash_of_django_is_of_the_form_that_was_typed
                a_password_that_is_easily_guessed_is_refused_where_that_is_on
                the_openapi_document_has_the_rules_of_the_deployment
                no_client_gets_the_common_passwords;
            breached:
                a_breached_password_is_refused
                a_password_that_no_breach_has_is_taken
                a_service_is_told_five_digits
                no_service_is_asked_for_what_is_refused_anyway
                without_an_answer_a_password_is_taken_and_that_is_logged;
            resets:
                a_forgotten_password_is_replaced
                a_reset_forgets_failed_logins
                whoever_has_an_address_the_answer_is_the_same
                a_right_secret_beside_a_refused_password_is_not_spent
                a_reset_needs_its_fields
                a_code_has_five_wrong_tries_and_a_link_ten
                a_link_is_good_for_half_an_hour_and_a_code_for_ten_minutes
                a_secret_opens_nothing_but_what_it_is_for
                without_mail_there_is_nothing_of_it
                no_get_of_a_link_spends_it
                a_mail_has_nothing_of_its_request;
            verification:
                a_registration_sends_a_verification
                a_verification_needs_the_mailbox_and_a_session_of_the_account
                another_verification_is_sent_where_there_is_something_to_verify
                an_unverified_email_is_replaced_at_once
                a_verified_email_stays_until_the_new_one_is_proved
                a_change_of_email_is_cancelled_by_the_one_in_force
                an_address_of_another_user_is_refused_at_both_steps
                a_new_email_needs_a_proof_of_ten_minutes
                a_throttled_new_email_changes_nothing_where_one_is_verified
                a_throttled_new_email_holds_where_none_is_verified
                an_unverified_address_gets_three_verifications_a_week;
            sign_in:
                a_mailed_secret_logs_in_once
                whoever_proves_a_mailbox_first_owns_the_account
                staff_keep_their_password_and_credentials
                a_body_has_one_proof
                a_mailed_secret_renews_the_proof_of_a_session
                wrong_secrets_of_a_session_are_counted;
            secret_ends:
                what_ends_what;
            webhook:
                an_event_is_sent_signed_once_the_response_is_there
                an_event_that_was_not_taken_is_sent_again;
            notices:
                a_new_password_is_told
                one_notice_of_a_kind_goes_out_in_an_hour
                a_new_email_is_told_to_both_addresses
                a_deactivation_is_told
                a_login_from_an_unknown_device_is_told
                a_locked_account_is_told
                a_password_that_a_sign_in_took_away_is_told
                only_essential_notices_where_that_is_set
                changes_of_credentials_are_told;
            credentials:
                an_app_is_set_up
                a_new_app_replaces_the_old_one_and_its_codes
                an_app_that_waits_ends_with_the_sessions
                recovery_codes_are_replaced
                an_app_is_removed_with_its_codes
                a_credential_of_another_user_is_not_found
                a_stolen_token_changes_no_credentials
                what_is_no_credential_gets_an_error
                what_is_off_is_not_there
                with_mail_credentials_need_a_verified_address;
            second_steps:
                every_proof_is_asked_for_the_factor_that_its_user_has
                a_step_ends_with_what_its_first_proof_stands_on
                a_step_is_good_for_ten_minutes_and_one_use
                a_code_is_accepted_once_and_never_an_older_one
                a_step_of_one_use_finishes_nothing_else
                a_factor_secret_alone_asks_for_the_code
                wrong_codes_are_counted_over_all_steps_of_a_user
                a_seed_that_cannot_be_opened_accepts_no_code
                a_password_reset_leaves_the_second_factor;
            passkeys:
                a_passkey_of_every_algorithm_logs_in
                a_challenge_is_answered_once
                what_no_right_browser_sends_is_refused
                a_passkey_is_of_one_user
                a_passkey_is_renamed_and_removed
                there_are_ten_passkeys_at_most
                the_last_way_in_stays
                a_passkey_is_a_second_factor_after_another_proof
                a_deactivated_user_is_told_so_by_the_right_passkey_alone;
            staff:
                staff_find_users_by_the_beginning_of_their_address
                staff_filter_users_by_state
                a_list_refuses_what_is_no_choice
                staff_see_a_user_with_their_ways_in
                staff_prove_themselves_often
                users_own_changes_are_events
                without_a_second_factor_there_is_no_staff;
            staff_changes:
                staff_change_a_user
                a_change_by_staff_is_checked
                staff_end_the_sessions_of_a_user
                staff_have_a_reset_mailed
                staff_invite_a_user
                superusers_remove_credentials
                superusers_alone_change_staff;
            methods:
                the_ways_in_are_told_to_anyone;
            session_list:
                a_user_sees_their_sessions
                a_session_is_ended_by_its_id
                a_session_that_another_library_named_is_ended_by_its_id
                a_session_that_has_ended_is_in_no_list
                a_session_without_a_row_gets_one_with_its_next_request
                a_renewed_proof_is_recorded
                a_list_has_at_most_100_sessions
                a_session_ends_by_its_age_in_the_list_too;
            tokens:
                the_header_carries_the_token
                a_token_of_another_library_needs_only_id_and_exp
                a_token_that_is_not_good_is_refused
                a_session_keeps_its_name
                tokens_live_as_long_as_configured;
            sessions:
                a_logout_ends_every_token_of_its_session
                a_logout_of_others_keeps_only_its_own_session
                a_logout_of_all_keeps_no_session
                a_foreign_token_is_a_session_of_its_own
                a_new_password_refuses_every_token_before_it
                a_logout_of_others_revives_no_token
                a_deleted_account_is_deactivated_and_its_tokens_stay_dead
                a_scope_is_one_of_three
                who_has_no_good_token_ends_nothing
                a_token_of_the_previous_secret_is_answered_with_one_of_the_current
                nothing_secret_is_logged;
            reauthentication:
                a_session_carries_its_last_proof
                a_password_renews_the_proof
                a_wrong_password_renews_nothing_and_is_counted
                sensitive_requests_ask_for_a_recent_proof
                nothing_is_asked_where_no_limit_is_set
                a_session_ends_by_its_age;
            login_failures:
                ten_failures_of_an_account_and_address_are_answered
                an_unknown_email_is_throttled_like_a_known_one
                a_success_clears_the_failures
                a_deactivated_account_counts_only_wrong_passwords
                an_account_has_a_limit_over_all_addresses;
            protocol:
                the_first_error_in_order_answers
                a_body_has_a_limit
                a_body_is_json
                a_body_has_a_shape
                only_json_is_taken
                a_method_that_a_path_lacks_is_refused
                head_is_get_without_a_body
                the_openapi_document_is_sent_once
                a_preflight_is_answered
                only_allowed_origins_may_read
                every_origin_may_read_where_all_are_allowed
                a_bookmark_is_given_and_taken_back
                a_wrong_configuration_answers_nothing_else;
            hints:
                a_refused_page_is_told_how_to_be_allowed
                a_forgotten_wrapper_is_named_without_its_values;
        }
    };
}
pub(crate) use all;
