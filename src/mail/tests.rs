//! Tests of the mails.
