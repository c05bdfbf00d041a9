//! `secret`

use latchkey::auth::webhook::WebhookKey;

use crate::command::Operator;

#[test]
fn a_secret_is_another_each_time() {
    let operator = Operator::new();
    let [one, other] = [operator.run(&["secret"]), operator.run(&["secret"])];
    assert_eq!(one.status, 0);
    let secret = one.stdout.strip_suffix('\n').unwrap();
    assert!(secret.len() == 64 && secret.bytes().all(|byte| byte.is_ascii_hexdigit()), "{secret}");
    assert_ne!(one.stdout, other.stdout);
    let webhook = operator.run(&["secret", "--webhook"]).stdout;
    assert!(WebhookKey::parse(webhook.strip_suffix('\n').unwrap()).is_some(), "{webhook}");
    assert_ne!(webhook, operator.run(&["secret", "--webhook"]).stdout);
}
