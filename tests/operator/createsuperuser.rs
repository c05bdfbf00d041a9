//! `createsuperuser`
