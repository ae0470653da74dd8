//! `ls`: the exchange index, a line per exchange, oldest first.

use std::path::Path;

use ccdump_record::{EndState, Exchange};
use ccdump_wire::v1::ExchangesRequest;
use jiff::{Timestamp, tz::TimeZone};

use crate::{
    failure::Failure,
    json,
    link::{Link, Page},
    options::Ls,
    output::Output,
    text::{Align, Table, clean_line, cut_line, time, units, units::UNKNOWN},
};

const COLUMNS: [(Align, &str); 9] = [
    (Align::Right, "ID"),
    (Align::Left, "TIME"),
    (Align::Left, "AGENT"),
    (Align::Left, "MODEL"),
    (Align::Left, "STATUS"),
    (Align::Right, "TOKENS"),
    (Align::Right, "COST"),
    (Align::Right, "DURATION"),
    (Align::Right, "REQUEST"),
];

pub async fn run(socket: &Path, options: Ls) -> Result<(), Failure> {
    let mut link = Link::connect(socket).await?;
    let mut output = Output::stdout();
    let zone = TimeZone::system();
    let mut table = Table::new(&COLUMNS.map(|(align, _)| align));
    let mut rows = vec![COLUMNS.map(|(_, title)| title.to_owned()).to_vec()];
    let mut left =
        options.limit.map_or(usize::MAX, |limit| usize::try_from(limit).unwrap_or(usize::MAX));
    let mut request = ExchangesRequest {
        since_us: options.since.map(|since| since.resolve(Timestamp::now().as_microsecond())),
        session: options.session,
        agent: options.agent,
        provider: options.provider.map(|provider| provider.as_str().to_owned()),
        newest: options.limit,
        after_id: 0,
        page_size: 0,
    };
    let mut is_told = false;
    loop {
        let Page { mut exchanges, more, notice } = link.exchanges(request.clone()).await?;
        if let Some(notice) = notice.filter(|_| !is_told) {
            is_told = true;
            eprintln!("ccdump-view: {}: these may not be all exchanges", clean_line(&notice));
        }
        // While pages are read new exchanges come in, and the newest N are others then.
        exchanges.truncate(left);
        left -= exchanges.len();
        if options.json {
            for exchange in &exchanges {
                output.json(&json::Exchange::of(exchange))?;
            }
        } else {
            rows.extend(exchanges.iter().map(|exchange| row(exchange, &zone)));
            output.text(&table.page(&rows))?;
            rows.clear();
        }
        output.flush()?;
        match exchanges.last() {
            Some(last) if more && left > 0 => request.after_id = last.id,
            _ => return Ok(()),
        }
    }
}

/// The cells of one exchange.
fn row(exchange: &Exchange, zone: &TimeZone) -> Vec<String> {
    let name = |text: &Option<String>, chars| {
        text.as_deref().map_or(UNKNOWN.to_owned(), |text| cut_line(&clean_line(text), chars))
    };
    vec![
        exchange.id.to_string(),
        time::day_and_time(exchange.started_at_us, zone),
        name(&exchange.agent, 12),
        name(&exchange.model, 28),
        status(exchange),
        tokens(exchange).unwrap_or_else(|| UNKNOWN.to_owned()),
        exchange.cost_usd.map_or(UNKNOWN.to_owned(), units::dollars),
        exchange.duration_us.map_or(UNKNOWN.to_owned(), units::duration),
        units::bytes(exchange.request_bytes),
    ]
}

/// Status and how it ended, where that says more; and whether the record is incomplete.
fn status(exchange: &Exchange) -> String {
    let status = exchange.status.map_or(UNKNOWN.to_owned(), |status| status.to_string());
    let mut words = vec![status];
    match exchange.end_state {
        None => words.push("open".to_owned()),
        Some(EndState::Complete) => {}
        Some(other) => words.push(other.as_str().replace('_', " ")),
    }
    if exchange.gap_bytes > 0 {
        words.push("partial".to_owned());
    }
    words.join(" ")
}

/// `12.3k→310`: all that went in, cached or not, and what came out.
fn tokens(exchange: &Exchange) -> Option<String> {
    let usage = exchange.usage.as_ref()?;
    let parts = [usage.input, usage.cache_read, usage.cache_write_5m, usage.cache_write_1h];
    let input = parts.into_iter().flatten().reduce(i64::saturating_add);
    let count = |count: Option<i64>| count.map_or(UNKNOWN.to_owned(), units::count);
    (input.is_some() || usage.output.is_some())
        .then(|| format!("{}→{}", count(input), count(usage.output)))
}

#[cfg(test)]
mod tests {
    use ccdump_record::Usage;

    use super::*;

    #[test]
    fn rows_line_up_and_hold_nothing_that_acts_on_a_terminal() {
        let known = Exchange {
            id: 12,
            agent: Some("main".to_owned()),
            model: Some("claude-\u{1b}[31mopus\n-4".to_owned()),
            status: Some(200),
            end_state: Some(EndState::Complete),
            usage: Some(Usage {
                input: Some(400),
                output: Some(310),
                cache_read: Some(11_900),
                ..Default::default()
            }),
            cost_usd: Some(0.0123),
            duration_us: Some(2_400_000),
            request_bytes: 50_400,
            ..Default::default()
        };
        let open = Exchange {
            id: 113,
            gap_bytes: 1,
            agent: Some("a-very-long-agent-id".to_owned()),
            ..Default::default()
        };
        let cancelled = Exchange {
            id: 114,
            status: Some(200),
            end_state: Some(EndState::ClientCancelled),
            ..Default::default()
        };
        let mut table = Table::new(&COLUMNS.map(|(align, _)| align));
        let rows: Vec<_> =
            [known, open, cancelled].iter().map(|exchange| row(exchange, &TimeZone::UTC)).collect();
        insta::assert_snapshot!(table.page(&rows), @r"
         12  01-01 00:00:00  main          claude-opus -4  200                   12.3k→310  $0.0123  2.4 s  50.4 kB
        113  01-01 00:00:00  a-very-long…  –               – open partial                –        –      –      0 B
        114  01-01 00:00:00  –             –               200 client cancelled          –        –      –      0 B
        ");
    }
}
