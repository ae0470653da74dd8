//! A row of the index, as reports keep it: the contract may grow, a report stays readable.

use ccdump_wire::v1::{Exchange, StartedBy, Usage};
use serde::{Deserialize, Serialize};

/// Names and units are those of the contract's `Exchange`.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Row {
    pub id: u64,
    pub session: Option<String>,
    agent: Option<String>,
    parent_agent: Option<String>,
    pub provider: String,
    method: String,
    path: String,
    status: Option<u32>,
    end_state: i32,
    model: Option<String>,
    started_at_us: i64,
    duration_us: Option<u64>,
    ttft_us: Option<u64>,
    request_bytes: u64,
    response_bytes: u64,
    usage: Option<Tokens>,
    cost_usd: Option<f64>,
    stop_reason: Option<String>,
    gap_bytes: u64,
    thread: Option<u64>,
    previous: Option<u64>,
    role: String,
    through_seq: u64,
    error: Option<String>,
    started_by: Option<Call>,
    closed_by: Option<i32>,
}

#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
struct Call {
    exchange: u64,
    pointer: String,
    tool_use_id: String,
    kind: Option<String>,
    description: Option<String>,
    is_probable: bool,
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
struct Tokens {
    input: Option<i64>,
    output: Option<i64>,
    cache_read: Option<i64>,
    cache_write_5m: Option<i64>,
    cache_write_1h: Option<i64>,
}

impl From<&Exchange> for Row {
    fn from(row: &Exchange) -> Self {
        let row = row.clone();
        Self {
            id: row.id,
            session: row.session,
            agent: row.agent,
            parent_agent: row.parent_agent,
            provider: row.provider,
            method: row.method,
            path: row.path,
            status: row.status,
            end_state: row.end_state,
            model: row.model,
            started_at_us: row.started_at_us,
            duration_us: row.duration_us,
            ttft_us: row.ttft_us,
            request_bytes: row.request_bytes,
            response_bytes: row.response_bytes,
            usage: row.usage.map(|usage| Tokens {
                input: usage.input,
                output: usage.output,
                cache_read: usage.cache_read,
                cache_write_5m: usage.cache_write_5m,
                cache_write_1h: usage.cache_write_1h,
            }),
            cost_usd: row.cost_usd,
            stop_reason: row.stop_reason,
            gap_bytes: row.gap_bytes,
            thread: row.thread,
            previous: row.previous,
            role: row.role,
            through_seq: row.through_seq,
            error: row.error,
            started_by: row.started_by.map(|call| Call {
                exchange: call.exchange,
                pointer: call.pointer,
                tool_use_id: call.tool_use_id,
                kind: call.kind,
                description: call.description,
                is_probable: call.is_probable,
            }),
            closed_by: row.closed_by,
        }
    }
}

impl From<&Row> for Exchange {
    fn from(row: &Row) -> Self {
        let row = row.clone();
        Self {
            id: row.id,
            session: row.session,
            agent: row.agent,
            parent_agent: row.parent_agent,
            provider: row.provider,
            method: row.method,
            path: row.path,
            status: row.status,
            end_state: row.end_state,
            model: row.model,
            started_at_us: row.started_at_us,
            duration_us: row.duration_us,
            ttft_us: row.ttft_us,
            request_bytes: row.request_bytes,
            response_bytes: row.response_bytes,
            usage: row.usage.map(|tokens| Usage {
                input: tokens.input,
                output: tokens.output,
                cache_read: tokens.cache_read,
                cache_write_5m: tokens.cache_write_5m,
                cache_write_1h: tokens.cache_write_1h,
            }),
            cost_usd: row.cost_usd,
            stop_reason: row.stop_reason,
            gap_bytes: row.gap_bytes,
            thread: row.thread,
            previous: row.previous,
            role: row.role,
            through_seq: row.through_seq,
            error: row.error,
            started_by: row.started_by.map(|call| StartedBy {
                exchange: call.exchange,
                pointer: call.pointer,
                tool_use_id: call.tool_use_id,
                kind: call.kind,
                description: call.description,
                is_probable: call.is_probable,
            }),
            closed_by: row.closed_by,
        }
    }
}
