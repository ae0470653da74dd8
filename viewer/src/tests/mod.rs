//! Keys, news and screens: the state as it is used, with the lines and the view that it is drawn with.

mod appearance;
mod compare;
mod journal;
mod jumps;
mod keys;
mod moment;
mod mouse;
mod report;
mod rig;
mod screens;
mod search;
mod sheet;
mod sheet_properties;
mod together;
