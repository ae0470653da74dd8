//! Hot reload: a viewer is replaced, and nobody loses anything by it.

mod swaps;
mod under_load;
