//! Name of a client, by its `User-Agent` (RFC 9110 §10.1.5).

/// Products and the browser families that they tell of. Browsers name those that they are like, so the first that is
/// found counts.
const BROWSERS: [(&str, &str); 13] = [
    ("Edg", "Edge"),
    ("EdgA", "Edge"),
    ("EdgiOS", "Edge"),
    ("OPR", "Opera"),
    ("OPT", "Opera"),
    ("SamsungBrowser", "Samsung Internet"),
    ("Vivaldi", "Vivaldi"),
    ("YaBrowser", "Yandex Browser"),
    ("FxiOS", "Firefox"),
    ("Firefox", "Firefox"),
    ("CriOS", "Chrome"),
    ("Chrome", "Chrome"),
    ("Safari", "Safari"),
];

/// Texts and the systems that they tell of. The first that is found counts.
const SYSTEMS: [(&str, &str); 8] = [
    ("iPhone", "iOS"),
    ("iPod", "iOS"),
    ("iPad", "iPadOS"),
    ("Android", "Android"),
    ("Windows NT", "Windows"),
    ("CrOS", "ChromeOS"),
    ("Macintosh", "macOS"),
    ("Linux", "Linux"),
];

/// Describes a browser by its family and system, as in `Firefox on Linux`. `None` if either is unknown: programs and
/// apps name themselves as they like.
pub fn describe(user_agent: &str) -> Option<String> {
    let products = || user_agent.split(' ').filter_map(|word| word.split_once('/')).map(|(name, _)| name);
    let is_sent = |product: &str| products().any(|sent| sent == product);
    let (product, browser) = BROWSERS.into_iter().find(|(product, _)| is_sent(product))?;
    // Safari's engine is in other browsers and in apps; these do not tell Safari's version.
    if product == "Safari" && !is_sent("Version") {
        return None;
    }
    let (_, system) = SYSTEMS.into_iter().find(|(text, _)| user_agent.contains(text))?;
    Some([browser, " on ", system].concat())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn browsers_are_told_by_family_and_system() {
        for (user_agent, described) in [
            ("Mozilla/5.0 (X11; Linux x86_64; rv:145.0) Gecko/20100101 Firefox/145.0", "Firefox on Linux"),
            ("Mozilla/5.0 (Android 15; Mobile; rv:145.0) Gecko/145.0 Firefox/145.0", "Firefox on Android"),
            (
                "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/142.0.0.0 Safari/537.36",
                "Chrome on Windows",
            ),
            (
                "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/142.0.0.0 Safari/537.36 Edg/142.0.0.0",
                "Edge on Windows",
            ),
            (
                "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/142.0.0.0 Safari/537.36 OPR/126.0.0.0",
                "Opera on macOS",
            ),
            (
                "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/26.1 Safari/605.1.15",
                "Safari on macOS",
            ),
            (
                "Mozilla/5.0 (iPhone; CPU iPhone OS 18_7 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/26.1 Mobile/15E148 Safari/604.1",
                "Safari on iOS",
            ),
            (
                "Mozilla/5.0 (iPad; CPU OS 18_7 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) CriOS/142.0.7444.46 Mobile/15E148 Safari/604.1",
                "Chrome on iPadOS",
            ),
            (
                "Mozilla/5.0 (Linux; Android 14; SM-S921B) AppleWebKit/537.36 (KHTML, like Gecko) SamsungBrowser/29.0 Chrome/136.0.0.0 Mobile Safari/537.36",
                "Samsung Internet on Android",
            ),
            (
                "Mozilla/5.0 (X11; CrOS x86_64 14541.0.0) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/142.0.0.0 Safari/537.36",
                "Chrome on ChromeOS",
            ),
        ] {
            assert_eq!(describe(user_agent).as_deref(), Some(described), "{user_agent}");
        }
    }

    #[test]
    fn what_is_no_browser_has_no_name() {
        for user_agent in [
            "",
            " ",
            "curl/8.5.0",
            "node",
            "Mozilla/5.0",
            "MyApp/7 CFNetwork/1410.0.3 Darwin/22.6.0",
            "Dalvik/2.1.0 (Linux; U; Android 14; Pixel 8)",
            "Firefox/145.0",
            "Mozilla/5.0 (Linux)",
            "Mozilla/5.0 (X11; Linux x86_64) Firefox",
            // A web view of an app.
            "Mozilla/5.0 (iPhone; CPU iPhone OS 18_7 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Mobile/15E148 Safari/604.1",
            "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) HeadlessChrome/142.0.0.0 Safari/537.36",
        ] {
            assert_eq!(describe(user_agent), None, "{user_agent}");
        }
    }
}
