//! The JSON that scripts count on. Fields keep their names, meanings and order; more may be added
//! at the end. What is unknown is null; times are RFC 3339 in UTC, durations milliseconds, sizes
//! bytes on the wire.

use std::path::Path;

use ccdump_record::{ClosedBy, EndState, Event, Header, Role, Side, Usage};
use serde::Serialize;

use crate::text::time::rfc3339;

/// What `demo --headless` left.
#[derive(Debug, Serialize)]
pub struct Demo<'a> {
    pub exchanges: usize,
    pub agents: usize,
    pub events: u64,
    pub data_dir: &'a Path,
}

/// A line of `ls`.
#[derive(Debug, Serialize)]
pub struct Exchange<'a> {
    id: u64,
    session: Option<&'a str>,
    agent: Option<&'a str>,
    parent_agent: Option<&'a str>,
    provider: &'a str,
    method: Option<&'a str>,
    path: Option<&'a str>,
    status: Option<u16>,
    end_state: Option<&'static str>,
    model: Option<&'a str>,
    started_at: Option<String>,
    duration_ms: Option<f64>,
    ttft_ms: Option<f64>,
    request_bytes: u64,
    response_bytes: u64,
    usage: Usage,
    cost_usd: Option<f64>,
    stop_reason: Option<&'a str>,
    recorded: &'static str,
    closed_by: Option<&'static str>,
}

impl<'a> Exchange<'a> {
    pub fn of(row: &'a ccdump_record::Exchange) -> Self {
        let known = |text: &'a str| (!text.is_empty()).then_some(text);
        Self {
            id: row.id,
            session: row.session.as_deref(),
            agent: row.agent.as_deref(),
            parent_agent: row.parent_agent.as_deref(),
            provider: known(&row.provider).unwrap_or("unknown"),
            method: known(&row.method),
            path: known(&row.path),
            status: row.status,
            end_state: row.end_state.map(EndState::as_str),
            model: row.model.as_deref(),
            started_at: rfc3339(row.started_at_us),
            duration_ms: row.duration_us.map(millis),
            ttft_ms: row.ttft_us.map(millis),
            request_bytes: row.request_bytes,
            response_bytes: row.response_bytes,
            usage: row.usage.unwrap_or_default(),
            cost_usd: row.cost_usd,
            stop_reason: row.stop_reason.as_deref(),
            recorded: if row.gap_bytes == 0 { "full" } else { "partial" },
            closed_by: row.closed_by.map(ClosedBy::as_str),
        }
    }
}

/// The line of `show`.
#[derive(Debug, Serialize)]
pub struct Show<'a> {
    #[serde(flatten)]
    pub exchange: Exchange<'a>,
    pub request_headers: &'a [Header],
    pub response_headers: &'a [Header],
    pub blocks: Vec<Block<'a>>,
}

#[derive(Debug, Serialize)]
pub struct Block<'a> {
    id: String,
    side: &'static str,
    pointer: &'a str,
    kind: &'static str,
    role: Option<&'static str>,
    #[serde(rename = "type")]
    wire_type: Option<&'a str>,
    name: Option<&'a str>,
    tool_use_id: Option<&'a str>,
    offset: u64,
    size: u64,
    hash: String,
    state: &'static str,
}

impl<'a> Block<'a> {
    pub fn of(exchange: u64, side: Side, block: &'a ccdump_record::Block) -> Self {
        let known = |text: &'a str| (!text.is_empty()).then_some(text);
        Self {
            id: format!("{exchange}/{}{}", side.as_str(), block.pointer),
            side: side.as_str(),
            pointer: &block.pointer,
            kind: block.kind.as_str(),
            role: block.role.map(Role::as_str),
            wire_type: known(&block.wire_type),
            name: block.name.as_deref(),
            tool_use_id: block.tool_use_id.as_deref(),
            offset: block.range.start,
            size: block.length(),
            hash: format!("{:016x}", block.hash),
            state: block.state.as_str(),
        }
    }
}

/// A line of `tail`.
#[derive(Debug, Serialize)]
pub struct TailEvent<'a> {
    epoch: &'a str,
    seq: u64,
    exchange: Option<u64>,
    kind: &'a str,
    at: Option<String>,
}

impl<'a> TailEvent<'a> {
    pub fn of(epoch: &'a str, event: &'a Event) -> Self {
        Self {
            epoch,
            seq: event.seq,
            exchange: (event.exchange != 0).then_some(event.exchange),
            kind: event.detail.kind(),
            at: rfc3339(event.at_us),
        }
    }
}

/// A line of `tail` that is no event: the log is another one now.
#[derive(Debug, Serialize)]
pub struct TailReset<'a> {
    pub kind: &'static str,
    pub epoch: &'a str,
    pub reason: &'a str,
}

/// A line of `tail` that is no event: these are no longer kept.
#[derive(Debug, Serialize)]
pub struct TailGap {
    pub kind: &'static str,
    pub from_seq: u64,
    pub to_seq: u64,
}

fn millis(micros: u64) -> f64 {
    micros as f64 / 1000.0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_exchange_that_nothing_is_known_of_is_all_nulls() {
        let row = ccdump_record::Exchange { id: 7, gap_bytes: 9, ..Default::default() };
        insta::assert_snapshot!(serde_json::to_string(&Exchange::of(&row)).expect("serialisable"), @r#"{"id":7,"session":null,"agent":null,"parent_agent":null,"provider":"unknown","method":null,"path":null,"status":null,"end_state":null,"model":null,"started_at":"1970-01-01T00:00:00.000Z","duration_ms":null,"ttft_ms":null,"request_bytes":0,"response_bytes":0,"usage":{"input":null,"output":null,"cache_read":null,"cache_write_5m":null,"cache_write_1h":null},"cost_usd":null,"stop_reason":null,"recorded":"partial","closed_by":null}"#);
    }

    #[test]
    fn a_shown_exchange_has_its_row_its_headers_and_its_blocks() {
        let row = ccdump_record::Exchange {
            id: 12,
            session: Some("s".to_owned()),
            agent: Some("main".to_owned()),
            provider: "anthropic".to_owned(),
            method: "POST".to_owned(),
            path: "/v1/messages?beta=true".to_owned(),
            status: Some(200),
            end_state: Some(EndState::Complete),
            model: Some("m".to_owned()),
            started_at_us: 1_793_871_667_250_999,
            duration_us: Some(1_234_567),
            ttft_us: Some(310_000),
            request_bytes: 5,
            response_bytes: 6,
            usage: Some(Usage { input: Some(-1), output: Some(0), ..Default::default() }),
            cost_usd: Some(0.0125),
            stop_reason: Some("end_turn".to_owned()),
            ..Default::default()
        };
        let sent = [Header { name: "accept".to_owned(), value: "*/*".to_owned() }];
        let block = ccdump_record::Block {
            pointer: "/messages/3/content/1".to_owned(),
            kind: ccdump_record::BlockKind::ToolResult,
            role: Some(Role::User),
            wire_type: "tool_result".to_owned(),
            tool_use_id: Some("toolu_1".to_owned()),
            range: 100..140,
            hash: 0xabc,
            state: ccdump_record::BlockState::New,
            ..Default::default()
        };
        let show = Show {
            exchange: Exchange::of(&row),
            request_headers: &sent,
            response_headers: &[],
            blocks: vec![Block::of(12, Side::Request, &block)],
        };
        insta::assert_snapshot!(serde_json::to_string(&show).expect("serialisable"), @r#"{"id":12,"session":"s","agent":"main","parent_agent":null,"provider":"anthropic","method":"POST","path":"/v1/messages?beta=true","status":200,"end_state":"complete","model":"m","started_at":"2026-11-05T09:41:07.250Z","duration_ms":1234.567,"ttft_ms":310.0,"request_bytes":5,"response_bytes":6,"usage":{"input":-1,"output":0,"cache_read":null,"cache_write_5m":null,"cache_write_1h":null},"cost_usd":0.0125,"stop_reason":"end_turn","recorded":"full","closed_by":null,"request_headers":[["accept","*/*"]],"response_headers":[],"blocks":[{"id":"12/request/messages/3/content/1","side":"request","pointer":"/messages/3/content/1","kind":"tool_result","role":"user","type":"tool_result","name":null,"tool_use_id":"toolu_1","offset":100,"size":40,"hash":"0000000000000abc","state":"new"}]}"#);
    }
}
