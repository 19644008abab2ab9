//! Keeps `state.redb` in its place: what was taken away is put back from what is open, and where that
//! cannot be nothing is written, because no start would find it.
//!
//! Done before every step and, when nobody writes, once a second. Never writes over a file that
//! somebody laid there: what is held is saved beside it.

use std::{io, path::PathBuf};

use appliance_core::ports::Damaged;

use super::{Engine, hindrance::Hindrance, room::MORE_BYTES};
use crate::place::Stands;

/// How what is wrong with the place is named.
const NAMED: &str = "state.redb in the data directory";

/// What is known of a file that does not lie in its place.
#[derive(Debug, Default)]
pub(super) struct Displaced {
    /// A copy of it, beside its place.
    copy: Option<PathBuf>,
    /// Why nothing is written.
    why: Option<String>,
}

impl Engine {
    /// Sees to it that the file lies in its place; tells whether it was put back there, by a copy
    /// that is to be opened.
    pub(super) fn stand(&mut self) -> Result<bool, Hindrance> {
        let Some(place) = self.place.clone() else { return Ok(false) };
        let stands = place.stands();
        if stands == Stands::There {
            self.stands_again();
            return Ok(false);
        }
        let brought = match stands {
            Stands::Astray => Err("the data directory is gone, or another one is in its place: \
                nothing is written until it is back; stop the server, or put the directory back"
                .to_owned()),
            _ => self.saved().map_err(|error| {
                format!(
                    "state.redb was taken away, and cannot be put back ({error}): nothing is \
                    written until it can"
                )
            }),
        };
        let put = brought.and_then(|copy| {
            let shown = copy.file_name().unwrap_or_default().display().to_string();
            place.put_back(&copy).map_err(|error| match stands {
                Stands::Another => format!(
                    "another file was laid in the place of state.redb: \
                    nothing is written until it is moved away; what was kept is saved as {shown}"
                ),
                _ => format!(
                    "state.redb was taken away, and its copy {shown} cannot be put in its \
                    place ({error})"
                ),
            })
        });
        match put {
            Ok(()) => {
                tracing::warn!(event = "mended", "state.redb was taken away: it was put back");
                self.displaced.copy = None;
                Ok(true)
            }
            Err(why) => Err(self.displaced_for(why)),
        }
    }

    /// Returns the copy of what is open, made now if there is none: nothing is written meanwhile.
    fn saved(&mut self) -> io::Result<PathBuf> {
        if let Some(copy) = self.displaced.copy.clone().filter(|copy| copy.exists()) {
            return Ok(copy);
        }
        let Some(place) = self.place.clone() else { return Err(io::ErrorKind::NotFound.into()) };
        if self.room.free() < place.len()? + MORE_BYTES {
            return Err(io::ErrorKind::StorageFull.into());
        }
        let signs = &self.shared.signs;
        let copy = signs.waiting(|| place.copy(|| signs.note_moving()))?;
        self.displaced.copy = Some(copy.clone());
        Ok(copy)
    }

    fn stands_again(&mut self) {
        let Some(_why) = self.displaced.why.take() else { return };
        tracing::info!("state.redb lies in its place again: writes go on");
        self.shared.damage.reads_again(NAMED, None);
        self.shared.signs.note_well();
    }

    fn displaced_for(&mut self, why: String) -> Hindrance {
        if self.displaced.why.as_ref() != Some(&why) {
            tracing::error!(event = "degraded", "{why}");
            self.shared.damage.reads_again(NAMED, None);
        }
        self.shared.damage.note(Damaged {
            place: NAMED.to_owned(),
            what: why.clone(),
            memory: None,
        });
        self.shared.signs.note_failing(&why);
        self.displaced.why = Some(why.clone());
        Hindrance::of_place(why)
    }
}
