//! Generates the wire types from `proto/` without needing `protoc`.

use std::{env, error::Error, fs, path::PathBuf};

use prost::Message as _;

fn main() -> Result<(), Box<dyn Error>> {
    let proto = PathBuf::from("../../proto");
    println!("cargo:rerun-if-changed={}", proto.display());
    let descriptors = protox::compile([proto.join("ccdump/v1/ccdump.proto")], [&proto])?;
    let out = PathBuf::from(env::var("OUT_DIR")?);
    fs::write(out.join("ccdump.binpb"), descriptors.encode_to_vec())?;
    tonic_prost_build::configure()
        .build_server(env::var_os("CARGO_FEATURE_SERVER").is_some())
        .bytes(".ccdump.v1.BodyResponse")
        .bytes(".ccdump.v1.BodyData")
        .compile_fds(descriptors)?;
    Ok(())
}
