//! What is on record: safe from kills, damage and load, free of credentials, and the same to all
//! who read it.

mod clock;
mod credentials;
mod damage;
mod kills;
mod limits;
mod rpc;
mod search;
mod secrets;
mod system_sections;
mod views;
mod watch;
