//! The wasm-bindgen step: one compiled module in, its JavaScript glue and the final module out.

use std::path::Path;

use anyhow::Context;
use wasm_bindgen_cli_support::Bindgen;

/// What wasm-bindgen made.
pub struct Bound {
    /// The glue, an ES module.
    pub js: String,
    /// The module, without names and producers.
    pub wasm: Vec<u8>,
}

/// Binds the module at `wasm` for browsers.
///
/// # Errors
/// A file that is no module, or one compiled against another release of `wasm-bindgen`.
pub fn run(wasm: &Path) -> anyhow::Result<Bound> {
    let mut output = Bindgen::new()
        .input_path(wasm)
        .out_name("portal")
        .web(true)
        .map(|bindgen| {
            bindgen
                .typescript(false)
                .remove_name_section(true)
                .remove_producers_section(true)
                .omit_default_module_path(true)
        })
        .and_then(Bindgen::generate_output)
        .with_context(|| format!("while binding {}", wasm.display()))?;
    let js = output.js().to_owned();
    let wasm = output.wasm_mut().emit_wasm();
    Ok(Bound { js, wasm })
}
