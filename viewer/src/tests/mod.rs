//! Keys, news and screens: the state as it is used, with the lines and the view that it is drawn
//! with.

mod appearance;
mod changes;
mod compare;
mod hints;
mod journal;
mod jumps;
mod keys;
mod moment;
mod mouse;
mod parts;
mod report;
mod rig;
mod screens;
mod search;
mod sheet;
mod sheet_properties;
mod tabs;
mod together;
