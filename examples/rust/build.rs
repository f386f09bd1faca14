//! Makes the stubs from the protos.

const PROTOS: &str = "../../protos";

fn main() -> Result<(), Box<dyn std::error::Error>> {
    println!("cargo::rerun-if-changed={PROTOS}");
    let files = ["chat", "common", "embeddings", "errors", "models"]
        .map(|name| format!("{PROTOS}/aibridge/v1/{name}.proto"));
    let mut config = tonic_prost_build::Config::new();
    config.protoc_executable(protoc_bin_vendored::protoc_bin_path()?);
    config.enable_type_names(); // tells which detail of an error is which
    tonic_prost_build::configure()
        .build_server(false)
        .compile_with_config(config, &files, &[PROTOS.to_owned()])?;
    Ok(())
}
