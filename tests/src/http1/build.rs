//! Bytes to send.

/// A request with exactly these header lines, and `host` and `content-length` before them.
pub fn request(
    method: &str,
    target: &str,
    host: &str,
    headers: &[(&str, &str)],
    body: &[u8],
) -> Vec<u8> {
    let mut bytes = head(&format!("{method} {target} HTTP/1.1"), &[("Host", host)]);
    if !body.is_empty() || method == "POST" {
        push_field(&mut bytes, "Content-Length", &body.len().to_string());
    }
    finish(bytes, headers, body)
}

/// A GET request without a body.
pub fn get(target: &str, headers: &[(&str, &str)]) -> Vec<u8> {
    request("GET", target, "127.0.0.1", headers, b"")
}

/// A POST request of JSON.
pub fn post(target: &str, headers: &[(&str, &str)], body: &[u8]) -> Vec<u8> {
    let headers = [&[("content-type", "application/json")], headers].concat();
    request("POST", target, "127.0.0.1", &headers, body)
}

/// A response with a content length.
pub fn response(status: &str, headers: &[(&str, &str)], body: &[u8]) -> Vec<u8> {
    let mut bytes = head(&format!("HTTP/1.1 {status}"), &[]);
    push_field(&mut bytes, "content-length", &body.len().to_string());
    finish(bytes, headers, body)
}

/// The head of a chunked response, such as an event stream.
pub fn chunked(status: &str, headers: &[(&str, &str)]) -> Vec<u8> {
    let bytes = head(&format!("HTTP/1.1 {status}"), &[("transfer-encoding", "chunked")]);
    finish(bytes, headers, b"")
}

/// The head of an event stream.
pub fn sse_head() -> Vec<u8> {
    chunked(
        "200 OK",
        &[("content-type", "text/event-stream; charset=utf-8"), ("cache-control", "no-cache")],
    )
}

/// One chunk.
pub fn chunk(data: &[u8]) -> Vec<u8> {
    let mut bytes = format!("{:x}\r\n", data.len()).into_bytes();
    bytes.extend_from_slice(data);
    bytes.extend_from_slice(b"\r\n");
    bytes
}

fn head(start: &str, fields: &[(&str, &str)]) -> Vec<u8> {
    let mut bytes = format!("{start}\r\n").into_bytes();
    for (name, value) in fields {
        push_field(&mut bytes, name, value);
    }
    bytes
}

fn push_field(bytes: &mut Vec<u8>, name: &str, value: &str) {
    bytes.extend_from_slice(format!("{name}: {value}\r\n").as_bytes());
}

fn finish(mut bytes: Vec<u8>, headers: &[(&str, &str)], body: &[u8]) -> Vec<u8> {
    for (name, value) in headers {
        push_field(&mut bytes, name, value);
    }
    bytes.extend_from_slice(b"\r\n");
    bytes.extend_from_slice(body);
    bytes
}
