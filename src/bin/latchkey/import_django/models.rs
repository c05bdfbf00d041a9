//! Models whose rows are read, by their names in Django.

use std::fmt;

const PROFILE: &str = "profiles.profile";

/// Addresses of users, verified or not, of django-allauth.
const ADDRESS: &str = "account.emailaddress";

/// Authenticator apps and recovery codes of django-otp.
const TOTP_DEVICE: &str = "otp_totp.totpdevice";
const STATIC_DEVICE: &str = "otp_static.staticdevice";

/// Authenticator apps, recovery codes and passkeys of django-allauth.
const AUTHENTICATOR: &str = "mfa.authenticator";

/// Models beside the users' whose rows are read.
pub const MODELS: [(&str, Kind); 5] = [
    (PROFILE, Kind::Profile),
    (ADDRESS, Kind::Address),
    (TOTP_DEVICE, Kind::TotpDevice),
    (STATIC_DEVICE, Kind::StaticDevice),
    (AUTHENTICATOR, Kind::Authenticator),
];

/// Kind of a row.
#[derive(Clone, Copy)]
pub enum Kind {
    User,
    Profile,
    Address,
    TotpDevice,
    StaticDevice,
    Authenticator,
}

/// Names of the models whose rows are users, as `app.model`. No other app's row may become a user, least of all a
/// superuser.
#[derive(Clone)]
pub struct UserModels(pub Vec<String>);

impl UserModels {
    /// The original application's model, and Django's own.
    const DEFAULT: [&str; 2] = ["authentication.user", "auth.user"];

    /// These models, or the default ones if there are none.
    pub fn new(models: &[String]) -> Self {
        if models.is_empty() {
            Self(Self::DEFAULT.map(str::to_owned).to_vec())
        } else {
            Self(models.to_vec())
        }
    }

    /// Kind of the rows of a model, if they are read.
    pub fn kind(&self, model: &str) -> Option<Kind> {
        if self.0.iter().any(|user| user.eq_ignore_ascii_case(model)) {
            return Some(Kind::User);
        }
        MODELS.into_iter().find(|(name, _)| name.eq_ignore_ascii_case(model)).map(|(_, kind)| kind)
    }
}

impl fmt::Display for UserModels {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0.join(" or "))
    }
}

/// Reads the name of a model.
pub fn parse_model(text: &str) -> Result<String, &'static str> {
    let is_name = |name: &str| !name.is_empty() && name.chars().all(|c| c.is_alphanumeric() || c == '_');
    match text.split_once('.') {
        Some((app, model)) if is_name(app) && is_name(model) => Ok(text.to_owned()),
        _ => Err("it has the form app.model"),
    }
}

/// Django's name for the table of a model.
pub fn table_of(model: &str) -> String {
    model.replace('.', "_").to_lowercase()
}
