//! A proxy before a PostgreSQL that cuts connections where it is told to: before a statement reaches the server, or after
//! the server has done it and before the answer reaches the client.

use std::sync::{Arc, Mutex};

use sqlx::postgres::PgConnectOptions;
use tokio::{
    io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _, split},
    net::{TcpListener, TcpStream, UnixStream},
    task::AbortHandle,
};

/// Where to cut, once.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cut {
    /// Whoever sends this is cut off before the server gets it.
    Request(&'static str),
    /// Whoever is to be answered this is cut off before it gets it.
    Answer(&'static str),
}

#[derive(Debug, Default)]
struct State {
    cut: Option<Cut>,
    then_refuse: bool,
    refusing: bool,
}

/// A running proxy.
pub struct Proxy {
    state: Arc<Mutex<State>>,
    url: String,
    task: AbortHandle,
}

impl Drop for Proxy {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl Proxy {
    /// Starts one before the database at `url`.
    pub async fn before(url: &str) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let options: PgConnectOptions = url.parse().unwrap();
        let (user, database) = (options.get_username(), options.get_database().unwrap());
        let url = format!("postgres://{user}@127.0.0.1:{port}/{database}?sslmode=disable");
        let state = Arc::new(Mutex::new(State::default()));
        let task = tokio::spawn(serve(listener, options, Arc::clone(&state))).abort_handle();
        Self { state, url, task }
    }

    /// The database, as it is reached through here.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// Cuts there the next time it comes by.
    pub fn cut(&self, cut: Cut) {
        self.state.lock().unwrap().cut = Some(cut);
    }

    /// Cuts there the next time it comes by, and lets nobody connect from then on.
    pub fn cut_for_good(&self, cut: Cut) {
        *self.state.lock().unwrap() = State { cut: Some(cut), then_refuse: true, refusing: false };
    }

    /// Lets everybody connect again.
    pub fn mend(&self) {
        *self.state.lock().unwrap() = State::default();
    }

    /// Whether it has cut where it was told to.
    pub fn has_cut(&self) -> bool {
        self.state.lock().unwrap().cut.is_none()
    }
}

async fn serve(listener: TcpListener, options: PgConnectOptions, state: Arc<Mutex<State>>) {
    loop {
        let (client, _) = listener.accept().await.unwrap();
        if state.lock().unwrap().refusing {
            continue;
        }
        let state = Arc::clone(&state);
        if let Some(folder) = options.get_socket() {
            let socket = folder.join(format!(".s.PGSQL.{}", options.get_port()));
            tokio::spawn(carry(client, UnixStream::connect(socket).await.unwrap(), state));
        } else {
            let server = TcpStream::connect((options.get_host(), options.get_port())).await.unwrap();
            tokio::spawn(carry(client, server, state));
        }
    }
}

/// Carries both ways until either side ends, or it is cut.
async fn carry(client: TcpStream, server: impl AsyncRead + AsyncWrite, state: Arc<Mutex<State>>) {
    let (from_client, to_client) = client.into_split();
    let (from_server, to_server) = split(server);
    tokio::select! {
        () = pump(from_client, to_server, &state, Cut::Request) => {}
        () = pump(from_server, to_client, &state, Cut::Answer) => {}
    }
}

async fn pump(from: impl AsyncRead, to: impl AsyncWrite, state: &Mutex<State>, kind: fn(&'static str) -> Cut) {
    let (mut from, mut to) = (Box::pin(from), Box::pin(to));
    let mut buffer = vec![0; 1024 * 1024];
    while let Ok(read @ 1..) = from.read(&mut buffer).await {
        if is_cut(state, kind, &buffer[..read]) || to.write_all(&buffer[..read]).await.is_err() {
            return;
        }
    }
}

fn is_cut(state: &Mutex<State>, kind: fn(&'static str) -> Cut, bytes: &[u8]) -> bool {
    let mut state = state.lock().unwrap();
    let Some(Cut::Request(text) | Cut::Answer(text)) = state.cut else { return false };
    let wanted = format!("{text}\0");
    if state.cut != Some(kind(text)) || !bytes.windows(wanted.len()).any(|window| window == wanted.as_bytes()) {
        return false;
    }
    *state = State { cut: None, then_refuse: false, refusing: state.then_refuse };
    true
}
