//! Credentials of the caller.

pub mod add;
pub mod change;
pub mod list;
pub mod remove;

use super::context::Context;
use super::endpoint::Parameter;
use crate::auth::token::MAX_SAFE_INTEGER;
use crate::error::Error;
use crate::http::Request;
use crate::platform::Platform;

/// Id of a credential in the path.
const ID: Parameter = Parameter {
    name: "id",
    place: "path",
    description: "A credential's `id`, as the list has it",
    values: &[],
};

/// The id in the path: a positive number in decimal without leading zeros.
fn id_of(cx: &Context<'_, impl Platform, impl Request>) -> Result<i64, Error> {
    let text = cx.parameters.first().copied().unwrap_or_default();
    let is_number = text.bytes().all(|c| c.is_ascii_digit()) && !text.starts_with('0');
    let id = text.parse().ok().filter(|id| is_number && (1..=MAX_SAFE_INTEGER).contains(id));
    id.ok_or(Error::NotFound)
}
