//! How the shared libraries are linked: the build script of each.

use std::env;

fn main() {
    println!("cargo::rerun-if-changed=../link.rs");
    // What a library uses of itself is bound when it is linked: finding tens of thousands of its
    // own symbols by name at each start took 25 ms.
    if env::var("CARGO_CFG_TARGET_OS").is_ok_and(|system| system == "linux") {
        println!("cargo::rustc-link-arg=-Wl,-Bsymbolic");
    }
}
