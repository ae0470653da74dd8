//! Points in time, given in microseconds since the Unix epoch.

use jiff::{Timestamp, tz::TimeZone};

/// `2026-11-05T09:41:07.250Z`; `None` for a time that no calendar knows.
pub fn rfc3339(micros: i64) -> Option<String> {
    Timestamp::from_microsecond(micros).ok().map(|time| format!("{time:.3}"))
}

/// Day and time of `zone`, for people: `11-05 09:41:07`.
pub fn day_and_time(micros: i64, zone: &TimeZone) -> String {
    formatted(micros, zone, "%m-%d %H:%M:%S")
}

/// Time of day of `zone`, for people: `09:41:07`.
pub fn time_of_day(micros: i64, zone: &TimeZone) -> String {
    formatted(micros, zone, "%H:%M:%S")
}

/// Time of day of `zone`, to the minute: `09:41`.
pub fn minute(micros: i64, zone: &TimeZone) -> String {
    formatted(micros, zone, "%H:%M")
}

/// Day and time of `zone`, to the millisecond: `11-05 09:41:07.250`.
pub fn to_the_millisecond(micros: i64, zone: &TimeZone) -> String {
    formatted(micros, zone, "%m-%d %H:%M:%S%.3f")
}

fn formatted(micros: i64, zone: &TimeZone, format: &str) -> String {
    match Timestamp::from_microsecond(micros) {
        Ok(time) => time.to_zoned(zone.clone()).strftime(format).to_string(),
        Err(_) => super::units::UNKNOWN.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_have_milliseconds_and_absurd_ones_are_unknown() {
        assert_eq!(rfc3339(1_793_871_667_250_999).as_deref(), Some("2026-11-05T09:41:07.250Z"));
        assert_eq!(rfc3339(0).as_deref(), Some("1970-01-01T00:00:00.000Z"));
        assert_eq!(rfc3339(i64::MAX), None);
        assert_eq!(day_and_time(0, &TimeZone::UTC), "01-01 00:00:00");
        assert_eq!(to_the_millisecond(1_793_871_667_250_999, &TimeZone::UTC), "11-05 09:41:07.250");
        assert_eq!(day_and_time(i64::MIN, &TimeZone::UTC), "–");
        assert_eq!(time_of_day(1_793_871_667_250_999, &TimeZone::UTC), "09:41:07");
    }
}
