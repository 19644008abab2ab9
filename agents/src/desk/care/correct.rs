//! Correcting: what a person says is so takes the place of the memory that is wrong.
//!
//! Copies of the wrong one are forgotten before, so that undoing the correction alone brings back
//! one memory that holds, and not none.

use appliance_core::{
    Deed, Memory, MemoryId, MemoryKind, Provenance, SignalType,
    desk::{CareDone, Cared, Meant},
    ports::{DeskError, Told},
};
use appliance_phrases::form;
use appliance_phrases::utterance;

use super::{super::Service, Wanted, cared, meant::Found, refused};

impl Service {
    pub(super) async fn correct(
        &self,
        wanted: &Wanted<'_>,
        what: Meant,
        to: String,
    ) -> Result<CareDone, DeskError> {
        if let Some(done) = self.corrected_before(wanted).await? {
            return Ok(done);
        }
        let found = self.meant(wanted, &what).await?;
        let Some(old) = wrong(&found) else { return Ok(CareDone::NothingMeant) };
        let question = found.question.as_deref().filter(|said| utterance::is_question(said));
        let Some(text) = utterance::corrected(&old.text, &to, question) else {
            return Err(DeskError::Refused(format!(
                "it is not plain which words of \"{}\" are wrong; say the whole sentence as it is \
                 right",
                pai::learning::quoted(&old.text)
            )));
        };
        if form::same(&text, &old.text) {
            return Err(DeskError::Refused("this is what is remembered already".to_owned()));
        }
        let old = old.clone();
        self.clear_copies(wanted, &old).await?;
        let new = self.replace(wanted, old.id, text).await?;
        self.note_correction(wanted, &found, to).await;
        Ok(CareDone::Corrected { old: cared(&old), new: cared(&new) })
    }

    async fn replace(
        &self,
        wanted: &Wanted<'_>,
        old: MemoryId,
        text: String,
    ) -> Result<Memory, DeskError> {
        let provenance = Provenance {
            conversation_id: Some(wanted.task.conversation_id),
            message_id: Some(wanted.task.message_id),
            ..Provenance::default()
        };
        let corrected = self.parts.care.correct(&wanted.by(), old, text, provenance).await;
        Ok(corrected.map_err(refused)?.0)
    }

    /// The same words elsewhere are as wrong; "no, it is X" says nothing without what it was about.
    async fn clear_copies(&self, wanted: &Wanted<'_>, old: &Memory) -> Result<(), DeskError> {
        let copies = self.copies(wanted.task, std::slice::from_ref(old)).await?;
        let mut ids: Vec<MemoryId> = copies.iter().map(|memory| memory.id).collect();
        let own = self.own_words(wanted).await?.map(|memory| memory.id);
        ids.extend(own.filter(|own| *own != old.id && !ids.contains(own)));
        if !ids.is_empty() {
            self.parts.care.forget(&wanted.by(), ids).await.map_err(refused)?;
        }
        Ok(())
    }

    async fn note_correction(&self, wanted: &Wanted<'_>, found: &Found, words: String) {
        let Some(answer) = &found.answer else { return };
        let told = Told {
            kind: SignalType::UserCorrection,
            strength: 1_000,
            rating: None,
            comment: Some(words),
            conversation_id: Some(wanted.task.conversation_id),
            message_id: Some(answer.id),
            task_id: answer.task_id,
        };
        self.tell(wanted.task.owner, told).await;
    }

    async fn corrected_before(&self, wanted: &Wanted<'_>) -> Result<Option<CareDone>, DeskError> {
        for deed in self.deeds_of(wanted).await? {
            let Deed::Correct { old, new } = deed.deed else { continue };
            let text = self.parts.memories.get(wanted.task.owner, old).await?;
            let text = text.map(|memory| memory.text).unwrap_or_default();
            let old = Cared { memory_id: old, text };
            return Ok(Some(CareDone::Corrected { old, new: cared(&new) }));
        }
        Ok(None)
    }
}

/// The likeliest memory that states something: a question cannot be wrong.
fn wrong(found: &Found) -> Option<&Memory> {
    let states = |memory: &&Memory| {
        memory.kind != MemoryKind::Learning && !utterance::is_question(&memory.text)
    };
    found.memories.iter().find(states)
}
