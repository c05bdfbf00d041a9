//! Work of the schedule.

pub mod purge;
