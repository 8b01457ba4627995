//! HTTP/2 as both sides speak it. Large frames halve the CPU a byte costs, and whoever receives advertises them;
//! large windows keep a distant link full (4 MiB is 64 ms at 500 Mbit/s); pings find a peer that is gone.

use std::time::Duration;

use tonic::transport::{Endpoint, Server};

/// The largest frame, in bytes.
pub const FRAME_BYTES: u32 = 1024 * 1024;
/// How many bytes may be under way on one stream.
pub const STREAM_WINDOW_BYTES: u32 = 4 * 1024 * 1024;
/// How many bytes may be under way on one connection.
pub const CONNECTION_WINDOW_BYTES: u32 = 8 * 1024 * 1024;
/// How many calls one connection may have open.
pub const CONCURRENT_STREAMS: u32 = 256;
/// How long a connection is silent before it is asked for a sign of life.
pub const KEEPALIVE_INTERVAL: Duration = Duration::from_secs(20);
/// How long that sign may take.
pub const KEEPALIVE_TIMEOUT: Duration = Duration::from_secs(20);

/// The settings, on a client's side.
pub fn tune_endpoint(endpoint: Endpoint) -> Endpoint {
    endpoint
        .max_frame_size(FRAME_BYTES)
        .initial_stream_window_size(STREAM_WINDOW_BYTES)
        .initial_connection_window_size(CONNECTION_WINDOW_BYTES)
        .http2_keep_alive_interval(KEEPALIVE_INTERVAL)
        .keep_alive_timeout(KEEPALIVE_TIMEOUT)
        .tcp_nodelay(true)
}

/// The settings, on a server's side.
pub fn tune_server<L>(server: Server<L>) -> Server<L> {
    server
        .max_frame_size(FRAME_BYTES)
        .initial_stream_window_size(STREAM_WINDOW_BYTES)
        .initial_connection_window_size(CONNECTION_WINDOW_BYTES)
        .max_concurrent_streams(CONCURRENT_STREAMS)
        .http2_keepalive_interval(Some(KEEPALIVE_INTERVAL))
        .http2_keepalive_timeout(Some(KEEPALIVE_TIMEOUT))
}
