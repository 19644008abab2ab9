//! `cargo bench -p benches --bench flood`: honest requests while silent connections stand all around.

fn main() -> std::process::ExitCode {
    match benches::run_flood(std::env::args().skip(1)) {
        Ok(()) => std::process::ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error:#}");
            std::process::ExitCode::FAILURE
        }
    }
}
