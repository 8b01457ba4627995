//! Connections as they are accepted: so many at once, and each ends at once when it is cut, whatever it is doing.

use std::{
    io::{self, IoSlice},
    pin::Pin,
    sync::Arc,
    task::{Context, Poll},
    time::Duration,
};

use futures::{Stream, stream};
use tokio::{
    io::{AsyncRead, AsyncWrite, ReadBuf},
    net::{TcpListener, TcpStream},
    sync::{OwnedSemaphorePermit, Semaphore},
    time,
};
use tokio_util::sync::{CancellationToken, WaitForCancellationFutureOwned};
use tonic::transport::server::{Connected, TcpConnectInfo};

/// How long accepting pauses when the system refuses, as it does when there are no more file descriptors.
const PAUSE: Duration = Duration::from_millis(100);

/// The connections that come to `listener`, at most `most` at once, each cut when `cut` is cancelled.
pub fn accepted(
    listener: TcpListener,
    most: usize,
    cut: CancellationToken,
) -> impl Stream<Item = io::Result<Cuttable>> + Send {
    let room = Arc::new(Semaphore::new(most));
    stream::unfold((listener, room, cut), |(listener, room, cut)| async move {
        let place = Arc::clone(&room).acquire_owned().await.ok()?;
        let socket = loop {
            match listener.accept().await {
                Ok((socket, _)) => break socket,
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
        let connection = Cuttable { socket, cut: Box::pin(cut.clone().cancelled_owned()), _place: place };
        Some((Ok(connection), (listener, room, cut)))
    })
}

/// A connection that fails once it is cut.
pub struct Cuttable {
    socket: TcpStream,
    cut: Pin<Box<WaitForCancellationFutureOwned>>,
    _place: OwnedSemaphorePermit,
}

impl Connected for Cuttable {
    type ConnectInfo = TcpConnectInfo;

    fn connect_info(&self) -> TcpConnectInfo {
        self.socket.connect_info()
    }
}

impl AsyncRead for Cuttable {
    /// Whoever serves a connection always waits for more to read, so it is here that a cut is noticed.
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        if self.cut.as_mut().poll(context).is_ready() {
            return Poll::Ready(Err(io::ErrorKind::ConnectionAborted.into()));
        }
        Pin::new(&mut self.socket).poll_read(context, buffer)
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
