//! `cargo bench -p benches --bench vectors`: the vector index beside the exact one.

use std::process::ExitCode;

fn main() -> ExitCode {
    match benches::vectors::run(std::env::args().skip(1)) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}
