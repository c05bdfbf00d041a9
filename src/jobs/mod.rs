//! Work of the schedule.

pub mod deliver;
pub mod purge;
