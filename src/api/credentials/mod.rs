//! Credentials of the caller.

pub mod add;
pub mod change;
pub mod list;
pub mod remove;

use super::endpoint::Parameter;

/// Id of a credential in the path.
const ID: Parameter = Parameter {
    name: "id",
    place: "path",
    description: "A credential's `id`, as the list has it",
    values: &[],
};
