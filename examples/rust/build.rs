//! Makes the stubs from the protos, in the folder that the variable PROTOS names.

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let protos = std::env::var("PROTOS").unwrap_or_else(|_| "../../protos".to_owned());
    println!("cargo::rerun-if-env-changed=PROTOS");
    println!("cargo::rerun-if-changed={protos}");
    let files = ["chat", "common", "embeddings", "errors", "models"]
        .map(|name| format!("{protos}/aibridge/v1/{name}.proto"));
    let mut config = tonic_prost_build::Config::new();
    config.protoc_executable(protoc_bin_vendored::protoc_bin_path()?);
    config.enable_type_names(); // tells which detail of an error is which
    tonic_prost_build::configure()
        .build_server(false)
        .compile_with_config(config, &files, &[protos])?;
    Ok(())
}
