//! Compiles the `.proto` files with `protox`, so that no `protoc` needs to be installed.

use std::error::Error;

fn main() -> Result<(), Box<dyn Error>> {
    let descriptors = protox::compile(["tandem/v1/envelope.proto"], ["."])?;
    prost_build::Config::new().compile_fds(descriptors)?;
    println!("cargo:rerun-if-changed=tandem");
    Ok(())
}
