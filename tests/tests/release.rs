//! The release binary as it is shipped: static, within its budget, with the real portal inside.
//!
//! `make test` builds it and names it in `AI_INFRA_RELEASE_BINARY`; without that these tests say
//! that they are skipped, and in CI they fail. They start no server.

use std::{
    fs,
    path::{Path, PathBuf},
};

use anyhow::Context;
use appliance_tests::{Program, skip};
use serde::Deserialize;

/// `packaging/size-budget.json`.
#[derive(Deserialize)]
struct Budget {
    /// Most bytes the binary may have.
    release_bytes: u64,
    /// Most bytes a first visit to the portal may cost, compressed.
    portal_wire_bytes: u64,
}

#[tokio::test]
async fn the_binary_is_statically_linked() -> anyhow::Result<()> {
    let Some(binary) = binary("the_binary_is_statically_linked")? else { return Ok(()) };
    let ended = Program::bare(Path::new("/usr/bin/ldd"))
        .arguments([binary.display().to_string()])
        .run()
        .await?;
    let said = format!("{}{}", ended.stdout, ended.stderr);
    assert!(said.contains("statically linked") || said.contains("not a dynamic"), "{said}");
    Ok(())
}

#[tokio::test]
async fn the_binary_holds_the_portal_that_was_built() -> anyhow::Result<()> {
    let Some(binary) = binary("the_binary_holds_the_portal")? else { return Ok(()) };
    let ended = Program::bare(&binary).arguments(["version", "--json"]).run().await?.success()?;
    let version: serde_json::Value = serde_json::from_str(&ended.stdout)?;
    assert_eq!(version["portal"], "full", "{version}");
    assert_eq!(version["static"], true, "{version}");
    assert_eq!(version["profile"], "release", "{version}");
    Ok(())
}

#[test]
fn the_binary_keeps_to_its_budget() -> anyhow::Result<()> {
    let Some(binary) = binary("the_binary_keeps_to_its_budget")? else { return Ok(()) };
    let (bytes, most) = (fs::metadata(&binary)?.len(), budget()?.release_bytes);
    println!("release binary: {} KB of {} KB", bytes / 1000, most / 1000);
    assert!(
        bytes <= most,
        "the binary has {bytes} bytes, packaging/size-budget.json allows {most}"
    );
    Ok(())
}

#[test]
fn a_first_visit_to_the_portal_keeps_to_its_budget() -> anyhow::Result<()> {
    if binary("a_first_visit_to_the_portal")?.is_none() {
        return Ok(());
    }
    let files = fs::read_dir(dist())?.collect::<Result<Vec<_>, _>>()?;
    let small = files.iter().filter(|f| f.path().extension().is_some_and(|e| e == "br"));
    let bytes: u64 = small.map(|f| f.metadata().map_or(0, |m| m.len())).sum();
    let most = budget()?.portal_wire_bytes;
    assert!(bytes > 0, "nothing in {} is compressed", dist().display());
    assert!(bytes <= most, "a first visit costs {bytes} bytes, the budget is {most}");
    Ok(())
}

#[test]
fn the_portals_page_runs_nothing_inline() -> anyhow::Result<()> {
    if binary("the_portals_page_runs_nothing_inline")?.is_none() {
        return Ok(());
    }
    let page = fs::read_to_string(dist().join("index.html"))?;
    for script in page.split("<script").skip(1) {
        let (tag, rest) = script.split_once('>').context("while reading a script tag")?;
        assert!(tag.contains("src="), "a script without src: {tag}");
        assert!(rest.starts_with("</script>"), "a script with a body: {rest}");
    }
    assert!(!page.contains("<style") && !page.contains("style="), "a style in the page");
    assert!(!page.contains("http:") && !page.contains("https:"), "an asset of another host");
    Ok(())
}

/// The binary `make test` has built, or `None` after saying that the test is skipped.
fn binary(test: &str) -> anyhow::Result<Option<PathBuf>> {
    let Some(path) = skip::variable("AI_INFRA_RELEASE_BINARY").map(PathBuf::from) else {
        skip::loudly(test, "no release binary was named; `make test` builds one")?;
        return Ok(None);
    };
    anyhow::ensure!(path.is_file(), "AI_INFRA_RELEASE_BINARY is {}, no file", path.display());
    Ok(Some(path))
}

fn budget() -> anyhow::Result<Budget> {
    let path = project().join("packaging/size-budget.json");
    let text = fs::read_to_string(&path).context("while reading the size budget")?;
    serde_json::from_str(&text).context("while reading the size budget")
}

fn dist() -> PathBuf {
    project().join("target/portal/dist")
}

fn project() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}
