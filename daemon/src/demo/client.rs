//! An agent's connection to the proxy.

use std::net::SocketAddr;

use bytes::Bytes;
use http::{Response, header::HOST};
use http_body_util::{BodyExt as _, Full};
use hyper::{
    body::Incoming,
    client::conn::http1::{self, SendRequest},
};
use hyper_util::rt::TokioIo;
use tokio::{net::TcpStream, task::JoinHandle};

use super::DemoError;

/// A POST of JSON.
#[derive(Debug)]
pub struct Request {
    /// With its query.
    pub path: &'static str,
    pub headers: Vec<(&'static str, String)>,
    pub body: Bytes,
}

/// Opened when it is needed, and used for one request after the other.
#[derive(Debug)]
pub struct Connection {
    proxy: SocketAddr,
    open: Option<Open>,
}

#[derive(Debug)]
struct Open {
    sender: SendRequest<Full<Bytes>>,
    driver: JoinHandle<()>,
}

impl Connection {
    pub fn new(proxy: SocketAddr) -> Self {
        Self { proxy, open: None }
    }

    /// Sends a request and reads the answer to its end; gives its status.
    pub async fn call(&mut self, request: &Request) -> Result<u16, DemoError> {
        let mut response = self.send(request).await?;
        while let Some(frame) = response.frame().await {
            frame?;
        }
        Ok(response.status().as_u16())
    }

    /// Sends a request and drops the connection when `bytes` of the answer have come; gives its
    /// status.
    pub async fn call_and_leave(
        &mut self,
        request: &Request,
        bytes: usize,
    ) -> Result<u16, DemoError> {
        let mut response = self.send(request).await?;
        let mut seen = 0;
        while seen < bytes
            && let Some(frame) = response.frame().await
        {
            seen += frame?.data_ref().map_or(0, Bytes::len);
        }
        if let Some(open) = self.open.take() {
            open.driver.abort();
        }
        Ok(response.status().as_u16())
    }

    async fn send(&mut self, request: &Request) -> Result<Response<Incoming>, DemoError> {
        let mut open = match self.open.take().filter(|open| !open.sender.is_closed()) {
            Some(open) => open,
            None => connect(self.proxy).await?,
        };
        open.sender.ready().await?;
        let mut outgoing = http::Request::post(request.path).header(HOST, self.proxy.to_string());
        for (name, value) in &request.headers {
            outgoing = outgoing.header(*name, value);
        }
        let response =
            open.sender.send_request(outgoing.body(Full::new(request.body.clone()))?).await?;
        self.open = Some(open);
        Ok(response)
    }
}

async fn connect(proxy: SocketAddr) -> Result<Open, DemoError> {
    let stream = TcpStream::connect(proxy).await?;
    stream.set_nodelay(true)?;
    let (sender, connection) = http1::handshake(TokioIo::new(stream)).await?;
    // An error of the connection is also told to whoever waits for the answer.
    let driver = tokio::spawn(async move { connection.await.unwrap_or_default() });
    Ok(Open { sender, driver })
}
