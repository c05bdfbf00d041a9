//! Variables of `wrangler.toml` and secrets, and what is wrong with them.

/// Variables by name, and the problems that were found so far.
pub(super) struct Variables<'a> {
    lookup: &'a dyn Fn(&str) -> Option<String>,
    /// Every invalid variable, with the reason and how to fix it.
    pub(super) problems: Vec<String>,
}

impl<'a> Variables<'a> {
    pub(super) fn new(lookup: &'a dyn Fn(&str) -> Option<String>) -> Self {
        Self { lookup, problems: Vec::new() }
    }

    /// Reads a variable, or adds its problem. One that is not set is `None` for `parse`.
    pub(super) fn read<T>(
        &mut self,
        name: &str,
        parse: impl FnOnce(Option<String>) -> Result<T, String>,
    ) -> Option<T> {
        parse((self.lookup)(name)).map_err(|problem| self.problems.push(problem)).ok()
    }

    /// Tells whether there is a variable, or a binding, of this name.
    pub(super) fn is_set(&self, name: &str) -> bool {
        (self.lookup)(name).is_some()
    }

    /// Reads a number from 0 to `max`, where 0 is no limit.
    pub(super) fn limit(&mut self, name: &str, max: i64, default: i64) -> Option<i64> {
        self.read(name, |value| {
            value.map_or(Ok(default), |value| {
                let limit = value.parse().ok().filter(|limit| (0..=max).contains(limit));
                limit.ok_or_else(|| format!("{name} is {value:?}: it can be 1 to {max}, or 0 for no limit"))
            })
        })
    }

    /// Reads `on` or `off`.
    pub(super) fn switch(&mut self, name: &str, default: bool) -> Option<bool> {
        self.read(name, |value| match value.as_deref() {
            None => Ok(default),
            Some("on") => Ok(true),
            Some("off") => Ok(false),
            Some(other) => Err(format!("{name} is {other:?}: it can be \"on\" or \"off\"")),
        })
    }
}
