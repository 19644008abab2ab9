//! `cargo bench -p benches --bench bytes`: what a message weighs on disk, table by table.

use std::process::ExitCode;

fn main() -> ExitCode {
    match benches::run_bytes(std::env::args().skip(1)) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}
