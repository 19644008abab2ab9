//! `memory stats`: three bars against their limits, the collections, the job.

use std::process::ExitCode;

use web_dto::{DamagedView, JobView, MemoryStatsView, TierView};

use super::{Context, bars, print};

/// Prints the figures of this moment.
pub(super) fn run(context: &Context) -> anyhow::Result<ExitCode> {
    let client = context.client()?;
    let stats: MemoryStatsView = context.block_on(client.get("/api/memory/stats"))?;
    if context.json() {
        print::json(&stats)?;
    } else {
        print::out(&page(&stats))?;
    }
    Ok(ExitCode::SUCCESS)
}

fn page(stats: &MemoryStatsView) -> String {
    let tiers = stats.tiers.iter().map(|tier| tier_row(tier, stats)).collect();
    let mut page = print::table(&["TIER", "", "FULL", "HELD", "YOURS"], tiers);
    let collections = stats.collections.iter().map(|it| {
        let vectors = format!("{}, {} dimensions", it.model, it.dim);
        vec![it.collection.clone(), it.memories.to_string(), vectors]
    });
    let head = ["COLLECTION", "YOURS", "VECTORS"];
    page += &format!("\n\n{}\n", print::table(&head, collections.collect()));
    if stats.forgotten > 0 {
        page += &format!("\n{} forgotten, can be brought back\n", stats.forgotten);
    }
    if let Some(ailing) = &stats.ailing {
        page += &format!("\n{ailing}\n");
    }
    if stats.left_out > 0 {
        let left_out = stats.left_out;
        page += &format!("\n{left_out} memories of this server cannot be read and are left out\n");
    }
    for DamagedView { place, what, memory } in &stats.damaged {
        let memory =
            memory.as_ref().map(|id| format!("memory {id} is left out: ")).unwrap_or_default();
        page += &format!("\n{memory}{place}: {what}\n");
    }
    if let Some(job) = &stats.job {
        page += &format!("\n{}\n", told(job));
    }
    page
}

fn tier_row(tier: &TierView, stats: &MemoryStatsView) -> Vec<String> {
    let held = match tier.tier.as_str() {
        "hot" => {
            format!("{} in all, at most {} of {} by one agent", tier.all, tier.used, tier.limit)
        }
        "cold" => format!(
            "{} of {} in {} files, {} memories",
            bytes(tier.used),
            bytes(tier.limit),
            stats.archive_files,
            tier.all
        ),
        _ => format!("{} of {}", tier.used, tier.limit),
    };
    let full = format!("{:.1}%", tier.share() * 100.0);
    vec![tier.tier.clone(), bars::share(tier.share()), full, held, tier.mine.to_string()]
}

/// Says how far a job is.
pub(super) fn told(job: &JobView) -> String {
    if job.ended {
        return format!("{}: {}", job.name, job.doing);
    }
    let total = if job.total == 0 { String::new() } else { format!(" of {}", job.total) };
    format!("{}: {}, {}{total} memories", job.name, job.doing, job.done)
}

/// Returns a size with the unit that fits.
fn bytes(count: u64) -> String {
    const UNITS: [&str; 5] = ["B", "kB", "MB", "GB", "TB"];
    let mut size = count as f64;
    let mut unit = 0;
    while size >= 1_000.0 && unit + 1 < UNITS.len() {
        size /= 1_000.0;
        unit += 1;
    }
    if unit == 0 { format!("{count} B") } else { format!("{size:.1} {}", UNITS[unit]) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_tier_stands_there_with_its_bar_and_limit() {
        let tier = |tier: &str, used, limit, unit: &str| TierView {
            tier: tier.to_owned(),
            mine: 7,
            all: 9,
            used,
            limit,
            unit: unit.to_owned(),
        };
        let stats = MemoryStatsView {
            tiers: vec![
                tier("hot", 500, 1_000, "memories"),
                tier("warm", 1, 50_000, "memories"),
                tier("cold", 0, 100_000_000_000, "bytes"),
            ],
            forgotten: 2,
            ailing: Some("text index: damaged".to_owned()),
            left_out: 3,
            ..MemoryStatsView::default()
        };
        let page = page(&stats);
        for part in ["50.0%", "at most 500 of 1000 by one agent", "1 of 50000", "0 B of 100.0 GB"] {
            assert!(page.contains(part), "{part} is not in\n{page}");
        }
        assert_eq!(page.matches('[').count(), 3, "{page}");
        assert!(page.contains("3 memories of this server cannot be read"), "{page}");
        assert!(page.contains("2 forgotten") && page.contains("text index: damaged"), "{page}");
    }

    #[test]
    fn a_size_has_the_unit_that_fits() {
        assert_eq!([0, 999, 1_000, 2_500_000].map(bytes), ["0 B", "999 B", "1.0 kB", "2.5 MB"]);
    }
}
