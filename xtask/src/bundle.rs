//! What the browser loads: `target/site`, made from the `frontend`, `planner`, `follow` and
//! `chooser` packages, `style/` and `public/`.
//!
//! The server finds the files through `target/site/manifest.json`. Those in `pkg/` have a hash of
//! their content in their names, so that a browser may keep them for ever.

use crate::compress;
use crate::process;
use crate::stylesheet;
use crate::wasm::{self, Toolchain};
use crate::workspace::Workspace;
use anyhow::{Context, Result, anyhow, ensure};
use sha2::{Digest, Sha256};
use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};
use std::thread;
use wasm_bindgen_cli_support::Bindgen;

/// How much the bundle is worked on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Quality {
    /// What users get: as small as can be, with its compressed forms.
    Shipped,
    /// What someone gets who is waiting for it: built quickly, not compressed.
    Quick,
}

impl Quality {
    fn profile(self) -> &'static str {
        match self {
            Self::Shipped => "wasm",
            Self::Quick => "wasm-dev",
        }
    }
}

/// The addresses of the built files, as the manifest has them.
#[derive(Debug)]
pub struct Manifest {
    /// The JavaScript glue.
    pub js: String,
    /// The WebAssembly module.
    pub wasm: String,
    /// The style sheet.
    pub css: String,
    /// The worker that previews plans, with its glue.
    pub planner_js: String,
    /// Its WebAssembly module.
    pub planner_wasm: String,
    /// What follows events: its glue.
    pub follow_js: String,
    /// Its WebAssembly module.
    pub follow_wasm: String,
    /// What checks a choice of options: its glue.
    pub chooser_js: String,
    /// Its WebAssembly module.
    pub chooser_wasm: String,
}

impl Manifest {
    /// Reads the manifest of the built site.
    ///
    /// # Errors
    /// When there is none.
    pub fn read(workspace: &Workspace) -> Result<Self> {
        let text = fs::read_to_string(workspace.site().join(MANIFEST))?;
        let json: serde_json::Value = serde_json::from_str(&text)?;
        let address = |key: &str| {
            json[key]
                .as_str()
                .map(str::to_owned)
                .with_context(|| format!("the manifest has no {key}"))
        };
        Ok(Self {
            js: address("js")?,
            wasm: address("wasm")?,
            css: address("css")?,
            planner_js: address("planner_js")?,
            planner_wasm: address("planner_wasm")?,
            follow_js: address("follow_js")?,
            follow_wasm: address("follow_wasm")?,
            chooser_js: address("chooser_js")?,
            chooser_wasm: address("chooser_wasm")?,
        })
    }
}

const MANIFEST: &str = "manifest.json";

/// The packages that run in a browser: the pages, the engine in a worker of its own, what follows
/// events, and what checks a choice of options.
pub const PACKAGES: [&str; 4] = ["frontend", "planner", "follow", "chooser"];

/// The worker's side of the planner; it calls what the planner's glue defines before it.
const WORKER: &str = "planner/src/worker.js";

/// Sets up the toolchain and builds the site.
///
/// # Errors
/// When a tool is missing or a source is wrong.
pub fn build(workspace: &Workspace, quality: Quality) -> Result<()> {
    let toolchain = process::step("Looking for the browser's toolchain", || {
        Toolchain::set_up(workspace)
    })?;
    compile(workspace, &toolchain, quality)?;
    assemble(workspace, quality)?;
    Ok(())
}

/// Compiles the packages of [`PACKAGES`].
///
/// # Errors
/// When one does not compile.
pub fn compile(workspace: &Workspace, toolchain: &Toolchain, quality: Quality) -> Result<()> {
    process::step("Compiling for the browser", || {
        let packages = PACKAGES.map(|package| format!("--package={package}"));
        process::run(
            toolchain
                .cargo(workspace, "build")
                .args(packages)
                .args(["--profile", quality.profile()]),
        )
    })
}

/// Makes the site from the compiled packages, unless it is made from the same already; returns
/// whether there was anything to do.
///
/// # Errors
/// When a source is wrong.
pub fn assemble(workspace: &Workspace, quality: Quality) -> Result<bool> {
    let compiled = workspace.target(wasm::TARGET).join(quality.profile());
    let modules = PACKAGES.map(|package| compiled.join(format!("{package}.wasm")));
    let stamp = workspace.site().with_extension("stamp");
    let inputs = fingerprint(workspace, &modules)?;
    if fs::read_to_string(&stamp).is_ok_and(|made_from| made_from == inputs)
        && Manifest::read(workspace).is_ok()
    {
        return Ok(false);
    }
    process::step("Bundling for the browser", || {
        // A half-made site must not count as made.
        fs::create_dir_all(workspace.site())?;
        fs::write(&stamp, "")?;
        let files = make(workspace, &modules)?;
        write_site(&workspace.site(), &files, quality)?;
        fs::write(&stamp, &inputs)?;
        Ok(true)
    })
}

/// A hash of everything that the site is made from, this program included.
fn fingerprint(workspace: &Workspace, modules: &[PathBuf]) -> Result<String> {
    let mut hasher = Sha256::new();
    for file in modules.iter().chain([&std::env::current_exe()?]) {
        let content = fs::read(file).with_context(|| format!("cannot read {}", file.display()))?;
        hasher.update(Sha256::digest(content));
    }
    hasher.update(fs::read(workspace.path(WORKER))?);
    for directory in ["style", "public"] {
        for (name, path) in files_below(&workspace.path(directory))? {
            hasher.update(name.as_bytes());
            hasher.update(Sha256::digest(fs::read(path)?));
        }
    }
    Ok(hex::encode(hasher.finalize()))
}

/// The site's files by their paths, not compressed yet.
fn make(
    workspace: &Workspace,
    modules: &[PathBuf; PACKAGES.len()],
) -> Result<BTreeMap<String, Vec<u8>>> {
    let mut files = BTreeMap::new();
    for (name, path) in files_below(&workspace.path("public"))? {
        files.insert(name, fs::read(path)?);
    }
    let [pages, planner, follow, chooser] = modules;

    let mut bindings = bindings("nutriflow", pages).web(true)?.generate_output()?;
    let wasm = add(
        &mut files,
        "nutriflow",
        "wasm",
        bindings.wasm_mut().emit_wasm(),
    );
    let mut snippets = BTreeMap::new();
    for (package, sources) in bindings.snippets() {
        for (index, source) in sources.iter().enumerate() {
            snippets.insert(format!("{package}/inline{index}.js"), source.clone());
        }
    }
    for (path, source) in bindings.local_modules() {
        snippets.insert(path.clone(), source.clone());
    }
    // Packages' own scripts are imported by fixed names, so the directory carries the hash.
    let mut js = bindings.js().to_owned();
    if !snippets.is_empty() {
        let parts = snippets
            .iter()
            .flat_map(|(path, source)| [path.as_bytes(), source.as_bytes()]);
        let directory = format!("snippets.{}", short_hash(parts));
        js = js.replace("./snippets/", &format!("./{directory}/"));
        for (path, source) in snippets {
            files.insert(format!("pkg/{directory}/{path}"), source.into_bytes());
        }
    }
    let js = add(&mut files, "nutriflow", "js", js.into_bytes());

    // A classic script, so that the worker's own code can follow in the same file.
    let mut bindings = self::bindings("planner", planner)
        .no_modules(true)?
        .generate_output()?;
    let planner_wasm = add(
        &mut files,
        "planner",
        "wasm",
        bindings.wasm_mut().emit_wasm(),
    );
    let worker = fs::read_to_string(workspace.path(WORKER))?;
    let planner_js = format!("{}\n{worker}", bindings.js());
    let planner_js = add(&mut files, "planner", "js", planner_js.into_bytes());

    let (follow_js, follow_wasm) = module(&mut files, "follow", follow)?;
    let (chooser_js, chooser_wasm) = module(&mut files, "chooser", chooser)?;

    let css = stylesheet::build(&workspace.path("style/main.css"))?;
    let css = add(&mut files, "nutriflow", "css", css.into_bytes());

    let manifest = serde_json::json!({
        "js": js,
        "wasm": wasm,
        "css": css,
        "planner_js": planner_js,
        "planner_wasm": planner_wasm,
        "follow_js": follow_js,
        "follow_wasm": follow_wasm,
        "chooser_js": chooser_js,
        "chooser_wasm": chooser_wasm,
    });
    files.insert(MANIFEST.into(), serde_json::to_vec_pretty(&manifest)?);
    Ok(files)
}

/// Adds a module that a page's own script imports; returns the addresses of its glue and of itself.
fn module(
    files: &mut BTreeMap<String, Vec<u8>>,
    name: &str,
    compiled: &Path,
) -> Result<(String, String)> {
    let mut bindings = bindings(name, compiled).web(true)?.generate_output()?;
    // They would have addresses of their own. Packages without any are listed too.
    let scripts: Vec<&String> = bindings
        .snippets()
        .iter()
        .filter(|(_, scripts)| !scripts.is_empty())
        .map(|(package, _)| package)
        .chain(bindings.local_modules().keys())
        .collect();
    ensure!(
        scripts.is_empty(),
        "{name} has scripts of its own: {scripts:?}"
    );
    let wasm = add(files, name, "wasm", bindings.wasm_mut().emit_wasm());
    let js = add(files, name, "js", bindings.js().into());
    Ok((js, wasm))
}

/// The glue of a module, as small as can be.
fn bindings(name: &str, module: &Path) -> Bindgen {
    let mut bindings = Bindgen::new();
    bindings
        .input_path(module)
        .out_name(name)
        .typescript(false)
        .remove_name_section(true)
        .remove_producers_section(true)
        // The page says where the module is; its name here would lack the hash.
        .omit_default_module_path(true);
    bindings
}

/// Adds a file with a hash of its content in its name; returns its address.
fn add(files: &mut BTreeMap<String, Vec<u8>>, name: &str, kind: &str, content: Vec<u8>) -> String {
    let path = format!("pkg/{name}.{}.{kind}", short_hash([&*content]));
    let address = format!("/{path}");
    files.insert(path, content);
    address
}

/// Writes the files with their compressed forms and removes all others. The manifest is written
/// last and always: a server that reads it finds what it names, and cargo, which cannot see that a
/// file came to the directory, sees by it that the embedded site is another.
fn write_site(site: &Path, files: &BTreeMap<String, Vec<u8>>, quality: Quality) -> Result<()> {
    let mut expected = BTreeSet::from([MANIFEST.to_owned()]);
    let mut write = |name: String, content: &[u8]| -> Result<()> {
        let path = site.join(&name);
        if let Some(directory) = path.parent() {
            fs::create_dir_all(directory)?;
        }
        fs::write(path, content)?;
        expected.insert(name);
        Ok(())
    };
    // The best compression takes a second for each megabyte.
    thread::scope(|scope| {
        let mut compressed = Vec::new();
        for (name, content) in files.iter().filter(|(name, _)| *name != MANIFEST) {
            write(name.clone(), content)?;
            if quality == Quality::Shipped && is_compressible(name) {
                compressed.push((
                    name,
                    scope.spawn(|| Ok([compress::brotli(content)?, compress::gzip(content)?])),
                ));
            }
        }
        for (name, made) in compressed {
            let made: Result<[Vec<u8>; 2]> =
                made.join().map_err(|_| anyhow!("cannot compress {name}"))?;
            let [brotli, gzip] = made?;
            write(format!("{name}.br"), &brotli)?;
            write(format!("{name}.gz"), &gzip)?;
        }
        Result::<()>::Ok(())
    })?;
    fs::write(site.join(MANIFEST), &files[MANIFEST])?;
    for (name, path) in files_below(site)? {
        if !expected.contains(&name) {
            fs::remove_file(path)?;
        }
    }
    Ok(())
}

fn is_compressible(name: &str) -> bool {
    let extension = name.rsplit_once('.').map_or("", |(_, extension)| extension);
    matches!(
        extension,
        "css" | "html" | "ico" | "js" | "json" | "svg" | "txt" | "wasm" | "webmanifest" | "xml"
    )
}

fn short_hash<'a>(parts: impl IntoIterator<Item = &'a [u8]>) -> String {
    let mut hasher = Sha256::new();
    for part in parts {
        hasher.update(part);
    }
    hex::encode(&hasher.finalize()[..8])
}

/// All files below a directory by their relative paths, in order; none when there is no directory.
fn files_below(directory: &Path) -> Result<BTreeMap<String, PathBuf>> {
    let mut found = BTreeMap::new();
    let mut left = vec![directory.to_path_buf()];
    while let Some(current) = left.pop() {
        if !current.is_dir() {
            continue;
        }
        for entry in fs::read_dir(current)? {
            let path = entry?.path();
            if path.is_dir() {
                left.push(path);
            } else if let Ok(relative) = path.strip_prefix(directory) {
                found.insert(relative.to_string_lossy().into_owned(), path);
            }
        }
    }
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::system::TemporaryDirectory;

    #[test]
    fn a_written_site_keeps_nothing_of_the_one_before() {
        let directory = TemporaryDirectory::new("site").unwrap();
        let site = directory.path();
        let files = |css: &str| {
            BTreeMap::from([
                (MANIFEST.to_owned(), css.as_bytes().to_vec()),
                (css.to_owned(), b"body{}".to_vec()),
            ])
        };

        write_site(site, &files("pkg/old.css"), Quality::Shipped).unwrap();
        write_site(site, &files("pkg/new.css"), Quality::Shipped).unwrap();

        let names: Vec<String> = files_below(site).unwrap().into_keys().collect();
        let expected = [MANIFEST, "pkg/new.css", "pkg/new.css.br", "pkg/new.css.gz"];
        assert_eq!(names, expected);
        assert_eq!(fs::read(site.join(MANIFEST)).unwrap(), b"pkg/new.css");
    }
}
