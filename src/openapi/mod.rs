//! OpenAPI 3.1 document of the API, derived from its endpoints, the rules of the fields, and the errors as they are
//! rendered. The build writes it; none of this is in the Worker. <https://spec.openapis.org/oas/v3.1.1.html>

mod credentials;
mod failure;
mod input;
mod json;
mod preflight;
mod schema;
mod staff;
mod success;

use self::failure::{FailureSpec, failures};
use self::json::Json;
use crate::api::ENDPOINTS;
use crate::api::endpoint::{Authentication, Endpoint, Input, Operation, Parameter, Success, Tag};
use crate::config::Feature;
use crate::error::{Dialect, Error};
use crate::http::{MAX_BODY_BYTES, bookmark};

/// Tag of preflights.
const PREFLIGHTS: &str = "Preflights";

/// Tags of the endpoints, in the order of the document.
const TAGS: [(Tag, &str); 6] = [
    (Tag::Account, "Account"),
    (Tag::Session, "Session"),
    (Tag::Credentials, "Credentials"),
    (Tag::Mail, "Mail"),
    (Tag::Staff, "Staff"),
    (Tag::OpenApi, "OpenAPI"),
];

/// Makes the document of an API in this dialect.
pub fn document(dialect: Dialect) -> String {
    let mut components = Components::default();
    let mut paths: Vec<(&str, Vec<(String, Json)>)> = Vec::new();
    for endpoint in ENDPOINTS {
        let described = endpoint.operations.iter().flat_map(|operation| {
            let method = operation.method.to_ascii_lowercase();
            let head =
                (method == "get").then(|| ("head".to_owned(), components.head(operation, endpoint, dialect)));
            [Some((method, components.operation(operation, endpoint, dialect))), head]
        });
        let described: Vec<_> = described.flatten().collect();
        match paths.iter_mut().find(|(path, _)| *path == endpoint.path) {
            Some((_, operations)) => operations.extend(described),
            None => paths.push((endpoint.path, described)),
        }
    }
    let paths = paths.into_iter().map(|(path, mut operations)| {
        operations.push(("options".to_owned(), components.preflight(path, dialect)));
        let operations = operations.iter().map(|(method, operation)| (method.as_str(), operation.clone()));
        (path, Json::object(operations.collect()))
    });
    let paths = Json::object(paths.collect());
    let names = TAGS.into_iter().map(|(_, name)| name).chain([PREFLIGHTS]);
    let tags = names.map(|name| Json::object(vec![("name", Json::string(name))])).collect();
    let document = Json::object(vec![
        ("openapi", Json::string("3.1.0")),
        ("info", info()),
        ("servers", Json::raw(r#"[{"url":"/","description":"Where this document is from"}]"#)),
        ("tags", Json::array(tags)),
        ("paths", paths),
        ("components", components.into_json(dialect)),
    ]);
    document.to_string()
}

const DESCRIPTION: &str = "Accounts at the edge: users register, log in, and read and update themselves.

A token goes into `Authorization: Token <jwt>`, or `Bearer`. Every response with a user carries a fresh one, so a session goes on for as long as it is used.

Texts lose the white space at their ends before anything else, and lengths count Unicode code points after that; a password is brought to NFC first. A number is taken as its text. Fields that are not listed are ignored. A path may end in one extra `/`; another path, and another method of a path, get the responses in `components/responses`.

Pages of other origins may call this API if its operator lists them in `ALLOWED_ORIGINS`: then every response has the headers `Access-Control-Allow-Origin` and `Access-Control-Expose-Headers`.";

fn info() -> Json {
    let limit = format!("\n\nA body has at most {MAX_BODY_BYTES} bytes.");
    Json::object(vec![
        ("title", Json::string("Latchkey")),
        ("version", Json::string(env!("CARGO_PKG_VERSION"))),
        ("description", Json::string(&[DESCRIPTION, &limit].concat())),
        ("license", Json::raw(r#"{"name":"MIT","identifier":"MIT"}"#)),
    ])
}

/// Parts that operations refer to, by name.
#[derive(Default)]
struct Components {
    schemas: ComponentMap,
    examples: ComponentMap,
}

/// Parts and their names, in the order in which they are first used.
#[derive(Default)]
struct ComponentMap(Vec<(String, Json)>);

impl ComponentMap {
    fn add(&mut self, name: &str, part: Json) {
        if self.0.iter().all(|(other, _)| other != name) {
            self.0.push((name.to_owned(), part));
        }
    }

    fn json(&self) -> Json {
        Json::object(self.0.iter().map(|(name, part)| (name.as_str(), part.clone())).collect())
    }
}

impl Components {
    fn operation(&mut self, operation: &Operation, endpoint: &Endpoint, dialect: Dialect) -> Json {
        let responses = self.responses(endpoint, dialect);
        self.described(operation.id, operation.summary, endpoint, &responses, true)
    }

    fn head(&mut self, get: &Operation, endpoint: &Endpoint, dialect: Dialect) -> Json {
        let responses = self.responses(endpoint, dialect);
        let id = format!("{}Head", get.id);
        self.described(&id, "As GET, without a body", endpoint, &responses, false)
    }

    fn described(
        &mut self,
        id: &str,
        summary: &str,
        endpoint: &Endpoint,
        responses: &[ResponseSpec],
        has_body: bool,
    ) -> Json {
        let tag = TAGS.iter().find(|(tag, _)| *tag == endpoint.tag).map_or("", |(_, name)| name);
        let mut entries = vec![
            ("operationId", Json::string(id)),
            ("tags", Json::strings(&[tag])),
            ("summary", Json::string(summary)),
        ];
        entries.extend(endpoint.feature.map(requirement).into_iter().flatten());
        if endpoint.authentication != Authentication::None {
            entries.push(("security", Json::raw(r#"[{"token":[]}]"#)));
        }
        if !endpoint.parameters.is_empty() {
            entries
                .push(("parameters", Json::array(endpoint.parameters.iter().map(parameter_json).collect())));
        }
        if let Some(input) = &endpoint.input {
            entries.push(("requestBody", self.request_body(input)));
        }
        entries.push(("responses", responses_json(responses, has_body)));
        Json::object(entries)
    }

    fn preflight(&mut self, path: &str, dialect: Dialect) -> Json {
        // The endpoints of a path share those in it.
        let in_path = ENDPOINTS.iter().find(|endpoint| endpoint.path == path);
        let in_path = in_path.map_or(&[][..], |endpoint| endpoint.parameters).iter();
        let in_path = in_path.filter(|parameter| parameter.place == "path").map(parameter_json);
        let in_path = in_path.collect::<Vec<_>>();
        let whole = path;
        let name = preflight::name(path);
        let words = name.split('-').flat_map(|word| {
            let (first, rest) = word.split_at_checked(1).unwrap_or_default();
            [first.to_ascii_uppercase(), rest.to_owned()]
        });
        let id = "preflight".to_owned() + &words.collect::<String>();
        let feature =
            ENDPOINTS.iter().find(|endpoint| endpoint.path == whole).and_then(|endpoint| endpoint.feature);
        let internal = failures(dialect, &Endpoint { feature, ..preflight::ENDPOINT });
        let description = "The headers say what a page may send";
        let mut responses = vec![ResponseSpec::new("204", description, &preflight::HEADERS, None)];
        responses.extend(self.failure_responses(internal, &[]));
        let mut entries = vec![
            ("operationId", Json::string(&id)),
            ("tags", Json::strings(&[PREFLIGHTS])),
            ("summary", Json::string("Ask what a page of another origin may send")),
        ];
        entries.extend(feature.map(requirement).into_iter().flatten());
        if !in_path.is_empty() {
            entries.push(("parameters", Json::array(in_path)));
        }
        entries.push(("responses", responses_json(&responses, true)));
        Json::object(entries)
    }

    fn request_body(&mut self, input: &Input) -> Json {
        let inputs: Vec<_> = std::iter::once(input).chain(input.alternatives.iter().copied()).collect();
        let mut schemas = Vec::new();
        for input in inputs {
            self.schemas.add(input.name, input::schema(input));
            schemas.push(component_ref("schemas", input.name));
        }
        let object = match schemas.as_slice() {
            [one] => one.clone(),
            _ => Json::object(vec![("anyOf", Json::array(schemas))]),
        };
        let wrapper = input.wrapper.name();
        let properties = Json::object(vec![(wrapper, object)]);
        let mut schema = vec![("type", Json::string("object")), ("properties", properties)];
        if !input.is_patch {
            schema.push(("required", Json::strings(&[wrapper])));
        }
        let media = vec![("schema", Json::object(schema)), ("example", Json::raw(input.example))];
        Json::object(vec![
            ("required", Json::raw(if input.is_patch { "false" } else { "true" })),
            ("content", Json::object(vec![(JSON, Json::object(media))])),
        ])
    }

    fn responses(&mut self, endpoint: &Endpoint, dialect: Dialect) -> Vec<ResponseSpec> {
        let mut responses = success::responses(endpoint.success);
        let is_document = matches!(endpoint.success, Success::Document { .. });
        let headers: &[&'static str] = if is_document { &[] } else { &[bookmark::HEADER] };
        responses.extend(self.failure_responses(failures(dialect, endpoint), headers));
        responses
    }

    fn failure_responses(
        &mut self,
        failures: Vec<FailureSpec>,
        headers: &[&'static str],
    ) -> Vec<ResponseSpec> {
        let mut by_status: Vec<(u16, Vec<FailureSpec>)> = Vec::new();
        for failure in failures {
            let body = Json::raw(failure.response.body.as_deref().unwrap_or_default());
            let summary = Json::string(&failure.description);
            self.examples.add(&failure.name, Json::object(vec![("summary", summary), ("value", body)]));
            self.schemas.add(&failure.schema_name, failure.schema.clone());
            let status = failure.response.status;
            match by_status.iter_mut().find(|(other, _)| *other == status) {
                Some((_, failures)) => failures.push(failure),
                None => by_status.push((status, vec![failure])),
            }
        }
        by_status.iter().map(|(status, failures)| failure_response(*status, failures, headers)).collect()
    }

    fn into_json(mut self, dialect: Dialect) -> Json {
        for (name, schema) in success::schemas() {
            self.schemas.add(name, schema);
        }
        let elsewhere = |description, headers: &[&'static str], error: &Error| {
            let body = dialect.render(error).body.unwrap_or_default();
            let media = Some(Json::object(vec![("example", Json::raw(&body))]));
            ResponseSpec::new("", description, headers, media).json(true)
        };
        let other_method = Error::MethodNotAllowed { method: "TRACE".to_owned(), allow: String::new() };
        let responses = vec![
            ("NotFound", elsewhere("Another path", &[], &Error::NotFound)),
            ("MethodNotAllowed", elsewhere("Another method of a path", &["Allow"], &other_method)),
        ];
        Json::object(vec![
            ("schemas", self.schemas.json()),
            ("examples", self.examples.json()),
            ("responses", Json::object(responses)),
            ("headers", Json::object(HEADERS.map(header).to_vec())),
            ("securitySchemes", Json::raw(SECURITY)),
        ])
    }
}

/// Variable that an operation needs.
fn requirement(feature: Feature) -> [(&'static str, Json); 2] {
    let variable = feature.variable();
    [("description", Json::string(&format!("Needs `{variable}`"))), ("x-requires", Json::string(variable))]
}

const JSON: &str = "application/json";

/// Response of an operation.
struct ResponseSpec {
    status: String,
    description: String,
    headers: Vec<&'static str>,
    media: Option<Json>,
}

impl ResponseSpec {
    fn new(status: &str, description: &str, headers: &[&'static str], media: Option<Json>) -> Self {
        let (status, description) = (status.to_owned(), description.to_owned());
        Self { status, description, headers: headers.to_vec(), media }
    }

    fn json(&self, has_body: bool) -> Json {
        let mut entries = vec![("description", Json::string(&self.description))];
        if !self.headers.is_empty() {
            let headers = self.headers.iter().map(|name| (*name, component_ref("headers", name)));
            entries.push(("headers", Json::object(headers.collect())));
        }
        if let Some(media) = self.media.as_ref().filter(|_| has_body) {
            entries.push(("content", Json::object(vec![(JSON, media.clone())])));
        }
        Json::object(entries)
    }
}

fn responses_json(responses: &[ResponseSpec], has_body: bool) -> Json {
    let responses = responses.iter().map(|response| (response.status.as_str(), response.json(has_body)));
    Json::object(responses.collect())
}

/// Reference to a component.
fn component_ref(kind: &str, name: &str) -> Json {
    Json::object(vec![("$ref", Json::string(&["#/components/", kind, "/", name].concat()))])
}

/// Response of all failures with one status.
fn failure_response(status: u16, failures: &[FailureSpec], headers: &[&'static str]) -> ResponseSpec {
    let descriptions: Vec<_> = failures.iter().map(|failure| failure.description.as_str()).collect();
    let is_sent = |name: &&str| {
        failures.iter().any(|failure| failure.response.headers.iter().any(|(other, _)| other == name))
    };
    let headers: Vec<_> = ["WWW-Authenticate", "Retry-After"]
        .into_iter()
        .filter(is_sent)
        .chain(headers.iter().copied())
        .collect();
    let mut schemas: Vec<_> =
        failures.iter().map(|failure| component_ref("schemas", &failure.schema_name)).collect();
    schemas.dedup();
    let schema = match schemas.as_slice() {
        [one] => one.clone(),
        _ => Json::object(vec![("anyOf", Json::array(schemas))]),
    };
    let examples =
        failures.iter().map(|failure| (failure.name.as_str(), component_ref("examples", &failure.name)));
    let media = Json::object(vec![("schema", schema), ("examples", Json::object(examples.collect()))]);
    ResponseSpec::new(&status.to_string(), &descriptions.join("; "), &headers, Some(media))
}

const SECURITY: &str = r#"{"token":{"type":"http","scheme":"bearer","bearerFormat":"JWT","description":"A JSON Web Token of this API (HS256), in `Authorization: Bearer <jwt>` or `Authorization: Token <jwt>`"}}"#;

/// Headers of responses: name, `true` if it is always there, and meaning.
#[rustfmt::skip]
const HEADERS: [(&str, bool, &str); 10] = [
    (bookmark::HEADER, false, "The state of the database that the response came from. Sent back with the next request, it makes sure that this is answered from a state at least as new"),
    ("WWW-Authenticate", true, "How to authenticate: `Token`"),
    ("Retry-After", true, "How many seconds to wait"),
    ("ETag", true, "Names this state of the document"),
    ("Allow", true, "The methods that the path takes"),
    ("Access-Control-Allow-Origin", false, "The page's origin, or `*`, if it is allowed; if not, this and the others are absent"),
    ("Access-Control-Allow-Methods", false, "The methods that a page may use"),
    ("Access-Control-Allow-Headers", false, "The headers that a page may send"),
    ("Access-Control-Expose-Headers", false, "The headers that a page may read"),
    ("Access-Control-Max-Age", false, "How many seconds the browser may remember this"),
];

fn header((name, is_required, description): (&'static str, bool, &str)) -> (&'static str, Json) {
    let schema = Json::raw(r#"{"type":"string"}"#);
    let required = Json::raw(if is_required { "true" } else { "false" });
    (
        name,
        Json::object(vec![
            ("description", Json::string(description)),
            ("required", required),
            ("schema", schema),
        ]),
    )
}

fn parameter_json(parameter: &Parameter) -> Json {
    let mut schema = vec![("type", Json::string("string"))];
    let is_in_path = parameter.place == "path";
    if let Some(default) = parameter.values.first() {
        schema.extend([("enum", Json::strings(parameter.values)), ("default", Json::string(default))]);
    }
    Json::object(vec![
        ("name", Json::string(parameter.name)),
        ("in", Json::string(parameter.place)),
        ("required", Json::raw(if is_in_path { "true" } else { "false" })),
        ("description", Json::string(parameter.description)),
        ("schema", Json::object(schema)),
    ])
}
