//! How full the tiers are: from the counts that the rows keep, or from the rows where these cannot be
//! read. Counts nothing anew in the file: the comparison does.

use std::collections::BTreeMap;

use appliance_core::{AgentName, MemoryTier, UserId, ports::TierCounts};

use super::{
    Stand,
    counts::{ALL, COUNTS, OWNER, on},
};
use crate::{
    Fault,
    codes::Code as _,
    entity::{Keyed, key},
    view::{Counted, Read as _, Span, View},
};

/// Returns how full the tiers are, of one owner or of all; knows nothing of the archive's files. Counts
/// that cannot be read are named, and taken from the rows that can be.
///
/// # Errors
/// The adapter's failure.
pub fn counts(view: &dyn View, owner: Option<UserId>) -> Result<TierCounts, Fault> {
    let prefix = owner.map_or(vec![ALL], |owner| key(&[&[OWNER], &owner.bytes()]));
    let mut found = TierCounts::default();
    let kept = view.readable(view.counts(&COUNTS, &prefix), None)?;
    for (place, count) in kept.map_or_else(|| counted(view, &prefix), Ok)? {
        let Some(count) = view.readable(count, None)? else { continue };
        let [.., shelf, agent] = place.as_slice() else { continue };
        match shelf {
            3 => found.forgotten += count,
            _ => match MemoryTier::from_code(*shelf)? {
                MemoryTier::Hot => *found.hot.entry(who(*agent)?).or_default() += count,
                MemoryTier::Warm => found.warm += count,
                MemoryTier::Cold => found.cold += count,
            },
        }
    }
    Ok(found)
}

/// Counts the rows that can be read.
fn counted(view: &dyn View, prefix: &[u8]) -> Result<Vec<Counted>, Fault> {
    let mut tallies: BTreeMap<Vec<u8>, u64> = BTreeMap::new();
    for met in view.walk::<Stand>(Span::all()).sparing() {
        let Some(stand) = view.readable(met?.row, None)? else { continue };
        for Keyed { place, .. } in on(stand.owner, stand.shelf()) {
            if place.starts_with(prefix) {
                *tallies.entry(place).or_default() += 1;
            }
        }
    }
    Ok(tallies.into_iter().map(|(place, count)| (place, Ok(count))).collect())
}

fn who(agent: u8) -> Result<Option<AgentName>, Fault> {
    Ok(agent.checked_sub(1).map(AgentName::from_code).transpose()?)
}

#[cfg(test)]
mod tests {
    use appliance_core::{MemoryId, Standing, Timestamp};

    use super::*;
    use crate::{memories::STANDING, stored::Stored, tables::TableView, view::seal};

    /// Three memories whose counts lie on a page that cannot be read.
    struct Uncounted(Vec<Stored>);

    impl TableView for Uncounted {
        fn value(&self, _: &'static str, _: &[u8]) -> Result<Option<Vec<u8>>, Fault> {
            Ok(None)
        }

        fn values(&self, table: &'static str, _: &Span, _: usize) -> Result<Vec<Stored>, Fault> {
            if table == STANDING.name {
                return Ok(self.0.clone());
            }
            Err(Fault::Unreadable { place: table, why: "it is torn".to_owned() })
        }
    }

    #[test]
    fn counts_that_cannot_be_read_are_taken_from_the_rows() {
        let (ada, bob) = (UserId::from_bytes([1; 16]), UserId::from_bytes([2; 16]));
        let stand = |n: u8, owner, tier| {
            let (id, now) = (MemoryId::from_bytes([n; 16]), Timestamp::from_unix_micros(0));
            let standing = Standing::new(now);
            let seq = u64::from(n);
            let stand =
                Stand { id, owner, agent: None, tier, seq, position: seq, text_at: seq, standing };
            (id.bytes().to_vec(), seal(&id.bytes(), &stand).unwrap())
        };
        let view = Uncounted(vec![
            stand(1, ada, MemoryTier::Hot),
            stand(2, ada, MemoryTier::Warm),
            stand(3, bob, MemoryTier::Warm),
        ]);
        let (all, hers) = (counts(&view, None).unwrap(), counts(&view, Some(ada)).unwrap());
        assert_eq!((all.hot.get(&None), all.warm), (Some(&1), 2));
        assert_eq!((hers.hot.get(&None), hers.warm), (Some(&1), 1));
    }
}
