//! Dates in any common form. Without a zone they are Berlin's.
//!
//! Surprising rule: what could be read in two ways (`04/05/2026`) counts as unreadable, because a
//! date in the wrong month would put the mail on the wrong side of the fence.

use chrono::{
    DateTime, Datelike, FixedOffset, NaiveDate, NaiveDateTime, NaiveTime, TimeDelta, TimeZone, Utc,
};
use chrono_tz::Europe::Berlin;

/// The longest text that is looked at; the longest known form has about 70 characters.
const LONGEST: usize = 120;

/// Reads a date, or nothing where there is no plausible one (years 2000 to 9999).
pub fn parse_date(text: &str) -> Option<DateTime<Utc>> {
    let text = text.trim();
    if text.len() > LONGEST {
        return None;
    }
    let parsed = DateTime::parse_from_rfc3339(text)
        .or_else(|_| DateTime::parse_from_rfc2822(text))
        .map(|date| date.to_utc())
        .ok()
        .or_else(|| parse_epoch(text))
        .or_else(|| parse_written(text));
    parsed.filter(|date| (2000..=9999).contains(&date.year()))
}

/// Seconds, milliseconds or microseconds since 1970, told apart by their size.
fn parse_epoch(text: &str) -> Option<DateTime<Utc>> {
    let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
    let digits = |part: &str| part.bytes().all(|byte| byte.is_ascii_digit());
    if !(9..=16).contains(&whole.len()) || !digits(whole) || !digits(fraction) {
        return None;
    }
    let number: i64 = whole.parse().ok()?;
    match whole.len() {
        ..=11 => {
            let millis = format!("{fraction:0<3}").get(..3)?.parse::<i64>().ok()?;
            Utc.timestamp_millis_opt(number * 1000 + millis).single()
        }
        12 | 13 => Utc.timestamp_millis_opt(number).single(),
        // `20260415161200` is no number of anything.
        14 => None,
        _ => Utc.timestamp_micros(number).single(),
    }
}

/// Everything that people and mail programs write.
fn parse_written(text: &str) -> Option<DateTime<Utc>> {
    // `(Central European Summer Time)` and `[Europe/Berlin]` repeat the offset before them.
    let text = text.split(['(', '[']).next()?;
    let lower = text.to_lowercase().replace('\u{202f}', " ");
    let mut words: Vec<String> = lower
        .split(|c: char| c.is_whitespace() || c == ',')
        .filter(|word| !word.is_empty() && !is_filler(word))
        .map(str::to_owned)
        .collect();
    // At the beginning it is German for `on`; behind a time it is the morning.
    if words.first().is_some_and(|word| word == "am") {
        words.remove(0);
    }
    let offset = take_zone(&mut words)?;
    for word in &mut words {
        if let Some(month) = month_number(word.trim_end_matches('.')) {
            *word = format!("m{month}");
        }
    }
    let local = parse_local(&words.join(" "))?;
    in_zone(local, offset)
}

/// Words that say nothing a date needs: weekdays and `Uhr`.
fn is_filler(word: &str) -> bool {
    const FILLERS: [&str; 30] = [
        "uhr",
        "um",
        "at",
        "on",
        "den",
        "der",
        "the",
        "of",
        "mo",
        "di",
        "mi",
        "do",
        "fr",
        "sa",
        "so",
        "mon",
        "tue",
        "wed",
        "thu",
        "fri",
        "sat",
        "sun",
        "montag",
        "dienstag",
        "mittwoch",
        "donnerstag",
        "freitag",
        "samstag",
        "sonnabend",
        "sonntag",
    ];
    let word = word.trim_end_matches('.');
    FILLERS.contains(&word) || (word.ends_with("day") && word.len() >= 6)
}

/// Where the clock of a date stood.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Zone {
    Offset(FixedOffset),
    Berlin,
}

/// Cuts a zone off the end of the last word, or off the words. `None`: there is one, but nobody
/// knows it.
fn take_zone(words: &mut Vec<String>) -> Option<Zone> {
    // ctime puts the year behind the zone: `wed apr 15 16:12:00 cest 2026`.
    let is_year = |word: &String| word.len() == 4 && word.bytes().all(|b| b.is_ascii_digit());
    let at = match words.as_slice() {
        [.., before, last] if is_year(last) && named_zone(before).is_some() => words.len() - 2,
        [.., _] => words.len() - 1,
        [] => return Some(Zone::Berlin),
    };
    let word = words[at].clone();
    if let Some(zone) = named_zone(&word) {
        words.remove(at);
        return Some(zone);
    }
    if let Some(offset) = numeric_offset(&word) {
        words.remove(at);
        return Some(Zone::Offset(offset));
    }
    // `16:12:00+02:00`, `16:12z`, `20260415t141200z`.
    if let Some(time) = word.find(':').or_else(|| word.find('t')) {
        let sign = word[time..].find(['+', '-', 'z', '−']).map(|sign| time + sign);
        if let Some(sign) = sign {
            let (time, zone) = word.split_at(sign);
            let zone = named_zone(zone).or_else(|| numeric_offset(zone).map(Zone::Offset))?;
            words[at] = time.to_owned();
            return Some(zone);
        }
    }
    Some(Zone::Berlin)
}

fn named_zone(word: &str) -> Option<Zone> {
    let hours = match word {
        "z" | "utc" | "gmt" | "wez" => 0,
        "cet" | "mez" => 1,
        "cest" | "mesz" => 2,
        "europe/berlin" => return Some(Zone::Berlin),
        _ => return None,
    };
    FixedOffset::east_opt(hours * 3600).map(Zone::Offset)
}

/// `+02:00`, `+0200`, `+02`, `gmt+2`, `utc-03:30`.
fn numeric_offset(word: &str) -> Option<FixedOffset> {
    let word = word.strip_prefix("gmt").or_else(|| word.strip_prefix("utc")).unwrap_or(word);
    let (east, digits) = match word.chars().next()? {
        '+' => (true, &word[1..]),
        '-' => (false, &word[1..]),
        '−' => (false, &word['−'.len_utf8()..]),
        _ => return None,
    };
    if !digits.bytes().all(|byte| byte.is_ascii_digit() || byte == b':') {
        return None;
    }
    let (hours, minutes) = match (digits.split_once(':'), digits.len()) {
        (Some((hours, minutes)), _) => (hours, minutes),
        (None, 4) => digits.split_at(2),
        (None, 1 | 2) => (digits, "0"),
        _ => return None,
    };
    let seconds = hours.parse::<i32>().ok()? * 3600 + minutes.parse::<i32>().ok()? * 60;
    // No place on earth is further from Greenwich.
    if seconds > 14 * 3600 {
        return None;
    }
    FixedOffset::east_opt(if east { seconds } else { -seconds })
}

fn month_number(word: &str) -> Option<u32> {
    let stem: String = word.chars().take(3).collect();
    let (number, names): (u32, &[&str]) = match stem.as_str() {
        "jan" | "jän" => (1, &["jan", "januar", "january", "jän", "jänner"]),
        "feb" => (2, &["feb", "februar", "february", "feber"]),
        "mär" | "mrz" | "mar" | "mae" => (3, &["mär", "märz", "mrz", "mar", "march", "maerz"]),
        "apr" => (4, &["apr", "april"]),
        "mai" | "may" => (5, &["mai", "may"]),
        "jun" => (6, &["jun", "juni", "june"]),
        "jul" => (7, &["jul", "juli", "july"]),
        "aug" => (8, &["aug", "august"]),
        "sep" => (9, &["sep", "sept", "september"]),
        "okt" | "oct" => (10, &["okt", "oktober", "oct", "october"]),
        "nov" => (11, &["nov", "november"]),
        "dez" | "dec" => (12, &["dez", "dezember", "dec", "december"]),
        _ => return None,
    };
    names.contains(&word).then_some(number)
}

/// Reads a date and perhaps a time; a date alone is its midnight.
fn parse_local(text: &str) -> Option<NaiveDateTime> {
    const DATES: [&str; 11] = [
        "%Y-%m-%d",
        "%d.%m.%Y",
        "%d.%m.%y",
        "%Y/%m/%d",
        "%Y.%m.%d",
        "%Y%m%d",
        "%d. m%m %Y",
        "%d m%m %Y",
        "m%m %d %Y",
        "%d-%b-%Y",
        "m%m %d",
    ];
    const TIMES: [&str; 6] = ["%H:%M:%S%.f", "%H:%M", "%H.%M", "%I:%M:%S %p", "%I:%M %p", "%H%M%S"];
    // `%Y` also takes two digits, as the year 26.
    let is_plausible = |local: &NaiveDateTime| local.year() >= 1000;
    for date in DATES {
        let midnight =
            NaiveDate::parse_from_str(text, date).map(|day| day.and_time(NaiveTime::MIN));
        if let Some(local) = midnight.ok().filter(is_plausible) {
            return Some(local);
        }
        for time in TIMES {
            let forms = [
                format!("{date} {time}"),
                format!("{date}t{time}"),
                // ctime puts the year behind the time.
                format!("{date} {time} %Y"),
            ];
            for form in forms {
                let local = NaiveDateTime::parse_from_str(text, &form).ok();
                if let Some(local) = local.filter(is_plausible) {
                    return Some(local);
                }
            }
        }
    }
    NaiveDateTime::parse_from_str(text, "%Y%m%d%H%M%S").ok()
}

/// An hour that the clock shows twice is the earlier one; an hour that it leaps over is shifted
/// forward, as clocks do.
fn in_zone(local: NaiveDateTime, zone: Zone) -> Option<DateTime<Utc>> {
    match zone {
        Zone::Offset(offset) => {
            offset.from_local_datetime(&local).single().map(|date| date.to_utc())
        }
        Zone::Berlin => Berlin
            .from_local_datetime(&local)
            .earliest()
            .or_else(|| {
                let later = local.checked_add_signed(TimeDelta::hours(1))?;
                Berlin.from_local_datetime(&later).earliest()
            })
            .map(|date| date.to_utc()),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn shown(text: &str) -> Option<String> {
        parse_date(text).map(|date| date.to_rfc3339_opts(chrono::SecondsFormat::AutoSi, true))
    }

    #[test]
    fn the_common_forms_of_one_moment_are_all_read() {
        for text in [
            "2026-04-15T16:12:00+02:00",
            "2026-04-15T14:12:00Z",
            "2026-04-15t16:12",
            "2026-04-15 16:12",
            "2026-04-15 16:12:00",
            "2026-04-15 16:12:00.000",
            "2026-04-15 16:12:00 +0200",
            "2026-04-15 16:12:00+02",
            "2026-04-15 14:12:00 UTC",
            "2026-04-15T16:12:00+02:00[Europe/Berlin]",
            "2026/04/15 16:12",
            "20260415T141200Z",
            "20260415T161200+0200",
            "20260415161200",
            "15-Apr-2026 16:12",
            "am 15.04.2026 um 16:12",
            "15.04.2026 16:12",
            "15.4.2026 16:12:00",
            "15.04.26 16:12",
            "15.04.2026, 16:12 Uhr",
            "15.04.2026 um 16.12 Uhr",
            "15. April 2026 16:12",
            "Mittwoch, 15. April 2026 um 16:12 Uhr",
            "Mi., 15. Apr. 2026, 16:12 MESZ",
            "Wed, 15 Apr 2026 16:12:00 +0200",
            "15 Apr 2026 14:12:00 GMT",
            "Wed Apr 15 16:12:00 2026",
            "Wed Apr 15 16:12:00 CEST 2026",
            "Wed Apr 15 2026 16:12:00 GMT+0200 (Central European Summer Time)",
            "April 15, 2026 4:12 PM",
            "Wednesday, April 15, 2026 at 4:12:00 PM",
            "Apr 15, 2026, 4:12\u{202f}PM",
            "1776262320",
            "1776262320000",
            "1776262320000000",
            "1776262320.5",
        ] {
            let seconds = parse_date(text).map(|date| date.timestamp());
            assert_eq!(seconds, Some(1_776_262_320), "{text}");
        }
    }

    #[test]
    fn a_date_alone_is_its_midnight_in_berlin() {
        assert_eq!(shown("15.01.2026").as_deref(), Some("2026-01-14T23:00:00Z"));
        assert_eq!(shown("2026-03-05").as_deref(), Some("2026-03-04T23:00:00Z"));
        assert_eq!(shown("5. März 2026").as_deref(), Some("2026-03-04T23:00:00Z"));
    }

    #[test]
    fn the_hours_of_the_change_of_clocks() {
        // Twice in autumn: the earlier one. Never in spring: an hour later.
        assert_eq!(shown("25.10.2026 02:30").as_deref(), Some("2026-10-25T00:30:00Z"));
        assert_eq!(shown("29.03.2026 02:30").as_deref(), Some("2026-03-29T01:30:00Z"));
    }

    #[test]
    fn what_is_no_plausible_date_is_unreadable() {
        for text in [
            "",
            "gestern",
            "heute 10:00",
            "31.02.2026 10:00",
            "04/05/2026",
            "12:30",
            "2026",
            "15.04.2026 25:00",
            "0",
            "1",
            "-1",
            "1969-12-31",
            "1999-12-31T00:00:00Z",
            "99999999999999999999",
            "2026-04-15T16:12:00+99:00",
            "2026-04-15 16:12 XYZ",
            "15.04.2026 16:12 15.04.2026",
        ] {
            assert_eq!(shown(text), None, "{text}");
        }
    }

    proptest! {
        #[test]
        fn nothing_makes_it_panic(text in "\\PC{0,130}") {
            parse_date(&text);
        }

        #[test]
        fn nothing_date_like_makes_it_panic(text in "[0-9TZzm:.,+−\\-/ aprjnuhä(\\[]{0,40}") {
            parse_date(&text);
        }

        #[test]
        fn a_date_comes_back_from_every_form_that_holds_all_of_it(
            seconds in 946_684_800_i64..4_102_444_800,
            form in prop::sample::select(vec![
                "%Y-%m-%dT%H:%M:%S%:z", "%Y-%m-%d %H:%M:%S %z", "%Y-%m-%d %H:%M:%S",
                "%a, %d %b %Y %H:%M:%S %z", "%d.%m.%Y %H:%M:%S", "%d.%m.%Y, %H:%M:%S Uhr",
                "%a %b %e %H:%M:%S %Y", "%A, %d. %B %Y um %H:%M:%S Uhr", "%Y%m%dT%H%M%S",
                "%B %d, %Y %I:%M:%S %p", "%s",
            ]),
        ) {
            let date = Utc.timestamp_opt(seconds, 0).unwrap();
            let text = date.with_timezone(&Berlin).format(form).to_string();
            let read = parse_date(&text).unwrap();
            // The hour that the clock shows twice cannot come back from a form without a zone.
            let hour_shown_twice = read + TimeDelta::hours(1) == date
                && !form.contains('z')
                && Berlin.from_local_datetime(&date.with_timezone(&Berlin).naive_local())
                    .single().is_none();
            prop_assert!(read == date || hour_shown_twice, "{text} became {read}, not {date}");
        }
    }
}
