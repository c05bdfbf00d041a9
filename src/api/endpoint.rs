//! Facts of an endpoint. They stand beside its handler; routing, `Allow`, preflights, rate limits and the OpenAPI document
//! follow from them.

use crate::account::validate::Rule;
use crate::config::{Config, Feature};
use crate::error::{Error, Field};

/// Endpoint: one path, one handler.
pub struct Endpoint {
    /// Path; a request's may end in one extra `/`.
    pub path: &'static str,
    /// Methods that the handler takes. `GET` includes `HEAD`.
    pub operations: &'static [Operation],
    /// Feature that it is part of; without that there is no such path. `None` is always there.
    pub feature: Option<Feature>,
    /// Group in the OpenAPI document.
    pub tag: Tag,
    /// Authentication that the handler asks for.
    pub authentication: Authentication,
    /// Rate limit of its requests.
    pub rate_limit: RateLimit,
    /// Object that the body has.
    pub input: Option<Input>,
    /// Parameters beside the body.
    pub parameters: &'static [Parameter],
    /// Response of a success.
    pub success: Success,
    /// Failures beyond those that follow from the rest.
    pub failures: &'static [Failure],
}

/// Facts of an endpoint that a request is dispatched by. The others are for the OpenAPI document, and are not in the Worker.
pub struct Dispatch {
    /// As in [`Endpoint`].
    pub path: &'static str,
    /// Methods that the handler takes, up to two.
    methods: [&'static str; 2],
    /// As in [`Endpoint`].
    pub feature: Option<Feature>,
    /// As in [`Endpoint`].
    pub authentication: Authentication,
    /// As in [`Endpoint`].
    pub rate_limit: RateLimit,
}

impl Dispatch {
    /// The facts of an endpoint. The compiler evaluates this, and refuses one with more methods.
    pub const fn of(endpoint: &Endpoint) -> Self {
        assert!(endpoint.operations.len() <= 2, "an endpoint has one method or two");
        let methods = match endpoint.operations {
            [] => ["", ""],
            [one] => [one.method, one.method],
            [one, other, ..] => [one.method, other.method],
        };
        let Endpoint { path, feature, authentication, rate_limit, .. } = endpoint;
        Self { path, methods, feature: *feature, authentication: *authentication, rate_limit: *rate_limit }
    }

    /// Tells whether this deployment has it.
    pub fn is_on(&self, config: &Config) -> bool {
        self.feature.is_none_or(|feature| config.has(feature))
    }

    /// Tells whether the handler takes this method.
    pub fn takes(&self, method: &str) -> bool {
        self.methods.contains(&if method == "HEAD" { "GET" } else { method })
    }
}

/// Method of an endpoint.
pub struct Operation {
    /// In upper case.
    pub method: &'static str,
    /// `operationId`.
    pub id: &'static str,
    /// Summary for the OpenAPI document.
    pub summary: &'static str,
}

/// Group of endpoints.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Tag {
    /// The user's data.
    Account,
    /// The user's sessions.
    Session,
    /// Credentials beside the password.
    Credentials,
    /// Mail.
    Mail,
    /// Requests of staff.
    Staff,
    /// The API itself.
    OpenApi,
}

/// Authentication of a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Authentication {
    /// None; a token that is sent is not read.
    None,
    /// A token of an active user.
    Token,
    /// A token of staff, with a second factor.
    Staff,
    /// A token of a superuser, with a second factor.
    Superuser,
}

/// Rate limit of a request. The figures are in `wrangler.toml`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RateLimit {
    /// None.
    None,
    /// By client IP, before anything else.
    ClientIp,
    /// By user and client IP, checked by the handler for requests that cost a hash or tell whether an email is taken.
    User,
}

/// Object of a request body.
pub struct Input {
    /// Name of the member that it is: `user`, or `credential`.
    pub wrapper: Field,
    /// Name of its schema.
    pub name: &'static str,
    /// Rules of its fields.
    pub rules: fn() -> Vec<&'static Rule>,
    /// `true` if every field may be absent, and the body empty.
    pub is_patch: bool,
    /// Example of a body, in JSON.
    pub example: &'static str,
    /// Objects that a body may have instead.
    pub alternatives: &'static [&'static Input],
}

impl Input {
    /// An object `user` without alternatives, for what else it has to be named.
    pub const USER: Self = Self {
        wrapper: Field::User,
        name: "",
        rules: Vec::new,
        is_patch: false,
        example: "",
        alternatives: &[],
    };

    /// The same for an object `credential`.
    pub const CREDENTIAL: Self = Self { wrapper: Field::Credential, ..Self::USER };
}

/// Parameter of a request.
pub struct Parameter {
    /// Name.
    pub name: &'static str,
    /// `query` or `header`.
    pub place: &'static str,
    /// Meaning.
    pub description: &'static str,
    /// Values that it can have, the first of which is the default; any, if there are none.
    pub values: &'static [&'static str],
}

/// Response of a success.
#[derive(Clone, Copy)]
pub enum Success {
    /// The user, with a fresh token.
    User {
        /// Status.
        status: u16,
        /// Meaning.
        description: &'static str,
        /// `true` if the example shows a profile.
        has_profile: bool,
        /// `true` if a mail that is under way may stand beside the user.
        may_have_mail: bool,
    },
    /// The user's sessions.
    Sessions {
        /// Meaning.
        description: &'static str,
    },
    /// Ways in.
    Methods {
        /// Meaning.
        description: &'static str,
    },
    /// A mail is under way, status 202.
    Mail {
        /// Meaning.
        description: &'static str,
    },
    /// Credentials, and the state of the email.
    Credentials {
        /// Meaning.
        description: &'static str,
    },
    /// Credential or recovery codes that were added, status 201.
    AddedCredential {
        /// Meaning.
        description: &'static str,
    },
    /// The credential as it is now; with the user and recovery codes if it was confirmed.
    ChangedCredential {
        /// Meaning.
        description: &'static str,
    },
    /// Users as staff see them, and where the next page begins.
    Users {
        /// Meaning.
        description: &'static str,
    },
    /// A user as staff see them.
    StaffUser {
        /// Status.
        status: u16,
        /// Meaning.
        description: &'static str,
        /// `true` if their ways in are there too.
        has_methods: bool,
    },
    /// Sessions of a user, as staff see them.
    UserSessions {
        /// Meaning.
        description: &'static str,
    },
    /// A mail without a code is under way, status 202.
    RequestedMail {
        /// Meaning.
        description: &'static str,
    },
    /// Events, and where the next page begins.
    Events {
        /// Meaning.
        description: &'static str,
    },
    /// No body, status 204.
    Empty {
        /// Meaning.
        description: &'static str,
    },
    /// A document that caches revalidate.
    Document {
        /// Meaning.
        description: &'static str,
    },
}

/// Failure of an endpoint.
pub struct Failure {
    /// Name of its example.
    pub name: &'static str,
    /// Meaning.
    pub description: &'static str,
    /// The error.
    pub error: fn() -> Error,
    /// Part of the body that depends on the request.
    pub varying: Option<Placeholder>,
}

/// Part of a body that depends on the request.
#[derive(Debug, Clone, Copy)]
pub struct Placeholder {
    /// The part as it is in the example.
    pub part: &'static str,
    /// Regular expression of what it can be.
    pub pattern: &'static str,
}
