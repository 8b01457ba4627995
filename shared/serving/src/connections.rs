//! Connections as they are accepted: so many at once, and each ends at once when it is cut, whatever it is doing, or when
//! nothing has come over it for too long, so that nobody holds a place by saying nothing.

use std::{
    io::{self, IoSlice},
    net::SocketAddr,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll},
    time::Duration,
};

use axum::serve::Listener;
use futures::{Stream, stream};
use tokio::{
    io::{AsyncRead, AsyncWrite, ReadBuf},
    net::{TcpListener, TcpStream},
    sync::{OwnedSemaphorePermit, Semaphore},
    time::{self, Instant, Sleep},
};
use tokio_util::sync::{CancellationToken, WaitForCancellationFutureOwned};
use tonic::transport::server::{Connected, TcpConnectInfo};

use crate::DoorOptions;

/// How long accepting pauses when the system refuses, as it does when there are no more file descriptors.
const PAUSE: Duration = Duration::from_millis(100);

/// Where connections come in.
pub struct Door {
    listener: TcpListener,
    room: Arc<Semaphore>,
    max_silence: Duration,
    cut: CancellationToken,
}

impl Door {
    /// The connections that come to `listener`, within the bounds of `options`, each cut when `cut` is cancelled.
    pub fn new(listener: TcpListener, options: &DoorOptions, cut: CancellationToken) -> Self {
        let room = Arc::new(Semaphore::new(options.max_connections));
        Self { listener, room, max_silence: options.max_silence, cut }
    }

    /// The connections as a stream, which does not end.
    pub fn connections(self) -> impl Stream<Item = io::Result<Cuttable>> + Send {
        stream::unfold(self, |door| async move { Some((Ok(door.next().await.0), door)) })
    }

    async fn next(&self) -> (Cuttable, SocketAddr) {
        // The semaphore is never closed.
        let place = Arc::clone(&self.room).acquire_owned().await.ok();
        let (socket, peer) = loop {
            match self.listener.accept().await {
                Ok(accepted) => break accepted,
                Err(error) => {
                    tracing::warn!(%error, "cannot accept a connection; trying again");
                    time::sleep(PAUSE).await;
                }
            }
        };
        // Without it, small answers wait for the acknowledgement of what went before.
        if let Err(error) = socket.set_nodelay(true) {
            tracing::debug!(%error, "the connection delays small writes");
        }
        let connection = Cuttable {
            socket,
            cut: Box::pin(self.cut.clone().cancelled_owned()),
            max_silence: self.max_silence,
            silence: Box::pin(time::sleep(self.max_silence)),
            _place: place,
        };
        (connection, peer)
    }
}

impl Listener for Door {
    type Io = Cuttable;
    type Addr = SocketAddr;

    async fn accept(&mut self) -> (Cuttable, SocketAddr) {
        self.next().await
    }

    fn local_addr(&self) -> io::Result<SocketAddr> {
        self.listener.local_addr()
    }
}

/// A connection that fails once it is cut, or silent for too long.
pub struct Cuttable {
    socket: TcpStream,
    cut: Pin<Box<WaitForCancellationFutureOwned>>,
    max_silence: Duration,
    silence: Pin<Box<Sleep>>,
    _place: Option<OwnedSemaphorePermit>,
}

impl Connected for Cuttable {
    type ConnectInfo = TcpConnectInfo;

    fn connect_info(&self) -> TcpConnectInfo {
        self.socket.connect_info()
    }
}

impl AsyncRead for Cuttable {
    /// Whoever serves a connection always waits for more to read, so it is here that a cut or a silence is noticed.
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let this = &mut *self;
        if this.cut.as_mut().poll(context).is_ready() {
            return Poll::Ready(Err(io::ErrorKind::ConnectionAborted.into()));
        }
        let read = Pin::new(&mut this.socket).poll_read(context, buffer);
        if read.is_ready() {
            this.silence.as_mut().reset(Instant::now() + this.max_silence);
            return read;
        }
        this.silence.as_mut().poll(context).map(|()| Err(io::ErrorKind::TimedOut.into()))
    }
}

impl AsyncWrite for Cuttable {
    fn poll_write(mut self: Pin<&mut Self>, context: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.socket).poll_write(context, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.socket).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.socket).poll_shutdown(context)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        slices: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.socket).poll_write_vectored(context, slices)
    }

    fn is_write_vectored(&self) -> bool {
        self.socket.is_write_vectored()
    }
}
