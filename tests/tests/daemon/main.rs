//! The daemon as a program: starting, stopping, its files, its words, and programs of other days.

mod lifecycle;
mod places;
mod skew;
mod words;
