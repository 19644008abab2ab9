//! The mock Messages API against the provider's own Python package: what it reads, the mock may send.
//!
//! Needs a Python with the package `anthropic`; its path is in `AI_INFRA_TEST_PYTHON`.

use std::path::Path;

use appliance_tests::{MockMessages, Program, skip};

#[tokio::test(flavor = "multi_thread")]
async fn the_mock_is_honest() -> anyhow::Result<()> {
    let Some(python) = skip::variable("AI_INFRA_TEST_PYTHON") else {
        return skip::loudly(
            "the_mock_is_honest",
            "set AI_INFRA_TEST_PYTHON to a Python that has the package `anthropic`",
        );
    };
    let mock = MockMessages::with(Some("sk-ant-mock"), std::time::Duration::ZERO).await?;
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/python/mock_is_honest.py");
    let run = Program::bare(Path::new(&python)).arguments([script, &mock.base_url()]);
    let ended = run.run().await?.success()?;
    assert!(ended.stdout.contains("10 checks passed"), "{}", ended.stdout);
    let seen = mock.requests();
    assert!(seen.iter().any(|request| request.headers.contains_key("anthropic-version")));
    Ok(())
}
