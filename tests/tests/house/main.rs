//! The house itself: where things stand and who may know whom.

mod boundaries;
mod circles;
mod guard;
mod sources;
mod walls;
