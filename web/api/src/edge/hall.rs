//! The hall: where a TCP connection stands until it says its first byte.
//!
//! Standing there costs no buffer and no parser. Who says nothing leaves after the head's time, or
//! at once when its place is wanted; who has spoken by then keeps the place. Reads nothing.

use rustix::net::{RecvFlags, recv};
use tokio::net::TcpStream;

use super::{Drain, Limits, places::Place};

/// Waits for the first byte; `false` when the connection is to be dropped.
pub(super) async fn speaks(
    stream: &TcpStream,
    place: &Place,
    drain: &Drain,
    limits: &Limits,
) -> bool {
    tokio::select! {
        biased;
        () = drain.begun() => false,
        spoke = tokio::time::timeout(limits.header_timeout, stream.readable()) => {
            spoke.is_ok_and(|ready| ready.is_ok())
        }
        () = place.lost() => {
            let spoke = has_bytes(stream);
            if !spoke {
                // Reset, not closed: nothing is left behind in the kernel for a minute.
                let _ = stream.set_zero_linger();
            }
            spoke
        }
    }
}

/// Asks the kernel itself: the runtime may not have heard of the bytes yet.
fn has_bytes(stream: &TcpStream) -> bool {
    let mut one = [0_u8];
    let flags = RecvFlags::PEEK | RecvFlags::DONTWAIT;
    recv(stream, &mut one, flags).is_ok_and(|(_, bytes)| bytes > 0)
}
