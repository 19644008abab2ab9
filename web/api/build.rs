//! Embeds the portal: writes a table of its files for `src/portal.rs` to include.
//!
//! Takes `AI_INFRA_PORTAL_DIST`, else `target/portal/dist`, else the committed placeholder, so that
//! plain `cargo build` works. A named folder without a portal is an error, and so is an absent
//! portal with `AI_INFRA_REQUIRE_PORTAL=1`. Builds no portal: its own script does. A `name.br`
//! beside `name` is its brotli form.

#![expect(clippy::disallowed_methods, reason = "cargo speaks to a build script by environment")]

use std::{
    env,
    error::Error,
    fmt::Write as _,
    fs,
    hash::{DefaultHasher, Hasher as _},
    path::{Path, PathBuf},
};

fn main() -> Result<(), Box<dyn Error>> {
    println!("cargo::rerun-if-env-changed=AI_INFRA_PORTAL_DIST");
    println!("cargo::rerun-if-env-changed=AI_INFRA_REQUIRE_PORTAL");
    let here = PathBuf::from(env::var("CARGO_MANIFEST_DIR")?);
    let named = env::var_os("AI_INFRA_PORTAL_DIST").map(PathBuf::from);
    let required =
        named.is_some() || env::var("AI_INFRA_REQUIRE_PORTAL").is_ok_and(|wanted| wanted == "1");
    let ours = here.join("../../target/portal/dist");
    if named.is_none() {
        // Cargo takes a watched path that is missing for one that has changed, and would build
        // this crate anew every time.
        fs::create_dir_all(&ours)?;
    }
    let dist = named.unwrap_or(ours);
    println!("cargo::rerun-if-changed={}", dist.display());

    let built = dist.join("index.html").is_file();
    if !built && required {
        return Err(format!(
            "the portal is asked for, but {} has no index.html; run `make portal` first",
            dist.display()
        )
        .into());
    }
    let (kind, root) =
        if built { ("full", dist) } else { ("placeholder", here.join("placeholder")) };
    println!("cargo::rerun-if-changed={}", root.display());

    let mut files = Vec::new();
    collect(&root, &mut files)?;
    files.sort();
    let table = render(kind, &root, &files)?;
    fs::write(Path::new(&env::var("OUT_DIR")?).join("portal.rs"), table)?;
    Ok(())
}

fn collect(folder: &Path, files: &mut Vec<PathBuf>) -> Result<(), Box<dyn Error>> {
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        if path.is_dir() {
            collect(&path, files)?;
        } else if path.extension().is_none_or(|extension| extension != "br") {
            files.push(path);
        }
    }
    Ok(())
}

fn render(kind: &str, root: &Path, files: &[PathBuf]) -> Result<String, Box<dyn Error>> {
    let mut table = format!("const KIND: &str = {kind:?};\nstatic FILES: &[File] = &[\n");
    for path in files {
        let path = fs::canonicalize(path)?;
        println!("cargo::rerun-if-changed={}", path.display());
        let name = path.strip_prefix(fs::canonicalize(root)?)?.display().to_string();
        let brotli = PathBuf::from(format!("{}.br", path.display()));
        let brotli = if brotli.is_file() {
            println!("cargo::rerun-if-changed={}", brotli.display());
            format!("Some(include_bytes!({brotli:?}))")
        } else {
            "None".to_owned()
        };
        writeln!(
            table,
            "    File {{ path: {:?}, bytes: include_bytes!({path:?}), brotli: {brotli}, etag: {:?} }},",
            format!("/{name}"),
            etag(&fs::read(&path)?),
        )?;
    }
    table.push_str("];\n");
    Ok(table)
}

fn etag(bytes: &[u8]) -> String {
    let mut hasher = DefaultHasher::new();
    hasher.write(bytes);
    format!("\"{:016x}{:x}\"", hasher.finish(), bytes.len())
}
