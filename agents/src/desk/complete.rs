//! Completing: takes in an answer; its author is whoever holds the work. Does not judge its words.

use appliance_core::{Incarnation, TaskOutcome, desk::Complete, ports::DeskError};

use super::{Service, claim, ending::Ending};

impl Service {
    pub(super) async fn take_answer(
        &self,
        who: Incarnation,
        command: Complete,
    ) -> Result<(), DeskError> {
        let task = self.claimed(who, &command.lease).await?;
        let batch =
            claim::batch(&command.lease, "complete", &command).when(claim::attempt(&command.lease));
        let Complete { lease, text, citations, model, cut_off } = command;
        let outcome = TaskOutcome::Completed { text, citations, model, agent: who.agent };
        self.end(who, &lease, &task, Ending { outcome, cut_off }, batch).await
    }
}
