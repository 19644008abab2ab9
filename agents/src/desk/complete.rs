//! Completing: takes in an answer. Judges its origin, not its words.

use appliance_core::{AgentName, Incarnation, Task, TaskOutcome, desk::Complete, ports::DeskError};

use super::{Service, claim};

impl Service {
    pub(super) async fn take_answer(
        &self,
        who: Incarnation,
        command: Complete,
    ) -> Result<(), DeskError> {
        let task = self.claimed(who, &command.lease).await?;
        let agent = self.author(who, &task, command.author).await?;
        let batch = claim::batch(&command.lease, "complete", &command);
        let Complete { lease, text, citations, model, .. } = command;
        let outcome = TaskOutcome::Completed { text, citations, model, agent };
        self.end(who, &lease, &task, outcome, batch).await
    }

    /// The agent that wrote the answer: the caller itself, or a worker it had delegated to.
    async fn author(
        &self,
        who: Incarnation,
        task: &Task,
        claimed: AgentName,
    ) -> Result<AgentName, DeskError> {
        if claimed == who.agent {
            return Ok(claimed);
        }
        let children = self.parts.tasks.children(task.id).await?;
        if children.iter().any(|child| child.assigned_agent == claimed) {
            return Ok(claimed);
        }
        Err(DeskError::Refused(format!(
            "agent {} names {claimed} as author, who did not work on task {}",
            who.agent, task.id
        )))
    }
}
