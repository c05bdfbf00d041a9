//! `SESSION_MAX_DAYS`, as far as it is known here.

use latchkey::store::DAY;

use crate::output;
use crate::settings::Deployment;

/// Returns the earliest proof of a session that has not ended by its age, in Unix seconds. What is assumed goes to
/// stderr: the deployed Worker may have other variables, and an invalid one that does not matter here is no reason to
/// stop.
pub fn proved_since(deployment: &Deployment, now: i64) -> Option<i64> {
    let config = match deployment.config_without_secret() {
        Ok(config) => config,
        Err(error) => {
            output::note(&format!("latchkey: SESSION_MAX_DAYS is taken as 0, no limit: {error:#}"));
            return None;
        }
    };
    if deployment.remote {
        let days = match config.session_max_age {
            None => "0, no limit".to_owned(),
            Some(seconds) => (seconds / DAY).to_string(),
        };
        output::note(&format!(
            "latchkey: SESSION_MAX_DAYS is taken as {days}, by wrangler.toml; the deployed Worker may have another"
        ));
    }
    config.proved_since(now)
}
