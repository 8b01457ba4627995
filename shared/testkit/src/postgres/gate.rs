//! A gate before a PostgreSQL: while it is shut, whoever was connected is cut off and nobody gets in, as where the server
//! is gone, or the way to it.

use std::io;

use sqlx::postgres::PgConnectOptions;
use tokio::{
    io::copy_bidirectional,
    net::{TcpListener, TcpStream, UnixStream},
    sync::watch,
    task::AbortHandle,
};

/// A running gate, open at first.
#[derive(Debug)]
pub struct Gate {
    open: watch::Sender<bool>,
    url: String,
    task: AbortHandle,
}

impl Drop for Gate {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl Gate {
    /// Starts one before the database at `url`.
    ///
    /// # Panics
    /// Where there is no port for it, or `url` is none of a database.
    pub async fn before(url: &str) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let port = listener.local_addr().expect("an address").port();
        let options: PgConnectOptions = url.parse().expect("the URL of a database");
        let (user, database) = (options.get_username(), options.get_database().expect("a database"));
        let url = format!("postgres://{user}@127.0.0.1:{port}/{database}?sslmode=disable");
        let (open, is_open) = watch::channel(true);
        let task = tokio::spawn(serve(listener, options, is_open)).abort_handle();
        Self { open, url, task }
    }

    /// The database, as it is reached through here.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// Lets nobody through from now on.
    pub fn shut(&self) {
        self.open.send_replace(false);
    }

    /// Lets everybody through again.
    pub fn open(&self) {
        self.open.send_replace(true);
    }
}

async fn serve(listener: TcpListener, options: PgConnectOptions, open: watch::Receiver<bool>) {
    while let Ok((client, _)) = listener.accept().await {
        if !*open.borrow() {
            continue;
        }
        let (options, mut open) = (options.clone(), open.clone());
        tokio::spawn(async move {
            tokio::select! {
                _ = carry(client, &options) => {}
                _ = open.wait_for(|open| !open) => {}
            }
        });
    }
}

async fn carry(mut client: TcpStream, options: &PgConnectOptions) -> io::Result<()> {
    if let Some(folder) = options.get_socket() {
        let mut server = UnixStream::connect(folder.join(format!(".s.PGSQL.{}", options.get_port()))).await?;
        copy_bidirectional(&mut client, &mut server).await?;
    } else {
        let mut server = TcpStream::connect((options.get_host(), options.get_port())).await?;
        copy_bidirectional(&mut client, &mut server).await?;
    }
    Ok(())
}
