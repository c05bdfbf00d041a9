//! The operator's command, as it is run, on local databases of its own.

mod command;
mod createsuperuser;
mod doctor;
mod export_django;
mod import_django;
mod npm;
mod secret;
mod start;
mod token;
mod users;
#[cfg(unix)]
mod wrangler;
