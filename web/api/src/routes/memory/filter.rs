//! What a client narrows a search or a list to, understood; each field that makes no sense is named.
//! Finds nothing.

use std::str::FromStr;

use appliance_core::{
    AgentName, Collection, ConversationId, MemoryTier, Outcome, Phase, SearchFilter, Timestamp,
    Utility, memory::MAX_LABEL_BYTES,
};
use web_dto::{Code, MemoryQueryFilters};

use crate::error::ApiError;

/// A field and what is wrong with it.
pub(super) type Wrong = (&'static str, String);

const PHASES: [Phase; 7] = [
    Phase::Observe,
    Phase::Think,
    Phase::Plan,
    Phase::Build,
    Phase::Execute,
    Phase::Verify,
    Phase::Learn,
];

/// Understands the `filters` of a body.
pub(super) fn of_body(filters: &MemoryQueryFilters) -> Result<SearchFilter, ApiError> {
    understood(filters).map_err(|(field, detail)| {
        ApiError::field(Code::BodyInvalid, &format!("/filters/{field}"), detail)
    })
}

/// Understands the filters of a URL's query.
pub(super) fn of_query(filters: &MemoryQueryFilters) -> Result<SearchFilter, ApiError> {
    understood(filters).map_err(|(field, detail)| {
        ApiError::new(Code::QueryInvalid, format!("`{field}`: {detail}"))
    })
}

fn understood(asked: &MemoryQueryFilters) -> Result<SearchFilter, Wrong> {
    let filter = SearchFilter {
        collection: known("collection", asked.collection.as_deref(), collection)?,
        tier: known("tier", asked.tier.as_deref(), tier)?,
        agent: agent(asked.agent.as_deref())?,
        conversation_id: conversation_id(asked.conversation_id.as_deref())?,
        except_message: None,
        from: moment("from", asked.from.as_deref())?,
        until: moment("until", asked.until.as_deref())?,
        min_utility: utility(asked.min_utility)?,
        phase: known("phase", asked.phase.as_deref(), phase)?,
        outcome: known("outcome", asked.outcome.as_deref(), outcome)?,
        source: label("source", asked.source.as_deref())?,
        domain: label("domain", asked.domain.as_deref())?,
        as_of: moment("as_of", asked.as_of.as_deref())?,
    };
    if let (Some(from), Some(until)) = (filter.from, filter.until)
        && until <= from
    {
        return Err(("until", "not later than `from`; nothing was said in between".to_owned()));
    }
    Ok(filter)
}

/// Reads a name out of a closed list; the error says the list.
pub(super) fn known<T>(
    field: &'static str,
    text: Option<&str>,
    read: fn(&str) -> Result<T, &'static str>,
) -> Result<Option<T>, Wrong> {
    let read = |text| read(text).map_err(|names| (field, format!("{field} is not {names}")));
    text.map(read).transpose()
}

fn collection(text: &str) -> Result<Collection, &'static str> {
    Collection::named(text).ok_or("`memories`, `learnings`, `conversations` or `knowledge`")
}

fn tier(text: &str) -> Result<MemoryTier, &'static str> {
    let found = MemoryTier::ALL.into_iter().find(|tier| tier.as_str() == text);
    found.ok_or("`hot`, `warm` or `cold`")
}

/// Reads a phase in capitals or not.
pub(super) fn phase(text: &str) -> Result<Phase, &'static str> {
    let found = PHASES.into_iter().find(|phase| phase.to_string().eq_ignore_ascii_case(text));
    found.ok_or("one of OBSERVE, THINK, PLAN, BUILD, EXECUTE, VERIFY, LEARN")
}

/// Reads how a task ended.
pub(super) fn outcome(text: &str) -> Result<Outcome, &'static str> {
    match text {
        "success" => Ok(Outcome::Success),
        "failure" => Ok(Outcome::Failure),
        _ => Err("`success` or `failure`"),
    }
}

/// Reads an agent's name.
pub(super) fn agent(text: Option<&str>) -> Result<Option<AgentName>, Wrong> {
    let read = |text: &str| AgentName::from_str(text).map_err(|no| ("agent", no.to_string()));
    text.map(read).transpose()
}

/// Reads the id of a conversation.
pub(super) fn conversation_id(text: Option<&str>) -> Result<Option<ConversationId>, Wrong> {
    let read = |text: &str| text.parse().map_err(|_| ("conversation_id", "not a UUID".to_owned()));
    text.map(read).transpose()
}

/// Reads a moment: RFC 3339, or a day, which is its beginning in UTC.
pub(super) fn moment(field: &'static str, text: Option<&str>) -> Result<Option<Timestamp>, Wrong> {
    let Some(text) = text else { return Ok(None) };
    let day = text.len() == "2026-05-08".len();
    let whole = if day { format!("{text}T00:00:00Z") } else { text.to_owned() };
    let wrong = || "not a time such as 2026-05-08T13:56:00Z, nor a day such as 2026-05-08";
    whole.parse().map(Some).map_err(|_| (field, wrong().to_owned()))
}

fn utility(least: Option<f32>) -> Result<Option<Utility>, Wrong> {
    let Some(least) = least else { return Ok(None) };
    if !(0.0..=1.0).contains(&least) {
        return Err(("min_utility", "not within 0..=1".to_owned()));
    }
    Ok(Utility::new(least))
}

/// Reads a label as it stands.
pub(super) fn label(field: &'static str, text: Option<&str>) -> Result<Option<String>, Wrong> {
    let Some(text) = text else { return Ok(None) };
    if text.trim().is_empty() {
        return Err((field, "it is empty; leave it out".to_owned()));
    }
    bounded(field, text, MAX_LABEL_BYTES)?;
    Ok(Some(text.to_owned()))
}

/// Holds a text to its limit.
pub(super) fn bounded(field: &'static str, text: &str, most: usize) -> Result<(), Wrong> {
    if text.len() <= most {
        return Ok(());
    }
    Err((field, format!("{} bytes, at most {most} are taken; make it shorter", text.len())))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn wrong(filters: &MemoryQueryFilters) -> &'static str {
        understood(filters).unwrap_err().0
    }

    #[test]
    fn every_filter_is_understood_or_named() {
        let text = |text: &str| Some(text.to_owned());
        let good = MemoryQueryFilters {
            collection: text("learnings"),
            tier: text("cold"),
            phase: text("verify"),
            outcome: text("failure"),
            from: text("2026-05-08"),
            until: text("2026-05-08T00:00:01Z"),
            min_utility: Some(0.25),
            ..MemoryQueryFilters::default()
        };
        let filter = understood(&good).unwrap();
        assert_eq!((filter.phase, filter.tier), (Some(Phase::Verify), Some(MemoryTier::Cold)));
        assert_eq!(filter.from, "2026-05-08T00:00:00Z".parse().ok());
        assert_eq!(filter.min_utility, Utility::new(0.25));

        let base = MemoryQueryFilters::default;
        assert_eq!(wrong(&MemoryQueryFilters { collection: text("all"), ..base() }), "collection");
        assert_eq!(wrong(&MemoryQueryFilters { tier: text("lukewarm"), ..base() }), "tier");
        assert_eq!(wrong(&MemoryQueryFilters { as_of: text("2026-13-01"), ..base() }), "as_of");
        assert_eq!(wrong(&MemoryQueryFilters { until: good.from.clone(), ..good }), "until");
        for least in [f32::NAN, -0.1, 1.1] {
            let asked = MemoryQueryFilters { min_utility: Some(least), ..base() };
            assert_eq!(wrong(&asked), "min_utility");
        }
    }
}
