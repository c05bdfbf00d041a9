//! Times for people.

/// Months in their order.
const MONTHS: [&str; 12] = [
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
];

/// Makes `28 November 2026, 10:09 UTC` of `2026-11-28T10:09:00Z` (RFC 3339). `None` if it is no such time.
pub fn readable(time: &str) -> Option<String> {
    let (date, clock) = time.strip_suffix('Z')?.split_once('T')?;
    let (year, rest) = date.split_once('-')?;
    let (month, day) = rest.split_once('-')?;
    let month = MONTHS.get(month.parse::<usize>().ok()?.checked_sub(1)?)?;
    let day = day.strip_prefix('0').unwrap_or(day);
    let is_number = |text: &str| text.bytes().all(|c| c.is_ascii_digit());
    let minute = clock.get(..5).filter(|minute| minute.bytes().all(|c| c.is_ascii_digit() || c == b':'))?;
    (is_number(year) && is_number(day)).then(|| [day, " ", month, " ", year, ", ", minute, " UTC"].concat())
}
