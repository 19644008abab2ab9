//! Rating: a person says how good the conversation's last answer was.

use appliance_core::{
    Batch, Message, PageRequest, SignalType, Task, Write,
    desk::CareDone,
    page::MAX_PAGE,
    ports::{DeskError, Told},
};
use pai::{
    learning::{self, Rated},
    ratings,
};

use super::{super::Service, Wanted, refused};

impl Service {
    pub(super) async fn rate(
        &self,
        wanted: &Wanted<'_>,
        value: u8,
        comment: Option<String>,
    ) -> Result<CareDone, DeskError> {
        if !(1..=10).contains(&value) {
            return Err(DeskError::Refused(format!("the rating is {value}, it must be 1 to 10")));
        }
        let thread = self.thread(wanted.task).await?;
        let Some(answer) = thread.last_written() else { return Ok(CareDone::NothingMeant) };
        if !self.rated_before(wanted, answer, value).await? {
            let told = told(answer, value, comment.clone());
            self.parts.care.signal(&wanted.by(), told).await.map_err(refused)?;
        }
        if value < ratings::POOR {
            self.learn_from(wanted.task, answer, value, comment.as_deref()).await?;
        }
        Ok(CareDone::Rated)
    }

    /// Tells whether this very rating was noted before the server went down.
    async fn rated_before(
        &self,
        wanted: &Wanted<'_>,
        answer: &Message,
        value: u8,
    ) -> Result<bool, DeskError> {
        if !wanted.again {
            return Ok(false);
        }
        let since = wanted.task.started_at.unwrap_or(wanted.task.created_at);
        let page = PageRequest::new(MAX_PAGE, None);
        let signals = self.parts.memories.signals(wanted.task.owner, page).await?.items;
        Ok(signals.iter().any(|signal| {
            signal.at >= since
                && signal.message_id == Some(answer.id)
                && signal.rating == Some((value, 10))
        }))
    }

    /// Stores what a poor rating teaches; the same learning twice is kept once.
    async fn learn_from(
        &self,
        task: &Task,
        answer: &Message,
        value: u8,
        comment: Option<&str>,
    ) -> Result<(), DeskError> {
        let Some(id) = answer.task_id else { return Ok(()) };
        let Some(rated) = self.parts.tasks.get(id).await?.filter(|it| it.owner == task.owner)
        else {
            return Ok(());
        };
        let rated = Rated { task: &rated, answer, value, comment };
        let learned = learning::after_rating(&self.parts.mint, rated);
        let batch = learned.into_iter().map(Write::PutMemory).fold(Batch::new(), Batch::write);
        self.parts.records.apply(batch).await?;
        Ok(())
    }
}

fn told(answer: &Message, value: u8, comment: Option<String>) -> Told {
    Told {
        kind: SignalType::UserRating,
        strength: ratings::strength(value),
        rating: Some((value, 10)),
        comment,
        conversation_id: Some(answer.conversation_id),
        message_id: Some(answer.id),
        task_id: answer.task_id,
    }
}
