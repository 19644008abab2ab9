//! A task as it is stored: its texts stay in the messages that say them, where those are purged with
//! it. Moves none.

use appliance_core::{Citation, Message, Task, TaskOutcome};

use crate::{
    Fault,
    stretch::{self, Stretch},
    view::{Read as _, View},
};

/// A task and its place in the order in which tasks were made.
#[derive(Debug, Clone)]
pub struct TaskRow {
    /// The place; 0 in a row of version 1, which does not say.
    pub seq: u64,
    /// The task, without the texts that are in messages: [`whole`](Self::whole) brings them.
    pub task: Task,
    /// Where messages say its texts.
    pub(super) refers: Refers,
}

/// Where messages say a task's texts; none for a text that the row itself holds.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Refers {
    /// Its input, in the message that it is of.
    pub asked: Option<Stretch>,
    /// Its outcome's text, in the message that answers it.
    pub told: Option<Stretch>,
    /// Its outcome's citations are that message's.
    pub cites: bool,
}

impl TaskRow {
    /// Makes a row that holds its texts itself.
    pub(super) fn holding(seq: u64, task: Task) -> Self {
        Self { seq, task, refers: Refers::default() }
    }

    /// Returns the task with its texts.
    ///
    /// # Errors
    /// A damaged message that has one of them, or the adapter's failure.
    pub fn whole(self, view: &dyn View) -> Result<Task, Fault> {
        let Self { mut task, refers, .. } = self;
        refers.bring_input(&mut task, view)?;
        refers.bring_outcome(&mut task, view)?;
        Ok(task)
    }

    /// Returns the task with those of its texts that can be read; a message that cannot is named.
    ///
    /// # Errors
    /// The adapter's failure.
    pub fn readable(self, view: &dyn View) -> Result<Task, Fault> {
        let Self { mut task, refers, .. } = self;
        view.readable(refers.bring_input(&mut task, view), None)?;
        view.readable(refers.bring_outcome(&mut task, view), None)?;
        Ok(task)
    }

    /// Lets go of the texts that messages of its thread say by now. Tells whether it did.
    pub(super) fn refer(&mut self, view: &dyn View) -> Result<bool, Fault> {
        let asks = self.refers.asked.is_none() && !self.task.input.is_empty();
        let tells = self.refers.told.is_none() && self.task.outcome.is_some();
        Ok((asks && self.refer_input(view)?) | (tells && self.refer_outcome(view)?))
    }

    fn refer_input(&mut self, view: &dyn View) -> Result<bool, Fault> {
        let found = stretch::source(view, self.task.message_id, self.task.conversation_id)?;
        let Some(question) = found.filter(|message| self.goes_with(message)) else {
            return Ok(false);
        };
        self.refers.asked = take(&mut self.task.input, &question);
        Ok(self.refers.asked.is_some())
    }

    fn refer_outcome(&mut self, view: &dyn View) -> Result<bool, Fault> {
        let found = stretch::source(view, self.task.answer_id, self.task.conversation_id)?;
        let answer = found.filter(|message| self.goes_with(message));
        let (Some(answer), Some(outcome)) = (answer, &mut self.task.outcome) else {
            return Ok(false);
        };
        let (text, citations) = said(outcome);
        self.refers.told = take(text, &answer);
        let same = citations.filter(|citations| **citations == answer.citations);
        if let (Some(_), Some(citations)) = (self.refers.told, same) {
            citations.clear();
            self.refers.cites = true;
        }
        Ok(self.refers.told.is_some())
    }

    /// Tells whether purging `message` empties this task: it is the message's, or a part of that.
    fn goes_with(&self, message: &Message) -> bool {
        let of = message.task_id;
        of.is_some() && (of == Some(self.task.id) || of == self.task.parent_task_id)
    }

    /// Empties what was told, and what was `asked` too.
    pub(crate) fn empty(&mut self, asked: bool) {
        if asked {
            self.task.input.clear();
            self.refers.asked = None;
        }
        (self.refers.told, self.refers.cites) = (None, false);
        if let Some(outcome) = &mut self.task.outcome {
            let (text, citations) = said(outcome);
            text.clear();
            citations.map(Vec::clear).unwrap_or_default();
        }
    }
}

impl Refers {
    fn bring_input(self, task: &mut Task, view: &dyn View) -> Result<(), Fault> {
        if let Some(asked) = self.asked {
            task.input = asked.text(view, task.conversation_id)?;
        }
        Ok(())
    }

    fn bring_outcome(self, task: &mut Task, view: &dyn View) -> Result<(), Fault> {
        let (Some(told), Some(outcome)) = (self.told, &mut task.outcome) else { return Ok(()) };
        let answer = told.message(view, task.conversation_id)?;
        let (text, citations) = said(outcome);
        *text = told.read(&answer)?;
        if let Some(citations) = citations.filter(|_| self.cites) {
            *citations = answer.citations;
        }
        Ok(())
    }
}

/// Takes `text` out where `message` says it; returns where.
fn take(text: &mut String, message: &Message) -> Option<Stretch> {
    let stretch = Stretch::of(text, message)?;
    text.clear();
    Some(stretch)
}

/// Returns what an outcome says, and on which grounds.
fn said(outcome: &mut TaskOutcome) -> (&mut String, Option<&mut Vec<Citation>>) {
    match outcome {
        TaskOutcome::Completed { text, citations, .. } => (text, Some(citations)),
        TaskOutcome::Failed { error } => (error, None),
    }
}
