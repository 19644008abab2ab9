//! Learning signals: what people and tasks tell about the memories an answer used. Applies none.
//!
//! Weights are the plan's. `weight * strength` says how good or bad it was: the strength of a signal
//! is in 0..=1 for everything but a rating, whose strength says how good and may be negative.

use serde::{Deserialize, Serialize};

use crate::{MemoryId, MessageId, SignalId, TaskId, Timestamp, UserId};

/// The ten kinds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SignalType {
    /// A rating, "8 - nice".
    UserRating,
    /// "That is wrong, it is X".
    UserCorrection,
    /// "Thanks, that works".
    UserAcceptance,
    /// The task ended with an answer.
    TaskSuccess,
    /// The task failed.
    TaskFailure,
    /// The same was asked again.
    TaskRetry,
    /// The task was stopped by its person.
    TaskAbandon,
    /// An answer was edited before it was used.
    ResponseEdit,
    /// The next question was about the same thing.
    FollowUp,
    /// The next question was about something else.
    ContextSwitch,
}

impl SignalType {
    /// Every kind.
    pub const ALL: [Self; 10] = [
        Self::UserRating,
        Self::UserCorrection,
        Self::UserAcceptance,
        Self::TaskSuccess,
        Self::TaskFailure,
        Self::TaskRetry,
        Self::TaskAbandon,
        Self::ResponseEdit,
        Self::FollowUp,
        Self::ContextSwitch,
    ];

    /// Returns the plan's weight in thousandths, within -1000..=1000.
    #[must_use]
    pub const fn weight(self) -> i32 {
        match self {
            Self::UserRating => 1_000,
            Self::UserCorrection => -500,
            Self::UserAcceptance => 800,
            Self::TaskSuccess => 600,
            Self::TaskFailure => -400,
            Self::TaskRetry => -300,
            Self::TaskAbandon => -600,
            Self::ResponseEdit | Self::ContextSwitch => -200,
            Self::FollowUp => -100,
        }
    }

    /// Returns the name on the wire and in files.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::UserRating => "user_rating",
            Self::UserCorrection => "user_correction",
            Self::UserAcceptance => "user_acceptance",
            Self::TaskSuccess => "task_success",
            Self::TaskFailure => "task_failure",
            Self::TaskRetry => "task_retry",
            Self::TaskAbandon => "task_abandon",
            Self::ResponseEdit => "response_edit",
            Self::FollowUp => "follow_up",
            Self::ContextSwitch => "context_switch",
        }
    }
}

/// One signal, as it is kept.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Signal {
    /// Identity.
    pub id: SignalId,
    /// Who gave it, or whose task it was.
    pub owner: UserId,
    /// Which kind.
    pub kind: SignalType,
    /// How strongly, in thousandths: 0..=1000, and -1000..=1000 for a rating. The store refuses
    /// what is outside.
    pub strength: i32,
    /// The rating as it was given, such as 8 of 10.
    pub rating: Option<(u8, u8)>,
    /// The person's words with it, at most 500 bytes.
    pub comment: Option<String>,
    /// The task it is about.
    pub task_id: Option<TaskId>,
    /// The answer it is about.
    pub message_id: Option<MessageId>,
    /// The memories whose utility moves, all of `owner`.
    pub memories: Vec<MemoryId>,
    /// By how much it moves each, in ten-thousandths; 0 where the person's share is used up.
    pub moved: i32,
    /// When.
    pub at: Timestamp,
}

impl Signal {
    /// Returns by how much this kind at this strength moves a memory's utility, in ten-thousandths:
    /// a tenth of weight times strength, as the plan has it.
    #[must_use]
    pub const fn effect(kind: SignalType, strength: i32) -> i32 {
        // thousandths * thousandths / 10, in ten-thousandths
        kind.weight() * strength / 1_000
    }
}

#[cfg(test)]
mod tests {
    use super::{Signal, SignalType};

    #[test]
    fn a_good_sign_raises_and_a_bad_one_lowers_by_a_tenth_of_its_weight() {
        assert_eq!(Signal::effect(SignalType::UserRating, 1_000), 1_000);
        assert_eq!(Signal::effect(SignalType::UserRating, -1_000), -1_000);
        assert_eq!(Signal::effect(SignalType::TaskAbandon, 500), -300);
        assert!(SignalType::ALL.iter().all(|kind| kind.weight().abs() <= 1_000));
    }
}
