//! A TCP proxy between one service and one database, which can be told to misbehave.
//!
//! What it holds back is delivered when the fault is over, as a network that repeats lost packets
//! would: late requests and late replies are part of the trial.

use std::net::{Ipv4Addr, SocketAddr};
use std::time::Duration;

use anyhow::{Context, Result};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tokio::net::{TcpListener, TcpSocket, TcpStream};
use tokio::sync::watch;

use crate::fault::LinkFault;

const DELAY: Duration = Duration::from_millis(150);
const PIECE_BYTES: usize = 64 * 1024;
const CONNECT_LIMIT: Duration = Duration::from_secs(5);

pub(crate) struct Proxy {
    port: u16,
    mode: watch::Sender<Option<LinkFault>>,
}

impl Proxy {
    /// Listens on a free port of 127.0.0.1 and passes everything on to `upstream`.
    pub(crate) async fn start(upstream: u16) -> Result<Self> {
        let listener = listen(0).context("couldn't open a proxy")?;
        let port = listener.local_addr()?.port();
        let (mode, watched) = watch::channel(None);
        tokio::spawn(accept(listener, port, address(upstream), watched));
        Ok(Self { port, mode })
    }

    pub(crate) fn port(&self) -> u16 {
        self.port
    }

    /// Begins a fault, or ends it with `None`.
    pub(crate) fn set(&self, mode: Option<LinkFault>) {
        self.mode.send_replace(mode);
    }
}

fn address(port: u16) -> SocketAddr {
    (Ipv4Addr::LOCALHOST, port).into()
}

fn listen(port: u16) -> std::io::Result<TcpListener> {
    let socket = TcpSocket::new_v4()?;
    socket.set_reuseaddr(true)?;
    socket.bind(address(port))?;
    socket.listen(256)
}

async fn accept(
    listener: TcpListener,
    port: u16,
    upstream: SocketAddr,
    mut mode: watch::Receiver<Option<LinkFault>>,
) {
    let mut listener = Some(listener);
    loop {
        let is_refusing = *mode.borrow_and_update() == Some(LinkFault::Refuse);
        if is_refusing {
            listener = None;
            if mode.changed().await.is_err() {
                return;
            }
            continue;
        }
        let open = match listener.take() {
            Some(open) => open,
            None => match listen(port) {
                Ok(open) => open,
                Err(_) => {
                    tokio::time::sleep(Duration::from_millis(50)).await;
                    continue;
                }
            },
        };
        tokio::select! {
            accepted = open.accept() => {
                if let Ok((client, _)) = accepted {
                    tokio::spawn(serve(client, upstream, mode.clone()));
                }
            }
            changed = mode.changed() => if changed.is_err() { return },
        }
        listener = Some(open);
    }
}

async fn serve(
    client: TcpStream,
    upstream: SocketAddr,
    mut mode: watch::Receiver<Option<LinkFault>>,
) {
    if wait_until_open(&mut mode, Direction::Request).await.is_err() {
        return;
    }
    let connected = tokio::time::timeout(CONNECT_LIMIT, TcpStream::connect(upstream)).await;
    let Ok(Ok(server)) = connected else { return };
    let _ = client.set_nodelay(true);
    let _ = server.set_nodelay(true);
    let (from_client, to_client) = client.into_split();
    let (from_server, to_server) = server.into_split();
    let mut refused = mode.clone();
    tokio::select! {
        // Either end that closes closes the other: this is what a database sees of a dead client.
        () = pass(from_client, to_server, Direction::Request, mode.clone()) => {}
        () = pass(from_server, to_client, Direction::Reply, mode) => {}
        _ = refused.wait_for(|mode| *mode == Some(LinkFault::Refuse)) => {}
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Direction {
    Request,
    Reply,
}

async fn pass(
    mut from: OwnedReadHalf,
    mut to: OwnedWriteHalf,
    direction: Direction,
    mut mode: watch::Receiver<Option<LinkFault>>,
) {
    let mut piece = vec![0; PIECE_BYTES];
    loop {
        // A broken connection ends like one that was closed.
        let length = from.read(&mut piece).await.unwrap_or_default();
        // The end of a connection is held back too: that is what makes it half-open.
        let Ok(current) = wait_until_open(&mut mode, direction).await else { return };
        if length == 0 {
            return;
        }
        match current {
            Some(LinkFault::Delay) => tokio::time::sleep(DELAY).await,
            Some(LinkFault::Reset) if direction == Direction::Reply => {
                let _ = to.write_all(&piece[..length / 2]).await;
                let _ = to.as_ref().set_zero_linger();
                let _ = from.as_ref().set_zero_linger();
                return;
            }
            _ => {}
        }
        if to.write_all(&piece[..length]).await.is_err() {
            return;
        }
    }
}

/// Waits while the fault holds this direction back; says which fault there is then.
async fn wait_until_open(
    mode: &mut watch::Receiver<Option<LinkFault>>,
    direction: Direction,
) -> Result<Option<LinkFault>, watch::error::RecvError> {
    let is_open = |mode: &Option<LinkFault>| match mode {
        Some(LinkFault::BlackHole) => false,
        Some(LinkFault::HalfOpen) => direction == Direction::Request,
        _ => true,
    };
    mode.wait_for(is_open).await.map(|mode| *mode)
}

#[cfg(test)]
mod tests {
    use super::*;

    const SHORT: Duration = Duration::from_millis(200);

    /// A server that answers each byte with `0123456789`, behind a proxy.
    async fn echo() -> (Proxy, SocketAddr) {
        let listener = listen(0).unwrap();
        let upstream = listener.local_addr().unwrap().port();
        tokio::spawn(async move {
            while let Ok((mut stream, _)) = listener.accept().await {
                tokio::spawn(async move {
                    while stream.read_u8().await.is_ok() {
                        let _ = stream.write_all(b"0123456789").await;
                    }
                });
            }
        });
        let proxy = Proxy::start(upstream).await.unwrap();
        let address = address(proxy.port());
        (proxy, address)
    }

    async fn ask(stream: &mut TcpStream) -> std::io::Result<[u8; 10]> {
        let mut answer = [0; 10];
        stream.write_all(b"?").await?;
        stream.read_exact(&mut answer).await?;
        Ok(answer)
    }

    #[tokio::test]
    async fn a_black_hole_holds_everything_back_and_delivers_it_later() {
        let (proxy, address) = echo().await;
        for fault in [LinkFault::BlackHole, LinkFault::HalfOpen] {
            let mut stream = TcpStream::connect(address).await.unwrap();
            ask(&mut stream).await.unwrap();
            proxy.set(Some(fault));
            let mut asking = Box::pin(ask(&mut stream));
            assert!(tokio::time::timeout(SHORT, &mut asking).await.is_err());
            proxy.set(None);
            assert_eq!(&asking.await.unwrap(), b"0123456789");
        }
    }

    #[tokio::test]
    async fn a_reset_cuts_a_reply_in_the_middle() {
        let (proxy, address) = echo().await;
        let mut stream = TcpStream::connect(address).await.unwrap();
        proxy.set(Some(LinkFault::Reset));
        assert!(ask(&mut stream).await.is_err());
        proxy.set(None);
        let mut stream = TcpStream::connect(address).await.unwrap();
        ask(&mut stream).await.unwrap();
    }

    #[tokio::test]
    async fn refusing_closes_what_is_open_and_lets_nobody_in_until_it_is_over() {
        let (proxy, address) = echo().await;
        let mut stream = TcpStream::connect(address).await.unwrap();
        ask(&mut stream).await.unwrap();
        proxy.set(Some(LinkFault::Refuse));
        assert!(ask(&mut stream).await.is_err());
        while TcpStream::connect(address).await.is_ok() {
            tokio::task::yield_now().await;
        }
        proxy.set(None);
        while TcpStream::connect(address).await.is_err() {
            tokio::task::yield_now().await;
        }
    }
}
