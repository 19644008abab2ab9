//! Prints an answer as it grows: the answer to standard output, the talk to standard error.
//!
//! A new attempt mostly says the same again; what is on the screen already is not printed twice.
//! Where it differs, the answer is begun again on a new line, and that is said.

use std::io::{self, IsTerminal as _};

use web_dto::{MessageView, cut_off_words};

use super::answer::Answer;
use crate::cli::{Context, print};

/// What is on the screen.
pub struct Show<'a> {
    context: &'a Context,
    printed: String,
    named: bool,
}

impl<'a> Show<'a> {
    /// Starts with nothing printed.
    pub fn new(context: &'a Context) -> Self {
        Self { context, printed: String::new(), named: false }
    }

    /// Prints what has come since.
    ///
    /// # Errors
    /// When nobody reads any more.
    pub fn update(&mut self, answer: &Answer) -> io::Result<()> {
        if self.context.json() || answer.text().is_empty() || is_failure(answer) {
            return Ok(());
        }
        self.name(answer.agent());
        match step(&self.printed, answer.text(), answer.stored().is_some()) {
            Step::Wait => Ok(()),
            Step::Add(more) => {
                print::out(more)?;
                self.printed.push_str(more);
                Ok(())
            }
            Step::Again => {
                self.context.say("\n(the answer was begun again)");
                print::out(&format!("\n{}", answer.text()))?;
                answer.text().clone_into(&mut self.printed);
                Ok(())
            }
        }
    }

    /// Prints what comes after the answer: its end of line, and what it used.
    ///
    /// # Errors
    /// When nobody reads any more.
    pub fn end(&mut self, message: &MessageView) -> io::Result<()> {
        if self.context.json() {
            return Ok(());
        }
        if !self.printed.is_empty() && !self.printed.ends_with('\n') {
            print::out("\n")?;
        }
        if let Some(why) = &message.cut_off {
            self.context.say(&format!("({})", cut_off_words(why)));
        }
        for used in &message.citations {
            let quote = print::line(&used.quote, 100);
            let said = format!("[{}] \"{quote}\" (memory {})", used.number, used.memory_id);
            self.context.show(&said);
        }
        Ok(())
    }

    /// Says once who answers, where a person can see it apart from the answer.
    fn name(&mut self, agent: Option<&str>) {
        let Some(agent) = agent.filter(|_| !self.named) else { return };
        self.named = true;
        if io::stderr().is_terminal() {
            self.context.say(&format!("{}:", print::visible(agent)));
        }
    }
}

/// Tells whether the stored answer is a note that there is none.
pub fn is_failure(answer: &Answer) -> bool {
    answer.stored().is_some_and(|message| message.role != "assistant")
}

/// What to print next.
#[derive(Debug, PartialEq, Eq)]
enum Step<'a> {
    /// Nothing yet: a new attempt has not caught up with what is printed.
    Wait,
    /// This much more.
    Add(&'a str),
    /// All of it, it is not what is printed.
    Again,
}

fn step<'a>(printed: &str, text: &'a str, whole: bool) -> Step<'a> {
    if let Some(more) = text.strip_prefix(printed) {
        return if more.is_empty() { Step::Wait } else { Step::Add(more) };
    }
    if !whole && printed.starts_with(text) { Step::Wait } else { Step::Again }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_new_attempt_that_says_the_same_is_not_printed_twice() {
        assert_eq!(step("one two", "one", false), Step::Wait);
        assert_eq!(step("one two", "one two three", false), Step::Add(" three"));
        assert_eq!(step("one two", "one 2", false), Step::Again);
        assert_eq!(step("one two", "one", true), Step::Again);
        assert_eq!(step("one", "one", true), Step::Wait);
    }
}
