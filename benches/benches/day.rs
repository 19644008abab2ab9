//! `cargo bench -p benches --bench day`: a day's load in twenty minutes, and whether anything grows.

fn main() -> std::process::ExitCode {
    match benches::run_day(std::env::args().skip(1)) {
        Ok(()) => std::process::ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error:#}");
            std::process::ExitCode::FAILURE
        }
    }
}
