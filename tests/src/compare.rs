//! The measure of transparency: what happens without the daemon.

use crate::{
    client::{self, Answer},
    daemon::Rig,
    http1::{Field, Head},
    upstream::Seen,
};

/// One request, sent straight to the upstream and then through the daemon.
#[derive(Debug)]
pub struct Both {
    pub direct: Answer,
    pub proxied: Answer,
    pub seen_direct: Seen,
    pub seen_proxied: Seen,
}

impl Both {
    pub async fn send(rig: &Rig, request: &[u8]) -> Self {
        let direct = client::call(rig.upstream.address(), request).await;
        let seen_direct = rig.upstream.log().last();
        let before = rig.upstream.log().count();
        let proxied = client::call(rig.proxy(), request).await;
        assert_eq!(
            rig.upstream.log().count(),
            before + 1,
            "the daemon forwards it once; it answered {proxied:?}"
        );
        let seen_proxied = rig.upstream.log().last();
        Self { direct, proxied, seen_direct, seen_proxied }
    }

    /// Both ends saw the same bytes, but for the value of `Host`, and for `left_out` (header
    /// names).
    pub fn assert_same_without(&self, host: &str, left_out: &[&str]) {
        self.assert_same_request(host, left_out);
        self.assert_same_answer(left_out);
    }

    /// Both ends saw the same bytes, but for the value of `Host`.
    pub fn assert_same(&self, host: &str) {
        self.assert_same_without(host, &[]);
    }

    pub fn assert_same_request(&self, host: &str, left_out: &[&str]) {
        let (direct, proxied) = (&self.seen_direct, &self.seen_proxied);
        assert_eq!(text(&proxied.head.start), text(&direct.head.start), "request line");
        let mut expected = fields(&direct.head, left_out);
        for field in expected.iter_mut().filter(|field| field.name.eq_ignore_ascii_case("host")) {
            field.value = host.as_bytes().to_vec();
        }
        assert_eq!(fields(&proxied.head, left_out), expected, "request headers");
        assert_eq!(proxied.body_length, direct.body_length, "length of the request body");
        assert_eq!(proxied.body_sha256, direct.body_sha256, "request body");
        assert_eq!(
            lower_names(&proxied.trailers),
            lower_names(&direct.trailers),
            "request trailers"
        );
    }

    pub fn assert_same_answer(&self, left_out: &[&str]) {
        let (direct, proxied) = (&self.direct, &self.proxied);
        assert_eq!(text(&proxied.head().start), text(&direct.head().start), "status line");
        assert_eq!(
            fields(proxied.head(), left_out),
            fields(direct.head(), left_out),
            "response headers"
        );
        assert_eq!(proxied.body.len(), direct.body.len(), "length of the response body");
        assert!(proxied.body == direct.body, "response body");
        assert_eq!(
            lower_names(&proxied.trailers),
            lower_names(&direct.trailers),
            "response trailers"
        );
        assert_eq!(proxied.ending, direct.ending, "how the answer ended");
    }
}

fn fields(head: &Head, left_out: &[&str]) -> Vec<Field> {
    let mut fields = head.by_name();
    fields.retain(|field| !left_out.iter().any(|name| field.name.eq_ignore_ascii_case(name)));
    fields
}

/// Trailers are so rare that nobody depends on their case.
fn lower_names(fields: &[Field]) -> Vec<Field> {
    fields
        .iter()
        .map(|field| Field::new(&field.name.to_ascii_lowercase(), field.value.clone()))
        .collect()
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}
