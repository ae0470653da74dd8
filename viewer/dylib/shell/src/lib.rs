//! The viewer's state and shell as a shared library, above the one of what is hardly edited:
//! writing the names of everything into one library took five seconds of each edit of the state.

use ccdump_dylib_model as _;
use ccdump_shell as _;
