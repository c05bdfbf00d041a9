//! `completions`

use std::process::Command;

use crate::command::Operator;

#[test]
fn bash_completes_subcommands_and_options() {
    let operator = Operator::new();
    let script = operator.run(&["completions", "bash"]);
    assert_eq!((script.status, &*script.stderr), (0, ""));
    operator.write("completions.sh", &script.stdout);
    for (words, expected) in [
        ("users crea", "create"),
        ("users edit --im", "--image"),
        ("users logout --ses", "--session"),
        ("users era", "erase"),
        ("createsuperuser --tot", "--totp"),
        ("events list --type account", "account.locked"),
        ("webhook redeliver --fai", "--failed"),
        ("webhook ena", "enable"),
        ("secret --web", "--webhook"),
        ("import-django --unus", "--unusable-passwords"),
    ] {
        let count = words.split(' ').count();
        let mut backwards = words.rsplit(' ');
        let (last, previous) = (backwards.next().unwrap(), backwards.next().unwrap_or("latchkey"));
        let ask = format!(
            ". ./completions.sh; COMP_WORDS=(latchkey {words}); COMP_CWORD={count}; \
             _latchkey latchkey {last} {previous}; echo \"${{COMPREPLY[@]}}\""
        );
        let output = Command::new("bash").args(["-c", &ask]).current_dir(operator.path("")).output();
        let Ok(output) = output else {
            eprintln!("skipped: there is no bash");
            return;
        };
        assert_eq!(String::from_utf8_lossy(&output.stdout).trim_end(), expected, "{output:?}");
    }
    for (shell, part) in [("zsh", "#compdef latchkey"), ("fish", "complete -c latchkey")] {
        assert!(operator.run(&["completions", shell]).stdout.contains(part), "{shell}");
    }
}
