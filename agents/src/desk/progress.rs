//! Progress: shows a phase or a piece of the answer to whoever watches. Stores nothing.
//!
//! Pieces carry their offset and attempt; the live feed drops what does not fit, so a stale agent
//! cannot write into a newer attempt's answer. The phase is stored with the next change of state.

use appliance_core::{
    EventBody, Incarnation, Task, Topic,
    desk::{Chunk, Progress},
    ports::DeskError,
};

use super::Service;

impl Service {
    pub(super) async fn show_progress(
        &self,
        who: Incarnation,
        command: Progress,
    ) -> Result<(), DeskError> {
        let mut task = self.held(who, &command.lease).await?;
        if command.lease.deliveries != task.attempt || task.status.is_final() {
            return Err(DeskError::LeaseLost(task.id));
        }
        if let Some(chunk) = command.chunk {
            self.show_chunk(who, &task, chunk);
        }
        if command.phase.is_some() {
            task.pai_phase = command.phase;
            self.parts.live.publish(Topic::Tasks(task.owner), EventBody::Task(task));
        }
        Ok(())
    }

    fn show_chunk(&self, who: Incarnation, task: &Task, chunk: Chunk) {
        let body = EventBody::Chunk {
            message_id: task.answer_id,
            answers: task.message_id,
            agent: who.agent,
            attempt: task.attempt,
            offset: chunk.offset,
            text: chunk.text,
        };
        self.parts.live.publish(Topic::Conversation(task.conversation_id), body);
    }
}
