//! What a credential is, in one table, and functions that mask what the table tells. Pure: no I/O,
//! no clock, no threads.
//!
//! A credential is told by the name of what holds it ([`names`]: headers, query parameters, JSON
//! members) or by its own shape under any name ([`shapes`]). The entrances differ in what they are
//! given:
//!
//! | function | for |
//! | --- | --- |
//! | [`header`] | the value of a header field |
//! | [`target`] | a request target, or a URL that stands alone |
//! | [`text`] | messages of our own: errors, log lines |
//! | [`content`] | what people and models write: shapes and URLs only |
//!
//! Each gives the same text back where there is nothing to mask, and is idempotent: what was masked
//! stays as it is.

mod assignments;
mod header;
mod mark;
mod names;
mod shapes;
mod urls;

use std::borrow::Cow;

pub use header::header;
pub use mark::{Mark, plain, printed};
pub use names::{is_credential, is_parameter};

/// Raised whenever the table tells more than before: what is stored is then looked through once
/// more.
pub const VERSION: u32 = 1;

/// A request target in any form (path, absolute, `host:port`), or a URL: the values of credentials
/// in its query, fragment and path parameters, its userinfo, and what has the shape of a
/// credential.
pub fn target<'a>(target: &'a str, mark: Mark<'_>) -> Cow<'a, str> {
    settle(target, |target| {
        let masked = then(urls::userinfo(target, mark), |target| urls::bare_userinfo(target, mark));
        let masked = then(masked, |target| assignments::in_target(target, mark));
        then(masked, |target| shapes::mask(target, mark))
    })
}

/// A message: credentials in URLs, assignments (`name=value`, JSON members), `user:password@host`,
/// and what has their shape.
pub fn text<'a>(text: &'a str, mark: Mark<'_>) -> Cow<'a, str> {
    settle(text, |text| {
        let masked =
            then(urls::userinfo(text, mark), |text| urls::bare_userinfo_in_text(text, mark));
        let masked = then(masked, |text| assignments::in_text(text, mark));
        then(masked, |text| shapes::mask(text, mark))
    })
}

/// What was said or written: credentials by their shape, and those in URLs. Names tell nothing
/// here, as code and prose are full of them.
pub fn content<'a>(content: &'a str, mark: Mark<'_>) -> Cow<'a, str> {
    settle(content, |content| {
        let masked = then(urls::userinfo(content, mark), |content| urls::in_content(content, mark));
        then(masked, |content| shapes::mask(content, mark))
    })
}

/// Whether a request carries a credential of any kind: in a header or in its target.
pub fn carries<'a>(target: &str, fields: impl IntoIterator<Item = (&'a str, &'a str)>) -> bool {
    let found = std::cell::Cell::new(false);
    let mark = |_: &str| {
        found.set(true);
        String::new()
    };
    self::target(target, &mark);
    for (name, value) in fields {
        if found.get() {
            break;
        }
        header(name, value, &mark);
    }
    found.get()
}

/// Masks until there is nothing to mask: what stands around a mark may look like a credential only
/// then. Hardly ever more than twice.
fn settle<'a>(text: &'a str, mask: impl for<'b> Fn(&'b str) -> Cow<'b, str>) -> Cow<'a, str> {
    const ROUNDS: usize = 8;
    let mut settled = Cow::Borrowed(text);
    for _ in 0..ROUNDS {
        settled = match mask(&settled) {
            Cow::Owned(masked) => Cow::Owned(masked),
            Cow::Borrowed(_) => break,
        };
    }
    settled
}

/// The next step on what a step before has given; borrowed as long as no step changed anything.
fn then<'a>(text: Cow<'a, str>, step: impl for<'b> Fn(&'b str) -> Cow<'b, str>) -> Cow<'a, str> {
    match text {
        Cow::Borrowed(text) => step(text),
        Cow::Owned(text) => match step(&text) {
            Cow::Owned(changed) => Cow::Owned(changed),
            Cow::Borrowed(_) => Cow::Owned(text),
        },
    }
}
