//! Binds the doors: TCP and `api.sock` for people, `agent.sock` for the agents.
//!
//! Accepts nothing. A socket file left by a server that died is replaced: the claim on the data
//! directory has already shown that no server of this directory lives.

use std::{
    fs, io,
    net::SocketAddr,
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
};

use appliance_config::paths::{PathError, RuntimeDir};
use tokio::net::{TcpListener, TcpSocket, UnixListener};

use crate::exit::{self, Failure};

/// Most connections that may wait to be accepted; the kernel has a limit of its own. With too few, a
/// crowd that comes at once costs an honest caller a second, until it knocks again.
const WAITING: u32 = 4_096;

/// The bound doors.
#[derive(Debug)]
pub struct Sockets {
    /// Where TCP listens, its real port filled in.
    pub address: SocketAddr,
    /// For browsers and API clients.
    pub tcp: TcpListener,
    /// For the local user.
    pub people: UnixListener,
    /// For the agents.
    pub agents: UnixListener,
}

/// Binds them all.
pub fn bind(listen: SocketAddr, runtime: &RuntimeDir) -> Result<Sockets, Failure> {
    let tcp = listening(listen).map_err(|error| port_refused(listen, &error))?;
    let address = tcp.local_addr().map_err(|error| port_refused(listen, &error))?;
    let (people, agents) = (local(runtime.api_socket())?, local(runtime.agent_socket())?);
    Ok(Sockets { address, tcp, people, agents })
}

fn listening(at: SocketAddr) -> io::Result<TcpListener> {
    let socket = if at.is_ipv4() { TcpSocket::new_v4() } else { TcpSocket::new_v6() }?;
    socket.set_reuseaddr(true)?; // a restart finds its port again
    socket.bind(at)?;
    socket.listen(WAITING)
}

fn local(path: Result<PathBuf, PathError>) -> Result<UnixListener, Failure> {
    let path = path.map_err(|error| Failure::new(exit::CONFIG, error.to_string(), ""))?;
    bound(&path).map_err(|error| {
        let what = format!("while binding {}: {error}", path.display());
        Failure::new(exit::NO_PERMISSION, what, "check who owns its directory")
    })
}

/// Binds a unix socket, in the place of what is there.
///
/// # Errors
/// What the system said.
pub fn bound(path: &Path) -> io::Result<UnixListener> {
    appliance_files::make_way(path)?;
    match fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    let listener = UnixListener::bind(path)?;
    fs::set_permissions(path, fs::Permissions::from_mode(0o600))?;
    Ok(listener)
}

fn port_refused(listen: SocketAddr, error: &io::Error) -> Failure {
    match error.kind() {
        io::ErrorKind::AddrInUse => Failure::new(
            exit::TEMPORARY,
            format!("port {} on {} is in use by another program", listen.port(), listen.ip()),
            format!(
                "see who it is: ss -ltnp 'sport = :{}'; or choose another: --listen {}:0 \
                 takes a free one",
                listen.port(),
                listen.ip()
            ),
        ),
        io::ErrorKind::PermissionDenied => Failure::new(
            exit::NO_PERMISSION,
            format!("no permission to listen on {listen}"),
            "use a port above 1023 and put a proxy in front",
        ),
        _ => Failure::new(
            exit::CONFIG,
            format!("while listening on {listen}: {error}"),
            "choose an address of this machine with --listen",
        ),
    }
}
