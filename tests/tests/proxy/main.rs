//! Traffic through the daemon: what arrives is what was sent, whatever happens on the way.

mod answers;
mod differential;
mod endings;
mod faults;
mod hosts;
mod large;
mod outbound;
mod overload;
mod requests;
mod streaming;
mod token;
mod transparency;
mod upgrade;
