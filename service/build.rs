//! Compresses the food table, the dish files and the demo's menu, so that the binary carries them small.

use std::io::Write as _;
use std::path::Path;

fn main() {
    let root =
        Path::new(&std::env::var("CARGO_MANIFEST_DIR").expect("set by cargo")).join("../data");
    let out = std::env::var("OUT_DIR").expect("set by cargo");
    println!("cargo::rerun-if-changed={}", root.display());
    let read = |path: &Path| {
        std::fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
    };
    let mut dishes: Vec<_> = std::fs::read_dir(root.join("dishes"))
        .expect("data/dishes exists")
        .map(|entry| entry.expect("readable").path())
        .filter(|path| {
            path.extension()
                .is_some_and(|extension| extension == "toml")
        })
        .collect();
    dishes.sort();
    dishes.push(root.join("products.toml"));
    let dishes: String = dishes.iter().map(|path| read(path) + "\n").collect();
    for (name, text) in [
        ("foods.csv.br", read(&root.join("sr28_foods.csv"))),
        ("facts.csv.br", read(&root.join("food_facts.csv"))),
        ("dishes.toml.br", dishes),
        ("menu.toml.br", read(&root.join("menu.toml"))),
    ] {
        let file = std::fs::File::create(Path::new(&out).join(name)).expect("OUT_DIR is writable");
        // Quality 9, window 2^22: a tenth larger than quality 11 and twenty times as fast to make.
        let mut writer = brotli::CompressorWriter::new(file, 1 << 16, 9, 22);
        writer
            .write_all(text.as_bytes())
            .expect("OUT_DIR is writable");
    }
}
