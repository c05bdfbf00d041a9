//! Request headers that are read.

macro_rules! headers {
    ($($variant:ident = $name:literal),+ $(,)?) => {
        /// Request header. Only these can be asked for: the Worker keeps a place for each.
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        #[expect(missing_docs, reason = "the names say it")]
        pub enum Header {
            $($variant),+
        }

        impl Header {
            /// Number of headers.
            pub const COUNT: usize = [$(Self::$variant),+].len();

            /// Name in lower case.
            pub const fn name(self) -> &'static str {
                match self {
                    $(Self::$variant => $name),+
                }
            }
        }
    };
}

headers! {
    AccessControlRequestHeaders = "access-control-request-headers",
    Authorization = "authorization",
    CfConnectingIp = "cf-connecting-ip",
    CfRay = "cf-ray",
    ContentEncoding = "content-encoding",
    ContentType = "content-type",
    D1Bookmark = "x-d1-bookmark",
    IfNoneMatch = "if-none-match",
    Origin = "origin",
    SecFetchSite = "sec-fetch-site",
    UserAgent = "user-agent",
}
