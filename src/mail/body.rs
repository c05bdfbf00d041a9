//! Body of a mail, written as plain text and as HTML at once, block by block.

/// Placeholder for the name of the application.
const APP: &str = "{app}";

/// Beginning of each document, up to its title. Inline styles are enough for a reader that drops the rest; the style
/// sheet adds dark mode. Readers are told to make no links of codes, which look like telephone numbers, and of times.
const HEAD: &str = r#"<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<meta name="color-scheme" content="light dark">
<meta name="supported-color-schemes" content="light dark">
<meta name="format-detection" content="telephone=no, date=no, address=no, email=no">
<style>
:root { color-scheme: light dark }
@media (prefers-color-scheme: dark) {
body, .m { background: #111615 !important; color: #e6ecea !important }
.b { background: #e6ecea !important; color: #111615 !important }
.c { background: #2b3432 !important }
a { color: #8ab8ff }
}
</style>
<title>"#;

/// Between the title and the heading.
const BODY: &str = r#"</title>
</head>
<body style="margin: 0; background: #fff">
<div class="m" lang="en" dir="ltr" style="max-width: 32em; margin: 0 auto; padding: 16px; background: #fff; color: #17211f; font: 16px/1.5 Arial, sans-serif; overflow-wrap: anywhere">
<h1 style="margin: 0 0 16px; font-size: 20px; line-height: 1.3">"#;

const END: &str = "</div>\n</body>\n</html>\n";

/// Body under construction.
pub struct Body<'a> {
    app: &'a str,
    text: String,
    html: String,
}

impl<'a> Body<'a> {
    pub const fn new(app: &'a str) -> Self {
        Self { app, text: String::new(), html: String::new() }
    }

    /// Adds a paragraph.
    pub fn paragraph(&mut self, text: &str) {
        let text = fill(text, self.app);
        self.separate();
        self.text.push_str(&text);
        self.text.push('\n');
        self.html.push_str("<p>");
        escape(&mut self.html, &text);
        self.html.push_str("</p>\n");
    }

    /// Adds a button, and the address that it opens.
    pub fn button(&mut self, label: &str, url: &str) {
        self.separate();
        self.push_all(&[label, ":\n", url, "\n"]);
        self.html.push_str(r#"<p><a class="b" href=""#);
        escape(&mut self.html, url);
        self.html.push_str(r#"" style="display: inline-block; padding: 10px 18px; border-radius: 6px; background: #17211f; color: #fff; font-weight: bold; text-decoration: none">"#);
        escape(&mut self.html, label);
        self.html.push_str("</a></p>\n");
        self.address(url);
    }

    /// Adds an address to open.
    pub fn link(&mut self, url: &str) {
        self.separate();
        self.push_all(&[url, "\n"]);
        self.address(url);
    }

    /// Adds a code to type, on its own line.
    pub fn code(&mut self, code: &str) {
        self.separate();
        self.push_all(&[code, "\n"]);
        self.html.push_str(r#"<p><code class="c" style="display: inline-block; padding: 6px 12px; border-radius: 6px; background: #e9eeec; font: bold 26px Menlo, Consolas, monospace; letter-spacing: 2px; -webkit-user-select: all; user-select: all">"#);
        escape(&mut self.html, code);
        self.html.push_str("</code></p>\n");
    }

    /// Adds names with their values, a line each. A value is isolated, so that one of right-to-left letters leaves the
    /// order of the line as it is; in plain text not if it is ASCII, since some readers show a box for an isolate.
    pub fn facts(&mut self, facts: &[(&str, String)]) {
        self.separate();
        self.html.push_str("<p>");
        for (index, (name, value)) in facts.iter().enumerate() {
            let (start, end) = if value.is_ascii() { ("", "") } else { ("\u{2068}", "\u{2069}") };
            self.push_all(&[name, ": ", start, value, end, "\n"]);
            self.html.push_str(if index == 0 { "" } else { "<br>\n" });
            self.html.push_str(name);
            self.html.push_str(": <bdi>");
            escape(&mut self.html, value);
            self.html.push_str("</bdi>");
        }
        self.html.push_str("</p>\n");
    }

    /// Returns the plain text and the HTML document.
    pub fn finish(self, subject: &str) -> (String, String) {
        let mut html = String::with_capacity(HEAD.len() + BODY.len() + self.html.len() + 256);
        html.push_str(HEAD);
        escape(&mut html, subject);
        html.push_str(BODY);
        escape(&mut html, subject);
        html.push_str("</h1>\n");
        html.push_str(&self.html);
        html.push_str(END);
        (self.text, html)
    }

    /// Adds an address that is written out.
    fn address(&mut self, url: &str) {
        self.html.push_str(r#"<p style="font-size: 14px"><a href=""#);
        escape(&mut self.html, url);
        self.html.push_str(r#"">"#);
        escape(&mut self.html, url);
        self.html.push_str("</a></p>\n");
    }

    /// Separates a block from the one before.
    fn separate(&mut self) {
        if !self.text.is_empty() {
            self.text.push('\n');
        }
    }

    fn push_all(&mut self, parts: &[&str]) {
        for part in parts {
            self.text.push_str(part);
        }
    }
}

/// Puts the name of the application into a text.
pub fn fill(text: &str, app: &str) -> String {
    let mut filled = String::with_capacity(text.len() + app.len());
    for (index, part) in text.split(APP).enumerate() {
        filled.push_str(if index == 0 { "" } else { app });
        filled.push_str(part);
    }
    filled
}

/// Adds a text to HTML, as an element's or as a quoted attribute's.
fn escape(html: &mut String, text: &str) {
    for c in text.chars() {
        match c {
            '&' => html.push_str("&amp;"),
            '<' => html.push_str("&lt;"),
            '>' => html.push_str("&gt;"),
            '"' => html.push_str("&quot;"),
            '\'' => html.push_str("&#39;"),
            c => html.push(c),
        }
    }
}
