//! `cargo bench -p benches --bench recall`: remembering and searching through the whole product.

use std::process::ExitCode;

fn main() -> ExitCode {
    match benches::run_recall(std::env::args().skip(1)) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}
