//! Both stages together, as a person sees it who has changed no setting.

use ccdump_record::{Exchange, Header, Heads, Usage};

use super::{Detail, lines, plain};
use ccdump_model::{
    blocks::{
        Item, items,
        samples::{row, turn, two_turns},
    },
    record::Loaded,
};

fn drawn(items: &[Item], detail: impl Fn(&Item) -> Detail) -> String {
    let lines = items.iter().flat_map(|item| lines(item, detail(item), 80));
    lines.map(|line| format!("{}\n", plain(&line))).collect()
}

fn finished(row: Exchange) -> Exchange {
    Exchange {
        usage: Some(Usage {
            input: Some(400),
            output: Some(310),
            cache_read: Some(11_900),
            ..Usage::default()
        }),
        cost_usd: Some(0.0123),
        duration_us: Some(2_400_000),
        stop_reason: Some("tool_use".to_owned()),
        ..row
    }
}

#[test]
fn a_conversation_reads_as_one() {
    let (one, two) = two_turns();
    let heads = Heads {
        request: vec![Header { name: "accept".to_owned(), value: "*/*".to_owned() }],
        ..Heads::default()
    };
    let one = Loaded { heads: Some(heads), ..one };
    let first = items(turn(&finished(row()), &one, None, Some(&two)));
    let second = items(turn(&finished(Exchange { id: 13, ..row() }), &two, Some(&one), None));
    let by_default = |item: &Item| item.category.default_detail();
    let in_full = |_: &Item| Detail::Full;
    let picture = format!(
        "{}{}\n━━ all of the first in full\n{}",
        drawn(&first, by_default),
        drawn(&second, by_default),
        drawn(&first, in_full)
    );
    insta::assert_snapshot!(picture);
}
