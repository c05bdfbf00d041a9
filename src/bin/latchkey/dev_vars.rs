//! `.dev.vars` and `.env`, read as wrangler reads them: the Worker and this command must use the same secret.
//!
//! Wrangler uses npm's `dotenv` 16 for both, and `dotenv-expand` 12 for `.env`. This does what they do, with
//! the same regular expressions in an engine for JavaScript's; a test compares it with wrangler.

use std::collections::BTreeMap;
use std::path::Path;
use std::{fs, io};

use anyhow::{Context as _, Result, bail};
use regress::Regex;

/// Grammar of a line.
const LINE: &str = r#"(?:^|^)\s*(?:export\s+)?([\w.-]+)(?:\s*=\s*?|:\s+?)(\s*'(?:\\'|[^'])*'|\s*"(?:\\"|[^"])*"|\s*`(?:\\`|[^`])*`|[^#\r\n]+)?\s*(?:#.*)?(?:$|$)"#;
const QUOTED: &str = r#"^(['"`])([\s\S]*)\1$"#;
const REFERENCE: &str = r"(?<!\\)\${([^{}]+)}|(?<!\\)\$([A-Za-z_][A-Za-z0-9_]*)";
const OPERATOR: &str = r"(:\+|\+|:-|-)";

/// Limits of references in a value, and of its length.
const MAX_REFERENCES: usize = 1_000;
const MAX_BYTES: usize = 1 << 20;

/// Variables of the local Worker that are not in `wrangler.toml`.
#[derive(Debug, Default)]
pub struct LocalVariables {
    /// Names of the files that they come from.
    pub files: Vec<String>,
    pub variables: BTreeMap<String, String>,
    /// All of the process's environment is among them.
    pub has_process: bool,
}

/// Reads the variables in a project's directory.
pub fn load(
    project: &Path,
    environment: Option<&str>,
    process: &BTreeMap<String, String>,
) -> Result<LocalVariables> {
    let own = environment.map(|name| format!(".dev.vars.{name}"));
    for file in own.into_iter().chain([".dev.vars".to_owned()]) {
        if let Some(text) = read(project, &file)? {
            let variables = parse(&text)?.into_iter().collect();
            return Ok(LocalVariables { files: vec![file], variables, has_process: false });
        }
    }
    let mut files = vec![".env".to_owned(), ".env.local".to_owned()];
    files.extend(environment.iter().flat_map(|name| [format!(".env.{name}"), format!(".env.{name}.local")]));
    let mut found = Vec::new();
    let mut parsed = Variables::default();
    for file in files {
        if let Some(text) = read(project, &file)? {
            for (name, value) in parse(&text)? {
                parsed.set(name, value);
            }
            found.push(file);
        }
    }
    // Settings of wrangler itself may be in these files too.
    let all = expand(&parsed, process)?;
    if !is_on(&all, "CLOUDFLARE_LOAD_DEV_VARS_FROM_DOT_ENV", true)? {
        return Ok(LocalVariables::default());
    }
    let has_process = is_on(&all, "CLOUDFLARE_INCLUDE_PROCESS_ENV", false)?;
    let variables = if has_process { all } else { expand(&parsed, &BTreeMap::new())? };
    Ok(LocalVariables { files: found, variables, has_process })
}

/// Reads a file as Node does: invalid UTF-8 is replaced.
fn read(project: &Path, file: &str) -> Result<Option<String>> {
    match fs::read(project.join(file)) {
        Ok(bytes) => Ok(Some(String::from_utf8_lossy(&bytes).into_owned())),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error).with_context(|| format!("can't read {file}")),
    }
}

fn is_on(variables: &BTreeMap<String, String>, name: &str, default: bool) -> Result<bool> {
    match variables.get(name).map(|value| value.to_lowercase()).as_deref() {
        None => Ok(default),
        Some("true") => Ok(true),
        Some("false") => Ok(false),
        Some(_) => bail!("{name} is neither true nor false"),
    }
}

/// Variables in the order in which they were first set, as in an object of JavaScript.
#[derive(Default)]
struct Variables(Vec<(String, String)>);

impl Variables {
    fn set(&mut self, name: String, value: String) {
        match self.0.iter_mut().find(|(set, _)| *set == name) {
            Some((_, old)) => *old = value,
            None => self.0.push((name, value)),
        }
    }
}

fn regex(pattern: &str, flags: &str) -> Result<Regex> {
    Regex::with_flags(pattern, flags).context("a regular expression is invalid")
}

/// `parse` of `dotenv`.
fn parse(text: &str) -> Result<Vec<(String, String)>> {
    let (line, quoted) = (regex(LINE, "m")?, regex(QUOTED, "m")?);
    let text = text.replace("\r\n", "\n").replace('\r', "\n");
    let mut variables = Vec::new();
    for found in line.find_iter(&text) {
        let group = |index| found.group(index).and_then(|range| text.get(range)).unwrap_or_default();
        let value = trim(group(2));
        let unquoted = quoted.replace_all(value, "$2");
        let value = if value.starts_with('"') {
            unquoted.replace("\\n", "\n").replace("\\r", "\r")
        } else {
            unquoted
        };
        variables.push((group(1).to_owned(), value));
    }
    Ok(variables)
}

/// `trim` of JavaScript.
fn trim(text: &str) -> &str {
    text.trim_matches(|c: char| c == '\u{feff}' || (c.is_whitespace() && c != '\u{85}'))
}

/// `expand` of `dotenv-expand`: references to other variables become their values. What `process` has wins.
fn expand(parsed: &Variables, process: &BTreeMap<String, String>) -> Result<BTreeMap<String, String>> {
    let mut running = BTreeMap::new();
    for (name, value) in &parsed.0 {
        let value = match process.get(name).filter(|set| !set.is_empty() && *set != value) {
            Some(set) => set.clone(),
            None => expand_value(value, process, &running)?,
        };
        running.insert(name.clone(), value.replace("\\$", "$"));
    }
    let mut all = process.clone();
    all.extend(running);
    Ok(all)
}

fn expand_value(
    value: &str,
    process: &BTreeMap<String, String>,
    running: &BTreeMap<String, String>,
) -> Result<String> {
    let (reference, operator) = (regex(REFERENCE, "")?, regex(OPERATOR, "")?);
    let look_up =
        |name: &str| process.get(name).or_else(|| running.get(name)).filter(|value| !value.is_empty());
    let mut result = value.to_owned();
    let mut seen = Vec::new();
    while let Some(found) = reference.find(&result) {
        if seen.len() > MAX_REFERENCES || result.len() > MAX_BYTES {
            bail!("a value in .env refers to itself without end"); // wrangler would not end either
        }
        seen.push(result.clone());
        let expression =
            found.group(1).or_else(|| found.group(2)).and_then(|range| result.get(range)).unwrap_or_default();
        let splitter = operator.find(expression).map(|found| found.as_str(expression));
        let (name, rest) =
            splitter.and_then(|splitter| expression.split_once(splitter)).unwrap_or((expression, ""));
        let set = look_up(name);
        let (default, value) = match splitter {
            Some(":+" | "+") => (if set.is_some() { rest } else { "" }, None),
            _ => (rest, set),
        };
        let by = value.filter(|value| !seen.contains(value)).map_or(default, String::as_str);
        let template = found.as_str(&result).to_owned();
        let name = name.to_owned();
        result = replace_first(&result, &template, by);
        if running.get(&name) == Some(&result) {
            break;
        }
    }
    Ok(result)
}

/// `replace` of JavaScript for a string: its first occurrence, by a replacement in which `$$`, `$&`, `` $` `` and `$'`
/// are special.
fn replace_first(text: &str, template: &str, by: &str) -> String {
    let Some((before, after)) = text.split_once(template) else { return text.to_owned() };
    let mut replaced = before.to_owned();
    let mut rest = by;
    while let Some((plain, special)) = rest.split_once('$') {
        replaced.push_str(plain);
        let mut chars = special.chars();
        let meaning = match chars.next() {
            Some('$') => "$",
            Some('&') => template,
            Some('`') => before,
            Some('\'') => after,
            _ => {
                replaced.push('$');
                rest = special;
                continue;
            }
        };
        replaced.push_str(meaning);
        rest = chars.as_str();
    }
    replaced + rest + after
}

#[cfg(test)]
mod tests {
    use std::io::Write as _;
    use std::process::{Command, Stdio};

    use serde_json::{Value, json};

    use super::*;

    /// Gives what wrangler takes for each case, which is the files of a project, an environment's name and variables of
    /// the process.
    const WRANGLER: &str = r#"
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { unstable_getVarsForDev as getVarsForDev } from "wrangler";

const directory = mkdtempSync(process.argv[1] + "/");
const results = JSON.parse(readFileSync(0, "utf8")).map(([files, environment, process_]) => {
  for (const [name, bytes] of Object.entries(files)) writeFileSync(`${directory}/${name}`, Buffer.from(bytes));
  process.env = { ...process_ };
  const found = getVarsForDev(`${directory}/wrangler.toml`, undefined, {}, environment ?? undefined, true);
  for (const name of Object.keys(files)) rmSync(`${directory}/${name}`);
  return Object.entries(found).map(([name, { value }]) => [name, value]).sort(([a], [b]) => (a < b ? -1 : 1));
});
console.log(JSON.stringify(results));
"#;

    type Case<'a> = (Vec<(&'a str, Vec<u8>)>, Option<&'a str>, Vec<(&'a str, &'a str)>);

    fn ours((files, environment, process): &Case<'_>) -> Value {
        let directory = tempfile::tempdir().unwrap();
        for (name, bytes) in files {
            fs::write(directory.path().join(name), bytes).unwrap();
        }
        let process = process.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        let variables = load(directory.path(), *environment, &process).unwrap().variables;
        variables
            .into_iter()
            .collect::<Vec<_>>()
            .into_iter()
            .map(|(name, value)| json!([name, value]))
            .collect()
    }

    fn cases() -> Vec<Case<'static>> {
        let texts = [
            "A=1\nB = two words \n",
            "JWT_SECRET=a$b${c}$\n",
            "A='a#b$c'",
            "A=a#b",
            "A=\"a#b\\nc\\r\" # why",
            "export A=1\n  export\tB=2",
            "A: 1\nB:2\nC :3",
            "A=\nB=1\nC",
            "A=1\r\nB=2\rC=3",
            "A='it''s'",
            "A=\"x\nB='y",
            "A=`it's \"so\"`",
            "# A=1\n\n  B=2",
            "A=1\nA=2",
            "A='two\nlines'\nB=\"a\n'b'\nc\"",
            "A=a\\nb",
            "A=\"a\\\\\"b\"",
            "A-B.C=1\nÄ=2\n1=3",
            "A=\"\"\nB='x' y\nC=é",
            "\u{feff}JWT_SECRET=behind a mark",
            "\u{feff}# note\nA=1",
            "\u{a0}JWT_SECRET\u{a0}=\u{a0}'no-break spaces'\u{a0}\u{a0}\n\u{3000}B=\u{2003}x\u{2003}",
            "A=\u{85}x\u{85}\nB=\u{feff}y\u{feff}\nC=\u{180e}z",
            "A=x\u{2028}'y'\u{2028}\nB=1\u{2028}C=2\u{2029}D=3 # \u{2028}E=5",
            "A=1 # note\nB='#'# note\nC=x #'y'",
            "JWT_SECRET\nJWT_SECRET=x",
            "A=\n'on the next line'\nB=1",
            "A='a\\'b'\nB='a\\'\nC=`\\``",
        ];
        let mut cases: Vec<Case> = Vec::new();
        for file in [".dev.vars", ".env"] {
            cases.extend(texts.map(|text| (vec![(file, text.as_bytes().to_vec())], None, Vec::new())));
        }
        cases.push((vec![(".dev.vars", b"A=\xff\xc3(\xe2\x82\nB=1".to_vec())], None, Vec::new()));
        let expanded = "A=1\nB=$A-${A}\nC=\\$A\nD=${N:-x${A}}\nE=${A:+y}${N:+z}\nF=$G\nG=$F\nH=$H\nI='$A'\nJ=${A-q}${N-r}$\n\
                        K=${A+s}\nL=$PATH_OF_MINE/x\nM=a$$b\nO=${E}$A$A\nP=${P:-$P}\nQ='$$'\nR=$Q-$A";
        for process in [&[][..], &[("PATH_OF_MINE", "/p"), ("A", "of the process")]] {
            for include in ["true", "FALSE"] {
                let variables = [process, &[("CLOUDFLARE_INCLUDE_PROCESS_ENV", include)]].concat();
                cases.push((vec![(".env", expanded.into())], None, variables));
            }
        }
        let every =
            [".dev.vars", ".dev.vars.staging", ".env", ".env.local", ".env.staging", ".env.staging.local"];
        for skipped in 0..=every.len() {
            for environment in [None, Some("staging"), Some("other")] {
                let files = every.iter().skip(skipped);
                let files =
                    files.map(|file| (*file, format!("A={file}\nB{skipped}=$A\nONLY{file}=1").into()));
                cases.push((files.collect(), environment, vec![("A", "of the process")]));
            }
        }
        let off = ("CLOUDFLARE_LOAD_DEV_VARS_FROM_DOT_ENV", "false");
        cases.push((vec![(".env", b"A=1".to_vec())], None, vec![off]));
        cases.push((vec![(".dev.vars", b"A=1".to_vec())], None, vec![off]));
        cases
    }

    #[test]
    fn files_are_read_as_wrangler_reads_them() {
        let root = Path::new(env!("CARGO_MANIFEST_DIR"));
        let temporary = tempfile::tempdir().unwrap();
        let node = Command::new(root.join("node_modules/.bin/node"))
            .args(["--no-warnings", "--input-type=module", "--eval", WRANGLER])
            .arg(temporary.path())
            .current_dir(root)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn();
        let Ok(mut node) = node else {
            eprintln!("skipped: wrangler is not installed");
            return;
        };
        let cases = cases();
        let given: Value = cases
            .iter()
            .map(|(files, environment, process)| {
                let files: Value =
                    files.iter().map(|(name, bytes)| ((*name).to_owned(), json!(bytes))).collect();
                let process: Value =
                    process.iter().map(|(name, value)| ((*name).to_owned(), json!(value))).collect();
                json!([files, environment, process])
            })
            .collect();
        node.stdin.take().unwrap().write_all(given.to_string().as_bytes()).unwrap();
        let output = node.wait_with_output().unwrap();
        let theirs: Vec<Value> = serde_json::from_slice(&output.stdout).unwrap();
        assert_eq!(theirs.len(), cases.len());
        for (case, theirs) in cases.iter().zip(theirs) {
            assert_eq!(ours(case), theirs, "{case:?}");
        }
    }

    #[test]
    fn a_value_without_end_is_an_error() {
        let directory = tempfile::tempdir().unwrap();
        for text in ["A='$&$'\nB=$A$A", "A='$&$&$'\nB=$A$A$A"] {
            fs::write(directory.path().join(".env"), text).unwrap();
            let error = load(directory.path(), None, &BTreeMap::new()).unwrap_err();
            assert_eq!(error.to_string(), "a value in .env refers to itself without end");
        }
    }

    #[test]
    fn settings_of_wrangler_may_be_in_the_file() {
        let file = |text: &str| (vec![(".env", text.into())], None, vec![("A", "of the process")]);
        assert_eq!(ours(&file("CLOUDFLARE_LOAD_DEV_VARS_FROM_DOT_ENV=false\nB=1")), json!([]));
        let included = json!([["A", "of the process"], ["CLOUDFLARE_INCLUDE_PROCESS_ENV", "true"]]);
        assert_eq!(ours(&file("CLOUDFLARE_INCLUDE_PROCESS_ENV=true\nA=1")), included);
    }
}
