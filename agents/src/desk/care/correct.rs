//! Correcting: what a person says is so takes the place of the memory that is wrong.
//!
//! One batch: the correction, the forgetting of what says the same wrong thing, and what it tells
//! about the answer it was about.

use appliance_core::{
    Memory, MemoryId, MemoryKind, Provenance, SignalType,
    desk::Meant,
    ports::{Correction, DeskError, Told},
};
use appliance_phrases::{form, utterance};

use super::{super::Service, Wanted, meant::Found};
use crate::desk::signals;

impl Service {
    pub(super) async fn correct(
        &self,
        wanted: &Wanted<'_>,
        what: &Meant,
        to: &str,
    ) -> Result<bool, DeskError> {
        let found = self.meant(wanted, what).await?;
        let Some(old) = wrong(&found) else { return Ok(false) };
        self.recalled.tell(wanted.task, [old.id]); // a refusal quotes it
        let correction = Correction {
            provenance: Provenance {
                conversation_id: Some(wanted.task.conversation_id),
                message_id: Some(wanted.task.message_id),
                ..Provenance::default()
            },
            copies: self.as_wrong(wanted, old).await?,
            told: told(wanted, &found, to),
            ..Correction::new(old.id, right(&found, old, to)?)
        };
        let corrected = self.parts.care.correct(&wanted.by(), correction).await;
        corrected.map_err(|error| wanted.refused(error))?;
        Ok(true)
    }

    /// The same words elsewhere are as wrong; "no, it is X" says nothing without what it was about.
    async fn as_wrong(
        &self,
        wanted: &Wanted<'_>,
        old: &Memory,
    ) -> Result<Vec<MemoryId>, DeskError> {
        let copies = self.copies(wanted.task, std::slice::from_ref(old)).await?;
        let mut ids: Vec<MemoryId> = copies.iter().map(|memory| memory.id).collect();
        let own = self.own_words(wanted).await?.map(|memory| memory.id);
        ids.extend(own.filter(|own| *own != old.id && !ids.contains(own)));
        Ok(ids)
    }
}

/// Returns the whole sentence as it is right.
fn right(found: &Found, old: &Memory, to: &str) -> Result<String, DeskError> {
    let question = found.question.as_deref().filter(|said| utterance::is_question(said));
    let Some(text) = utterance::corrected(&old.text, to, question) else {
        return Err(DeskError::Refused(format!(
            "it is not plain which words of \"{}\" are wrong; say the whole sentence as it is right",
            pai::learning::quoted(&old.text)
        )));
    };
    if form::same(&text, &old.text) {
        return Err(DeskError::Refused("this is what is remembered already".to_owned()));
    }
    Ok(text)
}

/// What the correction says about the answer that it was about.
fn told(wanted: &Wanted<'_>, found: &Found, words: &str) -> Option<Told> {
    let answer = found.answer.as_ref()?;
    Some(Told {
        kind: SignalType::UserCorrection,
        strength: 1_000,
        rating: None,
        comment: Some(signals::short(words)),
        conversation_id: Some(wanted.task.conversation_id),
        message_id: Some(answer.id),
        task_id: answer.task_id,
        learned: Vec::new(),
    })
}

/// The likeliest memory that states something: a question cannot be wrong.
fn wrong(found: &Found) -> Option<&Memory> {
    let states = |memory: &&Memory| {
        memory.kind != MemoryKind::Learning && !utterance::is_question(&memory.text)
    };
    found.memories.iter().find(states)
}
