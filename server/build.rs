//! Builds the crate anew when the bundle for the browser changed, since it is embedded.

use std::path::Path;

const SITE: &str = "../target/site";

fn main() {
    // A debug build reads it from the disk whenever it is asked for.
    if std::env::var("PROFILE").is_ok_and(|profile| profile == "debug") {
        println!("cargo::rerun-if-changed=build.rs");
        return;
    }
    let manifest = format!("{SITE}/manifest.json");
    // What does not exist counts as changed each time. Until there is a bundle its directory is watched.
    let watched = if Path::new(&manifest).exists() {
        &manifest
    } else {
        SITE
    };
    println!("cargo::rerun-if-changed={watched}");
}
