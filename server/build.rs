//! Builds the crate anew when the bundle for the browser changed, since it is embedded.

fn main() {
    println!("cargo::rerun-if-changed=../target/site/manifest.json");
}
