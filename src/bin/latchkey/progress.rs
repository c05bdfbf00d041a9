//! Progress of a long task, on a terminal.

use std::fmt::Write;
use std::io::Read;

use indicatif::{ProgressBar, ProgressState, ProgressStyle};

pub struct Progress(ProgressBar);

impl Progress {
    /// Draws nothing unless stderr is a terminal. `rate` is the part of the template for the speed; the length of a pipe
    /// is unknown.
    pub fn new(what: &'static str, rate: &str, len: Option<u64>) -> Self {
        let template = match len {
            Some(_) => format!("{{msg}} {{wide_bar}} {{percent}}%  {rate}  {{eta}} left"),
            None => format!("{{msg}} {{binary_bytes}}  {rate}"),
        };
        let style = ProgressStyle::with_template(&template).unwrap_or_else(|_| ProgressStyle::default_bar());
        let style = style.with_key("users_per_sec", |state: &ProgressState, text: &mut dyn Write| {
            let _ = write!(text, "{:.0} users/s", state.per_sec()); // not worth an error
        });
        Self(len.map_or_else(ProgressBar::no_length, ProgressBar::new).with_style(style).with_message(what))
    }

    pub fn advance(&self, by: u64) {
        self.0.inc(by);
    }

    /// Wraps a reader so that the bar advances with each byte.
    pub fn reading<R: Read>(&self, reader: R) -> impl Read {
        self.0.wrap_read(reader)
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        self.0.finish_and_clear();
    }
}
