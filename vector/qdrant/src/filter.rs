//! A search's filter in Qdrant's words, meaning exactly what [`Facets::pass`] says.
//!
//! [`Facets::pass`]: appliance_core::Facets::pass

use appliance_core::{Collection, MemoryId, SearchFilter, Timestamp, UserId};
use qdrant_client::qdrant::{self, Condition, DatetimeRange, Filter, Range};

use crate::payload::{self, said_at};

/// Returns what a search of `owner` may show of `collection`.
pub(crate) fn of(owner: UserId, collection: Collection, filter: &SearchFilter) -> Filter {
    let mut must = vec![owned(owner)];
    must.extend(labelled(filter));
    must.extend(said(collection, filter));
    must.extend(holds(filter.as_of));
    let except = filter.except_message.map(|id| keyword(payload::MESSAGE, id.to_string()));
    Filter { must, must_not: except.into_iter().collect(), ..Filter::default() }
}

/// Returns what is `owner`'s among `ids`.
pub(crate) fn among(owner: UserId, ids: &[MemoryId]) -> Filter {
    Filter::must([owned(owner), Condition::has_id(ids.iter().copied().map(payload::point))])
}

fn owned(owner: UserId) -> Condition {
    keyword(payload::OWNER, owner.to_string())
}

fn labelled(filter: &SearchFilter) -> impl Iterator<Item = Condition> {
    let words = [
        (payload::TIER, filter.tier.map(|tier| tier.as_str().to_owned())),
        (payload::AGENT, filter.agent.map(|agent| agent.as_str().to_owned())),
        (payload::CONVERSATION, filter.conversation_id.map(|id| id.to_string())),
        (payload::PHASE, filter.phase.map(|phase| phase.to_string())),
        (payload::OUTCOME, filter.outcome.map(|outcome| payload::outcome(outcome).to_owned())),
        (payload::SOURCE, filter.source.clone()),
        (payload::DOMAIN, filter.domain.clone()),
    ];
    let words = words.into_iter().filter_map(|(name, word)| Some(keyword(name, word?)));
    let least = filter.min_utility.map(|least| {
        let gte = Some(payload::utility(least));
        Condition::range(payload::UTILITY, Range { gte, ..Range::default() })
    });
    words.chain(least)
}

fn said(collection: Collection, filter: &SearchFilter) -> Option<Condition> {
    if filter.from.is_none() && filter.until.is_none() {
        return None;
    }
    let range = DatetimeRange {
        gte: filter.from.map(moment),
        lt: filter.until.map(moment),
        ..DatetimeRange::default()
    };
    Some(Condition::datetime_range(said_at(collection), range))
}

/// What holds today, or held at a moment.
fn holds(as_of: Option<Timestamp>) -> Vec<Condition> {
    let today = Condition::is_empty(payload::UNTIL);
    let Some(at) = as_of.map(moment) else { return vec![today] };
    let begun = DatetimeRange { lte: Some(at), ..DatetimeRange::default() };
    let later = DatetimeRange { gt: Some(at), ..DatetimeRange::default() };
    let still = Filter::should([today, Condition::datetime_range(payload::UNTIL, later)]);
    vec![Condition::datetime_range(payload::FROM, begun), still.into()]
}

fn keyword(name: &str, word: String) -> Condition {
    Condition::matches(name, word)
}

fn moment(moment: Timestamp) -> qdrant::Timestamp {
    let micros = moment.unix_micros();
    let nanos = micros.rem_euclid(1_000_000) * 1_000;
    qdrant::Timestamp {
        seconds: micros.div_euclid(1_000_000),
        nanos: i32::try_from(nanos).unwrap_or(0),
    }
}
