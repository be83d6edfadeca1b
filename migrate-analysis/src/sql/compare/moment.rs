//! Dates and times as text.

use super::Sameness;

#[derive(Clone, Copy)]
pub(super) struct Moment {
    /// Seconds, on the clock that it was read from.
    seconds: i64,
    fraction: u32,
    /// Of that clock from UTC, in seconds; none where it is not written.
    offset: Option<i64>,
}

/// Further apart no two clocks are.
const APART: i64 = 16 * 3600;

impl Moment {
    pub(super) fn compare(&self, other: &Moment) -> Sameness {
        let utc = |it: &Moment| it.seconds - it.offset.unwrap_or(0);
        let apart = (utc(self) - utc(other)).abs();
        match (self.offset.is_some() == other.offset.is_some(), apart == 0) {
            (true, true) if self.fraction == other.fraction => Sameness::Same,
            // A type may keep fewer digits.
            (true, true) => Sameness::Perhaps,
            // It depends on the time zone of the session.
            (false, _) if apart <= APART => Sameness::Perhaps,
            _ => Sameness::Different,
        }
    }

    pub(super) fn is_same_day(&self, other: &Moment) -> bool {
        self.seconds.div_euclid(86_400) == other.seconds.div_euclid(86_400)
    }

    /// Whatever the time zones are.
    pub(super) fn is_same_clock(&self, other: &Moment) -> bool {
        self.seconds == other.seconds
    }
}

/// `2020-01-31`, `2020-01-31 10:20:30.5+02`, `2020-01-31T10:20Z`; none for what is written otherwise.
pub(super) fn read(text: &str) -> Option<Moment> {
    let text = text.trim();
    let (date, time) = match text.split_once([' ', 'T']) {
        Some((date, time)) => (date, time.trim()),
        None => (text, ""),
    };
    let (year, rest) = date.split_once('-').filter(|(year, _)| year.len() == 4)?;
    let (month, day) = rest.split_once('-')?;
    let (year, month, day) = (number(year)?, number(month)?, number(day)?);
    if !(1..=12).contains(&month) || !(1..=31).contains(&day) {
        return None;
    }
    let (clock, offset) = match time.find(['+', '-', 'Z', 'z']) {
        Some(at) => (time.get(..at)?.trim_end(), Some(offset(time.get(at..)?)?)),
        None => (time, None),
    };
    let (clock, fraction) = match clock.split_once('.') {
        Some((clock, digits)) if digits.len() <= 6 => {
            (clock, format!("{digits:0<6}").parse().ok()?)
        }
        Some(_) => return None,
        None => (clock, 0),
    };
    let time = if clock.is_empty() { 0 } else { seconds(clock)? };
    Some(Moment { seconds: days(year, month, day) * 86_400 + time, fraction, offset })
}

/// `+02`, `-03:30`, `Z`.
fn offset(text: &str) -> Option<i64> {
    if text.eq_ignore_ascii_case("z") {
        return Some(0);
    }
    let sign = if text.starts_with('-') { -1 } else { 1 };
    Some(sign * seconds(text.get(1..)?)?)
}

/// `10`, `10:20`, `10:20:30`.
fn seconds(clock: &str) -> Option<i64> {
    let mut parts = clock.split(':').map(number);
    let mut next = || parts.next().unwrap_or(Some(0));
    let (hours, minutes, seconds) = (next()?, next()?, next()?);
    (hours <= 24 && minutes < 60 && seconds <= 60 && parts.next().is_none())
        .then_some(hours * 3600 + minutes * 60 + seconds)
}

/// Two digits, or the four of a year.
fn number(text: &str) -> Option<i64> {
    let is_number = (1..=4).contains(&text.len()) && text.bytes().all(|it| it.is_ascii_digit());
    if is_number { text.parse().ok() } else { None }
}

/// Since the year 0, by the calendar of Gregory.
fn days(year: i64, month: i64, day: i64) -> i64 {
    let (year, month) = if month > 2 { (year, month - 3) } else { (year - 1, month + 9) };
    let leap = year.div_euclid(4) - year.div_euclid(100) + year.div_euclid(400);
    year * 365 + leap + (month * 153 + 2) / 5 + day
}
