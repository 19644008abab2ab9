//! What can be typed after `memory`. Runs nothing.

use std::path::PathBuf;

use clap::{Args, Subcommand};

/// What a search or a list is narrowed to.
#[derive(Debug, Clone, Default, Args)]
#[command(next_help_heading = "Narrowed to")]
pub struct Filters {
    /// One collection
    #[arg(long, value_name = "NAME", value_parser = ["memories", "learnings", "conversations", "knowledge"])]
    pub collection: Option<String>,
    /// One tier
    #[arg(long, value_name = "TIER", value_parser = ["hot", "warm", "cold"])]
    pub tier: Option<String>,
    /// What this agent said or stored
    #[arg(long, value_name = "NAME")]
    pub agent: Option<String>,
    /// What was said in this conversation
    #[arg(long, value_name = "ID")]
    pub conversation: Option<String>,
    /// What was said then or later: 2026-05-08 or 2026-05-08T13:56:00Z
    #[arg(long, value_name = "TIME")]
    pub from: Option<String>,
    /// What was said before then
    #[arg(long, value_name = "TIME")]
    pub until: Option<String>,
    /// What has proven at least this useful, 0 to 1
    #[arg(long, value_name = "SHARE")]
    pub min_utility: Option<f32>,
    /// Learnings of this phase, OBSERVE to LEARN
    #[arg(long, value_name = "PHASE")]
    pub phase: Option<String>,
    /// Learnings that ended like this
    #[arg(long, value_name = "END", value_parser = ["success", "failure"])]
    pub outcome: Option<String>,
    /// Knowledge from this source
    #[arg(long, value_name = "NAME")]
    pub source: Option<String>,
    /// Knowledge about this domain
    #[arg(long, value_name = "NAME")]
    pub domain: Option<String>,
    /// What held then, rather than what holds today
    #[arg(long, value_name = "TIME")]
    pub as_of: Option<String>,
}

/// What to do with the memory.
#[derive(Debug, Subcommand)]
pub enum Memory {
    /// Find what was said, by meaning
    #[command(after_help = "Examples:\n  \
        ai-infra memory search \"name of the staging database\"\n  \
        ai-infra memory search --as-of 2026-05-01 \"who is on call?\"\n  \
        ai-infra memory search --collection memories --agent infra backups")]
    Search {
        /// What to look for
        text: String,
        /// Most hits
        #[arg(long, default_value_t = 10, value_parser = clap::value_parser!(u16).range(1..=100))]
        limit: u16,
        /// What to narrow it to.
        #[command(flatten)]
        filters: Box<Filters>,
    },
    /// Show what a question finds and why; or why it finds one memory, or does not
    #[command(after_help = "Examples:\n  \
        ai-infra memory why \"who is on call?\"\n  \
        ai-infra memory why 019a6c1e-0000-7000-8000-000000000000 \"who is on call?\"")]
    Why {
        /// The question; or a memory's id, and the question after it
        #[arg(value_name = "[ID] QUERY", num_args = 1..=2, required = true)]
        words: Vec<String>,
        /// Most hits
        #[arg(long, default_value_t = 5, value_parser = clap::value_parser!(u16).range(1..=100))]
        limit: u16,
        /// What to narrow it to.
        #[command(flatten)]
        filters: Box<Filters>,
    },
    /// Keep a text
    #[command(
        after_help = "Example:\n  ai-infra memory add \"the staging database is called heron\""
    )]
    Add {
        /// The text
        text: String,
        /// Who said it
        #[arg(long, value_name = "NAME")]
        author: Option<String>,
    },
    /// Show what was kept last
    List {
        /// Most memories
        #[arg(long, short = 'n', default_value_t = 20, value_parser = clap::value_parser!(u16).range(1..=100))]
        limit: u16,
        /// Go on where the last page ended
        #[arg(long, value_name = "CURSOR")]
        cursor: Option<String>,
        /// What to narrow it to.
        #[command(flatten)]
        filters: Box<Filters>,
    },
    /// Show one memory and all that is known of it
    Get {
        /// Which
        id: String,
    },
    /// Show memories to nobody any more; can be undone for 30 days
    #[command(
        after_help = "Forgets all that are named or none. More than one has to be confirmed."
    )]
    Forget {
        /// Which
        #[arg(required = true, value_name = "ID")]
        ids: Vec<String>,
        /// Ask nothing
        #[arg(long, short)]
        yes: bool,
    },
    /// Take memories away for good, with every trace of what they say; nothing brings them back
    #[command(
        after_help = "Purges with them the messages they were said in, answers that quote them and \
        what was learned of\nthose, at once. Files that held them are made anew within a day, or by \
        `ai-infra memory maintain`.\nTo show memories to nobody and still be able to bring them back: \
        `ai-infra memory forget`."
    )]
    Purge {
        /// Which
        #[arg(required = true, value_name = "ID")]
        ids: Vec<String>,
        /// Ask nothing
        #[arg(long, short)]
        yes: bool,
    },
    /// Take back the last thing that was done to memories, or the one that is named
    Undo {
        /// Which deed, as `memory actions` shows it
        action: Option<String>,
    },
    /// Show what was done to memories, newest first
    Actions {
        /// Most deeds
        #[arg(long, short = 'n', default_value_t = 20, value_parser = clap::value_parser!(u16).range(1..=100))]
        limit: u16,
    },
    /// Keep a memory out of eviction and archive
    Pin {
        /// Which
        id: String,
        /// Keep it no longer
        #[arg(long)]
        off: bool,
    },
    /// Put what is so in the place of what is wrong or no longer so
    #[command(after_help = "What was is still found with --as-of an earlier time.")]
    Correct {
        /// What is wrong
        id: String,
        /// What is so
        text: String,
    },
    /// Show what was learned from finished tasks
    Learnings {
        /// Of this phase, OBSERVE to LEARN
        #[arg(long, value_name = "PHASE")]
        phase: Option<String>,
        /// That ended like this
        #[arg(long, value_name = "END", value_parser = ["success", "failure"])]
        outcome: Option<String>,
        /// Most learnings
        #[arg(long, short = 'n', default_value_t = 20, value_parser = clap::value_parser!(u16).range(1..=100))]
        limit: u16,
    },
    /// Show how full the three tiers are, and what the collections hold
    Stats,
    /// Build the indexes anew beside the ones in use
    Reindex {
        /// Return at once and let it go on
        #[arg(long)]
        detach: bool,
    },
    /// Run the maintenance now: tiers, archive, and files that still hold what was purged
    Maintain {
        /// Return at once and let it go on
        #[arg(long)]
        detach: bool,
    },
    /// Write everything to a file, one JSON object a line
    #[command(after_help = "The texts come out byte for byte, in the order they came in, with \
        time, author, conversation and\nlabels; `memory import` takes the file back. What is \
        forgotten stays out, and so do the counts of use.")]
    Export {
        /// The file, which must not exist; left out, standard output
        file: Option<PathBuf>,
    },
    /// Keep many texts, one JSON object a line
    #[command(
        after_help = "Takes what `memory export` wrote, or lines such as {\"text\": \"...\"} \
        and, where known, \"kind\"\n(note, said, answer, learning, document), \"created_at\" \
        (2026-05-08T13:56:00Z), \"author\", \"agent\",\n\"conversation\" (any name; equal names \
        belong together), \"phase\", \"outcome\", \"source\", \"domain\",\n\"untrusted\", \"pinned\", \
        \"valid_from\", \"valid_until\". What is remembered already is not kept again.\n\nEvery line is \
        checked before the first is kept; where one cannot be, none is. An import that is cut\noff in \
        the middle (by a kill, by a full disk) leaves what it had kept: the same import again keeps\nthe \
        rest, and nothing twice."
    )]
    Import {
        /// The file; left out or `-`, standard input
        file: Option<PathBuf>,
        /// Leave out the lines that cannot be kept, and say which; exit code 3
        #[arg(long)]
        skip_bad: bool,
    },
}
