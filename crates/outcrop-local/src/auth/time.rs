//! Dates as signatures have them: `20261122T101530Z`.
//!
//! # Invariants
//! - Only whole seconds of the years 1970 to 9999, in UTC.

/// Seconds since 1970 of a date in this form.
pub(super) fn read(text: &str) -> Option<i64> {
    let (date, time) = text.strip_suffix('Z')?.split_once('T')?;
    if date.len() != 8 || time.len() != 6 || !date.bytes().chain(time.bytes()).all(|b| b.is_ascii_digit()) {
        return None;
    }
    let number = |text: &str| text.parse::<i64>().ok();
    let (year, month, day) = (number(&date[..4])?, number(&date[4..6])?, number(&date[6..])?);
    let (hour, minute, second) = (number(&time[..2])?, number(&time[2..4])?, number(&time[4..])?);
    let is_one = year >= 1970
        && (1..=12).contains(&month)
        && (1..=31).contains(&day)
        && hour < 24
        && minute < 60
        && second < 60;
    is_one.then(|| ((days(year, month, day) * 24 + hour) * 60 + minute) * 60 + second)
}

/// The date of so many seconds since 1970.
pub(super) fn write(seconds: i64) -> String {
    let (days, rest) = (seconds.div_euclid(86_400), seconds.rem_euclid(86_400));
    let (year, month, day) = civil(days);
    let (hour, minute, second) = (rest / 3600, rest / 60 % 60, rest % 60);
    format!("{year:04}{month:02}{day:02}T{hour:02}{minute:02}{second:02}Z")
}

/// Days since 1970-01-01. Years begin in March here, so that the leap day is the last.
fn days(year: i64, month: i64, day: i64) -> i64 {
    let (year, month) = if month > 2 { (year, month - 3) } else { (year - 1, month + 9) };
    365 * year + year / 4 - year / 100 + year / 400 + (153 * month + 2) / 5 + day - 1 - 719_468
}

/// The date of a day since 1970-01-01.
fn civil(day: i64) -> (i64, i64, i64) {
    // 400 years have always the same number of days.
    let day = day + 719_468;
    let (era, of_era) = (day.div_euclid(146_097), day.rem_euclid(146_097));
    let year = (of_era - of_era / 1_460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year + year / 4 - year / 100);
    let month = (5 * of_year + 2) / 153;
    let day = of_year - (153 * month + 2) / 5 + 1;
    let year = era * 400 + year;
    if month < 10 { (year, month + 3, day) } else { (year + 1, month - 9, day) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_are_read_as_they_are_written() {
        for (text, seconds) in [
            ("19700101T000000Z", 0),
            ("20000229T235959Z", 951_868_799),
            ("20150830T123600Z", 1_440_938_160),
            ("20261122T101530Z", 1_795_342_530),
        ] {
            assert_eq!((read(text), write(seconds).as_str()), (Some(seconds), text));
        }
        for day in (0..1_000_000).step_by(13) {
            assert_eq!(read(&write(day * 86_400 + 86_399)), Some(day * 86_400 + 86_399));
        }
        for wrong in
            ["", "20261122", "20261122T101530", "2026-1122T101530Z", "20261322T101530Z", "+0261122T101530Z"]
        {
            assert_eq!(read(wrong), None, "{wrong}");
        }
    }
}
