//! Options that npm consumed: `npm run latchkey users list --json` does not pass `--json` on, and sets the variable
//! `npm_config_json` instead; `npx latchkey users list --json` passes it on, `npx --json latchkey users list` does not.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

use clap::{Arg, Command};

/// Variables with the paths of files whose settings npm passes on in variables of the same form.
const NPMRC: [&str; 2] = ["npm_config_userconfig", "npm_config_globalconfig"];

/// Error message for a command line from which npm removed options.
pub fn refusal(
    command: &Command,
    arguments: &[String],
    environment: &BTreeMap<String, String>,
) -> Option<String> {
    // Options of other scripts that run this command are their own, as is npx's --yes.
    let own = match environment.get("npm_lifecycle_event").map(String::as_str) {
        Some("latchkey") => None,
        Some("npx") => Some("yes"),
        _ => return None,
    };
    let settings = settings(environment);
    let mut options = BTreeMap::new();
    collect(command, &mut options);
    let mut consumed = Vec::new();
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
        // npm sets an option whose value is the next word to "true", and leaves that word here.
        is_complete &= !takes_value || value != "true";
        consumed.push(if takes_value && value != "true" {
            format!("--{name} {}", quoted(value))
        } else {
            format!("--{name}")
        });
    }
    if consumed.is_empty() {
        return None;
    }
    let line = if is_complete {
        let words = arguments.iter().map(|argument| quoted(argument)).chain(consumed.iter().cloned());
        format!("run: npx latchkey {}", words.collect::<Vec<_>>().join(" "))
    } else {
        "run the same command with 'npx latchkey' in place of 'npm run latchkey'".to_owned()
    };
    Some(format!("npm consumed {}, so nothing was done; {line}", consumed.join(" and ")))
}

/// Collects the long options; the value is true if the option takes a value.
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

/// Reads the settings in npm's files, which are not options of this run.
fn settings(environment: &BTreeMap<String, String>) -> BTreeSet<(String, String)> {
    let project =
        environment.get("npm_config_local_prefix").map(|directory| Path::new(directory).join(".npmrc"));
    let files = NPMRC.iter().filter_map(|name| environment.get(*name)).map(Into::into).chain(project);
    let texts = files.filter_map(|file| fs::read_to_string(file).ok());
    texts.flat_map(|text| text.lines().map(setting).collect::<Vec<_>>()).collect()
}

/// Parses a line `name = value`; one without a value sets `true`.
fn setting(line: &str) -> (String, String) {
    let (name, value) = line.split_once('=').unwrap_or((line, "true"));
    let value = value.trim().trim_matches(['"', '\'']);
    (name.trim().replace('-', "_"), value.to_owned())
}

/// Quotes a word for a shell.
fn quoted(word: &str) -> String {
    let is_plain = |c: char| c.is_ascii_alphanumeric() || "@%+=:,./_-".contains(c);
    if !word.is_empty() && word.chars().all(is_plain) {
        word.to_owned()
    } else {
        format!("'{}'", word.replace('\'', r"'\''"))
    }
}
