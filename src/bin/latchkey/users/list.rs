//! `users list`: the users, page by page.

use std::collections::BTreeSet;
use std::ops::RangeInclusive;

use anyhow::{Result, bail};
use latchkey::store::operator::users::{self, Filter, ListedUser};

use crate::output::{self, day, escape_for_terminal, yes_or_no};
use crate::settings::Deployment;

/// Range of the non-ASCII letters that have cases.
const BEYOND_ASCII: RangeInclusive<char> = '\u{80}'..='\u{1ffff}';

/// Maximum number of nested `replace` calls: D1 limits the depth of expressions to 100.
const MAX_FOLDINGS: usize = 80;

/// Lists users
#[derive(clap::Args)]
#[command(after_help = "Examples:
  npx latchkey users list --search example.com --inactive
  npx latchkey users list --superuser --json")]
pub struct Options {
    /// Only users whose username or email contains this string, in any case
    #[arg(long, value_name = "STRING")]
    search: Option<String>,
    /// Only users who are active
    #[arg(long, conflicts_with = "inactive")]
    active: bool,
    /// Only users who are deactivated
    #[arg(long)]
    inactive: bool,
    /// Only staff
    #[arg(long)]
    staff: bool,
    /// Only superusers
    #[arg(long)]
    superuser: bool,
    /// Maximum number of users
    #[arg(long, value_name = "N", default_value_t = 50, value_parser = clap::value_parser!(u32).range(1..))]
    limit: u32,
    /// Only users after the one with this id, for the next page
    #[arg(long, value_name = "ID", default_value_t = 0)]
    after: i64,
    /// Print JSON, with times in Unix seconds
    #[arg(long)]
    json: bool,
}

pub fn run(deployment: &Deployment, options: &Options) -> Result<()> {
    let mut users = find(deployment, options)?;
    let limit = usize::try_from(options.limit)?;
    let has_more = users.len() > limit;
    users.truncate(limit);
    if options.json {
        return output::print(&output::json(&users)?);
    }
    let Some(last) = users.last() else {
        return output::print("No users match.");
    };
    output::print(&table(&users))?;
    if has_more {
        output::note(&format!("More users match: pass --after {} for the next page.", last.id));
    }
    Ok(())
}

/// Finds up to one user more than the limit, to detect a next page.
fn find(deployment: &Deployment, options: &Options) -> Result<Vec<ListedUser>> {
    let foldings = foldings(options.search.as_deref().unwrap_or_default())?;
    let filter = Filter {
        search: options.search.as_deref().map(folded),
        foldings: &foldings,
        is_active: (options.active || options.inactive).then_some(options.active),
        is_staff: options.staff,
        is_superuser: options.superuser,
        after: options.after,
        limit: i64::from(options.limit) + 1,
    };
    Ok(users::list(&*deployment.database()?, &filter)?)
}

/// Folds all cases of a letter to one. A letter whose other case is two letters, like ß, folds to itself.
fn fold(letter: char) -> char {
    let only = |mut cased: Box<dyn Iterator<Item = char>>| cased.next().filter(|_| cased.next().is_none());
    let upper = only(Box::new(letter.to_uppercase())).unwrap_or(letter);
    only(Box::new(upper.to_lowercase())).unwrap_or(upper)
}

fn folded(text: &str) -> String {
    text.chars().map(fold).collect()
}

/// Non-ASCII letters that are another case of one in the string, each with the letter that it folds to.
fn foldings(text: &str) -> Result<Vec<(char, char)>> {
    let wanted: BTreeSet<char> = folded(text).chars().filter(|c| c.is_alphabetic()).collect();
    let with_fold = |letter| Some((letter, fold(letter))).filter(|(letter, fold)| letter != fold);
    let is_wanted = |(_, fold): &(char, char)| wanted.contains(fold);
    let foldings: Vec<_> = BEYOND_ASCII.filter_map(with_fold).filter(is_wanted).collect();
    if foldings.len() > MAX_FOLDINGS {
        bail!("--search has too many different letters: pass a part of it");
    }
    Ok(foldings)
}

fn table(users: &[ListedUser]) -> String {
    let mut table = output::table();
    table.set_header(["id", "username", "email", "active", "staff", "superuser", "created"]);
    table.add_rows(users.iter().map(|user| {
        [
            user.id.to_string(),
            escape_for_terminal(&user.username),
            escape_for_terminal(&user.email),
            yes_or_no(user.is_active),
            yes_or_no(user.is_staff),
            yes_or_no(user.is_superuser),
            day(user.created_at),
        ]
    }));
    table.trim_fmt()
}
