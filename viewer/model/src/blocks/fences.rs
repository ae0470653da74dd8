//! Code fences of a text, as Markdown has them: what stands between two of them is code.

use std::{collections::HashMap, iter::Peekable, ops::Range, vec::IntoIter};

pub(super) struct Fences {
    /// Bytes from each fence to the end of the one that closes it, in order.
    code: Peekable<IntoIter<Range<usize>>>,
}

/// A line that opens a fence, or closes one.
struct Fence {
    start: usize,
    end: usize,
    sign: char,
    count: usize,
    /// Nothing follows the signs, so it can close.
    is_bare: bool,
}

impl Fences {
    pub(super) fn of(text: &str) -> Self {
        let mut start = 0;
        let lines = text.split_inclusive('\n').filter_map(|line| {
            let from = start;
            start += line.len();
            fence(line, from)
        });
        let fences: Vec<Fence> = lines.collect();
        let mut code = Vec::new();
        let mut next = 0;
        // The shortest fence of each sign that nothing closes: a longer one behind it is not closed
        // either.
        let mut unclosed: HashMap<char, usize> = HashMap::new();
        while let Some(opening) = fences.get(next) {
            next += 1;
            if unclosed.get(&opening.sign).is_some_and(|count| *count <= opening.count) {
                continue;
            }
            let closes = |fence: &Fence| {
                fence.is_bare && fence.sign == opening.sign && fence.count >= opening.count
            };
            match fences.iter().skip(next).position(closes) {
                Some(after) => {
                    next += after + 1;
                    code.extend(fences.get(next - 1).map(|closing| opening.start..closing.end));
                }
                None => drop(unclosed.insert(opening.sign, opening.count)),
            }
        }
        Self { code: code.into_iter().peekable() }
    }

    /// Whether the line that begins at a byte is code, or a fence. To be asked from the first line
    /// to the last.
    pub(super) fn is_code(&mut self, line: usize) -> bool {
        while self.code.next_if(|code| code.end <= line).is_some() {}
        self.code.peek().is_some_and(|code| code.start <= line)
    }
}

fn fence(line: &str, start: usize) -> Option<Fence> {
    let text = line.trim();
    let sign = text.chars().next().filter(|sign| matches!(sign, '`' | '~'))?;
    let rest = text.trim_start_matches(sign);
    let count = text.len() - rest.len();
    let is_inline = sign == '`' && rest.contains('`');
    (count >= 3 && !is_inline).then(|| Fence {
        start,
        end: start + line.len(),
        sign,
        count,
        is_bare: rest.is_empty(),
    })
}
