//! `cargo bench -p benches --bench stall`: how soon others are answered while the model stalls for one.

use std::process::ExitCode;

fn main() -> ExitCode {
    match benches::run_stall(std::env::args().skip(1)) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}
