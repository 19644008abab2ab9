//! The edge beside FastAPI, in one run: a health read and an authenticated read of one memory, each
//! against FastAPI's plain JSON behind uvicorn.
//!
//! In rounds that take turns, so that what else the machine does meets both; the figures are ratios
//! of the rounds' medians. Asker and asked share the machine.

mod load;
mod peer;

use std::{net::SocketAddr, time::Duration};

use anyhow::Context;
use appliance_tests::{Client, Plan};
use serde_json::json;
use web_dto::Remembered;

use self::load::{Pace, pace};
use crate::{arguments::Arguments, report::Report};

/// How long each is asked in one round.
const SPAN: Duration = Duration::from_secs(3);

/// Rounds that count, after one that does not.
const ROUNDS: usize = 5;

/// Starts both, asks them in turns; pushes rates and ratios.
///
/// # Errors
/// When one of them does not start or answers with anything but 200.
pub async fn measure(arguments: &Arguments, report: &mut Report) -> anyhow::Result<()> {
    let mut server = Plan::new(&arguments.binary).start().await?;
    let ours: SocketAddr = server.facts()?.listen.parse().context("the server's address")?;
    let client = server.first_user("bench@example.com", "a long enough password").await?;
    let peer = peer::start().await?;
    let asked = [
        (peer.address, get(peer.address, "/plain", None)),
        (ours, get(ours, "/api/health/live", None)),
        (ours, one_memory(ours, &client).await?),
    ];
    let [plain, health, memory] = rounds(&asked).await?;
    report.push("FastAPI, plain JSON", plain.rate, "/s");
    report.push("FastAPI, plain JSON: p99", plain.p99, "ms");
    for (name, found, least) in [("health", health, 10.0), ("one memory", memory, 8.0)] {
        report.push(name, found.rate, "/s");
        report.push(&format!("{name}: p99"), found.p99, "ms");
        report.push_with_least(
            &format!("{name}, times FastAPI"),
            found.rate / plain.rate,
            "x",
            least,
        );
        report.push_with_aim(
            &format!("{name}: p99, of FastAPI's"),
            found.p99 / plain.p99,
            "x",
            0.3,
        );
    }
    drop(peer);
    server.stop().await
}

async fn one_memory(address: SocketAddr, client: &Client) -> anyhow::Result<String> {
    let item = json!({"items": [{"text": "the staging database is called heron"}]});
    let kept: Remembered = client.post("/api/memory", &item).await?;
    let id = kept.ids.first().context("the memory's id")?;
    Ok(get(address, &format!("/api/memory/{id}"), client.token()))
}

fn get(host: SocketAddr, path: &str, token: Option<&str>) -> String {
    let login =
        token.map_or_else(String::new, |token| format!("authorization: Bearer {token}\r\n"));
    format!("GET {path} HTTP/1.1\r\nhost: {host}\r\n{login}\r\n")
}

/// Asks each in turns, and returns the medians of each.
async fn rounds<const N: usize>(asked: &[(SocketAddr, String); N]) -> anyhow::Result<[Pace; N]> {
    let mut found = [const { Vec::new() }; N];
    for round in 0..=ROUNDS {
        for (paces, (to, request)) in found.iter_mut().zip(asked) {
            let pace = pace(*to, request.clone(), SPAN).await?;
            if round > 0 {
                paces.push(pace);
            }
        }
    }
    Ok(found.map(|paces| Pace {
        rate: median(paces.iter().map(|pace| pace.rate)),
        p99: median(paces.iter().map(|pace| pace.p99)),
    }))
}

fn median(values: impl Iterator<Item = f64>) -> f64 {
    let mut values: Vec<f64> = values.collect();
    values.sort_by(f64::total_cmp);
    values.get(values.len() / 2).copied().unwrap_or_default()
}
