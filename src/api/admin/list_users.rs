//! `GET /api/admin/users`: lists users, or finds them by the beginning of their email or username.

use base64ct::{Base64UrlUnpadded, Encoding as _};

use super::query;
use crate::api::context::Context;
use crate::api::endpoint::{
    Authentication, Endpoint, Failure, Operation, Parameter, Placeholder, RateLimit, Success, Tag,
};
use crate::config::Feature;
use crate::error::{Error, Field, FieldErrors, Violation};
use crate::http::{Request, Response};
use crate::platform::Platform;
use crate::store::staff::directory::{self, Order, Page, Place, Search, State};

pub(crate) const ENDPOINT: Endpoint = Endpoint {
    path: "/api/admin/users",
    operations: &[Operation {
        method: "GET",
        id: "adminUsers",
        summary: "List users, the newest first, or find those whose email or username begins with a text",
    }],
    feature: Some(Feature::Staff),
    tag: Tag::Staff,
    authentication: Authentication::Staff,
    rate_limit: RateLimit::ClientIp,
    input: None,
    parameters: &[
        Parameter {
            name: "q",
            place: "query",
            description: "Beginning of an email or a username, or an id. Emails come first, in their order, then usernames",
            values: &[],
        },
        Parameter {
            name: "state",
            place: "query",
            description: "State of the users: `active`, `inactive`, or `staff`, which both flags are",
            values: &[],
        },
        AFTER,
        LIMIT,
    ],
    success: Success::Users { description: "Users, and where the next page begins" },
    failures: &[invalid_parameters("UsersQueryErrors", || {
        invalid(&[Field::State, Field::Limit, Field::After])
    })],
};

/// Beginning of a page.
pub(super) const AFTER: Parameter =
    Parameter { name: "after", place: "query", description: "The `next` of the page before", values: &[] };

/// Length of a page.
pub(super) const LIMIT: Parameter =
    Parameter { name: "limit", place: "query", description: "1 to 100; 50 without it", values: &[] };

/// Failure of a list whose parameters have none of their values.
pub(super) const fn invalid_parameters(name: &'static str, error: fn() -> Error) -> Failure {
    Failure {
        name,
        description: "A parameter that has none of its values",
        error,
        varying: Some(Placeholder { part: "x", pattern: r"[\s\S]*" }),
    }
}

/// The error of these parameters, whose value is `x`.
pub(super) fn invalid(fields: &[Field]) -> Error {
    let mut errors = FieldErrors::default();
    for field in fields {
        errors.add(*field, Violation::NotAChoice("x".to_owned()));
    }
    errors.into()
}

/// Handles the request: at most three statements.
///
/// # Errors
/// Parameters that have none of their values.
pub async fn handle(cx: &Context<'_, impl Platform, impl Request>) -> Result<Response, Error> {
    let (mut errors, query) = (FieldErrors::default(), cx.request.query());
    let state = query::read(&mut errors, query, Field::State, |name| {
        State::ALL.into_iter().find(|state| state.name() == name)
    });
    let text = query::parameter(query, "q");
    let place = query::read(&mut errors, query, Field::After, read_place);
    let limit = query::limit(&mut errors, query);
    if !errors.is_empty() {
        return Err(errors.into());
    }
    let Page { users, next } = directory::list(cx.db(), &Search { text, state, place, limit }).await?;
    let next = next.map_or("null".to_owned(), |place| ["\"", &write_place(&place), "\""].concat());
    Ok(Response::of_json(200, ["{\"users\":", &users, ",\"next\":", &next, "}"].concat()))
}

/// Letters of the parts of the list, before a place in them.
const ORDERS: [(char, Order); 3] = [('i', Order::Id), ('e', Order::Email), ('u', Order::Username)];

fn write_place(Place { order, after }: &Place) -> String {
    let letter = ORDERS.iter().find(|(_, other)| other == order).map_or('i', |(letter, _)| *letter);
    let mut text = String::from(letter);
    text.push_str(after);
    Base64UrlUnpadded::encode_string(text.as_bytes())
}

fn read_place(text: &str) -> Option<Place> {
    let text = String::from_utf8(Base64UrlUnpadded::decode_vec(text).ok()?).ok()?;
    let mut chars = text.chars();
    let letter = chars.next()?;
    let (_, order) = ORDERS.into_iter().find(|(other, _)| *other == letter)?;
    let after = chars.as_str().to_owned();
    let is_of_order = order != Order::Id || after.parse::<i64>().is_ok();
    is_of_order.then_some(Place { order, after })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_is_read_as_it_was_written() {
        for (order, after) in [(Order::Id, "7"), (Order::Email, "jake@x.io"), (Order::Username, "")] {
            let place = Place { order, after: after.to_owned() };
            assert_eq!(read_place(&write_place(&place)), Some(place));
        }
        for text in ["", "x", "7", "aQ", "aXg", "eDE", "====", "e jake"] {
            assert_eq!(read_place(text), None, "{text}");
        }
    }
}
