//! All that the looks of the viewer (`viewer/src`) stand on, linked into one shared library.
//!
//! A viewer that the hot-reload host builds uses it (the feature `dylib` of `ccdump-view`): linking the rest of the program again took as
//! long as compiling an edit. All other builds are one file, and know nothing of this crate.

use ccdump_shell as _;
use pulldown_cmark as _;
use similar as _;
