//! `users`
