//! Memory's types as clients see them. Turns, and decides nothing but what "full" is measured by.

use appliance_core::{
    Deed, Labels, Memory, MemoryAction, MemoryHit, MemoryTier, Outcome, Signal,
    ports::{CollectionStats, DamageReport, Damaged, Job, MemoryStats, TierCounts},
};
use web_dto::{
    ActionView, CollectionView, DamagedView, HotShareView, JobView, LabelsView, MemoryHitView,
    MemoryStatsView, MemoryView, RatingView, SignalView, TierView,
};

pub(crate) fn memory_hit(it: MemoryHit) -> MemoryHitView {
    MemoryHitView { memory: memory(it.memory), score: it.score, why: it.why }
}

pub(crate) fn memory(it: Memory) -> MemoryView {
    let (origin, standing) = (it.provenance, it.standing);
    MemoryView {
        id: it.id.to_string(),
        text: it.text,
        kind: it.kind.as_str().to_owned(),
        collection: it.kind.collection().as_str().to_owned(),
        tier: it.tier.as_str().to_owned(),
        author: origin.author,
        conversation_id: origin.conversation_id.map(|id| id.to_string()),
        message_id: origin.message_id.map(|id| id.to_string()),
        agent: origin.agent.map(|agent| agent.to_string()),
        labels: labels(it.labels),
        untrusted: origin.untrusted,
        created_at: it.created_at.to_string(),
        utility: standing.utility.value(),
        repeats: standing.repeats,
        accesses: standing.accesses,
        last_access: standing.last_access.map(|at| at.to_string()),
        pinned: standing.pinned,
        valid_from: standing.valid_from.to_string(),
        valid_until: standing.valid_until.map(|at| at.to_string()),
        superseded_by: standing.superseded_by.map(|id| id.to_string()),
    }
}

fn labels(it: Labels) -> LabelsView {
    LabelsView {
        phase: it.phase.map(|phase| phase.to_string()),
        outcome: it.outcome.map(|ended| outcome(ended).to_owned()),
        source: it.source,
        domain: it.domain,
    }
}

pub(crate) const fn outcome(it: Outcome) -> &'static str {
    match it {
        Outcome::Success => "success",
        Outcome::Failure => "failure",
    }
}

pub(crate) fn action(it: MemoryAction) -> ActionView {
    let (deed, ids, replacement) = match it.deed {
        Deed::Forget { ids } => ("forget", ids, None),
        Deed::Correct { old, new } => ("correct", vec![old], Some(memory(*new))),
        Deed::Pin { id, pinned: true } => ("pin", vec![id], None),
        Deed::Pin { id, pinned: false } => ("unpin", vec![id], None),
    };
    ActionView {
        id: it.id.to_string(),
        deed: deed.to_owned(),
        memory_ids: ids.iter().map(ToString::to_string).collect(),
        replacement,
        at: it.at.to_string(),
        undone_at: it.undone_at.map(|at| at.to_string()),
    }
}

pub(crate) fn signal(it: Signal) -> SignalView {
    SignalView {
        id: it.id.to_string(),
        kind: it.kind.as_str().to_owned(),
        strength: it.strength as f32 / 1_000.0,
        rating: it.rating.map(|(value, of)| RatingView { value, of }),
        comment: it.comment,
        task_id: it.task_id.map(|id| id.to_string()),
        message_id: it.message_id.map(|id| id.to_string()),
        memories: it.memories.iter().map(ToString::to_string).collect(),
        moved: it.moved as f32 / 10_000.0,
        at: it.at.to_string(),
    }
}

pub(crate) fn stats(
    it: MemoryStats,
    ailing: Option<String>,
    damage: DamageReport,
) -> MemoryStatsView {
    let mut hot_shares: Vec<HotShareView> = it.all.hot.iter().map(hot_share).collect();
    hot_shares.sort_by_key(|share| std::cmp::Reverse(share.memories));
    let fullest = hot_shares.first().map_or(0, |share| share.memories);
    let bar = |tier, used, limit, unit| tier_view(tier, &it.mine, &it.all, (used, limit, unit));
    MemoryStatsView {
        tiers: vec![
            bar(MemoryTier::Hot, fullest, it.hot_limit, "memories"),
            bar(MemoryTier::Warm, it.all.warm, it.warm_limit, "memories"),
            bar(MemoryTier::Cold, it.all.cold_bytes, it.cold_limit_bytes, "bytes"),
        ],
        hot_shares,
        archive_files: it.all.segments,
        forgotten: it.mine.forgotten,
        collections: it.collections.into_iter().map(collection).collect(),
        job: it.job.map(job),
        ailing,
        left_out: damage.left_out() as u64,
        damaged: damage.found.into_iter().map(damaged).collect(),
        mended: damage.mended.into_iter().map(damaged).collect(),
    }
}

fn damaged(it: Damaged) -> DamagedView {
    let memory = it.memory.map(|id| id.to_string());
    DamagedView { place: it.place, what: it.what, memory }
}

fn hot_share((agent, memories): (&Option<appliance_core::AgentName>, &u64)) -> HotShareView {
    HotShareView { agent: agent.map(|agent| agent.to_string()), memories: *memories }
}

fn tier_view(
    tier: MemoryTier,
    mine: &TierCounts,
    all: &TierCounts,
    (used, limit, unit): (u64, u64, &str),
) -> TierView {
    TierView {
        tier: tier.as_str().to_owned(),
        mine: held(mine, tier),
        all: held(all, tier),
        used,
        limit,
        unit: unit.to_owned(),
    }
}

/// Returns how many memories a tier holds.
pub(crate) fn held(counts: &TierCounts, tier: MemoryTier) -> u64 {
    match tier {
        MemoryTier::Hot => counts.hot.values().sum(),
        MemoryTier::Warm => counts.warm,
        MemoryTier::Cold => counts.cold,
    }
}

fn collection(it: CollectionStats) -> CollectionView {
    CollectionView {
        collection: it.collection.as_str().to_owned(),
        model: it.model,
        dim: it.dim,
        memories: it.memories,
    }
}

pub(crate) fn job(it: Job) -> JobView {
    let Job { name, doing, done, total, ended, failed } = it;
    JobView { name, doing, done, total, ended, failed }
}
