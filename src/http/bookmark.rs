//! Bookmarks: the state of the database that a response came from, sent to the client and back.
//!
//! D1 may have replicas of the database near its users, which lag behind the primary by a moment. A replica asked
//! for a bookmark answers from a state at least as new; so a client that sends back the last one it was
//! given reads what it wrote. <https://developers.cloudflare.com/d1/best-practices/read-replication/>

use super::{Header, Request};

/// Header of both directions.
pub const HEADER: &str = "X-D1-Bookmark";

/// The most characters; D1's have 59.
const MAX_LENGTH: usize = 128;

/// The bookmark that a client sent, if it looks like one. D1 takes names of constraints (`first-primary`)
/// in the same place, and a client has no say in those.
pub fn from_request(request: &impl Request) -> Option<&str> {
    request.header(Header::D1Bookmark).filter(|bookmark| is_bookmark(bookmark))
}

/// Tells whether it is hexadecimal digits and dashes, as in `00000085-0000024c-00004c6d-8e61117bf38d7adb71b934ebbf891683`.
fn is_bookmark(text: &str) -> bool {
    (1..=MAX_LENGTH).contains(&text.len())
        && text.bytes().all(|byte| byte.is_ascii_hexdigit() || byte == b'-')
        && text.starts_with(|first: char| first.is_ascii_hexdigit())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_does_not_look_like_a_bookmark_is_none() {
        for bookmark in ["00000085-0000024c-00004c6d-8e61117bf38d7adb71b934ebbf891683", "0", &"f".repeat(128)]
        {
            assert!(is_bookmark(bookmark), "{bookmark}");
        }
        for text in [
            "",
            "-",
            "-0",
            " 0",
            "0 ",
            "0, 0",
            "first-primary",
            "first-unconstrained",
            "0é",
            "0\0",
            &"f".repeat(129),
        ] {
            assert!(!is_bookmark(text), "{text:?}");
        }
    }
}
