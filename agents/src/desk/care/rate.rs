//! Rating: a person says how good the conversation's last answer was.

use appliance_core::{
    Memory, Message, SignalType, Task,
    ports::{DeskError, Told},
};
use pai::{
    learning::{self, Rated},
    ratings,
};

use super::{super::Service, Wanted};

impl Service {
    pub(super) async fn rate(
        &self,
        wanted: &Wanted<'_>,
        value: u8,
        comment: Option<&str>,
    ) -> Result<bool, DeskError> {
        if !(1..=10).contains(&value) {
            return Err(DeskError::Refused(format!("the rating is {value}, it must be 1 to 10")));
        }
        let thread = self.before(wanted.task).await?;
        let Some(answer) = thread.last_written() else { return Ok(false) };
        let learned = self.learned_from_rating(wanted.task, answer, value, comment).await?;
        let told = Told { learned, ..told(answer, value, comment) };
        let noted = self.parts.care.signal(&wanted.by(), told).await;
        noted.map_err(|error| wanted.refused(error))?;
        Ok(true)
    }

    /// What a poor rating teaches.
    async fn learned_from_rating(
        &self,
        task: &Task,
        answer: &Message,
        value: u8,
        comment: Option<&str>,
    ) -> Result<Vec<Memory>, DeskError> {
        let Some(id) = answer.task_id.filter(|_| value < ratings::POOR) else {
            return Ok(Vec::new());
        };
        let rated = self.parts.tasks.get(id).await?.filter(|it| it.owner == task.owner);
        let Some(rated) = rated else { return Ok(Vec::new()) };
        let rated = Rated { task: &rated, answer, value, comment };
        Ok(learning::after_rating(&self.parts.mint, rated).into_iter().collect())
    }
}

fn told(answer: &Message, value: u8, comment: Option<&str>) -> Told {
    Told {
        kind: SignalType::UserRating,
        strength: ratings::strength(value),
        rating: Some((value, 10)),
        comment: comment.map(str::to_owned),
        conversation_id: Some(answer.conversation_id),
        message_id: Some(answer.id),
        task_id: answer.task_id,
        learned: Vec::new(),
    }
}
