//! Options that npm kept for itself: `npm run latchkey users list --json` passes no `--json` on, and sets the variable
//! `npm_config_json` instead; `npx latchkey users list --json` passes it on, and `npx --json latchkey users list` does not.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

use clap::{Arg, Command};

/// Files whose settings npm passes on in variables of the same form, each named by a variable.
const NPMRC: [&str; 2] = ["npm_config_userconfig", "npm_config_globalconfig"];

/// Message for a command line that npm took options out of.
pub fn refusal(
    command: &Command,
    arguments: &[String],
    environment: &BTreeMap<String, String>,
) -> Option<String> {
    // Options of other scripts, which run this command in turn, are their own; and so is npx's --yes.
    let own = match environment.get("npm_lifecycle_event").map(String::as_str) {
        Some("latchkey") => None,
        Some("npx") => Some("yes"),
        _ => return None,
    };
    let settings = settings(environment);
    let mut options = BTreeMap::new();
    collect(command, &mut options);
    let mut kept = Vec::new();
    let mut is_complete = true;
    for (name, takes_value) in options.into_iter().filter(|(name, _)| Some(name.as_str()) != own) {
        let key = name.replace('-', "_");
        let Some(value) = environment.get(&format!("npm_config_{key}")).filter(|value| !value.is_empty())
        else {
            continue;
        };
        if settings.contains(&(key, value.clone())) {
            continue;
        }
        // npm gives "true" to an option whose value is the next word, and leaves that word here.
        is_complete &= !takes_value || value != "true";
        kept.push(if takes_value && value != "true" {
            format!("--{name} {}", quoted(value))
        } else {
            format!("--{name}")
        });
    }
    if kept.is_empty() {
        return None;
    }
    let line = if is_complete {
        let words = arguments.iter().map(|argument| quoted(argument)).chain(kept.iter().cloned());
        format!("type: npx latchkey {}", words.collect::<Vec<_>>().join(" "))
    } else {
        "type the same line again with 'npx latchkey' in place of 'npm run latchkey'".to_owned()
    };
    Some(format!("npm kept {} for itself, so nothing was done; {line}", kept.join(" and ")))
}

/// Every long option, with whether it takes a value.
fn collect(command: &Command, options: &mut BTreeMap<String, bool>) {
    let is_own = |argument: &&Arg| !["help", "version"].contains(&argument.get_id().as_str());
    for argument in command.get_arguments().filter(is_own) {
        let takes_value = argument.get_action().takes_values();
        options.extend(argument.get_long().map(|name| (name.to_owned(), takes_value)));
    }
    for subcommand in command.get_subcommands() {
        collect(subcommand, options);
    }
}

/// The settings in npm's files, which are no options of this run.
fn settings(environment: &BTreeMap<String, String>) -> BTreeSet<(String, String)> {
    let project = environment.get("npm_config_local_prefix").map(|folder| Path::new(folder).join(".npmrc"));
    let files = NPMRC.iter().filter_map(|name| environment.get(*name)).map(Into::into).chain(project);
    let texts = files.filter_map(|file| fs::read_to_string(file).ok());
    texts.flat_map(|text| text.lines().map(setting).collect::<Vec<_>>()).collect()
}

/// A line `name = value`; one without a value sets `true`.
fn setting(line: &str) -> (String, String) {
    let (name, value) = line.split_once('=').unwrap_or((line, "true"));
    let value = value.trim().trim_matches(['"', '\'']);
    (name.trim().replace('-', "_"), value.to_owned())
}

/// A word as a shell takes it.
fn quoted(word: &str) -> String {
    let is_plain = |c: char| c.is_ascii_alphanumeric() || "@%+=:,./_-".contains(c);
    if !word.is_empty() && word.chars().all(is_plain) {
        word.to_owned()
    } else {
        format!("'{}'", word.replace('\'', r"'\''"))
    }
}
