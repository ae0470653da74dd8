//! At the top: which moment of the record is shown, and how time goes by.

use ccdump_client::text::time;
use ccdump_model::{line::Span, theme::Role};
use ccdump_state::{Moment, State};

use super::paint::word;

/// `⏸ 11-05 09:41:07.250  #7 +1.250 s  ×2 ⟳`
pub(super) fn spans(state: &State, moment: &Moment) -> Vec<Span> {
    let (mark, role) =
        if moment.is_playing() { ("▶", Role::Live) } else { ("⏸", Role::Warning) };
    let (exchange, after_us) = moment.since();
    let mut spans = vec![
        word(role, mark),
        word(
            Role::BarStrong,
            format!(" {}", time::to_the_millisecond(moment.shown_us(), &state.zone)),
        ),
        word(Role::Bar, format!("  #{exchange} {}", seconds(after_us))),
        word(Role::Bar, format!("  {}", speed(moment.speed()))),
    ];
    if moment.is_looped() {
        spans.push(word(Role::Bar, " ⟳"));
    }
    spans
}

fn seconds(us: i64) -> String {
    let sign = if us < 0 { '-' } else { '+' };
    let ms = us.unsigned_abs() / 1_000;
    format!("{sign}{}.{:03} s", ms / 1_000, ms % 1_000)
}

/// How many times faster than recorded, from its exponent to the base of two.
fn speed(exponent: i8) -> String {
    let factor = 1_u64.checked_shl(exponent.unsigned_abs().into()).unwrap_or(u64::MAX);
    if exponent < 0 { format!("×1/{factor}") } else { format!("×{factor}") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn moments_and_speeds_read_well() {
        for (us, wanted) in [(0, "+0.000 s"), (1_250_999, "+1.250 s"), (-90_000_000, "-90.000 s")] {
            assert_eq!(seconds(us), wanted);
        }
        for (exponent, wanted) in [(0, "×1"), (3, "×8"), (-2, "×1/4")] {
            assert_eq!(speed(exponent), wanted);
        }
    }
}
