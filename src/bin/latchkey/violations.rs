//! Every rule that the values of a call break, reported at once as the API does.

use std::collections::BTreeMap;

use anyhow::{Result, anyhow};
use latchkey::account::validate::Validated;
use latchkey::error::{Dialect, Field, Violation};
use latchkey::store;
use latchkey::store::DbError;
use latchkey::store::operator::Database;

#[derive(Default)]
pub struct Violations(BTreeMap<Field, Vec<Violation>>);

impl Violations {
    /// Unwraps a value, or records what is wrong with it.
    pub fn take<T>(&mut self, field: Field, checked: Validated<T>) -> Option<T> {
        checked.map_err(|violations| self.0.entry(field).or_default().extend(violations)).ok()
    }

    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Records which of these values other users than `except` have.
    pub fn find_taken(
        &mut self,
        database: &dyn Database,
        email: Option<&str>,
        username: Option<&str>,
        except: Option<i64>,
    ) -> Result<(), DbError> {
        if email.is_none() && username.is_none() {
            return Ok(());
        }
        let taken = pollster::block_on(store::users::find_taken(&database, email, username, except))?;
        for (is_taken, field) in [(taken.email, Field::Email), (taken.username, Field::Username)] {
            if is_taken {
                self.0.entry(field).or_default().push(Violation::Taken);
            }
        }
        Ok(())
    }

    /// Fails if there are any. `outcome` says what was not done.
    pub fn into_result(self, outcome: &str) -> Result<()> {
        if self.is_empty() {
            return Ok(());
        }
        let lines = self.0.iter().flat_map(|(field, violations)| {
            violations.iter().map(|violation| {
                format!("\n  {}: {}", field.name(), Dialect::Django.message(*field, violation))
            })
        });
        Err(anyhow!("{outcome}:{}", lines.collect::<String>()))
    }
}
