//! `cargo bench -p benches --bench edge`: the edge beside FastAPI behind uvicorn.

fn main() -> std::process::ExitCode {
    match benches::run_edge(std::env::args().skip(1)) {
        Ok(()) => std::process::ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error:#}");
            std::process::ExitCode::FAILURE
        }
    }
}
