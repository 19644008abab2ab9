//! `portal-tool WASM ASSETS OUT`: turns the compiled portal into the files the server embeds.
//!
//! Runs wasm-bindgen, puts a content hash into the name of every file that may be cached for ever,
//! writes those names into `index.html` and `boot.js`, and lays a brotli sibling beside each file
//! that shrinks. Does not compile anything; `packaging/scripts/portal.sh` does.
//!
//! Invariant: the same inputs give the same bytes, so an unchanged portal changes no binary.

mod bindgen;
mod dist;

use std::path::PathBuf;

use anyhow::{Context, bail};

/// The three places the tool works with.
struct Places {
    wasm: PathBuf,
    assets: PathBuf,
    out: PathBuf,
}

fn main() -> anyhow::Result<()> {
    let places = places()?;
    let bound = bindgen::run(&places.wasm)?;
    let mut dist = dist::Dist::new(&places.out)?;

    let wasm = dist.put_hashed("portal_bg", "wasm", &bound.wasm)?;
    let js = dist.put_hashed("portal", "js", bound.js.as_bytes())?;
    let css = dist.put_hashed("portal", "css", &read(&places.assets, "portal.css")?)?;
    let icon = dist.put_hashed("icon", "svg", &read(&places.assets, "icon.svg")?)?;
    let names = [("@WASM@", wasm), ("@JS@", js), ("@CSS@", css), ("@ICON@", icon)];
    // Of the page absolute paths, because a deep link such as /setup must find them too; the server
    // puts its own path before them. A script finds what stands beside it.
    for (file, folder) in [("boot.js", "./"), ("index.html", "/")] {
        let names = names.clone().map(|(mark, name)| (mark, format!("{folder}{name}")));
        dist.put(file, fill(&read(&places.assets, file)?, &names)?.as_bytes())?;
    }
    println!("{}", dist.summary());
    Ok(())
}

/// Reads the three arguments.
fn places() -> anyhow::Result<Places> {
    let args: Vec<PathBuf> = std::env::args_os().skip(1).map(PathBuf::from).collect();
    let Ok([wasm, assets, out]) = <[PathBuf; 3]>::try_from(args) else {
        bail!("usage: portal-tool WASM ASSETS_DIR OUT_DIR");
    };
    Ok(Places { wasm, assets, out })
}

fn read(folder: &std::path::Path, name: &str) -> anyhow::Result<Vec<u8>> {
    let path = folder.join(name);
    std::fs::read(&path).with_context(|| format!("while reading {}", path.display()))
}

/// Replaces every mark by its name; a mark left over is an error, not a broken page.
fn fill(template: &[u8], names: &[(&str, String)]) -> anyhow::Result<String> {
    let mut text = std::str::from_utf8(template).context("while reading a template")?.to_owned();
    for (mark, name) in names {
        text = text.replace(mark, name);
    }
    if let Some(at) = ["@WASM@", "@JS@", "@CSS@", "@ICON@"].iter().find(|m| text.contains(**m)) {
        bail!("nothing to put in place of {at}");
    }
    Ok(text)
}
