//! Taking signals in: what an answer was worth moves the memories that it cited, within limits.
//!
//! A person moves only so much within an hour, and an answer is judged once by the same kind: what
//! is beyond is kept, and moves nothing. Source: the plan's signal weights, range-checked.

use std::time::Duration;

use appliance_core::{
    Actor, Applied, Batch, Condition, ConversationId, MemoryId, Message, MessageId, Page,
    PageRequest, Role, Signal, SignalType, UserId, Write,
    ids::SignalId,
    page::MAX_PAGE,
    ports::{By, CareError, Told},
};

use super::{
    Care, audit, before,
    cause::{self, Tries},
};

/// Most bytes of the words that come with a signal.
const MAX_COMMENT_BYTES: usize = 500;

/// The time over which a person's share is counted.
const SHARE_WINDOW: Duration = Duration::from_secs(60 * 60);

/// Most signals that are looked through for an earlier one about the same answer.
const MOST_LOOKED_THROUGH: usize = 10_000;

impl Care {
    pub(super) async fn take_in(&self, by: &By, told: Told) -> Result<Signal, CareError> {
        let mut tries = Tries::new();
        loop {
            match self.take_in_once(by, &told).await {
                Err(error) if tries.again(&error) => {}
                done => return done,
            }
        }
    }

    async fn take_in_once(&self, by: &By, told: &Told) -> Result<Signal, CareError> {
        if let Some(first) = self.first(by).await? {
            return self.first_signal(by, &first).await;
        }
        let mut batch = cause::begin(by, [0; 16]);
        let signal = self.add_signal(by, told, &mut batch).await?;
        batch.ids[0] = signal.id.bytes();
        let applied = self.parts.records.apply(batch).await?;
        if applied.repeated { self.first_signal(by, &applied).await } else { Ok(signal) }
    }

    async fn first_signal(&self, by: &By, applied: &Applied) -> Result<Signal, CareError> {
        let id = SignalId::from_bytes(cause::first_id(applied)?);
        let signal = self.parts.memories.signal(by.owner, id).await?;
        signal.ok_or(CareError::NothingToUndo)
    }

    /// Adds a signal to `batch` with all that goes with it: what it rests on, what it teaches and
    /// its line in the trail.
    pub(super) async fn add_signal(
        &self,
        by: &By,
        told: &Told,
        batch: &mut Batch,
    ) -> Result<Signal, CareError> {
        check(told)?;
        let answer = self.judged(by.owner, told).await?;
        let memories = answer.as_ref().map(cited).unwrap_or_default();
        let (moved, share) = match &answer {
            Some(answer) if !memories.is_empty() => self.moves(by.owner, told, answer).await?,
            _ => (0, None),
        };
        let signal = Signal {
            id: self.parts.mint.next(SignalId::from_uuid),
            owner: by.owner,
            kind: told.kind,
            strength: told.strength,
            rating: told.rating,
            comment: told.comment.clone(),
            task_id: told.task_id.or(answer.as_ref().and_then(|answer| answer.task_id)),
            message_id: answer.map(|answer| answer.id),
            memories,
            moved,
            at: self.now(),
        };
        batch.conditions.extend(share);
        batch.writes.push(Write::PutSignal(signal.clone()));
        batch.writes.extend(told.learned.iter().cloned().map(Write::PutMemory));
        // What a task tells of its own end is its signal and nothing that anybody did.
        if by.actor != Actor::System {
            batch.writes.push(audit::signal(&self.parts.mint, by, &signal));
        }
        Ok(signal)
    }

    /// Returns the answer that is meant: the one named, or the conversation's last one.
    async fn judged(&self, owner: UserId, told: &Told) -> Result<Option<Message>, CareError> {
        match (told.message_id, told.conversation_id) {
            (Some(id), within) => self.named_answer(owner, id, within).await.map(Some),
            (None, Some(id)) => self.last_answer(owner, id).await,
            (None, None) => Ok(None),
        }
    }

    async fn named_answer(
        &self,
        owner: UserId,
        id: MessageId,
        within: Option<ConversationId>,
    ) -> Result<Message, CareError> {
        let found = self.parts.conversations.message(owner, id).await?;
        let meant = found.filter(|message| {
            message.role == Role::Assistant
                && within.is_none_or(|within| within == message.conversation_id)
        });
        meant.ok_or_else(|| {
            CareError::Invalid(format!("there is no answer {id}; name an agent's message"))
        })
    }

    async fn last_answer(
        &self,
        owner: UserId,
        id: ConversationId,
    ) -> Result<Option<Message>, CareError> {
        if self.parts.conversations.get(owner, id).await?.is_none() {
            return Err(CareError::Invalid(format!("there is no conversation {id}")));
        }
        let newest = PageRequest::new(MAX_PAGE, None);
        let page = self.parts.conversations.messages(owner, id, newest).await?;
        Ok(page.items.into_iter().find(|message| message.role == Role::Assistant))
    }

    /// Returns by how much the signal moves each memory, in ten-thousandths, and what that rests on.
    async fn moves(
        &self,
        owner: UserId,
        told: &Told,
        answer: &Message,
    ) -> Result<(i32, Option<Condition>), CareError> {
        // Read first: what comes after it is what the condition looks at.
        let newest = self.parts.memories.signals(owner, PageRequest::new(1, None)).await?;
        let effect = Signal::effect(told.kind, told.strength);
        if effect == 0 || self.was_judged(owner, told.kind, answer).await? {
            return Ok((0, None));
        }
        let since = before(self.now(), SHARE_WINDOW);
        let before = self.parts.memories.moved_since(owner, since).await?;
        let share = u64::from(self.parts.limits.moved_an_hour).saturating_sub(before);
        let most = i32::try_from(share).unwrap_or(i32::MAX);
        let moved = effect.clamp(-most, most);
        let condition = Condition::ShareOfUtility {
            owner,
            after: newest.items.first().map(|signal| signal.id),
            kind: told.kind,
            message_id: answer.id,
            left: share.saturating_sub(u64::from(moved.unsigned_abs())),
        };
        Ok((moved, Some(condition)))
    }

    /// Tells whether a signal of the kind has moved the answer's memories before. No signal about an
    /// answer is older than the answer.
    async fn was_judged(
        &self,
        owner: UserId,
        kind: SignalType,
        answer: &Message,
    ) -> Result<bool, CareError> {
        let (mut after, mut looked) = (None, 0);
        while looked < MOST_LOOKED_THROUGH {
            let wanted = PageRequest::new(MAX_PAGE, after);
            let Page { items, next } = self.parts.memories.signals(owner, wanted).await?;
            let about = |signal: &Signal| signal.message_id == Some(answer.id);
            let same = |signal: &Signal| signal.kind == kind && signal.moved != 0;
            if items.iter().any(|signal| about(signal) && same(signal)) {
                return Ok(true);
            }
            let older = items.last().is_none_or(|oldest| oldest.at < answer.created_at);
            if older || next.is_none() {
                return Ok(false);
            }
            looked += items.len();
            after = next;
        }
        Ok(true) // so many since: it may have been, and one more changes nothing
    }
}

/// Returns the memories an answer cites, each once.
fn cited(answer: &Message) -> Vec<MemoryId> {
    let mut ids: Vec<_> = answer.citations.iter().map(|citation| citation.memory_id).collect();
    ids.sort_unstable();
    ids.dedup();
    ids
}

fn check(told: &Told) -> Result<(), CareError> {
    let rating = told.kind == SignalType::UserRating;
    let least = if rating { -1_000 } else { 0 };
    let comment = told.comment.as_deref().unwrap_or_default().len();
    let (kind, strength) = (told.kind.as_str(), told.strength);
    let why = if !(least..=1_000).contains(&strength) {
        format!("the strength of {kind} is {strength} thousandths, it is within {least}..=1000")
    } else if told.rating.is_some() && !rating {
        format!("a rating comes with user_rating, not with {kind}")
    } else if told.rating.is_some_and(|(given, of)| given == 0 || given > of) {
        "the rating is outside its scale; give 1 to 5, or 1 to 10".to_owned()
    } else if comment > MAX_COMMENT_BYTES {
        format!(
            "the comment has {comment} bytes, at most {MAX_COMMENT_BYTES} are taken; shorten it"
        )
    } else {
        return Ok(());
    };
    Err(CareError::Invalid(why))
}
