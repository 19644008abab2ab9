//! A power cut while a file of an earlier version is brought up to date: done, or as it was.

use std::path::PathBuf;

use super::disk::Disk;
use storage_rules::{
    Read as _, Span, marks,
    memories::{self, Stand},
};

use crate::{caught::caught, database, snapshot::Snapshot};

#[test]
fn a_power_cut_leaves_an_upgrade_done_or_not_begun() {
    let fixture = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/v2/state.redb");
    let bytes = std::fs::read(fixture).unwrap();
    let mut cuts = 0;
    for cut in 0.. {
        let disk = Disk::holding(bytes.clone());
        disk.break_after(cut);
        let answer = caught(|| prepare(&disk)).unwrap_or_else(Err);
        if answer.is_ok() {
            break;
        }
        cuts += 1;
        disk.restart(cut);
        let db = prepare(&disk).unwrap();
        let file = Snapshot::of(&db).unwrap();
        assert!(marks::has(&file, marks::KEYS_DECLARED).unwrap());
        let counts = memories::counts(&file, None).unwrap();
        assert_eq!((counts.warm, counts.hot.len()), (6, 0), "cut at {cut}");
        let stands = file.walk::<Stand>(Span::all());
        let mut positions: Vec<u64> =
            stands.map(|met| met.unwrap().row.unwrap().position).collect();
        positions.sort_unstable();
        assert_eq!(positions, [1, 2, 3, 5, 6, 7], "cut at {cut}");
    }
    assert!(cuts > 10, "only {cuts} cuts fell into the upgrade");
}

fn prepare(disk: &Disk) -> Result<redb::Database, String> {
    let db = redb::Builder::new().create_with_backend(disk.clone()).map_err(|e| e.to_string())?;
    database::prepare(&db).map_err(|fault| fault.to_string())?;
    Ok(db)
}
