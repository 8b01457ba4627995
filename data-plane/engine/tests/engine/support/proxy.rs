//! An HTTP proxy in front of a store, which gets in the way when told to. It takes one request a connection, so that what
//! happens to one happens to no other.

use std::{
    net::SocketAddr,
    sync::{
        Arc, Mutex,
        atomic::{AtomicUsize, Ordering},
    },
};

use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _, copy, sink},
    net::{TcpListener, TcpStream},
    task::JoinHandle,
};

/// What a request asks for, by its first line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Asked<'a> {
    pub method: &'a str,
    pub target: &'a str,
}

/// What happens to a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Trouble {
    /// The store never hears of it, and this is answered: a status and a code.
    Refused(u16, &'static str),
    /// The store does it, and the connection breaks before its answer.
    AnswerLost,
    /// The store does it, and nothing is ever answered.
    Hangs,
    /// The connection breaks at once.
    Cut,
}

type Plan = Box<dyn FnMut(Asked<'_>) -> Option<Trouble> + Send>;

/// The proxy. It ends when this is dropped.
pub struct Proxy {
    address: SocketAddr,
    plan: Arc<Mutex<Plan>>,
    requests: Arc<AtomicUsize>,
    task: JoinHandle<()>,
}

impl Proxy {
    /// A proxy in front of a store at `http://HOST:PORT`, which does nothing yet.
    pub async fn before(endpoint: &str) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let plan: Arc<Mutex<Plan>> = Arc::new(Mutex::new(Box::new(|_| None)));
        let requests = Arc::new(AtomicUsize::new(0));
        let store = endpoint.strip_prefix("http://").expect("a plain endpoint").trim_end_matches('/').to_owned();
        let (planned, counted) = (Arc::clone(&plan), Arc::clone(&requests));
        let task = tokio::spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                let (store, plan, requests) = (store.clone(), Arc::clone(&planned), Arc::clone(&counted));
                // A connection that breaks is what is tried here.
                tokio::spawn(async move { pass_on(client, &store, &plan, &requests).await.unwrap_or_default() });
            }
        });
        Self { address, plan, requests, task }
    }

    /// Where clients find it.
    pub fn endpoint(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Gets in the way as `plan` says from now on.
    pub fn trouble(&self, plan: impl FnMut(Asked<'_>) -> Option<Trouble> + Send + 'static) {
        *self.plan.lock().unwrap() = Box::new(plan);
    }

    /// Does nothing any more.
    pub fn leave_alone(&self) {
        self.trouble(|_| None);
    }

    /// How many requests there have been.
    pub fn requests(&self) -> usize {
        self.requests.load(Ordering::Acquire)
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        self.task.abort();
    }
}

async fn pass_on(
    mut client: TcpStream,
    store: &str,
    plan: &Mutex<Plan>,
    requests: &AtomicUsize,
) -> std::io::Result<()> {
    let (head, begun) = read_head(&mut client).await?;
    let length =
        head.lines().find_map(|line| line.to_ascii_lowercase().strip_prefix("content-length:")?.trim().parse().ok());
    let rest = length.unwrap_or(0_u64).saturating_sub(begun.len() as u64);
    requests.fetch_add(1, Ordering::AcqRel);
    let mut words = head.split(' ');
    let asked = Asked { method: words.next().unwrap_or_default(), target: words.next().unwrap_or_default() };
    let trouble = (plan.lock().unwrap())(asked);
    match trouble {
        Some(Trouble::Cut) => return Ok(()),
        Some(Trouble::Refused(status, code)) => {
            // Read, or the answer is lost with the connection.
            copy(&mut (&mut client).take(rest), &mut sink()).await?;
            let body = format!("<?xml version=\"1.0\"?><Error><Code>{code}</Code></Error>");
            let length = body.len();
            let answer =
                format!("HTTP/1.1 {status} {code}\r\nContent-Length: {length}\r\nConnection: close\r\n\r\n{body}");
            return client.write_all(answer.as_bytes()).await;
        }
        None | Some(Trouble::AnswerLost | Trouble::Hangs) => {}
    }
    let mut store = TcpStream::connect(store).await?;
    store.set_nodelay(true)?;
    let lines = head.lines().filter(|line| !line.is_empty() && !line.to_ascii_lowercase().starts_with("connection:"));
    let head: String = lines.chain(["Connection: close", ""]).flat_map(|line| [line, "\r\n"]).collect();
    store.write_all(head.as_bytes()).await?;
    store.write_all(&begun).await?;
    copy(&mut (&mut client).take(rest), &mut store).await?;
    if trouble.is_none() {
        return copy(&mut store, &mut client).await.map(drop);
    }
    copy(&mut store, &mut sink()).await?;
    if trouble == Some(Trouble::Hangs) {
        // Until the client gives up.
        copy(&mut client, &mut sink()).await?;
    }
    Ok(())
}

/// The head of a request, and what came with it of the body.
async fn read_head(client: &mut TcpStream) -> std::io::Result<(String, Vec<u8>)> {
    let mut bytes = Vec::new();
    loop {
        if let Some(end) = bytes.windows(4).position(|window| window == b"\r\n\r\n") {
            let body = bytes.split_off(end + 4);
            return Ok((String::from_utf8_lossy(&bytes).into_owned(), body));
        }
        if client.read_buf(&mut bytes).await? == 0 {
            return Err(std::io::ErrorKind::UnexpectedEof.into());
        }
    }
}
