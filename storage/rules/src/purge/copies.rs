//! Copies: which memories say the same as those that are to be purged. Changes nothing.
//!
//! Archived texts are not read for it: the digest of the form that each memory keeps tells.

use std::collections::{BTreeSet, HashMap, HashSet};

use appliance_core::{MemoryId, Message};
use appliance_phrases::form::Form;

use crate::{
    Fault,
    memories::{Body, Head, MemoryRow},
    view::View,
};

/// Returns the text of a memory, out of the archive too; none that cannot be brought from there.
pub(super) fn text(view: &dyn View, row: &MemoryRow) -> Result<Option<String>, Fault> {
    let here = row.text(view)?;
    Ok(here.or_else(|| view.bring(row.head.id)))
}

/// What counts as the same. Keeps the message that it read last: neighbouring memories are often parts
/// of one.
pub(super) struct Copies<'v> {
    view: &'v dyn View,
    ids: BTreeSet<MemoryId>,
    texts: Vec<String>,
    forms: BTreeSet<String>,
    /// The forms of the texts as memories of one place keep them, by that place.
    digests: HashMap<String, HashSet<[u8; 32]>>,
    last: Option<Message>,
}

impl<'v> Copies<'v> {
    /// Begins with the memories themselves and their texts; one of marks alone has no copies.
    pub fn of(view: &'v dyn View, ids: BTreeSet<MemoryId>, texts: Vec<String>) -> Self {
        let with_form = |text: String| (Form::NEWEST.of(&text), text);
        let told = texts.into_iter().map(with_form).filter(|(form, _)| !form.is_empty());
        let (forms, texts) = told.unzip();
        Self { view, ids, texts, forms, digests: HashMap::new(), last: None }
    }

    /// Tells whether a memory is one of them, or says the same.
    pub fn have(&mut self, row: &MemoryRow) -> bool {
        if self.ids.contains(&row.head.id) {
            return true;
        }
        if let Body::Archived(_) = row.body {
            return self.have_form(&row.head);
        }
        let text = row.text_beside(self.view, &mut self.last).ok().flatten();
        text.is_some_and(|text| self.forms.contains(&Form::NEWEST.of(&text)))
    }

    fn have_form(&mut self, head: &Head) -> bool {
        let (texts, from) = (&self.texts, &head.provenance);
        let who = (from.agent, &from.author, &from.untrusted);
        let place = format!("{:?} {:?} {who:?}", head.kind, from.conversation_id);
        let digests = self.digests.entry(place);
        let digests = digests.or_insert_with(|| texts.iter().map(|it| head.form_of(it)).collect());
        digests.contains(&head.form)
    }
}
