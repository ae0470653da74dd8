//! Outlines by table, and what holds for any two of them.

use ccdump_record::{Block, BlockKind, Role};
use proptest::prelude::*;

use super::{Compared, Comparison, Pair, Region, Relation, outlines, units};

fn block(kind: BlockKind, pointer: &str, hash: u64) -> Block {
    Block { kind, pointer: pointer.to_owned(), hash, range: 0..100, ..Block::default() }
}

/// A letter each: the content; a user's text, of one message.
fn messages(contents: &str) -> Vec<Block> {
    let message = |(at, letter): (usize, char)| Block {
        role: Some(Role::User),
        ..block(BlockKind::Text, &format!("/messages/{at}/content/0"), letter.into())
    };
    contents.chars().enumerate().map(message).collect()
}

fn named(kind: BlockKind, blocks: &[(&str, u64)]) -> Vec<Block> {
    let one = |(at, (name, hash)): (usize, &(&str, u64))| Block {
        name: Some((*name).to_owned()),
        ..block(kind, &format!("/tools/{at}"), *hash)
    };
    blocks.iter().enumerate().map(one).collect()
}

/// `=a` the same, `~ab` changed from a to b, `>a` moved, `+b`, `-a`.
fn shape(left: &[Block], right: &[Block], compared: &Comparison) -> String {
    let letter = |side: &[Block], at: Option<usize>| {
        let hash = at.and_then(|at| side.get(at)).map(|block| block.hash);
        hash.and_then(|hash| u32::try_from(hash).ok()).and_then(char::from_u32).unwrap_or('?')
    };
    let pair = |pair: &Pair| {
        let (was, is) = (letter(left, pair.left), letter(right, pair.right));
        match pair.relation {
            Relation::Same => format!("={is}"),
            Relation::Moved => format!(">{is}"),
            Relation::Changed => format!("~{was}{is}"),
            Relation::Added => format!("+{is}"),
            Relation::Removed => format!("-{was}"),
        }
    };
    compared.pairs.iter().map(pair).collect::<Vec<_>>().join(" ")
}

#[test]
fn messages_are_the_same_changed_moved_added_or_removed() {
    for (left, right, wanted) in [
        ("abc", "abcde", "=a =b =c +d +e"),
        ("abc", "abc", "=a =b =c"),
        ("abcd", "abXd", "=a =b ~cX =d"),
        ("abcd", "abd", "=a =b -c =d"),
        ("abd", "abcd", "=a =b +c =d"),
        ("abcd", "acbd", "=a =c >b =d"),
        ("abcdef", "fXY", "-a -d -e =f ~bX ~cY"),
        ("", "ab", "+a +b"),
        ("ab", "", "-a -b"),
        ("aXbXc", "aXc", "=a =X -b -X =c"),
        ("ab", "xy", "~ax ~by"),
    ] {
        let (left, right) = (messages(left), messages(right));
        let compared = outlines(&left, &right);
        let shapes: Vec<String> =
            compared.iter().map(|compared| shape(&left, &right, compared)).collect();
        assert_eq!(shapes, [wanted]);
    }
}

#[test]
fn tools_and_parameters_are_known_by_their_names() {
    let shape_of = |kind, left: &[(&str, u64)], right: &[(&str, u64)]| {
        let (left, right) = (named(kind, left), named(kind, right));
        let compared = outlines(&left, &right);
        compared
            .iter()
            .map(|compared| (compared.region, shape(&left, &right, compared)))
            .collect::<Vec<_>>()
    };
    let [a, b, c] = ['a', 'b', 'c'].map(u64::from);
    let tools = shape_of(
        BlockKind::ToolDefinition,
        &[("Bash", a), ("Read", b), ("Old", c)],
        &[("Read", b), ("Bash", c), ("New", a)],
    );
    assert_eq!(tools, [(Region::Tools, "=b ~ac +a -c".to_owned())]);
    let moved = shape_of(
        BlockKind::ToolDefinition,
        &[("Bash", a), ("Read", b), ("Edit", c)],
        &[("Edit", c), ("Bash", a), ("Read", b)],
    );
    assert_eq!(moved, [(Region::Tools, ">c =a =b".to_owned())]);
    let parameters = shape_of(
        BlockKind::Parameter,
        &[("model", a), ("top", b), ("x", b)],
        &[("x", b), ("model", c)],
    );
    assert_eq!(parameters, [(Region::Parameters, "-b =b ~ac".to_owned())]);
}

#[test]
fn a_result_that_was_rewritten_is_known_by_its_call() {
    let result = |pointer: &str, id: &str, hash| Block {
        tool_use_id: Some(id.to_owned()),
        role: Some(Role::User),
        ..block(BlockKind::ToolResult, pointer, hash)
    };
    let left = [result("/messages/1/content/0", "t1", 1), result("/messages/1/content/1", "t2", 2)];
    let right =
        [result("/messages/5/content/0", "t2", 7), result("/messages/5/content/1", "t1", 8)];
    let compared = outlines(&left, &right);
    let pairs: Vec<_> =
        compared[0].pairs.iter().map(|pair| (pair.relation, pair.left, pair.right)).collect();
    assert_eq!(
        pairs,
        [(Relation::Changed, Some(1), Some(0)), (Relation::Changed, Some(0), Some(1))]
    );
}

#[test]
fn regions_come_in_their_order_and_runs_of_the_same_are_one() {
    let left = [messages("abcd"), vec![block(BlockKind::System, "/system/0", 1)]].concat();
    let right = [
        vec![block(BlockKind::System, "/system/0", 2)],
        messages("abxd"),
        vec![block(BlockKind::Raw, "", 3)],
    ]
    .concat();
    let compared = outlines(&left, &right);
    assert_eq!(
        compared.iter().map(|compared| compared.region).collect::<Vec<_>>(),
        [Region::System, Region::Messages]
    );
    let runs: Vec<usize> = compared[1].runs().map(<[Pair]>::len).collect();
    assert_eq!(runs, [2, 1, 1, 1], "a b, x, d, and what is not understood");
    let pointers = ["/messages/3/content/1", "/messages/3/content/0", "/messages/4", "/system"];
    assert_eq!(units(pointers.map(|pointer| block(BlockKind::Text, pointer, 0)).iter()), 3);
}

#[test]
fn what_differs_is_fetched_up_to_a_bound() {
    let large = |letters: &str| {
        messages(letters)
            .into_iter()
            .map(|block| Block { range: 0..3 << 20, ..block })
            .collect::<Vec<_>>()
    };
    let compared = Compared::new(
        [large("ab"), messages("cd")].concat(),
        [large("ax"), messages("ce")].concat(),
    );
    assert_eq!(compared.wanted(), (vec![1, 3], vec![1, 3]));
    let compared = Compared::new(vec![], [large("ab"), messages("c")].concat());
    assert_eq!(compared.wanted(), (vec![], vec![0, 2]), "what is small comes all the same");
    assert!(compared.right.content(Some(1)).is_err() && compared.right.content(None).is_err());
}

/// Any outline: few contents, names and places, so that much is alike.
fn outline() -> impl Strategy<Value = Vec<Block>> {
    let one = (0..4_usize, 0..6_u64, 0..4_usize, 0..3_usize, 0..3_usize).prop_map(
        |(kind, hash, place, name, role)| Block {
            kind: [BlockKind::Text, BlockKind::System, BlockKind::ToolDefinition, BlockKind::Raw]
                .get(kind)
                .copied()
                .unwrap_or_default(),
            hash,
            pointer: ["", "/messages/1", "/messages/1/content/0", "/system/0"]
                .get(place)
                .copied()
                .unwrap_or_default()
                .to_owned(),
            name: ["Bash", "Read"].get(name).map(ToString::to_string),
            tool_use_id: ["t1", "t2"].get(name).map(ToString::to_string),
            role: [Some(Role::User), Some(Role::Assistant), None].get(role).copied().flatten(),
            range: 0..hash * 1000,
            ..Block::default()
        },
    );
    prop::collection::vec(one, 0..40)
}

fn count(compared: &[Comparison], relation: Relation) -> Vec<(Region, usize)> {
    compared.iter().map(|compared| (compared.region, compared.count(relation))).collect()
}

proptest! {
    #[test]
    fn a_request_and_itself_are_the_same(outline in outline()) {
        for compared in outlines(&outline, &outline) {
            let all_same = compared.pairs.iter().all(|pair| pair.relation == Relation::Same && pair.left == pair.right);
            prop_assert!(all_same, "{:?}", compared);
            prop_assert_eq!(compared.count(Relation::Same), compared.pairs.len());
        }
    }

    #[test]
    fn each_block_stands_in_one_pair_and_swapping_the_sides_swaps_what_came_and_went(left in outline(), right in outline()) {
        let (compared, swapped) = (outlines(&left, &right), outlines(&right, &left));
        for (side, all) in [(0, left.len()), (1, right.len())] {
            let pairs = compared.iter().flat_map(|compared| &compared.pairs);
            let mut places: Vec<usize> = pairs.filter_map(|pair| if side == 0 { pair.left } else { pair.right }).collect();
            places.sort_unstable();
            prop_assert_eq!(places, (0..all).collect::<Vec<_>>());
        }
        for pair in compared.iter().flat_map(|compared| &compared.pairs) {
            let (was, is) = (pair.left.map(|at| &left[at]), pair.right.map(|at| &right[at]));
            let fits = match pair.relation {
                Relation::Same | Relation::Moved => was.zip(is).is_some_and(|(was, is)| was.hash == is.hash),
                Relation::Changed => was.zip(is).is_some_and(|(was, is)| was.hash != is.hash),
                Relation::Added => was.is_none() && is.is_some(),
                Relation::Removed => was.is_some() && is.is_none(),
            };
            prop_assert!(fits, "{:?}", pair);
        }
        for (relation, other) in [
            (Relation::Added, Relation::Removed),
            (Relation::Removed, Relation::Added),
            (Relation::Changed, Relation::Changed),
            (Relation::Moved, Relation::Moved),
            (Relation::Same, Relation::Same),
        ] {
            prop_assert_eq!(count(&compared, relation), count(&swapped, other));
        }
        let fetched = Compared::new(left.clone(), right.clone());
        let (of_left, of_right) = fetched.wanted();
        prop_assert!(of_left.iter().all(|at| *at < left.len()) && of_right.iter().all(|at| *at < right.len()));
    }
}
