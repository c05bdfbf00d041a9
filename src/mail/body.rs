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

/// Before the address of a button, and between it and the label.
const BUTTON_START: &str = r#"<p><a class="b" href=""#;
const BUTTON_STYLE: &str = r#"" style="display: inline-block; padding: 10px 18px; border-radius: 6px; background: #17211f; color: #fff; font-weight: bold; text-decoration: none">"#;

/// Before a code.
const CODE_START: &str = r#"<p><code class="c" style="display: inline-block; padding: 6px 12px; border-radius: 6px; background: #e9eeec; font: bold 26px Menlo, Consolas, monospace; letter-spacing: 2px; -webkit-user-select: all; user-select: all">"#;

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
        self.text_block(&[&text]);
        push(&mut self.html, &["<p>", &escaped(&text), "</p>\n"]);
    }

    /// Adds a button, and the address that it opens.
    pub fn button(&mut self, label: &str, url: &str) {
        self.text_block(&[label, ":\n", url]);
        push(&mut self.html, &[BUTTON_START, &escaped(url), BUTTON_STYLE, label, "</a></p>\n"]);
        self.address(url);
    }

    /// Adds an address to open.
    pub fn link(&mut self, url: &str) {
        self.text_block(&[url]);
        self.address(url);
    }

    /// Adds a code to type, on its own line.
    pub fn code(&mut self, code: &str) {
        self.text_block(&[code]);
        push(&mut self.html, &[CODE_START, &escaped(code), "</code></p>\n"]);
    }

    /// Adds names with their values, a line each, without those that have none. A value is isolated, so that one of
    /// right-to-left letters leaves the order of the line as it is; in plain text not if it is ASCII, since some readers
    /// show a box for an isolate.
    pub fn facts(&mut self, facts: &[(&str, Option<String>)]) {
        let mut lines = String::new();
        let mut separator = "<p>";
        for (name, value) in facts {
            let Some(value) = value else { continue };
            let (start, end) = if value.is_ascii() { ("", "") } else { ("\u{2068}", "\u{2069}") };
            let line_break = if lines.is_empty() { "" } else { "\n" };
            push(&mut lines, &[line_break, name, ": ", start, value, end]);
            push(&mut self.html, &[separator, name, ": <bdi>", &escaped(value), "</bdi>"]);
            separator = "<br>\n";
        }
        self.text_block(&[&lines]);
        push(&mut self.html, &["</p>\n"]);
    }

    /// Returns the plain text and the HTML document.
    pub fn finish(self, subject: &str) -> (String, String) {
        let subject = escaped(subject);
        let mut html = String::new();
        push(&mut html, &[HEAD, &subject, BODY, &subject, "</h1>\n", &self.html, END]);
        (self.text, html)
    }

    /// Adds an address that is written out.
    fn address(&mut self, url: &str) {
        let url = escaped(url);
        push(&mut self.html, &["<p style=\"font-size: 14px\"><a href=\"", &url, "\">", &url, "</a></p>\n"]);
    }

    /// Adds a block to the plain text, an empty line behind the one before.
    fn text_block(&mut self, parts: &[&str]) {
        let line = if self.text.is_empty() { "" } else { "\n" };
        push(&mut self.text, &[line]);
        push(&mut self.text, parts);
        push(&mut self.text, &["\n"]);
    }
}

/// Puts the name of the application into a text.
pub fn fill(text: &str, app: &str) -> String {
    let mut filled = String::new();
    for (index, part) in text.split(APP).enumerate() {
        push(&mut filled, &[if index == 0 { "" } else { app }, part]);
    }
    filled
}

/// Escapes a text for HTML, as an element's or as a quoted attribute's.
fn escaped(text: &str) -> String {
    let mut html = String::new();
    for c in text.chars() {
        let mut own = [0; 4];
        let part = match c {
            '&' => "&amp;",
            '<' => "&lt;",
            '>' => "&gt;",
            '"' => "&quot;",
            '\'' => "&#39;",
            c => c.encode_utf8(&mut own),
        };
        push(&mut html, &[part]);
    }
    html
}

/// Adds texts. Never inlined, as each copy of it would be code to upload.
#[inline(never)]
fn push(to: &mut String, parts: &[&str]) {
    for part in parts {
        to.push_str(part);
    }
}
