//! `cargo bench -p benches`: measures the built binary and the store, prints what it found.
//!
//! `make bench` builds the release binary first and calls this. Everything is in [`benches`].

use std::process::ExitCode;

fn main() -> ExitCode {
    match benches::run(std::env::args().skip(1)) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}
