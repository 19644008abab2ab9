//! What a point says of its memory: the facets, under the plan's names. Holds no text.

use appliance_core::{
    Collection, Facets, MemoryId, Timestamp,
    memory::{Outcome, Utility},
};
use qdrant_client::{
    Payload,
    qdrant::{FieldType, PointId, point_id::PointIdOptions},
};
use uuid::Uuid;

pub(crate) const OWNER: &str = "user_id";
pub(crate) const TIER: &str = "tier";
pub(crate) const AGENT: &str = "agent";
pub(crate) const CONVERSATION: &str = "conversation_id";
pub(crate) const MESSAGE: &str = "message_id";
pub(crate) const UTILITY: &str = "utility_score";
pub(crate) const PHASE: &str = "phase";
pub(crate) const OUTCOME: &str = "outcome";
pub(crate) const SOURCE: &str = "source";
pub(crate) const DOMAIN: &str = "domain";
pub(crate) const FROM: &str = "valid_from";
pub(crate) const UNTIL: &str = "valid_until";

/// Returns the plan's name for the moment something was said, which is another in each collection.
pub(crate) const fn said_at(collection: Collection) -> &'static str {
    match collection {
        Collection::Memories | Collection::Conversations => "created_at",
        Collection::Learnings => "extracted_at",
        Collection::Knowledge => "updated_at",
    }
}

/// Returns the plan's payload indexes of a collection; ours, for what every search asks, follow.
pub(crate) fn indexes(collection: Collection) -> Vec<(&'static str, FieldType)> {
    use FieldType::{Datetime, Float, Keyword};
    let own = match collection {
        Collection::Memories => vec![(TIER, Keyword), (AGENT, Keyword), (UTILITY, Float)],
        Collection::Learnings => vec![(PHASE, Keyword), (OUTCOME, Keyword)],
        Collection::Conversations => vec![(CONVERSATION, Keyword)],
        Collection::Knowledge => vec![(SOURCE, Keyword), (DOMAIN, Keyword)],
    };
    let said = (said_at(collection), Datetime);
    let all = [said, (OWNER, Keyword), (FROM, Datetime), (UNTIL, Datetime)];
    own.into_iter().chain(all).collect()
}

/// Returns a point's payload.
pub(crate) fn of(facets: &Facets) -> Payload {
    let mut payload = Payload::with_capacity(14);
    payload.insert(OWNER, facets.owner.to_string());
    payload.insert(TIER, facets.tier.as_str());
    payload.insert(UTILITY, utility(facets.utility));
    payload.insert(said_at(facets.collection), moment(facets.created_at));
    payload.insert(FROM, moment(facets.valid_from));
    let labels = &facets.labels;
    let optional = [
        (UNTIL, facets.valid_until.map(moment)),
        (AGENT, facets.agent.map(|agent| agent.as_str().to_owned())),
        (CONVERSATION, facets.conversation_id.map(|id| id.to_string())),
        (MESSAGE, facets.message_id.map(|id| id.to_string())),
        (PHASE, labels.phase.map(|phase| phase.to_string())),
        (OUTCOME, labels.outcome.map(|outcome| self::outcome(outcome).to_owned())),
        (SOURCE, labels.source.clone()),
        (DOMAIN, labels.domain.clone()),
    ];
    for (name, value) in optional {
        if let Some(value) = value {
            payload.insert(name, value);
        }
    }
    payload
}

/// Returns a utility as the number that is stored and compared, the same bits for both.
pub(crate) fn utility(utility: Utility) -> f64 {
    f64::from(utility.ten_thousandths()) / 10_000.0
}

/// Returns the plan's word.
pub(crate) const fn outcome(outcome: Outcome) -> &'static str {
    match outcome {
        Outcome::Success => "success",
        Outcome::Failure => "failure",
    }
}

fn moment(moment: Timestamp) -> String {
    moment.to_string()
}

/// Returns a memory's id as a point's.
pub(crate) fn point(id: MemoryId) -> PointId {
    PointId::from(Uuid::from_bytes(id.bytes()))
}

/// Returns a point's id as a memory's.
pub(crate) fn memory(point: Option<PointId>) -> Option<MemoryId> {
    match point?.point_id_options? {
        PointIdOptions::Uuid(text) => text.parse().ok(),
        PointIdOptions::Num(_) => None,
    }
}
