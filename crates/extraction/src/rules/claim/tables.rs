//! Whether a list of parts comes to another sum than the total that is stated behind it.

use super::{Reading, Role, is_stated};

/// Fewer rows are no table.
const FEWEST_ROWS: usize = 2;

/// With fewer amounts in a row nothing can be told from their sum.
const FEWEST_COLUMNS: usize = 3;

/// Whether the rows before the claim at `claim` contradict it.
///
/// A table that leaves parts out cannot be told from one with a mistake; so a total at the end of a
/// table of parts must be their sum, and one in the sentence behind it must not look like a slip of
/// the pen in that sum.
pub(super) fn contradicts(readings: &[Reading], claim: usize) -> bool {
    if readings[claim].confirmed {
        return false;
    }
    let rows = rows_before(readings, claim);
    if rows.len() < FEWEST_ROWS {
        return false;
    }
    let is_part = |row: &&Reading| {
        matches!(row.role, Role::Item | Role::Basis | Role::Claim | Role::Unknown)
            && !row.is_vague()
    };
    // What a word made unrelated may be so, or be dropped for this very total.
    let parts: Vec<&Reading> =
        rows.iter().copied().filter(|row| row.role != Role::Unrelated).collect();
    if readings[claim].is_row && parts.len() >= FEWEST_ROWS && parts.iter().all(is_part) {
        return !may_come_to(&parts, readings[claim].amount.value.cents());
    }
    let signed = |row: &&Reading| match row.role {
        Role::Paid => -row.amount.value.cents().abs(),
        _ => row.amount.value.cents(),
    };
    // An `Überzahlung` may be on either side of the account.
    let unsigned = |row: &&Reading| row.amount.value.cents();
    let total = readings[claim].amount.value.cents();
    [
        rows.iter().map(signed).fold(0, i64::saturating_add),
        rows.iter().map(unsigned).fold(0, i64::saturating_add),
    ]
    .into_iter()
    .any(|sum| is_slip(sum, total))
}

/// Whether the last row of a table elsewhere in the mail is the sum of the rows above it and another
/// amount than the claim at `claim`, whatever the row is called.
pub(super) fn foot_contradicts(readings: &[Reading], claim: usize) -> bool {
    let value = readings[claim].amount.value;
    let is_part = |row: &&Reading| {
        !matches!(row.role, Role::Rate | Role::Offer | Role::Paid | Role::Former)
            && row.amount.value != value
    };
    let goes_on = |foot: usize| {
        let next = readings.get(foot + 1);
        next.is_some_and(|next| next.is_row && next.segment <= readings[foot].segment + 1)
    };
    (1..readings.len())
        .filter(|foot| readings[*foot].is_row && readings[*foot].amount.value != value)
        .filter(|foot| !goes_on(*foot) && !is_stated(readings[*foot].role))
        .filter_map(|foot| Some((foot, column_of(readings, foot)?)))
        .any(|(foot, column)| {
            let mut rows = column.iter().chain([&foot]).map(|at| &readings[*at]);
            rows.all(|row| is_part(&row))
        })
}

/// Longer tables fit any sum with some choice of signs.
const LONGEST_WITH_SIGNS: usize = 9;

/// Whether the rows come to this sum if some of those that no word explains are taken off.
fn may_come_to(rows: &[&Reading], sum: i64) -> bool {
    if rows.len() > LONGEST_WITH_SIGNS {
        return false;
    }
    (0_u32..1 << rows.len()).any(|taken_off| {
        let signed = rows.iter().enumerate().map(|(at, row)| {
            let cents = row.amount.value.cents();
            if taken_off >> at & 1 == 1 && row.role == Role::Unknown { -cents } else { cents }
        });
        signed.fold(0_i64, i64::saturating_add) == sum
    })
}

/// The sums of longer columns are not checked.
const LONGEST_COLUMN: usize = 60;

/// The rows above `total` whose last amounts add up to it.
pub(super) fn column_of(readings: &[Reading], total: usize) -> Option<Vec<usize>> {
    if !readings[total].is_row {
        return None;
    }
    let mut next = readings[total].segment;
    let mut sum = 0_i64;
    let mut column = Vec::new();
    for (at, row) in readings[..total].iter().enumerate().rev() {
        if !row.is_row || row.segment.saturating_add(1) < next {
            break;
        }
        if row.segment != next {
            sum = sum.saturating_add(row.amount.value.cents());
            column.push(at);
        }
        // Each row of a hostile table may look like its total.
        if column.len() > LONGEST_COLUMN {
            return None;
        }
        next = row.segment;
    }
    (column.len() >= FEWEST_ROWS && sum == readings[total].amount.value.cents()).then_some(column)
}

/// `Summe | 6.198,10 | 563,50 | 6.761,60`: the total of a table with several columns of amounts is
/// the last of its last row if it is the sum of the others there, or what is left of the first under
/// a head that says so.
pub(super) fn confirm_feet(readings: &mut [Reading]) {
    let mut start = 0;
    while start < readings.len() {
        let segment = readings[start].segment;
        let length = readings[start..].iter().take_while(|other| other.segment == segment).count();
        let row = start..start + length;
        start = row.end;
        let above = row.start.checked_sub(1).map_or(0, |above| readings[above].amount.range.end);
        let named = &readings[row.start];
        let is_named_here = named.is_row && is_stated(named.role) && named.evidence.start >= above;
        if length < FEWEST_COLUMNS || !is_named_here {
            continue;
        }
        let cents = |reading: &Reading| reading.amount.value.cents();
        let last = row.end - 1;
        let middle = readings[row.start + 1..last].iter().map(cents);
        let middle = middle.fold(0, i64::saturating_add);
        let (first, foot) = (cents(&readings[row.start]), cents(&readings[last]));
        let is_sum = first.saturating_add(middle) == foot;
        let is_rest = first.saturating_sub(middle) == foot && is_stated(readings[last].role);
        if is_sum || is_rest {
            let (others, total) = readings[row].split_at_mut(length - 1);
            others.iter_mut().for_each(|other| other.in_sum = true);
            if !is_stated(total[0].role) {
                total[0].role = others[0].role;
            }
            (total[0].confirmed, total[0].in_sum) = (true, false);
        }
    }
}

/// The last amount of each row of the table that ends where the claim stands.
fn rows_before(readings: &[Reading], claim: usize) -> Vec<&Reading> {
    let mut next = readings[claim].segment;
    let mut rows: Vec<&Reading> = Vec::new();
    for row in readings[..claim].iter().rev() {
        if !row.is_row || row.segment.saturating_add(1) < next {
            break;
        }
        // The first amounts of a row are units and columns of another kind.
        if row.segment != next {
            rows.push(row);
        }
        next = row.segment;
    }
    rows
}

/// Whether two amounts differ in one digit only, or by two neighbours exchanged.
fn is_slip(one: i64, other: i64) -> bool {
    different_digits(one, other).is_some_and(|different| different.len() == 1)
        || is_exchange(one, other)
}

/// Whether two amounts differ by two neighbouring digits exchanged.
pub(super) fn is_exchange(one: i64, other: i64) -> bool {
    let digit = |number: i64, at: usize| number.to_string().as_bytes()[at];
    let Some(different) = different_digits(one, other) else { return false };
    let [first, second] = different[..] else { return false };
    second == first + 1
        && digit(one, first) == digit(other, second)
        && digit(one, second) == digit(other, first)
}

/// Where two numbers of the same length differ.
fn different_digits(one: i64, other: i64) -> Option<Vec<usize>> {
    let (one, other) = (one.to_string(), other.to_string());
    let pairs = one.bytes().zip(other.bytes()).enumerate();
    (one.len() == other.len())
        .then(|| pairs.filter(|(_, (one, other))| one != other).map(|(at, _)| at).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_digit_or_two_exchanged_are_a_slip() {
        assert!(is_slip(556_600, 656_600));
        assert!(is_slip(107_800, 108_700));
        assert!(!is_slip(556_600, 556_600));
        assert!(!is_slip(556_600, 667_600));
        assert!(!is_slip(56_600, 556_600));
    }
}
