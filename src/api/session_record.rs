//! Record of a session, made from its request, and the origin of that.

use crate::account::username::is_text_control;
use crate::auth::session::{Session, methods_in_json};
use crate::http::{Header, Request, user_agent};
use crate::store::outbox::Origin;
use crate::store::sessions::SessionRecord;

/// The most characters of a place; Cloudflare's are shorter.
const MAX_PLACE: usize = 64;

/// Makes the record of a session of this user and version. `token_ttl` is the validity of fresh tokens, in seconds.
pub(super) fn new(
    request: &impl Request,
    user_id: i64,
    token_version: i64,
    session: &Session,
    token_ttl: i64,
) -> SessionRecord {
    let Origin { agent, place } = origin(request);
    let methods = session.proof.as_ref().map_or(&[][..], |proof| &proof.methods);
    SessionRecord {
        user_id,
        token_version,
        sid: session.sid.clone(),
        issued_at: None,
        agent,
        place,
        methods: methods_in_json(methods),
        auth_time: session.proof.as_ref().map_or(0, |proof| proof.at),
        lifetime: session.lifetime.max(token_ttl),
        has_begun: false,
    }
}

/// Reads where a request comes from, as users are told.
pub(super) fn origin(request: &impl Request) -> Origin {
    Origin {
        agent: request.header(Header::UserAgent).and_then(user_agent::describe),
        place: request.place().map(|place| clean(&place)).filter(|place| !place.is_empty()),
    }
}

fn clean(place: &str) -> String {
    place.chars().filter(|c| !is_text_control(*c)).take(MAX_PLACE).collect()
}
