//! Commands about memories: asks the desk to carry them out and says in one sentence what was done
//! and how to take it back. Needs no model, so every model behaves alike.

use appliance_core::{
    Citation,
    desk::{Care, CareCommand, CareDone, Cared, Meant},
};

use super::{
    link::LinkError,
    turn::{Stop, Turn},
    view::shown,
};

/// Most memories that one answer lists.
const MOST_LISTED: usize = 5;

/// The answer to "undo that" where nothing is left that it could mean.
const NOTHING_LEFT: &str = "There is nothing left to undo in this conversation. What was done elsewhere is \
                            taken back by `ai-infra memory undo`.";

/// An answer that no model wrote.
#[derive(Debug)]
pub(super) struct Told {
    /// The answer.
    pub text: String,
    /// The memories it names.
    pub citations: Vec<Citation>,
}

impl Told {
    /// Names no memory.
    pub(super) fn plain(text: impl Into<String>) -> Self {
        Self { text: text.into(), citations: Vec::new() }
    }
}

/// Keeps a text.
pub(super) async fn remember(turn: &Turn<'_>, text: String) -> Result<Told, Stop> {
    let care = Care::Remember { text: text.clone(), untrusted: None };
    Ok(match ask(turn, care).await? {
        Ok(CareDone::Remembered(memory_id)) => {
            let citation = Citation { number: 1, memory_id, quote: quote(&text) };
            Told { text: format!("Kept: {text} [1]"), citations: vec![citation] }
        }
        Ok(_) => Told::plain("It is not known what became of this."),
        Err(why) => Told::plain(format!("This cannot be kept: {why}.")),
    })
}

/// Forgets what is meant.
pub(super) async fn forget(turn: &Turn<'_>, what: Meant) -> Result<Told, Stop> {
    let nothing = match &what {
        Meant::That => {
            "I do not know what to forget: the last answer names no memory, or too many. \
                        Say \"forget what I said about ...\", or `/forget WHAT`."
                .to_owned()
        }
        Meant::About(what) => format!("Nothing is remembered about \"{}\".", shown(what)),
    };
    Ok(match ask(turn, Care::Forget { what }).await? {
        Ok(CareDone::Forgotten(memories)) => Told::plain(forgotten(&memories)),
        Ok(_) => Told::plain(nothing),
        Err(why) => Told::plain(format!("This cannot be forgotten: {why}.")),
    })
}

/// Corrects what is meant; `None` when there was nothing to correct.
pub(super) async fn correct(
    turn: &Turn<'_>,
    what: Meant,
    to: String,
) -> Result<Result<Told, String>, Stop> {
    Ok(match ask(turn, Care::Correct { what, to }).await? {
        Ok(CareDone::Corrected { old, new }) => Ok(corrected(&old, &new)),
        Ok(_) => {
            Err("I do not know what to correct: the last answer names no memory. Say `/correct \
                      WHAT IS WRONG -> WHAT IS RIGHT`."
                .to_owned())
        }
        Err(why) => Err(format!("This cannot be corrected: {why}.")),
    })
}

/// Takes the conversation's last deed back.
pub(super) async fn undo(turn: &Turn<'_>) -> Result<Told, Stop> {
    Ok(match ask(turn, Care::Undo).await? {
        Ok(CareDone::Undone(memories)) => undone(&memories),
        Ok(_) => Told::plain(NOTHING_LEFT),
        Err(why) => Told::plain(format!("This cannot be undone: {why}.")),
    })
}

/// Notes a rating.
pub(super) async fn rate(
    turn: &Turn<'_>,
    value: u8,
    comment: Option<String>,
) -> Result<Told, Stop> {
    Ok(match ask(turn, Care::Rate { value, comment }).await? {
        Ok(CareDone::Rated) => Told::plain(format!("Thanks, {value} of 10 noted.")),
        Ok(_) => Told::plain("There is no answer to rate yet."),
        Err(why) => Told::plain(format!("This cannot be noted: {why}.")),
    })
}

/// What the desk did, or the words of its refusal.
async fn ask(turn: &Turn<'_>, care: Care) -> Result<Result<CareDone, String>, Stop> {
    let (lease, number) = (turn.work.lease.clone(), turn.next_deed());
    let command = CareCommand { lease, number, care };
    match turn.client.care(&command).await {
        Ok(done) => Ok(Ok(done)),
        Err(LinkError::Refused { status: 422, detail, .. }) => Ok(Err(detail)),
        Err(error) => Err(error.into()),
    }
}

fn forgotten(memories: &[Cared]) -> String {
    match memories {
        [] => "Forgotten. Say \"undo that\" to bring it back.".to_owned(),
        [one] => {
            format!("Forgotten: \"{}\". Say \"undo that\" to bring it back.", shown(&one.text))
        }
        many => format!(
            "Forgotten: {} memories, {}. Say \"undo that\" to bring them back.",
            many.len(),
            listed(many)
        ),
    }
}

fn listed(memories: &[Cared]) -> String {
    let shown: Vec<String> =
        memories.iter().take(MOST_LISTED).map(|it| format!("\"{}\"", shown(&it.text))).collect();
    match memories.len().saturating_sub(MOST_LISTED) {
        0 => shown.join("; "),
        more => format!("{}; and {more} more", shown.join("; ")),
    }
}

fn corrected(old: &Cared, new: &Cared) -> Told {
    let text = format!(
        "Corrected: \"{}\" is now \"{}\" [1]. Say \"undo that\" to take it back.",
        shown(&old.text),
        shown(&new.text)
    );
    Told { text, citations: vec![citation(1, new)] }
}

fn undone(memories: &[Cared]) -> Told {
    if memories.is_empty() {
        return Told::plain("Undone: everything is as it was before.");
    }
    let verb = if memories.len() == 1 { "is" } else { "are" };
    let named = &memories[..memories.len().min(MOST_LISTED)];
    let marks: String = (1..=named.len()).map(|number| format!("[{number}]")).collect();
    let text = format!("Undone: {} {verb} remembered again {marks}.", listed(memories));
    let citations = (1_u32..).zip(named).map(|(number, it)| citation(number, it)).collect();
    Told { text, citations }
}

fn citation(number: u32, memory: &Cared) -> Citation {
    Citation { number, memory_id: memory.memory_id, quote: quote(&memory.text) }
}

/// The beginning of a memory, on one line.
pub(super) fn quote(text: &str) -> String {
    const SHOWN: usize = 300;
    let line = text.split_whitespace().collect::<Vec<_>>().join(" ");
    if line.chars().count() <= SHOWN {
        return line;
    }
    let cut: String = line.chars().take(SHOWN).collect();
    format!("{cut}...")
}
