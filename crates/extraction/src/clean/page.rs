//! Builds the lines of a text out of blocks, rows and cells.

/// Rows inside cells inside rows beyond this depth are laid out as lines.
const MAX_ROW_DEPTH: usize = 24;

/// A row longer than this holds the layout of a page, not figures.
const LONGEST_ROW: usize = 600;

#[derive(Debug, Default)]
pub(super) struct Page {
    /// The finished text, or that of the enclosing cells; the last is being written.
    text: Lines,
    rows: Vec<Row>,
    rows_too_deep: usize,
}

#[derive(Debug, Default)]
struct Row {
    cells: Vec<Lines>,
    cell_is_open: bool,
}

impl Page {
    pub(super) fn finish(mut self) -> String {
        while !self.rows.is_empty() {
            self.close_row();
        }
        self.text.text
    }

    pub(super) fn write(
        &mut self,
        text: &str,
        quote_depth: usize,
        struck: bool,
        keep_breaks: bool,
    ) {
        let lines = self.lines();
        if struck && text.contains(|c: char| !c.is_whitespace()) {
            lines.write("~~", quote_depth, false);
            lines.write(text.trim(), quote_depth, keep_breaks);
            lines.write("~~ ", quote_depth, false);
        } else {
            lines.write(text, quote_depth, keep_breaks);
        }
    }

    pub(super) fn line_break(&mut self) {
        let lines = self.lines();
        lines.pending_breaks = (lines.pending_breaks + 1).min(2);
    }

    pub(super) fn new_line(&mut self) {
        let lines = self.lines();
        lines.pending_breaks = lines.pending_breaks.max(1);
    }

    pub(super) fn paragraph(&mut self) {
        self.lines().pending_breaks = 2;
    }

    pub(super) fn list_item(&mut self) {
        self.new_line();
        self.lines().pending_bullet = true;
    }

    pub(super) fn open_row(&mut self) {
        self.new_line();
        if self.rows.len() < MAX_ROW_DEPTH {
            self.rows.push(Row::default());
        } else {
            self.rows_too_deep += 1;
        }
    }

    pub(super) fn open_cell(&mut self) {
        if self.rows_too_deep > 0 {
            self.new_line();
        } else if let Some(row) = self.rows.last_mut() {
            row.cells.push(Lines::default());
            row.cell_is_open = true;
        }
    }

    pub(super) fn close_cell(&mut self) {
        if self.rows_too_deep == 0
            && let Some(row) = self.rows.last_mut()
        {
            row.cell_is_open = false;
        }
    }

    pub(super) fn close_row(&mut self) {
        if self.rows_too_deep > 0 {
            self.rows_too_deep -= 1;
            self.new_line();
            return;
        }
        let Some(row) = self.rows.pop() else { return };
        let laid_out = row.lay_out();
        let lines = self.lines();
        lines.pending_breaks = lines.pending_breaks.max(1);
        lines.write_whole_lines(&laid_out);
        lines.pending_breaks = 1;
    }

    pub(super) fn last_line_introduces_quote(&self) -> bool {
        let text = &self.current().text;
        let last = text.trim_end().rsplit('\n').next().unwrap_or_default();
        let last = last.to_lowercase();
        last.ends_with(':') && ["schrieb", "wrote", "geschrieben"].iter().any(|w| last.contains(w))
    }

    fn current(&self) -> &Lines {
        match self.rows.last() {
            Some(row) if row.cell_is_open => row.cells.last().unwrap_or(&self.text),
            _ => &self.text,
        }
    }

    /// Where the next text goes: the open cell, or the text around the table.
    fn lines(&mut self) -> &mut Lines {
        let row = self.rows.iter_mut().rev().find(|row| row.cell_is_open);
        match row {
            Some(row) => row.cells.last_mut().unwrap_or(&mut self.text),
            None => &mut self.text,
        }
    }
}

impl Row {
    /// One line for a row of figures; one line per pair where cells hold lists of equal length;
    /// plain lines where the table is a page's layout.
    fn lay_out(self) -> String {
        let cells: Vec<String> =
            self.cells.into_iter().map(|cell| cell.text).filter(|t| !t.trim().is_empty()).collect();
        let length: usize = cells.iter().map(String::len).sum();
        let line_counts: Vec<usize> =
            cells.iter().map(|cell| cell.trim().lines().count()).collect();
        let most_lines = line_counts.iter().copied().max().unwrap_or(0);
        if cells.len() < 2 || length > LONGEST_ROW || most_lines > 12 {
            return cells.join("\n");
        }
        if most_lines > 1 && line_counts.iter().all(|count| *count == most_lines) {
            let columns: Vec<Vec<&str>> =
                cells.iter().map(|cell| cell.trim().lines().collect()).collect();
            let line = |at: usize| {
                let cells: Vec<&str> = columns.iter().map(|column| column[at].trim()).collect();
                cells.join(" | ")
            };
            return (0..most_lines).map(line).collect::<Vec<_>>().join("\n");
        }
        let one_line = |cell: &String| cell.split_whitespace().collect::<Vec<_>>().join(" ");
        cells.iter().map(one_line).collect::<Vec<_>>().join(" | ")
    }
}

/// Text under construction. Breaks wait until more text comes, so that none is left over at the
/// edges of a cell.
#[derive(Debug, Default)]
struct Lines {
    text: String,
    pending_breaks: usize,
    pending_space: bool,
    pending_bullet: bool,
    quote_depth: usize,
}

impl Lines {
    fn write(&mut self, text: &str, quote_depth: usize, keep_breaks: bool) {
        let mut words_of_line = text;
        if keep_breaks {
            while let Some(at) = words_of_line.find('\n') {
                self.write_words(&words_of_line[..at], quote_depth, true);
                self.pending_breaks = (self.pending_breaks + 1).min(2);
                words_of_line = &words_of_line[at + 1..];
            }
        }
        self.write_words(words_of_line, quote_depth, keep_breaks);
    }

    fn write_words(&mut self, text: &str, quote_depth: usize, keep_spaces: bool) {
        for c in text.chars() {
            // NBSP is content: it holds an amount together.
            if matches!(c, ' ' | '\t' | '\n' | '\r' | '\u{c}') {
                if keep_spaces && self.pending_breaks == 0 && !self.text.ends_with("  ") {
                    self.text.push(' ');
                }
                self.pending_space = true;
                continue;
            }
            if quote_depth != self.quote_depth {
                self.pending_breaks = self.pending_breaks.max(1);
                self.quote_depth = quote_depth;
            }
            self.flush_breaks();
            if self.pending_space && !self.at_line_start() && !self.text.ends_with(' ') {
                self.text.push(' ');
            }
            self.pending_space = false;
            self.text.push(c);
        }
    }

    fn at_line_start(&self) -> bool {
        self.text.is_empty() || self.text.ends_with('\n') || self.text.ends_with("> ")
    }

    fn flush_breaks(&mut self) {
        let first = self.text.is_empty();
        if self.pending_breaks == 0 && !first {
            return;
        }
        if !first {
            let trimmed = self.text.trim_end_matches(' ').len();
            self.text.truncate(trimmed);
            for _ in 0..self.pending_breaks {
                self.text.push('\n');
            }
        }
        self.pending_breaks = 0;
        for _ in 0..self.quote_depth.min(8) {
            self.text.push_str("> ");
        }
        if self.pending_bullet {
            self.text.push_str("- ");
            self.pending_bullet = false;
        }
    }

    /// Adds lines that are laid out already.
    fn write_whole_lines(&mut self, lines: &str) {
        let lines = lines.trim_matches('\n');
        if lines.trim().is_empty() {
            return;
        }
        if !self.text.is_empty() {
            let trimmed = self.text.trim_end_matches(' ').len();
            self.text.truncate(trimmed);
            for _ in 0..self.pending_breaks {
                self.text.push('\n');
            }
        }
        self.pending_breaks = 0;
        self.pending_space = false;
        self.text.push_str(lines);
    }
}
