//! The yardstick: a relay as one writes it with hyper in an hour. It forwards both ways as streams
//! and records nothing.

use std::net::SocketAddr;

use http::{Request, Response, Uri, uri::PathAndQuery};
use hyper::{body::Incoming, service::service_fn};
use hyper_util::{
    client::legacy::{Client, connect::HttpConnector},
    rt::{TokioExecutor, TokioIo},
};

use crate::upstream::bind;

pub(crate) fn run(upstream: SocketAddr) {
    let runtime =
        tokio::runtime::Builder::new_multi_thread().enable_all().build().expect("a runtime");
    runtime.block_on(async {
        let mut connector = HttpConnector::new();
        connector.set_nodelay(true);
        let client = Client::builder(TokioExecutor::new()).build(connector);
        let listener = bind().expect("bind");
        println!("{}", listener.local_addr().expect("an address"));
        loop {
            let (stream, _) = listener.accept().await.expect("accept");
            stream.set_nodelay(true).expect("set nodelay");
            let client = client.clone();
            let forward = service_fn(move |request| forward(client.clone(), upstream, request));
            tokio::spawn(
                hyper::server::conn::http1::Builder::new()
                    .serve_connection(TokioIo::new(stream), forward),
            );
        }
    });
}

async fn forward(
    client: Client<HttpConnector, Incoming>,
    upstream: SocketAddr,
    mut request: Request<Incoming>,
) -> Result<Response<Incoming>, hyper_util::client::legacy::Error> {
    let target = request.uri().path_and_query().map_or("/", PathAndQuery::as_str);
    let uri: Uri = format!("http://{upstream}{target}").parse().expect("a URI with another host");
    *request.uri_mut() = uri;
    request.headers_mut().remove(http::header::HOST);
    client.request(request).await
}
