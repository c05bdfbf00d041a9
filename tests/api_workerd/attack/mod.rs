//! Attacks on the Worker as it ships, and what they achieve. `npm run test:attack` runs these alone and shows the results.

mod bodies;
mod flood;
mod guessing;
mod mail;
mod stolen_token;
