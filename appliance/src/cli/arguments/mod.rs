//! What can be typed: commands, options and their help. Runs nothing.

mod memory;
mod token;

use std::path::PathBuf;

use appliance_core::AgentName;
use clap::{Args, Parser, Subcommand, ValueEnum};

pub use memory::{Filters, Memory};

use super::incoming::NamedPath;
pub use token::Token;

/// Six AI agents, one memory, one binary: server, portal and command line.
#[derive(Debug, Parser)]
#[command(
    name = "ai-infra",
    version,
    max_term_width = 100,
    after_help = "Examples:\n  \
        ai-infra serve                        start everything; needs no key and no network\n  \
        ai-infra chat \"hello\"                 ask, and read the answer as it comes\n  \
        ai-infra top                          see the six agents at work\n  \
        ai-infra doctor                       find out what is wrong\n\n\
        Exit codes: 0 done, 1 failed, 2 usage, 3 works with something missing, 69 no server runs,\n\
        75 somebody else has it just now, 77 not permitted, 78 configuration."
)]
pub struct Cli {
    /// Options that every command takes.
    #[command(flatten)]
    pub global: Global,
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
}

/// Options that every command takes.
#[derive(Debug, Clone, Default, Args)]
pub struct Global {
    /// Data directory of the server, whether it runs or not
    #[arg(long, global = true, value_name = "DIR", help_heading = "Everywhere", value_parser = NamedPath)]
    pub data: Option<PathBuf>,
    /// Directory with config.yaml and conf.d
    #[arg(long, global = true, value_name = "DIR", help_heading = "Everywhere", value_parser = NamedPath)]
    pub config: Option<PathBuf>,
    /// Socket of the running server, if it is not the data directory's own
    #[arg(long, global = true, value_name = "PATH", help_heading = "Everywhere", value_parser = NamedPath)]
    pub socket: Option<PathBuf>,
    /// Print JSON on standard output, for programs
    #[arg(long, global = true, help_heading = "Everywhere")]
    pub json: bool,
    /// Say nothing on standard error but errors
    #[arg(long, short, global = true, help_heading = "Everywhere")]
    pub quiet: bool,
}

/// The commands.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Run the server: portal, API, bus, memory and the six agents
    Serve(Serve),
    /// Say something and read the answer as it comes
    Chat(Chat),
    /// See and steer the six agents
    Agent {
        /// What to do with them.
        #[command(subcommand)]
        command: Agent,
    },
    /// Look into the memory
    Memory {
        /// What to do with it.
        #[command(subcommand)]
        command: Memory,
    },
    /// Look after conversations
    Conversation {
        /// What to do with them.
        #[command(subcommand)]
        command: Conversation,
    },
    /// See what is worked on, and call it off
    Task {
        /// What to do with them.
        #[command(subcommand)]
        command: Task,
    },
    /// Make tokens for programs, list and revoke them
    Token {
        /// What to do with them.
        #[command(subcommand)]
        command: Token,
    },
    /// Be an MCP server on standard input and output: the memory as tools for other agents
    #[command(after_help = "Speaks for the local user, through the running server. What a \
        client's configuration has to say\nprints `ai-infra token config stdio`.\nThe server speaks the same over HTTP at /mcp, for whoever shows a token of \
        `ai-infra token add`.")]
    Mcp,
    /// Print the server's log
    Logs(Logs),
    /// Watch the agents: state, task, heartbeat; q quits
    Top,
    /// Make a one-time link that sets e-mail and password of the first user
    SetupLink,
    /// Show how far the server's clock is ahead of the time it has seen pass
    Clock {
        /// What to do about it.
        #[command(subcommand)]
        command: Option<Clock>,
    },
    /// Show or check the settings
    Config {
        /// What to do with them.
        #[command(subcommand)]
        command: Config,
    },
    /// Find out what is wrong, with the remedy
    #[command(after_help = "Exit codes: 0 all is well, 3 works with something missing, 1 broken.")]
    Doctor,
    /// Print the version and what was built in
    Version,
    /// Write man pages or completions, for whoever makes a package
    #[command(hide = true)]
    Generate(super::generate::Options),
}

/// What to do with conversations.
#[derive(Debug, Subcommand)]
pub enum Conversation {
    /// Take a conversation away for good, with what was remembered of it; nothing brings it back
    #[command(
        after_help = "Its address in the portal ends in its id. Files that held it are made anew \
        within a day, or by\n`ai-infra memory maintain`."
    )]
    Purge {
        /// Which
        id: String,
        /// Ask nothing
        #[arg(long, short)]
        yes: bool,
    },
}

/// What to do with tasks.
#[derive(Debug, Subcommand)]
pub enum Task {
    /// Show what was asked, newest first
    List {
        /// Most to print
        #[arg(long, short = 'n', default_value_t = 20, value_parser = clap::value_parser!(u16).range(1..=100))]
        limit: u16,
    },
    /// Call an answer off; what is written of it is kept
    Cancel {
        /// Which: a task, or one of its parts
        id: String,
    },
}

/// What to do about the clock.
#[derive(Debug, Subcommand)]
pub enum Clock {
    /// Say that the clock is right: what is due by it is deleted, and logins end by it
    Confirm {
        /// Ask nothing
        #[arg(long, short)]
        yes: bool,
    },
}

/// Options of `serve`.
#[derive(Debug, Default, Args)]
#[command(after_help = "Examples:\n  \
    ai-infra serve\n  \
    ai-infra serve --data ~/demo --listen 127.0.0.1:9000\n  \
    ANTHROPIC_API_KEY_FILE=~/key ai-infra serve --model anthropic\n\n\
    SIGTERM and Ctrl-C drain for up to 30 s; a second Ctrl-C ends at once.")]
pub struct Serve {
    /// Address of portal and API [default: 127.0.0.1:8000]
    #[arg(long, value_name = "ADDR")]
    pub listen: Option<String>,
    /// Who answers; demo needs no key [default: demo]
    #[arg(long, value_name = "MODEL")]
    pub model: Option<ModelChoice>,
    /// Which agents to keep alive [default: all]
    #[arg(long, value_name = "WHICH")]
    pub agents: Option<AgentsChoice>,
}

/// Who answers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum ModelChoice {
    /// The built-in demo: offline, free, answers from memory
    Demo,
    /// Anthropic's Messages API
    Anthropic,
}

/// Which agents to keep alive.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum AgentsChoice {
    /// All six
    All,
    /// None; messages wait
    None,
}

/// Options of `chat`.
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  \
    ai-infra chat \"remember that the staging database is called heron\"\n  \
    ai-infra chat \"/ask code how do I revert a commit?\"\n  \
    git diff | ai-infra chat                the message is what comes in\n  \
    ai-infra chat                           talk; Ctrl-D ends\n\n\
    The answer goes to standard output, the talk to standard error. Exit code 1 when there is no \
    answer.")]
pub struct Chat {
    /// What to say; left out, standard input is the message, or a talk when it is a terminal
    #[arg(value_name = "TEXT")]
    pub text: Option<String>,
    /// Go on in this conversation instead of a new one
    #[arg(long, short, value_name = "ID")]
    pub conversation: Option<String>,
}

/// What to do with agents.
#[derive(Debug, Subcommand)]
pub enum Agent {
    /// Be an agent; this is what the server starts, and needs --socket or a running server
    Run {
        /// Which of the six
        name: AgentName,
    },
    /// Show all six
    List,
    /// Show an agent's terminal window, or `monitor` or `logs`
    Attach {
        /// One of the six, or another window of the session
        #[arg(value_name = "NAME")]
        window: String,
    },
    /// Start an agent that was stopped; lifts quarantine
    Start {
        /// Which of the six
        name: AgentName,
    },
    /// Let an agent finish its task, then stop it
    Stop {
        /// Which of the six
        name: AgentName,
    },
    /// Stop and start an agent
    Restart {
        /// Which of the six
        name: AgentName,
    },
    /// Print what an agent's window shows
    Log {
        /// Which of the six
        name: AgentName,
        /// Most lines to print
        #[arg(long, short = 'n', default_value_t = 100, value_parser = clap::value_parser!(u16).range(1..=1000))]
        lines: u16,
    },
}

/// Options of `logs`.
#[derive(Debug, Args)]
pub struct Logs {
    /// Go on printing what comes
    #[arg(long, short)]
    pub follow: bool,
    /// Lines to begin with
    #[arg(long, short = 'n', default_value_t = 100, value_parser = clap::value_parser!(u16).range(0..=10_000))]
    pub lines: u16,
}

/// What to do with the settings.
#[derive(Debug, Subcommand)]
pub enum Config {
    /// Print every setting of the running server, or of a start when none runs; never a secret
    Show {
        /// Also tell where each value came from
        #[arg(long)]
        origin: bool,
        /// What a start of `serve` would use here, even while a server runs
        #[arg(long)]
        start: bool,
    },
    /// Check the settings and name what is wrong
    Check,
    /// Print a config.yaml with every setting and what it does
    Example,
}
