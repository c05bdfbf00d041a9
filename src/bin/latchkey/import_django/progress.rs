//! Progress of a long task, on a terminal.

use std::fmt::Write;
use std::io::Read;

use indicatif::{ProgressBar, ProgressState, ProgressStyle};

pub struct Progress(ProgressBar);

impl Progress {
    /// Draws nothing unless stderr is a terminal. `rate` is the part of the template for the speed.
    pub fn new(what: &'static str, rate: &str, len: u64) -> Self {
        let template = format!("{{msg}} {{wide_bar}} {{percent}}%  {rate}  {{eta}} left");
        let style = ProgressStyle::with_template(&template).unwrap_or_else(|_| ProgressStyle::default_bar());
        let style = style.with_key("users_per_sec", |state: &ProgressState, text: &mut dyn Write| {
            let _ = write!(text, "{:.0} users/s", state.per_sec()); // not worth an error
        });
        Self(ProgressBar::new(len).with_style(style).with_message(what))
    }

    pub fn advance(&self, by: u64) {
        self.0.inc(by);
    }

    /// Wraps a reader so that the bar advances with each byte.
    pub fn reading<R: Read>(&self, reader: R) -> impl Read {
        self.0.wrap_read(reader)
    }

    /// Writes a line to standard error, above the bar.
    pub fn print(&self, line: &str) {
        self.0.suspend(|| eprintln!("{line}"));
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        self.0.finish_and_clear();
    }
}
