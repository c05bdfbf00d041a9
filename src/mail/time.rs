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

/// Makes `28 November 2026, 10:09 UTC` of `2026-11-28T10:09:00Z` (RFC 3339). `None` if it is of another form.
pub fn readable(time: &str) -> Option<String> {
    if time.len() != "2026-11-28T10:09:00Z".len() || !time.ends_with('Z') {
        return None;
    }
    let (year, month, day, minute) = (time.get(..4)?, time.get(5..7)?, time.get(8..10)?, time.get(11..16)?);
    let month = MONTHS.get(month.parse::<usize>().ok()?.checked_sub(1)?)?;
    let day = day.strip_prefix('0').unwrap_or(day);
    Some([day, " ", month, " ", year, ", ", minute, " UTC"].concat())
}
