//! What changes in a text index: the writer, what is committed, what waits; and how a fault mends.
//!
//! A commit that fails leaves its texts in the tail and its writer is dropped: tantivy's own way back
//! (`rollback`) panics once it has failed itself. The next commit, after a pause, begins with a new
//! writer; that some of it is on disk already does no harm, because a text that is put in takes its
//! own older form out first.

use std::{collections::HashSet, time::Duration};

use appliance_core::{HistoryId, MemoryId, ports::TextEntry};
use tantivy::{
    FutureResult, Index, IndexReader, IndexSettings, IndexWriter, Searcher, SegmentReader,
    TantivyDocument, TantivyError,
    index::{SegmentId, SegmentMeta},
    tokenizer::TextAnalyzer,
};
use tokio::time::Instant;

use super::{
    fields::{self, Fields},
    files::Files,
    noted::Noted,
    room,
    statistics::Counted,
    tail::Tail,
};

/// Memory that texts may take while they are committed: tantivy's least.
const WRITER_BYTES: usize = 15_000_000;

/// Texts that wait before they are committed together.
const WAITING: usize = 256;

/// Texts that wait while they cannot be committed; then no more are taken in.
const MOST_WAITING: usize = 8 * 1_024;

/// The pause after a failed commit, doubled each time up to [`LONGEST`].
const FIRST: Duration = Duration::from_millis(500);
const LONGEST: Duration = Duration::from_secs(5);

/// Everything that a change touches.
pub(super) struct State {
    pub fields: Fields,
    pub ids: HashSet<MemoryId>,
    pub tail: Tail,
    /// What is committed, as of the last reload, with what its statistics count.
    pub searcher: Searcher,
    pub counted: Counted,
    index: Index,
    /// `None` in memory.
    place: Option<Place>,
    reader: IndexReader,
    /// `None` after a fault, until the next commit makes one.
    writer: Option<IndexWriter>,
    /// The position that the last commit carries.
    committed: u64,
    fault: Option<Fault>,
}

/// Where an index is, and of which records.
#[derive(Debug, Clone)]
pub(super) struct Place {
    pub files: Files,
    pub history: HistoryId,
}

impl Place {
    /// Returns the same place for another index, emptied; nothing of this one changes it any more.
    pub fn anew(&self) -> Result<Self, TantivyError> {
        let folder = self.files.folder();
        room::make(folder)?;
        Ok(Self { files: Files::of(folder), history: self.history })
    }
}

/// A merge that is under way.
pub(super) type Merging = FutureResult<Option<SegmentMeta>>;

/// Why the last commit failed, and when the next is tried.
struct Fault {
    why: String,
    again: Instant,
    pause: Duration,
}

impl State {
    /// Makes an empty index there, where no other is any more.
    pub fn empty(place: Option<Place>) -> Result<Self, TantivyError> {
        let (schema, _) = Fields::schema();
        let index = match &place {
            None => Index::create_in_ram(schema),
            Some(place) => Index::create(place.files.clone(), schema, IndexSettings::default())?,
        };
        Self::of(index, place, 0)
    }

    /// Reads what is committed in `index`, up to `committed`.
    pub fn of(index: Index, place: Option<Place>, committed: u64) -> Result<Self, TantivyError> {
        let (_, fields) = Fields::schema();
        fields::register(&index);
        let writer = Some(index.writer_with_num_threads(1, WRITER_BYTES)?);
        let reader: IndexReader =
            index.reader_builder().reload_policy(tantivy::ReloadPolicy::Manual).try_into()?;
        let searcher = reader.searcher();
        let (ids, counted) = (fields.ids(&searcher)?, Counted::of(&searcher, fields.text)?);
        let (tail, fault) = (Tail::default(), None);
        Ok(Self {
            fields,
            ids,
            tail,
            searcher,
            counted,
            index,
            place,
            reader,
            writer,
            committed,
            fault,
        })
    }

    /// The position that the last commit carries.
    pub fn committed(&self) -> u64 {
        self.committed
    }

    /// Puts a text in, or in the place of its older form.
    pub fn put(&mut self, entry: TextEntry, words: &mut TextAnalyzer) -> Result<(), TantivyError> {
        if !self.ids.insert(entry.id) {
            self.hide(entry.id)?;
        }
        self.tail.put(entry, words);
        Ok(())
    }

    /// Takes a text out; one that is not there is fine.
    pub fn take(&mut self, id: MemoryId) -> Result<(), TantivyError> {
        if self.ids.remove(&id) { self.hide(id) } else { Ok(()) }
    }

    fn hide(&mut self, id: MemoryId) -> Result<(), TantivyError> {
        let at = self.counted.hide(&self.searcher, &self.fields.id_term(id));
        self.tail.take(id);
        at
    }

    /// Commits when enough waits and the last fault is long enough ago.
    ///
    /// # Errors
    /// The fault, when so much waits that no more can be taken in.
    pub fn settle(&mut self, position: u64) -> Result<(), TantivyError> {
        let waiting = self.tail.len();
        let due = self.fault.as_ref().is_none_or(|fault| fault.again <= Instant::now());
        if waiting <= WAITING || (!due && waiting <= MOST_WAITING) {
            return Ok(());
        }
        match if due { self.commit(position) } else { Err(self.refusal()) } {
            Err(why) if waiting > MOST_WAITING => Err(why),
            _ => Ok(()),
        }
    }

    /// Commits what waits, and the position.
    pub fn flush(&mut self, position: u64) -> Result<(), TantivyError> {
        if self.fault.is_none() && self.tail.len() == 0 && self.committed == position {
            return Ok(());
        }
        match &self.fault {
            Some(fault) if fault.again > Instant::now() => Err(self.refusal()),
            _ => self.commit(position),
        }
    }

    /// Begins to write the files anew that hold deleted texts, if there are any.
    pub fn begin_expunging(&mut self) -> Result<Option<Merging>, TantivyError> {
        if self.place.is_none() {
            return Ok(None);
        }
        let segments = self.searcher.segment_readers().iter();
        let with_dead = segments.filter(|it| it.has_deletes()).map(SegmentReader::segment_id);
        let with_dead: Vec<SegmentId> = with_dead.collect();
        if with_dead.is_empty() {
            return Ok(None);
        }
        Ok(Some(self.writer()?.merge(&with_dead)))
    }

    /// Goes over to what a merge wrote, and deletes what nobody reads any more.
    pub fn read_anew(&mut self) -> Result<(), TantivyError> {
        self.reader.reload()?;
        let searcher = self.reader.searcher();
        let mut counted = Counted::of(&searcher, self.fields.text)?;
        for id in self.tail.hidden() {
            counted.hide(&searcher, &self.fields.id_term(*id))?;
        }
        (self.searcher, self.counted) = (searcher, counted);
        self.writer()?.garbage_collect_files().wait()?;
        Ok(())
    }

    /// Returns where it is, unless it is in memory.
    pub fn place(&self) -> Option<&Place> {
        self.place.as_ref()
    }

    /// Ends all that is under way; what has not begun to be written never is. For an index that is
    /// about to be replaced.
    pub fn give_up(&mut self) {
        if let Some(place) = &self.place {
            place.files.retire();
        }
        self.writer = None;
    }

    /// Takes everything out.
    pub fn clear(&mut self) -> Result<(), TantivyError> {
        self.ids.clear();
        self.tail = Tail::default();
        self.noted(|state| {
            state.writer()?.delete_all_documents()?;
            state.finish(0)
        })
    }

    /// Says why the folder is behind, if it is.
    pub fn fault(&self) -> Option<String> {
        self.fault.as_ref().map(|fault| fault.why.clone())
    }

    fn refusal(&self) -> TantivyError {
        TantivyError::SystemError(self.fault().unwrap_or_default())
    }

    fn commit(&mut self, position: u64) -> Result<(), TantivyError> {
        self.noted(|state| {
            state.write()?;
            state.finish(position)
        })
    }

    /// Does something with the writer; one that failed is never used again.
    fn noted(
        &mut self,
        work: impl FnOnce(&mut Self) -> Result<(), TantivyError>,
    ) -> Result<(), TantivyError> {
        let done = work(self);
        match &done {
            Ok(()) => {
                if self.fault.take().is_some() {
                    tracing::info!("the index of words can be written again; nothing was lost");
                }
            }
            Err(why) => self.failed(why),
        }
        done
    }

    fn failed(&mut self, why: &TantivyError) {
        self.writer = None;
        let why = why.to_string();
        let pause = match &self.fault {
            Some(before) => (before.pause * 2).min(LONGEST),
            None => {
                tracing::warn!(
                    event = "degraded", %why,
                    "the index of words cannot be written; searches go on, and it is tried again"
                );
                FIRST
            }
        };
        self.fault = Some(Fault { why, again: Instant::now() + pause, pause });
    }

    fn writer(&mut self) -> Result<&mut IndexWriter<TantivyDocument>, TantivyError> {
        if self.writer.is_none() {
            self.writer = Some(self.index.writer_with_num_threads(1, WRITER_BYTES)?);
        }
        self.writer.as_mut().ok_or_else(|| TantivyError::SystemError("no writer".to_owned()))
    }

    fn write(&mut self) -> Result<(), TantivyError> {
        self.writer()?;
        let (fields, Some(writer)) = (self.fields, &self.writer) else { return Ok(()) };
        for id in self.tail.hidden() {
            writer.delete_term(fields.id_term(*id));
        }
        for entry in self.tail.entries() {
            writer.delete_term(fields.id_term(entry.id));
            writer.add_document(fields.document(entry))?;
        }
        Ok(())
    }

    fn finish(&mut self, position: u64) -> Result<(), TantivyError> {
        let history = self.place.as_ref().map(|place| place.history);
        let history = history.unwrap_or(HistoryId::from_bytes([0; 16]));
        let payload = Noted { position, count: self.ids.len(), history }.text();
        let mut commit = self.writer()?.prepare_commit()?;
        commit.set_payload(&payload);
        commit.commit()?;
        self.reader.reload()?;
        let searcher = self.reader.searcher();
        self.counted = Counted::of(&searcher, self.fields.text)?;
        self.searcher = searcher;
        self.tail = Tail::default();
        self.committed = position;
        Ok(())
    }
}
