//! `export-django`
