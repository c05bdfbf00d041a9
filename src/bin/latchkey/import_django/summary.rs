//! Summary of an import, for people and for programs.

use std::collections::BTreeMap;

use anyhow::Result;
use serde::Serialize;

use super::factors::Factors;
use super::remark::RowRemark;
use super::source::Others;
use super::staging::{Counts, Staging};
use crate::failure_cost;
use crate::output::{self, escape_for_terminal, users};
use crate::settings::Deployment;

#[derive(Serialize)]
pub struct Summary {
    /// True if the database was written to.
    written: bool,
    /// Users who were imported, or would be.
    imported: i64,
    already_exist: i64,
    skipped: i64,
    skipped_profiles: i64,
    added_profiles: i64,
    /// Imported users whose email is verified.
    verified_emails: i64,
    /// Verified addresses that are no email of their user, and are not imported.
    other_verified_addresses: i64,
    /// Imported users who keep their authenticator app.
    authenticator_apps: i64,
    /// Users among them who lose it once they prove their mailbox, since their email is not verified.
    unverified_with_app: i64,
    /// Number of imported users by what of their second factors is left out.
    left_out_factors: BTreeMap<String, i64>,
    /// Number of imported users with an unusable password, by the reason.
    unusable_passwords: BTreeMap<String, i64>,
    /// Number of users by field that is not imported.
    dropped_fields: BTreeMap<String, u64>,
    /// Number of rows by model that is not imported.
    other_models: BTreeMap<String, u64>,
    /// Value of `COSTLIEST_HASH` that these users need, if it is another one.
    costliest_hash: Option<String>,
    #[serde(skip)]
    unknown_cost: Option<String>,
    #[serde(skip)]
    factors: Factors,
}

/// The summary, with every remark.
#[derive(Serialize)]
pub struct WithRemarks<'a> {
    #[serde(flatten)]
    summary: &'a Summary,
    remarks: Vec<RowRemark>,
}

impl Summary {
    pub fn new(
        deployment: &Deployment,
        staging: &Staging,
        counts: &Counts,
        (others, dropped_fields): (Others, BTreeMap<String, u64>),
        written: bool,
    ) -> Result<Self> {
        let hashers = staging.hashers()?;
        let (costliest_hash, unknown_cost) = match failure_cost::Settings::read(deployment) {
            Ok(settings) if hashers.iter().all(|hasher| settings.covers(*hasher)) => (None, None),
            Ok(settings) => (Some(settings.value_with(&hashers)), None),
            Err(error) => (None, Some(format!("{error:#}"))),
        };
        let factors = staging.factors()?;
        Ok(Self {
            written,
            imported: counts.good,
            already_exist: counts.present,
            skipped: counts.skipped(),
            skipped_profiles: counts.bad_profiles,
            added_profiles: counts.late_profiles,
            verified_emails: counts.verified,
            other_verified_addresses: counts.other_verified,
            authenticator_apps: factors.apps,
            unverified_with_app: factors.unverified,
            left_out_factors: factors.left_out.clone(),
            unusable_passwords: staging.unusable_passwords()?.into_iter().collect(),
            dropped_fields,
            other_models: others.models,
            costliest_hash,
            unknown_cost,
            factors,
        })
    }

    pub fn with_remarks(&self, staging: &Staging) -> Result<WithRemarks<'_>> {
        let mut remarks = Vec::new();
        staging.each_remark(&mut |remark| {
            remarks.push(remark);
            Ok(())
        })?;
        Ok(WithRemarks { summary: self, remarks })
    }

    /// Prints what was imported, and on stderr what was not and what to do.
    pub fn print(&self, counts: &Counts, is_dry: bool, is_refused: bool) -> Result<()> {
        let list = |counts: &BTreeMap<String, u64>| {
            let parts = counts.iter().map(|(name, count)| format!("{} ({count})", escape_for_terminal(name)));
            parts.collect::<Vec<_>>().join(", ")
        };
        if !self.dropped_fields.is_empty() {
            let fields = list(&self.dropped_fields);
            output::note(&format!("not imported, with the number of users who have it: {fields}"));
        }
        if !self.other_models.is_empty() {
            let models = list(&self.other_models);
            output::note(&format!("not imported, being no users, with the number of rows: {models}"));
        }
        if self.other_verified_addresses > 0 {
            let count = self.other_verified_addresses;
            let addresses = if count == 1 { "address" } else { "addresses" };
            output::note(&format!("not imported, being no email of its user: {count} verified {addresses}"));
        }
        if is_refused {
            return Ok(());
        }
        if !self.unusable_passwords.is_empty() {
            let users = users(self.unusable_passwords.values().sum());
            let parts = self.unusable_passwords.iter().map(|(reason, count)| format!("{reason} ({count})"));
            let reasons = parts.collect::<Vec<_>>().join(", ");
            output::note(&format!(
                "{users} can't log in until you set a password with 'users set-password'; theirs is {reasons}"
            ));
        }
        for note in self.factors.notes(is_dry) {
            output::note(&note);
        }
        if let Some(value) = &self.costliest_hash {
            output::note(&format!(
                "set COSTLIEST_HASH to \"{value}\" in wrangler.toml, or the response time of a failed login reveals who was imported"
            ));
        }
        if let Some(reason) = &self.unknown_cost {
            output::note(&format!("could not check COSTLIEST_HASH: {reason}"));
        }
        output::print(&self.sentence(counts, is_dry))
    }

    fn sentence(&self, counts: &Counts, is_dry: bool) -> String {
        let (skipped, would_be) = (counts.skipped(), if is_dry { "would be " } else { "" });
        let mut parts = Vec::new();
        if counts.good == 0 && skipped == 0 && counts.bad_profiles == 0 && counts.late_profiles == 0 {
            return format!("nothing to import: {} already exist", users(counts.present));
        }
        let verified = (counts.verified > 0).then(|| format!("{} with a verified email", counts.verified));
        let apps = self.authenticator_apps;
        let apps = (apps > 0).then(|| format!("{apps} with an authenticator app"));
        let details: Vec<_> = verified.into_iter().chain(apps).collect();
        let verified = if details.is_empty() { String::new() } else { format!(" ({})", details.join(", ")) };
        parts.push(format!("{} {would_be}imported{verified}", users(counts.good)));
        if counts.present > 0 {
            parts.push(format!("{} already exist", counts.present));
        }
        if counts.late_profiles > 0 {
            parts.push(format!("{} {would_be}added", profiles(counts.late_profiles)));
        }
        if skipped > 0 {
            parts.push(format!("{skipped} skipped"));
        }
        if counts.bad_profiles > 0 {
            parts.push(format!("{} skipped", profiles(counts.bad_profiles)));
        }
        parts.join(", ")
    }
}

/// Describes how many rows have problems.
pub fn problems(counts: &Counts) -> String {
    let users = format!("{} of {}", counts.skipped(), users(counts.total));
    match (counts.skipped(), counts.bad_profiles) {
        (_, 0) => format!("{users} have problems"),
        (0, bad) => format!("{} of {} have problems", profiles(bad), output::users(counts.total)),
        (_, bad) => format!("{users} and {} have problems", profiles(bad)),
    }
}

fn profiles(count: i64) -> String {
    format!("{count} profile{}", if count == 1 { "" } else { "s" })
}
