//! `mail preview`: prints one mail with example data.

use anyhow::{Context as _, Result};
use clap::builder::{PossibleValue, PossibleValuesParser};
use latchkey::mail::{Application, Mailbox, example, write};

use crate::output;
use crate::settings::Deployment;

/// Prints a mail as a user would get it, with example data, and APP_NAME, APP_URL and MAIL_FROM of the deployment
#[derive(clap::Args)]
#[command(
    after_help = "Examples:\n  npx latchkey mail preview password-reset\n  npx latchkey mail preview unknown-device --html > mail.html"
)]
pub struct Options {
    /// The mail
    #[arg(value_parser = PossibleValuesParser::new(kinds()))]
    kind: String,
    /// Print the HTML document instead of the plain text
    #[arg(long)]
    html: bool,
}

fn kinds() -> impl Iterator<Item = PossibleValue> {
    example::all().into_iter().map(|example| PossibleValue::new(example.kind).help(example.occasion))
}

pub fn run(deployment: &Deployment, options: &Options) -> Result<()> {
    let (name, config) = deployment.mail()?;
    let (from, url) = match config {
        Some(config) => (config.from, config.application.url),
        None => (
            Mailbox { name: None, address: "accounts@example.com".to_owned() },
            "https://app.example.com/account".to_owned(),
        ),
    };
    let examples = example::all();
    let example =
        examples.iter().find(|example| example.kind == options.kind).context("there is no such mail")?;
    let mail = write(&Application { name, url }, &from, "jake@example.com", &example.message);
    if options.html {
        return output::print(mail.html.trim_end());
    }
    let from = match mail.from {
        Mailbox { name: Some(name), address } => format!("{name} <{address}>"),
        Mailbox { name: None, address } => address,
    };
    let text = mail.text.trim_end();
    output::print(&format!("From: {from}\nTo: {}\nSubject: {}\n\n{text}", mail.to, mail.subject))
}
