//! `show`: one exchange, its headers and its blocks.

use std::{fmt::Write as _, path::Path};

use ccdump_record::{BlockState, Exchange, Header, Outline, Side};
use jiff::tz::TimeZone;

use crate::{
    brief::{Limit, brief},
    failure::Failure,
    json,
    link::{BlockContent, Link, LinkError},
    options::Show,
    output::{Output, say},
    text::{clean_line, time, units},
};

const BLOCK: Limit = Limit { lines: 6, chars: 600 };

pub async fn run(socket: &Path, options: Show) -> Result<(), Failure> {
    let mut link = Link::connect(socket).await?;
    let (exchange, heads) = link.exchange(options.id).await?;
    let request = outline(&mut link, &exchange, Side::Request).await?;
    // An exchange that has ended without an answer will never have an outline of one.
    let is_answered = exchange.end_state.is_none() || !heads.response.is_empty();
    let response = if is_answered {
        outline(&mut link, &exchange, Side::Response).await?
    } else {
        Outline::default()
    };
    let mut output = Output::stdout();
    if options.json {
        let sides = [(Side::Request, &request), (Side::Response, &response)];
        let blocks = sides.iter().flat_map(|(side, outline)| {
            outline.blocks.iter().map(|block| json::Block::of(exchange.id, *side, block))
        });
        output.json(&json::Show {
            exchange: json::Exchange::of(&exchange),
            request_headers: &heads.request,
            response_headers: &heads.response,
            blocks: blocks.collect(),
        })?;
    } else {
        output.text(&summary(&exchange, &heads.upstream))?;
        output.text(&headers("request headers", &heads.request))?;
        output.text(&text_of(
            "request",
            &contents(&mut link, exchange.id, Side::Request, request).await?,
        ))?;
        output.text(&headers("response headers", &heads.response))?;
        output.text(&text_of(
            "response",
            &contents(&mut link, exchange.id, Side::Response, response).await?,
        ))?;
    }
    output.flush()
}

/// The blocks of one side; none, with a word about why, where there is no outline to be had.
async fn outline(link: &mut Link, exchange: &Exchange, side: Side) -> Result<Outline, Failure> {
    // What is still going on is not waited for; what has ended may have to be derived first.
    let wait_ms = if exchange.end_state.is_none() { 1 } else { 0 };
    match link.outline(exchange.id, side, false, wait_ms).await {
        Ok(outline) => Ok(outline),
        Err(error @ (LinkError::NotYet(_) | LinkError::Unsupported(_))) => {
            say(&format!("no blocks of the {}: {error}", side.as_str()));
            Ok(Outline::default())
        }
        Err(error) => Err(error.into()),
    }
}

async fn contents(
    link: &mut Link,
    exchange: u64,
    side: Side,
    outline: Outline,
) -> Result<Vec<BlockContent>, Failure> {
    let blocks = outline.blocks.clone();
    match link.contents(exchange, side, outline.blocks).await {
        Ok(contents) => Ok(contents),
        Err(error @ LinkError::Unsupported(_)) => {
            say(&format!("blocks are shown without their content: {error}"));
            Ok(blocks.into_iter().map(|block| BlockContent { block, content: None }).collect())
        }
        Err(error) => Err(error.into()),
    }
}

/// The facts of an exchange, a line each; those that are not known are left out.
fn summary(exchange: &Exchange, upstream: &str) -> String {
    let mut out = format!("exchange {}\n", exchange.id);
    let agent = exchange.agent.as_ref().map(|agent| match &exchange.parent_agent {
        Some(parent) => format!("{agent} (of {parent})"),
        None => agent.clone(),
    });
    let status = exchange.status.map(|status| status.to_string());
    let end =
        exchange.end_state.map_or("open".to_owned(), |state| state.as_str().replace('_', " "));
    let duration = exchange.duration_us.map(|duration| match exchange.ttft_us {
        Some(ttft) => {
            format!("{}, first token after {}", units::duration(duration), units::duration(ttft))
        }
        None => units::duration(duration),
    });
    let facts: [(&str, Option<String>); 16] = [
        ("request", Some(format!("{} {}", exchange.method, exchange.path))),
        ("sent to", Some(upstream.to_owned()).filter(|upstream| !upstream.is_empty())),
        ("provider", Some(exchange.provider.clone())),
        ("session", exchange.session.clone()),
        ("agent", agent),
        ("model", exchange.model.clone()),
        ("started", Some(time::day_and_time(exchange.started_at_us, &TimeZone::system()))),
        ("duration", duration),
        ("status", status),
        ("ended", Some(end)),
        ("stopped", exchange.stop_reason.clone()),
        ("error", exchange.error.clone()),
        ("tokens", exchange.usage.as_ref().map(usage).filter(|usage| !usage.is_empty())),
        ("cost", exchange.cost_usd.map(units::dollars)),
        (
            "sizes",
            Some(format!(
                "{} sent, {} received",
                units::bytes(exchange.request_bytes),
                units::bytes(exchange.response_bytes)
            )),
        ),
        ("missing", (exchange.gap_bytes > 0).then(|| units::bytes(exchange.gap_bytes))),
    ];
    for (name, value) in facts {
        if let Some(value) = value {
            let _ = writeln!(out, "  {name:<9} {}", clean_line(&value));
        }
    }
    out
}

fn usage(usage: &ccdump_record::Usage) -> String {
    let parts = [
        ("in", usage.input),
        ("read from cache", usage.cache_read),
        ("written to cache (5 min)", usage.cache_write_5m),
        ("written to cache (1 h)", usage.cache_write_1h),
        ("out", usage.output),
    ];
    let known: Vec<String> = parts
        .iter()
        .filter_map(|(name, count)| count.map(|count| format!("{count} {name}")))
        .collect();
    known.join(", ")
}

fn headers(title: &str, headers: &[Header]) -> String {
    let mut out = format!("\n{title}\n");
    for header in headers {
        let _ = writeln!(out, "  {}: {}", clean_line(&header.name), clean_line(&header.value));
    }
    out
}

fn text_of(title: &str, blocks: &[BlockContent]) -> String {
    let mut out = format!("\n{title}: {}\n", units::plural(blocks.len(), "block"));
    for BlockContent { block, content } in blocks {
        let mut words = vec![block.kind.as_str().replace('_', " ")];
        words.extend(block.role.map(|role| role.as_str().to_owned()));
        words.extend(block.name.clone());
        words.push(units::bytes(block.length()));
        words.extend(
            Some(block.state)
                .filter(|state| *state != BlockState::Same)
                .map(|state| state.as_str().to_owned()),
        );
        let pointer = if block.pointer.is_empty() { "/" } else { &block.pointer };
        let _ = writeln!(out, "  {}  {}", clean_line(pointer), clean_line(&words.join(" · ")));
        let text =
            content.as_ref().map_or("(not shown)".to_owned(), |content| brief(content, BLOCK));
        for line in text.lines() {
            let _ = writeln!(out, "      {line}");
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use ccdump_provider::content::Content;
    use ccdump_record::{Block, BlockKind, EndState, Role, Usage};

    use super::*;

    #[test]
    fn an_exchange_reads_well_and_holds_nothing_that_acts_on_a_terminal() {
        let exchange = Exchange {
            id: 3,
            provider: "anthropic".to_owned(),
            method: "POST".to_owned(),
            path: "/v1/mess\u{1b}[2Jages".to_owned(),
            agent: Some("a17".to_owned()),
            parent_agent: Some("main".to_owned()),
            status: Some(529),
            end_state: Some(EndState::UpstreamError),
            error: Some("overloaded_error: \u{9d}0;title\u{7}Overloaded".to_owned()),
            usage: Some(Usage { input: Some(3), cache_read: Some(5), ..Default::default() }),
            started_at_us: i64::MAX,
            duration_us: Some(2_400_000),
            ttft_us: Some(300_000),
            request_bytes: 5_000,
            ..Default::default()
        };
        let block = Block {
            pointer: "/messages/0/content/1".to_owned(),
            kind: BlockKind::ToolResult,
            role: Some(Role::User),
            state: BlockState::New,
            range: 0..99,
            ..Default::default()
        };
        let result = Content::ToolResult {
            is_error: false,
            text: "one\ntwo\u{202e}".to_owned(),
            other: vec![],
        };
        let sent = [Header { name: "x-evil".to_owned(), value: "a\r\nb\u{7}".to_owned() }];
        let blocks = [
            BlockContent { block: block.clone(), content: Some(result) },
            BlockContent { block, content: None },
        ];
        let text = [
            summary(&exchange, "https://api"),
            headers("request headers", &sent),
            text_of("request", &blocks),
        ]
        .concat();
        insta::assert_snapshot!(text, @r"
        exchange 3
          request   POST /v1/messages
          sent to   https://api
          provider  anthropic
          agent     a17 (of main)
          started   –
          duration  2.4 s, first token after 300 ms
          status    529
          ended     upstream error
          error     overloaded_error: Overloaded
          tokens    3 in, 5 read from cache
          sizes     5.0 kB sent, 0 B received

        request headers
          x-evil: a b

        request: 2 blocks
          /messages/0/content/1  tool result · user · 99 B · new
              one
              two
          /messages/0/content/1  tool result · user · 99 B · new
              (not shown)
        ");
    }
}
