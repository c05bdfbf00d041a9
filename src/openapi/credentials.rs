//! Schemas and examples of credentials.

use super::component_ref;
use super::json::Json;
use super::schema::closed_object;
use crate::platform::SignatureAlgorithm;

/// Schemas, by name.
pub(super) fn schemas() -> Vec<(&'static str, Json)> {
    let own = |name| (name, component_ref("schemas", "Credential"));
    let codes = ("recovery", codes_schema());
    let any_of = |schemas: Vec<Json>| Json::object(vec![("anyOf", Json::array(schemas))]);
    let confirmed = vec![("user", component_ref("schemas", "User")), own("credential"), codes.clone()];
    vec![
        ("Credential", credential_schema()),
        ("NewTotp", new_totp_schema()),
        ("PasskeyRequestOptions", request_options_schema()),
        ("PasskeyCreationOptions", creation_options_schema()),
        ("Factor", factor_schema()),
        (
            "AddedCredentialResponse",
            any_of(vec![
                closed_object(vec![("credential", component_ref("schemas", "NewTotp"))]),
                closed_object(vec![codes]),
                closed_object(vec![own("credential")]),
            ]),
        ),
        (
            "ChangedCredentialResponse",
            any_of(vec![closed_object(confirmed), closed_object(vec![own("credential")])]),
        ),
        ("CredentialsResponse", credentials_schema()),
    ]
}

fn described(types: &str, description: &str, more: &str) -> Json {
    Json::raw(&format!(r#"{{"type":{types},"description":"{description}"{more}}}"#))
}

fn text(description: &str) -> Json {
    described(r#""string""#, description, "")
}

fn id() -> Json {
    described(r#""integer""#, "Names the credential. It opens nothing", r#","minimum":1"#)
}

fn nullable(schema: &str) -> Json {
    Json::object(vec![(
        "anyOf",
        Json::array(vec![component_ref("schemas", schema), Json::raw(r#"{"type":"null"}"#)]),
    )])
}

fn credential_schema() -> Json {
    let of_type = r#"{"type":"string","enum":["totp","recovery","passkey"],"description":"An authenticator app, one recovery code, or a passkey"}"#;
    let time = |types, description| described(types, description, r#","format":"date-time""#);
    closed_object(vec![
        ("id", id()),
        ("type", Json::raw(of_type)),
        ("name", described(r#"["string","null"]"#, "Name of a passkey", "")),
        ("created", time(r#""string""#, "When it was added")),
        ("used", time(r#"["string","null"]"#, "When it was last used; a recovery code with one is spent")),
    ])
}

fn new_totp_schema() -> Json {
    closed_object(vec![
        ("id", id()),
        ("type", Json::raw(r#"{"const":"totp"}"#)),
        ("secret", text("The seed in Base32, to be typed")),
        ("uri", text("The seed for a QR code: `otpauth://totp/…`. SHA-1, 6 digits, 30 seconds")),
    ])
}

fn codes_schema() -> Json {
    Json::raw(
        r#"{"type":"array","description":"Recovery codes. They are shown once","items":{"type":"string","pattern":"^([A-Z2-7]{5}-){4}[A-Z2-7]{5}$"},"minItems":8,"maxItems":8}"#,
    )
}

const TIMEOUT: &str = r#"{"type":"integer","description":"Milliseconds"}"#;

fn challenge() -> Json {
    text("Good for an hour, and for one use. In base64url, as everything binary is")
}

fn request_options_schema() -> Json {
    closed_object(vec![
        ("challenge", challenge()),
        ("timeout", Json::raw(TIMEOUT)),
        ("rpId", text("The relying party, a domain")),
        ("userVerification", Json::raw(r#"{"const":"preferred"}"#)),
    ])
}

fn creation_options_schema() -> Json {
    let name = || Json::raw(r#"{"type":"string"}"#);
    let algorithms = SignatureAlgorithm::ALL.map(|algorithm| Json::raw(&algorithm.number().to_string()));
    let parameters = closed_object(vec![
        ("type", Json::raw(r#"{"const":"public-key"}"#)),
        ("alg", Json::object(vec![("enum", Json::array(algorithms.to_vec()))])),
    ]);
    let known = closed_object(vec![
        ("type", Json::raw(r#"{"const":"public-key"}"#)),
        ("id", name()),
        ("transports", Json::raw(r#"{"type":"array","items":{"type":"string"}}"#)),
    ]);
    let array = |items| Json::object(vec![("type", Json::string("array")), ("items", items)]);
    let selection = vec![
        ("residentKey", Json::raw(r#"{"const":"required"}"#)),
        ("requireResidentKey", Json::raw(r#"{"const":true}"#)),
        ("userVerification", Json::raw(r#"{"const":"preferred"}"#)),
    ];
    closed_object(vec![
        ("rp", closed_object(vec![("id", text("A domain")), ("name", name())])),
        ("user", closed_object(vec![("id", name()), ("name", name()), ("displayName", name())])),
        ("challenge", challenge()),
        ("pubKeyCredParams", array(parameters)),
        ("timeout", Json::raw(TIMEOUT)),
        ("excludeCredentials", array(known)),
        ("authenticatorSelection", closed_object(selection)),
        ("attestation", Json::raw(r#"{"const":"none"}"#)),
    ])
}

fn factor_schema() -> Json {
    closed_object(vec![
        ("secret", text("The second step sends it back, with a `code` or a `passkey`. It is no token")),
        (
            "types",
            Json::raw(
                r#"{"type":"array","description":"Factors that the user has and has not just used","items":{"type":"string","enum":["totp","recovery","passkey"]}}"#,
            ),
        ),
        ("expires", described(r#""string""#, "End of the secret", r#","format":"date-time""#)),
    ])
}

fn credentials_schema() -> Json {
    let boolean = |description: &str| described(r#""boolean""#, description, "");
    let email = vec![
        ("address", text("The address in force")),
        ("verified", boolean("`true` if it is verified")),
        ("pending", described(r#"["string","null"]"#, "The address that waits to be verified", "")),
    ];
    let list = vec![
        ("type", Json::string("array")),
        (
            "description",
            Json::string("Credentials beside the password, in the order in which they were added"),
        ),
        ("items", component_ref("schemas", "Credential")),
    ];
    closed_object(vec![
        ("credentials", Json::object(list)),
        ("email", closed_object(email)),
        (
            "proof",
            boolean("`true` if the session's last proof is good for a change of credentials and email"),
        ),
        ("passkey", nullable("PasskeyCreationOptions")),
    ])
}

/// Schema of the options in `users/methods`.
pub(super) fn passkey_method_schema() -> Json {
    nullable("PasskeyRequestOptions")
}

pub(super) const CREDENTIALS_EXAMPLE: &str = r#"{"credentials":[{"id":4113573287406259,"type":"totp","name":null,"created":"2027-01-15T08:00:00Z","used":"2027-01-15T08:00:00Z"}],"email":{"address":"jake@example.com","verified":true,"pending":null},"proof":false,"passkey":null}"#;

pub(super) const ADDED_EXAMPLE: &str = r#"{"credential":{"id":4113573287406259,"type":"totp","secret":"GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ","uri":"otpauth://totp/Latchkey:jake%40example.com?secret=GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ&issuer=Latchkey"}}"#;

pub(super) const CHANGED_EXAMPLE: &str = r#"{"credential":{"id":5724187463105846,"type":"passkey","name":"Phone","created":"2027-01-15T08:00:00Z","used":null}}"#;
