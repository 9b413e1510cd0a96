//! A text cut into what belongs together: table rows, and sentences put back together where a
//! mail program broke their lines.

use std::ops::Range;

/// A row or a sentence.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Segment {
    pub(super) range: Range<usize>,
    /// The line above that announces this one (`Rückstand, Stand heute:`).
    pub(super) heading: Option<Range<usize>>,
    /// Cells stand side by side in it.
    pub(super) is_row: bool,
    /// The first segment after a blank line.
    pub(super) starts_paragraph: bool,
}

/// Mail programs break lines no earlier than this.
const SHORTEST_BROKEN_LINE: usize = 45;

pub(super) fn segments(text: &str) -> Vec<Segment> {
    let lines = lines(text);
    let mut segments: Vec<Segment> = Vec::new();
    let mut heading: Option<Range<usize>> = None;
    let mut at = 0;
    let mut after_blank = true;
    while at < lines.len() {
        let first = lines[at].clone();
        let line = &text[first.clone()];
        if line.trim().is_empty() {
            after_blank = true;
            at += 1;
            continue;
        }
        at += 1;
        // A line drawn under a table says nothing, and its rows go on behind it.
        if !line.contains(char::is_alphanumeric) {
            continue;
        }
        let mut end = first.end;
        let is_row = is_row(line);
        if !is_row {
            while at < lines.len()
                && goes_on(&text[lines[at - 1].clone()], &text[lines[at].clone()])
            {
                end = lines[at].end;
                at += 1;
            }
        }
        let whole = first.start..end;
        let before = segments.len();
        if is_row {
            segments.push(Segment {
                range: whole.clone(),
                heading: heading.clone(),
                is_row,
                starts_paragraph: after_blank,
            });
        } else {
            for range in sentences(text, whole.clone()) {
                let heading = if segments.len() == before { heading.clone() } else { None };
                let starts_paragraph = after_blank && segments.len() == before;
                segments.push(Segment { range, heading, is_row, starts_paragraph });
            }
        }
        after_blank = false;
        let whole_text = text[whole.clone()].trim_end();
        heading = (whole_text.ends_with(':') || whole_text.len() <= 60)
            .then(|| segments.last().map_or(whole, |segment| segment.range.clone()));
    }
    segments
}

fn lines(text: &str) -> Vec<Range<usize>> {
    let mut start = 0;
    text.split('\n')
        .map(|line| {
            let range = start..start + line.len();
            start += line.len() + 1;
            range
        })
        .collect()
}

pub(super) fn is_row(line: &str) -> bool {
    line.contains(" | ") || line.trim().contains("  ") || line.contains("....")
}

/// Whether the second line is the rest of a sentence that the first began.
fn goes_on(line: &str, next: &str) -> bool {
    let (line, next) = (line.trim_end(), next.trim_start());
    if next.is_empty() || is_row(next) || starts_item(next) {
        return false;
    }
    let ends_with_amount = ["EUR", "Euro", "€"].iter().any(|currency| line.ends_with(currency));
    if line.ends_with([':', ';', '!', '?'])
        || (ends_with_amount && next.starts_with(char::is_uppercase))
    {
        return false;
    }
    let lower_case = next.starts_with(|c: char| c.is_lowercase());
    if line.ends_with('.') {
        return lower_case;
    }
    line.len() >= SHORTEST_BROKEN_LINE
        || (lower_case && !line.ends_with([',', '€']) && !line.ends_with("EUR"))
}

fn starts_item(line: &str) -> bool {
    let mut characters = line.chars();
    match characters.next() {
        Some('-' | '*' | '•' | '·' | '–') => true,
        Some(first) if first.is_ascii_alphanumeric() => {
            matches!((characters.next(), characters.next()), (Some('.' | ')'), Some(' ')))
        }
        _ => false,
    }
}

/// Cuts at full stops that end a sentence.
fn sentences(text: &str, whole: Range<usize>) -> Vec<Range<usize>> {
    let part = &text[whole.clone()];
    let mut cuts = Vec::new();
    let mut start = whole.start;
    for (at, mark) in part.match_indices(['.', '!', '?', ';']) {
        let rest = &part[at + 1..];
        let next = rest.trim_start();
        let gap = rest.len() - next.len();
        if gap == 0 || !next.starts_with(|c: char| !c.is_lowercase()) {
            continue;
        }
        if mark == "." && is_abbreviation(&part[..at]) {
            continue;
        }
        let end = whole.start + at + 1;
        if end > start {
            cuts.push(start..end);
        }
        start = end + gap;
    }
    if start < whole.end {
        cuts.push(start..whole.end);
    }
    cuts
}

/// Whether a full stop after `before` belongs to its last word.
fn is_abbreviation(before: &str) -> bool {
    let word_start = before
        .rfind(|c: char| c.is_whitespace() || c == '(')
        .map_or(0, |at| at + before[at..].chars().next().map_or(1, char::len_utf8));
    let word = &before[word_start..];
    let letters = word.chars().filter(|c| c.is_alphabetic()).count();
    if word.chars().all(|c| c.is_ascii_digit() || c == '.') {
        // `am 15. April`: an ordinal. An amount has a comma or its currency after it.
        return word.len() <= 3;
    }
    if letters == 0 && word.len() > 3 {
        // `EUR 1,655.40`.
        return false;
    }
    if matches!(
        word,
        "EUR" | "Euro" | "€" | "CHF" | "ab" | "an" | "zu" | "um" | "so" | "ja" | "da" | "es"
    ) {
        return false;
    }
    let lower = word.to_lowercase();
    letters <= 1 && !word.ends_with('€') && word.len() < 8
        || (word.contains('.') && letters <= 4)
        || matches!(
            lower.as_str(),
            "nr" | "az"
                | "abs"
                | "art"
                | "inkl"
                | "incl"
                | "zzgl"
                | "einschl"
                | "ca"
                | "bzw"
                | "vgl"
                | "gem"
                | "lt"
                | "ggf"
                | "evtl"
                | "tel"
                | "dr"
                | "prof"
                | "hr"
                | "fr"
                | "st"
                | "str"
                | "usw"
                | "rd"
                | "mtl"
                | "ggü"
                | "abzgl"
                | "fa"
                | "geb"
                | "sog"
                | "bspw"
                | "vertr"
                | "kd"
                | "kto"
                | "rg"
                | "re"
                | "ref"
                | "mr"
                | "mrs"
                | "no"
                | "jan"
                | "feb"
                | "apr"
                | "aug"
                | "sept"
                | "okt"
                | "nov"
                | "dez"
                | "mo"
                | "di"
                | "mi"
                | "do"
                | "sa"
                | "so"
                | "bzgl"
                | "betr"
                | "anl"
                | "kdnr"
                | "gg"
                | "ltd"
                | "co"
                | "mitgl"
                | "dort"
                | "exkl"
        )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cut(text: &str) -> Vec<&str> {
        segments(text).iter().map(|segment| &text[segment.range.clone()]).collect()
    }

    #[test]
    fn sentences_end_at_full_stops_but_not_at_abbreviations_or_dates() {
        assert_eq!(
            cut("Die Forderung beträgt 1.341,17 EUR. Darin inkl. Zinsen Nr. 5 vom 2. April."),
            ["Die Forderung beträgt 1.341,17 EUR.", "Darin inkl. Zinsen Nr. 5 vom 2. April."]
        );
    }

    #[test]
    fn broken_lines_are_joined_and_rows_are_not() {
        let text =
            "wir zeigen an, dass die Gesamtforderung gegen Herrn\nMüller heute 5,00 EUR beträgt.";
        assert_eq!(cut(text), [text]);
        assert_eq!(cut("Zinsen  5,00 EUR\nSumme | 6,00 EUR").len(), 2);
    }
}
