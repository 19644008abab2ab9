//! Entry of the WebAssembly module; on the host there is nothing to start.

fn main() {
    #[cfg(target_arch = "wasm32")]
    web_portal::start();
}
