//! Text that compresses about as prose, source code and logs do.

use std::fmt::Write as _;

use crate::random::Random;

const SYLLABLES: [&str; 32] = [
    "con", "ver", "ta", "ri", "mo", "del", "pro", "xy", "re", "quest", "in", "dex", "ser", "al",
    "to", "ken", "buf", "fer", "str", "eam", "ex", "change", "ca", "che", "lo", "ad", "un", "it",
    "par", "se", "le", "ment",
];

/// Writes the same text for the same seed.
#[derive(Debug)]
pub struct Writer {
    random: Random,
}

impl Writer {
    pub fn new(random: Random) -> Self {
        Self { random }
    }

    /// At least `length` bytes of sentences.
    pub fn prose(&mut self, length: usize) -> String {
        let mut text = String::new();
        while text.len() < length {
            text.push_str(&self.word());
            text.push_str(match self.random.below(14) {
                0 => ".\n",
                1 => ". ",
                2 => ", ",
                _ => " ",
            });
        }
        text
    }

    /// At least `length` bytes of lines as tools print them: code, paths with line numbers, hashes.
    pub fn code(&mut self, length: usize) -> String {
        let mut text = String::new();
        while text.len() < length {
            let (a, b, c) = (self.word(), self.word(), self.word());
            let number = self.random.below(4_000);
            let indent = " ".repeat(4 * self.random.below(4));
            let line = match self.random.below(9) {
                0 => writeln!(text, "src/{a}/{b}.rs:{number}: {c}"),
                1 => writeln!(text, "{indent}let {a}_{b} = self.{c}({number});"),
                2 => writeln!(text, "{indent}fn {a}(&self, {b}: &{c}) -> Result<{a}> {{"),
                3 => writeln!(text, "{indent}// {}", self.prose(60).trim_end()),
                4..8 => writeln!(
                    text,
                    "{:016x}{:016x} {a}-{b}.{number}",
                    self.random.number(),
                    self.random.number()
                ),
                _ => writeln!(text, "{indent}{a}.{b}(\"{c}\", {number})?;"),
            };
            line.expect("a string takes all");
        }
        text
    }

    /// Common words come often, rare ones seldom, as in any text.
    fn word(&mut self) -> String {
        let commonness = 6 + self.random.below(12);
        let rank = self.random.below(1 << commonness);
        let mut spelling = Random::new(rank as u64);
        (0..1 + spelling.below(3)).map(|_| SYLLABLES[spelling.below(SYLLABLES.len())]).collect()
    }
}
