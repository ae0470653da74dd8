//! What is hardly edited, linked into one shared library: the viewer's crates up to its model, and
//! all that comes from outside.
//!
//! A viewer that the hot-reload host builds uses it (the feature `dylib` of `ccdump-view`): linking
//! the rest of the program again took as long as compiling an edit. All other builds are one file,
//! and know nothing of this crate.

use base64 as _;
use ccdump_host as _;
use ccdump_model as _;
use ccdump_secrets as _;
use clap as _;
use crossterm as _;
use jiff as _;
use pulldown_cmark as _;
use regex as _;
use similar as _;
use tempfile as _;
