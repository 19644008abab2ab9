//! What of the records cannot be read, what of them is whole again, and what was saved beside them; each
//! with what to do. Reads no record itself.

use std::{collections::BTreeMap, path::Path};

use storage_embedded::kept_copies;
use web_dto::DamagedView;

use super::Check;

/// What says itself what is wrong with the place of the file, and what to do.
const OF_PLACE: &str = "state.redb in the data directory";

/// Names what cannot be read, each place once with the memories that are left out because of it, and
/// what was mended at the start; nothing when all is as it was written.
pub(super) fn checks(found: Vec<DamagedView>, mended: Vec<DamagedView>) -> Vec<Check> {
    let (of_place, rows): (Vec<_>, Vec<_>) = found.into_iter().partition(|it| it.place == OF_PLACE);
    let place = of_place.into_iter().map(|it| Check::warn("records", it.what, ""));
    let mended =
        mended.into_iter().map(|it| Check::ok("mended", format!("{}: {}", it.place, it.what)));
    place.chain(damaged(rows)).chain(mended).collect()
}

fn damaged(found: Vec<DamagedView>) -> Option<Check> {
    let mut places: BTreeMap<(String, String), Vec<String>> = BTreeMap::new();
    for DamagedView { place, what, memory } in found {
        places.entry((place, what)).or_default().extend(memory);
    }
    let said: Vec<String> = places.iter().map(|(place, ids)| told(place, ids)).collect();
    let remedy = "restore the last backup, or go on: all else works, and `ai-infra memory export` keeps \
        what is readable and says what it left out; `ai-infra memory purge` and `conversation purge` take \
        out by its id what cannot be read (a message's row begins with its conversation's)";
    (!said.is_empty()).then(|| Check::warn("rows", said.join("; "), remedy))
}

fn told((place, what): &(String, String), ids: &[String]) -> String {
    match ids {
        [] => format!("{place}: {what}"),
        [id] => format!("{place}: {what}; left out: memory {id}"),
        ids => format!("{place}: {what}; left out: {} memories: {}", ids.len(), ids.join(", ")),
    }
}

/// Names copies of the records that were saved beside them; `None` when there are none.
pub(super) fn copies(dir: &Path) -> Option<Check> {
    let found = kept_copies(dir).unwrap_or_default();
    let newest = found.last()?;
    let said = format!(
        "{} in {}: records that were saved when another file lay in the place of state.redb",
        found.join(", "),
        dir.display()
    );
    let remedy = format!(
        "if nothing is missing from what ai-infra shows, move them away (what is purged stays in them); \
         else stop the server, move state.redb away, give {newest} its name and start again"
    );
    Some(Check::warn("copies", said, remedy))
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, SystemTime};

    use super::{super::report::Level, *};

    fn at(place: &str, memory: Option<&str>) -> DamagedView {
        let memory = memory.map(str::to_owned);
        DamagedView { place: place.to_owned(), what: "torn".to_owned(), memory }
    }

    #[test]
    fn a_damaged_place_is_named_once_with_all_that_is_left_out() {
        let found = vec![at("b", None), at("a", Some("1")), at("c", Some("3")), at("a", Some("2"))];
        let [check] = &checks(found, Vec::new())[..] else { panic!("one") };
        assert_eq!(check.level, Level::Warn);
        assert_eq!(
            check.said,
            "a: torn; left out: 2 memories: 1, 2; b: torn; c: torn; left out: memory 3"
        );
        assert!(check.remedy.contains("memory export"), "{}", check.remedy);
        assert!(checks(Vec::new(), Vec::new()).is_empty());
    }

    #[test]
    fn what_is_whole_again_is_told_and_asks_for_nothing() {
        let [check] = &checks(Vec::new(), vec![at("state.redb", None)])[..] else { panic!("one") };
        assert_eq!((check.level, check.remedy.as_str()), (Level::Ok, ""));
        assert_eq!(check.said, "state.redb: torn");
    }

    #[test]
    fn a_file_that_lies_elsewhere_asks_for_no_backup() {
        let [check] = &checks(vec![at(OF_PLACE, None)], Vec::new())[..] else { panic!("one") };
        assert_eq!((check.name, check.said.as_str()), ("records", "torn"));
        assert_eq!(check.remedy, "");
    }

    #[test]
    fn copies_that_were_saved_are_named_with_what_to_do() {
        let dir = tempfile::tempdir().unwrap();
        assert!(copies(dir.path()).is_none());
        let hour = |n| SystemTime::UNIX_EPOCH + Duration::from_secs(3_600 * n);
        for (at, name) in ["redb.kept-2", "redb.kept-10", "redb.kept-1", "redb"].iter().enumerate()
        {
            let file = std::fs::File::create(dir.path().join(format!("state.{name}"))).unwrap();
            file.set_modified(hour(at as u64)).unwrap();
        }
        let check = copies(dir.path()).unwrap();
        let names = "state.redb.kept-2, state.redb.kept-10, state.redb.kept-1 in";
        assert!(check.said.starts_with(names), "{check:?}");
        assert!(check.remedy.contains("give state.redb.kept-1 its name"), "{check:?}");
    }
}
