//! An index that turns out to be damaged while it serves: how that is known, noted, and over again.
//!
//! What tantivy says, or a panic of its, tells damage from a fault that passes; from then on the index
//! answers nothing, until it is emptied and has been filled again up to where it stood. Makes nothing
//! anew.

use std::{
    io,
    sync::{Mutex, MutexGuard, PoisonError},
};

use appliance_core::ports::TextFault;
use tantivy::{
    TantivyError,
    directory::error::{LockError, OpenReadError, OpenWriteError},
};

use super::panics::caught;

/// Whether an index is damaged, and how far its mending is.
#[derive(Debug, Default)]
pub(super) struct Ruin(Mutex<Stands>);

#[derive(Debug, Default)]
enum Stands {
    #[default]
    Sound,
    /// Nothing is asked of it.
    Fallen { why: String },
    /// It was emptied, and lacks what it had up to `until`.
    Filling { why: String, until: u64 },
}

impl Ruin {
    /// Does something with the index; notes when that shows it to be damaged.
    pub(super) fn guard<T>(
        &self,
        work: impl FnOnce() -> Result<T, TantivyError>,
    ) -> Result<T, TantivyError> {
        if let Stands::Fallen { why } = &*self.stands() {
            return Err(TantivyError::SystemError(why.clone()));
        }
        let done = caught(work).unwrap_or_else(|why| Err(TantivyError::InternalError(why)));
        if let Some(why) = done.as_ref().err().filter(|why| is_damage(why)) {
            self.fell(&why.to_string());
        }
        done
    }

    /// Notes that it is damaged.
    pub(super) fn fell(&self, why: &str) {
        let mut stands = self.stands();
        if !matches!(*stands, Stands::Fallen { .. }) {
            tracing::error!(
                event = "degraded", %why,
                "the index of words is damaged; searches go by vectors until it is filled again from \
                 the memories"
            );
            *stands = Stands::Fallen { why: why.to_owned() };
        }
    }

    /// Notes that it was emptied, having stood at `until`.
    pub(super) fn emptied(&self, until: u64) {
        let mut stands = self.stands();
        if let Stands::Fallen { why } = &mut *stands {
            *stands = Stands::Filling { why: std::mem::take(why), until };
        }
    }

    /// Notes how far it has come.
    pub(super) fn reached(&self, position: u64) {
        let mut stands = self.stands();
        if matches!(*stands, Stands::Filling { until, .. } if until <= position) {
            tracing::info!("the index of words is whole again");
            *stands = Stands::Sound;
        }
    }

    pub(super) fn is_fallen(&self) -> bool {
        matches!(*self.stands(), Stands::Fallen { .. })
    }

    /// Says what is wrong, if anything is.
    pub(super) fn fault(&self) -> Option<TextFault> {
        match &*self.stands() {
            Stands::Sound => None,
            Stands::Fallen { why } => Some(TextFault::Damaged(why.clone())),
            Stands::Filling { why, .. } => Some(TextFault::Filling(why.clone())),
        }
    }

    fn stands(&self) -> MutexGuard<'_, Stands> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Tells bytes that cannot be what was written, and tantivy's own bugs, from what passes by itself.
pub(super) fn is_damage(why: &TantivyError) -> bool {
    match why {
        TantivyError::OpenReadError(OpenReadError::IoError { io_error, .. })
        | TantivyError::OpenWriteError(OpenWriteError::IoError { io_error, .. })
        | TantivyError::LockFailure(LockError::IoError(io_error), _)
        | TantivyError::IoError(io_error) => tells_damage(io_error.kind()),
        TantivyError::LockFailure(..)
        | TantivyError::SystemError(_)
        | TantivyError::ErrorInThread(_) => false,
        _ => true,
    }
}

fn tells_damage(kind: io::ErrorKind) -> bool {
    matches!(
        kind,
        io::ErrorKind::NotFound
            | io::ErrorKind::InvalidData
            | io::ErrorKind::UnexpectedEof
            | io::ErrorKind::IsADirectory
            | io::ErrorKind::NotADirectory
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_panic_is_damage_and_nothing_is_asked_until_it_is_filled_again() {
        let ruin = Ruin::default();
        let passing = io::Error::from_raw_os_error(24); // too many open files
        assert!(ruin.guard(|| Err::<(), _>(passing.into())).is_err());
        assert_eq!(ruin.fault(), None, "that passes");
        assert!(ruin.guard(|| -> Result<(), _> { panic!("page 7 is torn") }).is_err());
        assert_eq!(
            ruin.fault(),
            Some(TextFault::Damaged("Internal error: 'page 7 is torn'".into()))
        );
        assert!(ruin.guard(|| -> Result<(), _> { unreachable!() }).is_err());
        ruin.emptied(9);
        assert!(!ruin.is_fallen() && ruin.guard(|| Ok(7)).is_ok());
        ruin.reached(8);
        assert!(matches!(ruin.fault(), Some(TextFault::Filling(_))));
        ruin.reached(9);
        assert_eq!(ruin.fault(), None);
    }
}
