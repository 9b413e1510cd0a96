//! Currencies that are named once for many amounts: `alle Beträge in DKK`, a column headed `EUR`.

use std::ops::Range;
use std::sync::LazyLock;

use regex::Regex;

use super::Currency;
use crate::pattern::pattern;

const CODES: &str = r"(€|eur(?:o)?|chf|sfr\.?|fr\.|schweizer franken|usd|us-dollar|us\$|gbp|£|dkk|sek|nok|pln|z(?:ł|l)|czk|try|huf)";

/// Words by which a mail speaks of all its amounts.
static FOR_ALL: LazyLock<Regex> = LazyLock::new(|| {
    pattern(&format!(
        r"(?i)(?:betr(?:ä|ae)ge|angaben|werte|summen|amounts|figures) (?:jeweils |are |sind |verstehen sich |stated )?in {CODES}(?:[^a-zäöü]|$)|w(?:ä|ae)hrung(?: ?[:|] ?|  ){CODES}(?:[^a-zäöü]|$)"
    ))
});

/// The last word of a heading, in brackets or alone.
static HEADING: LazyLock<Regex> =
    LazyLock::new(|| pattern(&format!(r"(?i)(?:^|[ (\[]){CODES}[)\]]?$")));

static FIGURE: LazyLock<Regex> = LazyLock::new(|| pattern(r"\d[.,]\d\d(?:[^.\d]|$)"));

/// No heading is longer, in bytes.
const LONGEST_HEADING: usize = 200;

/// Where in a text which currency holds for amounts without one.
pub(super) struct Declarations {
    for_all: Option<Currency>,
    /// Below a heading, in the order of the text.
    tables: Vec<(Range<usize>, Currency)>,
}

impl Declarations {
    pub(super) fn of(text: &str) -> Declarations {
        let mut named = FOR_ALL
            .captures_iter(text)
            .filter_map(|found| found.get(1).or(found.get(2)))
            .map(|code| currency(code.as_str()));
        // Of two, none holds for all amounts, and a doubt is better than a guess.
        let for_all = named
            .next()
            .map(|first| if named.all(|other| other == first) { first } else { Currency::Other });
        Declarations { for_all, tables: tables(text) }
    }

    /// The currency of an amount at `place` that has none beside it.
    pub(super) fn at(&self, place: usize) -> Option<Currency> {
        let after = self.tables.partition_point(|(range, _)| range.start <= place);
        let table = after.checked_sub(1).map(|last| &self.tables[last]);
        table
            .filter(|(range, _)| range.contains(&place))
            .map(|(_, currency)| *currency)
            .or(self.for_all)
    }
}

/// From a heading that names a currency to the next empty line or heading.
fn tables(text: &str) -> Vec<(Range<usize>, Currency)> {
    let mut tables: Vec<(Range<usize>, Currency)> = Vec::new();
    let mut open = None;
    let mut start = 0;
    for line in text.split('\n') {
        let end = start + line.len();
        if line.trim().is_empty() {
            open = None;
        } else if let Some(currency) = headed(line) {
            tables.push((end..end, currency));
            open = Some(tables.len() - 1);
        } else if let Some(open) = open {
            tables[open].0.end = end;
        }
        start = end + 1;
    }
    tables
}

/// The currency in a line of column heads.
fn headed(line: &str) -> Option<Currency> {
    if line.len() > LONGEST_HEADING || FIGURE.is_match(line) {
        return None;
    }
    let cells = line.split('|').flat_map(|cell| cell.split("  ")).map(str::trim);
    let is_row = line.contains('|') || line.contains("  ") || line.trim().len() <= 4;
    let mut named = cells
        .filter(|cell| is_row && !cell.contains(|c: char| c.is_ascii_digit()))
        .filter_map(|cell| HEADING.captures(cell))
        .map(|found| currency(&found[1]));
    let first = named.next()?;
    // Columns of two currencies: which amount stands in which is not known here.
    Some(if named.all(|other| other == first) { first } else { Currency::Other })
}

fn currency(code: &str) -> Currency {
    match code.to_lowercase().as_str() {
        "€" | "eur" | "euro" => Currency::Euro,
        _ => Currency::Other,
    }
}

#[cfg(test)]
mod tests {
    use crate::money::{Currency, scan};

    fn currencies(text: &str) -> Vec<Currency> {
        scan(text).iter().map(|amount| amount.currency).collect()
    }

    #[test]
    fn a_currency_named_for_all_amounts_is_that_of_each_without_one() {
        use Currency::{Euro, Other};
        for (text, expected) in [
            ("DF 40 - alle Beträge in DKK\nKredit | 9.850,00\nGesamt | 12.501,30", vec![Other; 2]),
            ("Alle Beträge in Fr.:\nPrämien | 612.35\nTotal | 702.35", vec![Other; 2]),
            ("Kredit  9.850,00\n\nAlle Beträge in Euro.", vec![Euro]),
            ("Währung | PLN\n\nKredit  9.850,00", vec![Other]),
            ("Beträge in CHF\n\nSaldo 5,00, das sind 5,30 EUR", vec![Other, Euro]),
            ("Beträge in CHF, Werte in EUR\n\nSaldo 5,00", vec![Other]),
        ] {
            assert_eq!(currencies(text), expected, "{text}");
        }
    }

    #[test]
    fn a_heading_names_the_currency_of_its_table_only() {
        use Currency::{Euro, Other, Unstated};
        for (text, expected) in [
            ("Position | Betrag in EUR\nWare | 12,00\nGesamt | 12,00", vec![Euro; 2]),
            ("Position  Rückstand (€)\nWare  12,00", vec![Euro]),
            ("Position | Fr.\nPrämie | 612.35\n\nPorto 5,00", vec![Other, Unstated]),
            ("Posten | EUR\nBeitrag 05/2026, am 01.05. fällig | 12,00", vec![Euro]),
            ("EUR\nRate | 390,00\nAnzahl Raten | 16", vec![Euro]),
            ("Wir zahlen in CHF\nSaldo 12,00", vec![Unstated]),
        ] {
            assert_eq!(currencies(text), expected, "{text}");
        }
    }
}
