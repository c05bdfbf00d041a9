//! Context of a request: what every handler is given.

use crate::config::Config;
use crate::http::Request;
use crate::http::client_ip::ClientIp;
use crate::platform::Platform;

/// Configuration, runtime and request.
pub struct Context<'a, P, R> {
    /// Configuration of the deployment.
    pub config: &'a Config,
    /// Runtime.
    pub platform: &'a P,
    /// Request.
    pub request: &'a R,
}

impl<P: Platform, R: Request> Context<'_, P, R> {
    /// The primary of the database.
    pub fn db(&self) -> &P::Db {
        self.platform.primary()
    }

    /// The time, in Unix seconds. Read it where it is used: a body, or a statement, may have taken long.
    pub fn now(&self) -> i64 {
        self.platform.now()
    }

    /// IP address of the client.
    pub fn client_ip(&self) -> ClientIp {
        ClientIp::from_request(self.request)
    }
}
