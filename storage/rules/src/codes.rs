//! The numbers that closed sets have in the file. Never change one; add at the end.
//!
//! bincode would store the position of a variant in its enum, which changes when somebody sorts the
//! enum; these tables do not.

use appliance_core::{
    AgentName, AuditOutcome, ConversationStatus, CutOff, EnvelopeKind, EventType, MemoryKind,
    MemoryTier, Outcome, Phase, Priority, RiskLevel, Role, SignalType, TaskKind, TaskStatus,
    TokenScope, UserRole, WaitReason, envelope::Sender,
};

/// A number in the file that stands for nothing this program knows.
#[derive(Debug, thiserror::Error)]
#[error("{code} is no {what} that this program knows; upgrade, or restore a backup")]
pub struct UnknownCode {
    /// The set.
    pub what: &'static str,
    /// The number.
    pub code: u8,
}

/// A member of a closed set, as one byte.
pub trait Code: Sized {
    /// Returns its number.
    fn code(self) -> u8;

    /// Returns the member with this number.
    fn from_code(code: u8) -> Result<Self, UnknownCode>;
}

macro_rules! codes {
    ($($set:ident { $($member:ident = $code:literal),+ $(,)? })+) => { $(
        impl Code for $set {
            fn code(self) -> u8 {
                match self {
                    $(Self::$member => $code,)+
                }
            }

            fn from_code(code: u8) -> Result<Self, UnknownCode> {
                match code {
                    $($code => Ok(Self::$member),)+
                    _ => Err(UnknownCode { what: stringify!($set), code }),
                }
            }
        }
    )+ };
}

codes! {
    AgentName { Supervisor = 0, Code = 1, Data = 2, Infra = 3, Research = 4, Qa = 5 }
    UserRole { User = 0, Admin = 1, System = 2 }
    ConversationStatus { Active = 0, Archived = 1, Deleted = 2 }
    Role { User = 0, Assistant = 1, System = 2, Tool = 3 }
    TaskStatus {
        Pending = 0, Assigned = 1, InProgress = 2, Waiting = 3, Completed = 4, Failed = 5,
        Cancelled = 6,
    }
    TaskKind { Message = 0, Answer = 1 }
    Phase { Observe = 0, Think = 1, Plan = 2, Build = 3, Execute = 4, Verify = 5, Learn = 6 }
    EnvelopeKind { Task = 0, Result = 1, Handoff = 2, Query = 3, Heartbeat = 4, Learn = 5 }
    MemoryKind { Said = 0, Note = 1, Answer = 2, Learning = 3, Document = 4 }
    Outcome { Success = 0, Failure = 1 }
    SignalType {
        UserRating = 0, UserCorrection = 1, UserAcceptance = 2, TaskSuccess = 3, TaskFailure = 4,
        TaskRetry = 5, TaskAbandon = 6, ResponseEdit = 7, FollowUp = 8, ContextSwitch = 9,
    }
    MemoryTier { Hot = 0, Warm = 1, Cold = 2 }
    EventType { Auth = 0, Data = 1, Agent = 2, System = 3 }
    AuditOutcome { Success = 0, Failure = 1, Denied = 2 }
    TokenScope { Memory = 0, MemoryRead = 1, Chat = 2, ReadOnly = 3, Full = 4 }
    RiskLevel { Low = 0, Medium = 1, High = 2 }
    CutOff { BrokeOff = 0, FellSilent = 1, Limit = 2 }
    WaitReason { RateLimited = 0, Overloaded = 1, Unreachable = 2 }
}

impl Code for Priority {
    fn code(self) -> u8 {
        self.into()
    }

    fn from_code(code: u8) -> Result<Self, UnknownCode> {
        Self::new(code).map_err(|_| UnknownCode { what: "Priority", code })
    }
}

impl Code for Sender {
    /// 0 is the server, an agent is one more than its own code.
    fn code(self) -> u8 {
        match self {
            Self::Server => 0,
            Self::Agent(name) => name.code() + 1,
        }
    }

    fn from_code(code: u8) -> Result<Self, UnknownCode> {
        match code.checked_sub(1) {
            None => Ok(Self::Server),
            Some(agent) => AgentName::from_code(agent).map(Self::Agent),
        }
    }
}

/// Returns the codes' opposite of an optional code.
pub fn optional<C: Code>(code: Option<u8>) -> Result<Option<C>, UnknownCode> {
    code.map(C::from_code).transpose()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_code_reads_back_and_none_has_moved() {
        for agent in AgentName::ALL {
            assert_eq!(AgentName::from_code(agent.code()).unwrap(), agent);
            assert_eq!(
                Sender::from_code(Sender::Agent(agent).code()).unwrap(),
                Sender::Agent(agent)
            );
        }
        for status in TaskStatus::ALL {
            assert_eq!(TaskStatus::from_code(status.code()).unwrap(), status);
        }
        let moved: Vec<u8> = AgentName::ALL.map(Code::code).to_vec();
        assert_eq!(moved, [0, 1, 2, 3, 4, 5]);
        assert_eq!(TaskStatus::ALL.map(Code::code), [0, 1, 2, 3, 4, 5, 6]);
        assert_eq!(SignalType::ALL.map(Code::code), [0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
        assert_eq!(MemoryTier::ALL.map(Code::code), [0, 1, 2]);
        assert_eq!(TokenScope::ALL.map(Code::code), [0, 1, 2, 3, 4]);
        assert!(Role::from_code(4).is_err() && Sender::from_code(7).is_err());
    }
}
