//! How full memory is and what was done last: the part of the server's figures that the page shows.

use serde::Deserialize;
use web_dto::{ActionView, CollectionView, DamagedView, JobView, TierView};

/// What stands beside the list; reads a [`MemoryStatsView`](web_dto::MemoryStatsView).
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
pub struct Figures {
    /// Hot, warm, cold.
    pub tiers: Vec<TierView>,
    /// The four collections.
    pub collections: Vec<CollectionView>,
    /// The job that is running, or ran last.
    pub job: Option<JobView>,
    /// What cannot be read.
    #[serde(default)]
    pub damaged: Vec<DamagedView>,
    /// The newest deeds; asked for beside the figures.
    #[serde(skip)]
    pub deeds: Vec<ActionView>,
}

impl Figures {
    /// Whether a job is running.
    #[must_use]
    pub fn is_busy(&self) -> bool {
        self.job.as_ref().is_some_and(|job| !job.ended)
    }
}

/// Answer of every deed: the action, inside something larger where it has made a memory.
///
/// # Errors
/// Where it is neither.
pub fn read_deed(answer: &str) -> Result<ActionView, serde_json::Error> {
    #[derive(Deserialize)]
    struct Around {
        action: ActionView,
    }
    let bare = serde_json::from_str(answer);
    bare.or_else(|_| serde_json::from_str::<Around>(answer).map(|around| around.action))
}

#[cfg(test)]
mod tests {
    use web_dto::{Corrected, MemoryStatsView, MemoryView};

    use super::*;

    #[test]
    fn the_servers_figures_are_read() {
        let stats = MemoryStatsView {
            tiers: vec![TierView { used: 7, ..TierView::default() }],
            job: Some(JobView { done: 3, ..JobView::default() }),
            damaged: vec![DamagedView { place: "memories.v1".into(), ..DamagedView::default() }],
            ..MemoryStatsView::default()
        };
        let read: Figures = serde_json::from_str(&serde_json::to_string(&stats).unwrap()).unwrap();
        assert_eq!((read.tiers, read.job.clone()), (stats.tiers, stats.job));
        assert_eq!(read.damaged, stats.damaged);
        assert!(Figures { job: read.job, ..Figures::default() }.is_busy());
        assert!(!Figures::default().is_busy());
    }

    #[test]
    fn a_deed_is_read_alone_and_with_what_it_made() {
        let action = ActionView {
            id: "a".into(),
            deed: "correct".into(),
            memory_ids: vec!["m".into()],
            replacement: Some(MemoryView::default()),
            at: String::new(),
            undone_at: None,
        };
        let alone = serde_json::to_string(&action).unwrap();
        let around = Corrected { memory: MemoryView::default(), action: action.clone() };
        assert_eq!(read_deed(&alone).unwrap(), action);
        assert_eq!(read_deed(&serde_json::to_string(&around).unwrap()).unwrap(), action);
        assert!(read_deed("{}").is_err());
    }
}
