//! `top`: the six agents, refreshed each second and fitted to the screen; once when nobody watches.
//!
//! Plain ANSI, so that it works in a tmux window. Goes on trying while the server is away.

mod picture;

use std::{
    io::{self, IsTerminal as _, Read as _, Write as _},
    process::ExitCode,
    time::Duration,
};

use appliance_tasks::{TaskKind, Tasks};
use http_body_util::BodyExt as _;
use rustix::termios::{self, LocalModes, OptionalActions, Termios};
use tokio::{
    sync::oneshot,
    time::{MissedTickBehavior, interval},
};
use web_dto::AgentList;

use self::picture::{Seen, fitted, queues, whole};
use super::{Client, Context, print};

/// Waits for keys.
const KEYS: TaskKind = TaskKind::new("keys");

/// How often the picture is drawn.
const EVERY: Duration = Duration::from_secs(1);

/// Other screen, no cursor.
const ENTER: &str = "\x1b[?1049h\x1b[?25l";

/// Cursor, own screen.
const LEAVE: &str = "\x1b[?25h\x1b[?1049l";

/// Shows the agents until `q` or Ctrl-C.
///
/// # Errors
/// When no server runs at the start, or the terminal cannot be used.
pub fn run(context: &Context) -> anyhow::Result<ExitCode> {
    let client = context.client()?;
    let watched = io::stdout().is_terminal() && io::stdin().is_terminal();
    context.block_on(async {
        if context.json() {
            print::json(&client.get::<AgentList>("/api/agents").await?)?;
            return Ok(ExitCode::SUCCESS);
        }
        if !watched {
            print::out(&whole(&ask(&client).await?))?;
            return Ok(ExitCode::SUCCESS);
        }
        watch(&client, &context.tasks()).await
    })
}

async fn ask(client: &Client) -> anyhow::Result<Seen> {
    let agents = client.get("/api/agents").await?;
    let ready = client.get_any("/api/health/ready").await?;
    let metrics = client.stream("/metrics").await?.collect().await?.to_bytes();
    Ok(Seen { agents, ready, queues: queues(&String::from_utf8_lossy(&metrics)) })
}

async fn watch(client: &Client, tasks: &Tasks) -> anyhow::Result<ExitCode> {
    let screen = Screen::enter()?;
    let mut quit = quit_key(tasks)?;
    let mut ticks = interval(EVERY);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        tokio::select! {
            _ = ticks.tick() => screen.draw(&next(client).await)?,
            _ = &mut quit => return Ok(ExitCode::SUCCESS),
            _ = tokio::signal::ctrl_c() => return Ok(ExitCode::SUCCESS),
        }
    }
}

async fn next(client: &Client) -> Result<Seen, String> {
    ask(client).await.map_err(|error| print::visible(&format!("{error:#}")))
}

/// Tells when `q` is pressed or the terminal is gone.
///
/// A thread of its own waits for keys: it ends with the process, and holds nothing back.
fn quit_key(tasks: &Tasks) -> anyhow::Result<oneshot::Receiver<()>> {
    let (pressed, quit) = oneshot::channel();
    tasks.thread(KEYS, move || {
        let mut keys = io::stdin().lock().bytes();
        while keys.next().is_some_and(|key| key.is_ok_and(|key| key != b'q')) {}
        // Nobody waits any more when the picture was left in another way.
        let _ = pressed.send(());
    })?;
    Ok(quit)
}

/// The terminal while we draw on it; put back as it was when this is dropped.
struct Screen {
    before: Termios,
}

impl Screen {
    fn enter() -> anyhow::Result<Self> {
        let before = termios::tcgetattr(io::stdin())?;
        let mut ours = before.clone();
        ours.local_modes.remove(LocalModes::ICANON | LocalModes::ECHO);
        termios::tcsetattr(io::stdin(), OptionalActions::Now, &ours)?;
        let screen = Self { before };
        screen.write(ENTER)?;
        Ok(screen)
    }

    /// Draws over the picture before; clears the rest of each line and of the screen.
    fn draw(&self, seen: &Result<Seen, String>) -> io::Result<()> {
        let (columns, rows) = size();
        let picture = match seen {
            Ok(seen) => fitted(seen, columns, rows),
            Err(why) => format!("{why}\n"),
        };
        let lines = picture.lines().map(|line| format!("{line}\x1b[K\r\n")).collect::<String>();
        self.write(&format!("\x1b[H{lines}q quits\x1b[K\x1b[J"))
    }

    #[expect(clippy::unused_self, reason = "only who entered may write")]
    fn write(&self, text: &str) -> io::Result<()> {
        let mut stdout = io::stdout().lock();
        stdout.write_all(text.as_bytes())?;
        stdout.flush()
    }
}

impl Drop for Screen {
    fn drop(&mut self) {
        // The terminal may be gone; then there is nothing to put back.
        let _ = self.write(LEAVE);
        let _ = termios::tcsetattr(io::stdin(), OptionalActions::Now, &self.before);
    }
}

/// Columns and rows of the screen; what is usual where the terminal does not say.
fn size() -> (usize, usize) {
    let told = termios::tcgetwinsize(io::stdout()).ok();
    let told = told.filter(|size| size.ws_col > 0 && size.ws_row > 0);
    told.map_or((80, 24), |size| (usize::from(size.ws_col), usize::from(size.ws_row)))
}
