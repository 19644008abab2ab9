//! One run of the maintenance: its steps in their order, each logged, none in the way of the next.

use appliance_core::{StoreError, ports::Moved};

use super::{Clean, Keeper, Report, Step};
use crate::memory::care::Running;

impl Keeper {
    /// Takes all steps. To be called by whoever has the turn.
    pub(super) async fn take_steps(&self, clean: Clean) -> Report {
        let began = self.parts.clock.monotonic();
        let running = self.parts.care.board().begin(self.to_look_at().await);
        let mut report = Report::default();
        for step in Step::ALL {
            running.does(step.doing());
            match self.take(step, clean, &running, &mut report).await {
                Ok(moved) => report.done.push((step, moved)),
                Err(error) => {
                    let name = step.as_str();
                    tracing::error!(step = name, %error, "a step of the maintenance failed");
                    report.failed.push((step, error.to_string()));
                }
            }
        }
        report.took = self.parts.clock.monotonic().since(began);
        self.counted.ran(&report);
        let sentence = report.sentence();
        tracing::info!(took = ?report.took, "maintenance: {sentence}");
        running.end(sentence, report.failed.is_empty());
        report
    }

    async fn take(
        &self,
        step: Step,
        clean: Clean,
        running: &Running,
        report: &mut Report,
    ) -> Result<Moved, StoreError> {
        match step {
            Step::AgedHot => self.make_aged_warm(running).await,
            Step::CrowdedHot => self.make_crowded_warm(running).await,
            Step::AgedWarm => self.archive_aged(running).await,
            Step::CrowdedWarm => self.archive_crowded(running).await,
            Step::Compact => self.compact(running).await,
            Step::Expire => self.expire(running).await,
            Step::Purge => self.purge(running).await,
            Step::Vectors => self.expire_vectors().await,
            Step::Save => self.parts.indexes.save().await.map(|()| Moved::default()),
            Step::Clean => {
                report.rewritten = self.clean(clean).await?;
                Ok(Moved::default())
            }
        }
    }

    /// Returns about how many memories the walks will look at; 0 when nobody can tell.
    async fn to_look_at(&self) -> u64 {
        let counts = self.parts.tiers.counts(None).await.unwrap_or_default();
        counts.hot.values().sum::<u64>() + counts.warm
    }
}
