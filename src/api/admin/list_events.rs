//! `GET /api/admin/events`: lists events, the newest first.

use super::list_users::{AFTER, LIMIT, invalid, invalid_parameters};
use super::query;
use crate::api::context::{Context, read_id};
use crate::api::endpoint::{Authentication, Endpoint, Operation, Parameter, RateLimit, Success, Tag};
use crate::config::Feature;
use crate::error::{Error, Field, FieldErrors};
use crate::http::{Request, Response};
use crate::platform::Platform;
use crate::store::events::{self, EventSearch, EventType};

pub(crate) const ENDPOINT: Endpoint = Endpoint {
    path: "/api/admin/events",
    operations: &[Operation {
        method: "GET",
        id: "adminEvents",
        summary: "List events, the newest first; those of users who were erased too",
    }],
    feature: Some(Feature::Staff),
    tag: Tag::Staff,
    authentication: Authentication::Staff,
    rate_limit: RateLimit::ClientIp,
    input: None,
    parameters: &[
        Parameter {
            name: "user",
            place: "query",
            description: "Id of the user that they happened to",
            values: &[],
        },
        Parameter {
            name: "type",
            place: "query",
            description: "Type of the events, `password.changed` for example",
            values: &[],
        },
        AFTER,
        LIMIT,
    ],
    success: Success::Events { description: "Events, and where the next page begins" },
    failures: &[invalid_parameters("EventsQueryErrors", || {
        invalid(&[Field::Type, Field::User, Field::Limit, Field::After])
    })],
};

/// Handles the request, in one statement.
///
/// # Errors
/// Parameters that have none of their values.
pub async fn handle(cx: &Context<'_, impl Platform, impl Request>) -> Result<Response, Error> {
    let (mut errors, query) = (FieldErrors::default(), cx.request.query());
    let user_id = query::read(&mut errors, query, Field::User, read_id);
    let of_type = query::read(&mut errors, query, Field::Type, EventType::from_name);
    let before = query::read(&mut errors, query, Field::After, read_id);
    let limit = query::limit(&mut errors, query);
    if !errors.is_empty() {
        return Err(errors.into());
    }
    let search = EventSearch { user_id, of_type: of_type.map(EventType::name), before, limit };
    let (events, next) = events::list(cx.db(), search).await?;
    let next = next.map_or("null".to_owned(), |id| ["\"", &id.to_string(), "\""].concat());
    Ok(Response::of_json(200, ["{\"events\":", &events, ",\"next\":", &next, "}"].concat()))
}
