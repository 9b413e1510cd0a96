//! Builds the lines of a text out of blocks, rows and cells.

/// Rows inside cells inside rows beyond this depth are laid out as lines.
const MAX_ROW_DEPTH: usize = 24;

/// Before each line of a quote.
const QUOTE: &str = "> ";

/// A row longer than this holds the layout of a page, not figures.
const LONGEST_ROW: usize = 600;

#[derive(Debug, Default)]
pub(super) struct Page {
    /// The finished text, or that of the enclosing cells; the last is being written.
    text: Lines,
    rows: Vec<Row>,
    rows_too_deep: usize,
    tables: Vec<Table>,
}

#[derive(Debug, Default)]
struct Row {
    cells: Vec<Cell>,
    cell_is_open: bool,
}

#[derive(Debug, Default)]
struct Cell {
    lines: Lines,
    span: Span,
}

/// Over how many columns and rows a cell goes.
#[derive(Clone, Copy, Debug)]
pub(super) struct Span {
    pub(super) columns: usize,
    pub(super) rows: usize,
}

impl Default for Span {
    fn default() -> Span {
        Span { columns: 1, rows: 1 }
    }
}

/// More columns than this hold no figures that a person compares.
const MAX_COLUMNS: usize = 64;

/// An open table.
#[derive(Debug, Default)]
struct Table {
    heads: Vec<Head>,
    /// In how many further rows a cell from above fills each column.
    filled: Vec<usize>,
    is_in_foot: bool,
    /// The rows of the foot, which a reader sees below all others wherever they stand.
    foot: String,
}

/// What the head of a column says of the figures below it.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
enum Head {
    #[default]
    Other,
    Euros,
    Cents,
    Credit,
}

impl Table {
    fn lay_out(&mut self, mut row: Row) -> String {
        if row.cells.len() > MAX_COLUMNS {
            return row.lay_out();
        }
        let columns = self.columns_of(&row);
        let head = |cell: &Cell| Head::of(cell.lines.text.trim());
        if row.cells.iter().any(|cell| head(cell) != Head::Other) {
            self.heads = vec![Head::Other; MAX_COLUMNS];
            for (cell, column) in row.cells.iter().zip(&columns) {
                if let Some(of_column) = self.heads.get_mut(*column) {
                    *of_column = head(cell);
                }
            }
        } else if !self.heads.is_empty() {
            self.mark(&mut row, &columns);
        }
        row.lay_out()
    }

    /// The first column of each cell.
    fn columns_of(&mut self, row: &Row) -> Vec<usize> {
        if self.filled.is_empty() {
            if row.cells.iter().all(|cell| cell.span.rows == 1) {
                let end_of = |next: &mut usize, cell: &Cell| {
                    let column = *next;
                    *next = (column + cell.span.columns).min(MAX_COLUMNS);
                    Some(column)
                };
                return row.cells.iter().scan(0, end_of).collect();
            }
            self.filled = vec![0; MAX_COLUMNS];
        }
        let mut below = vec![0; MAX_COLUMNS];
        let mut next = 0;
        let mut columns = Vec::with_capacity(row.cells.len());
        for cell in &row.cells {
            while self.filled.get(next).is_some_and(|rows| *rows > 0) {
                next += 1;
            }
            columns.push(next);
            let end = (next + cell.span.columns).min(MAX_COLUMNS);
            below[next.min(end)..end].fill(cell.span.rows - 1);
            next = end.max(next + 1).min(MAX_COLUMNS);
        }
        for (rows, new) in self.filled.iter_mut().zip(below) {
            *rows = rows.saturating_sub(1).max(new);
        }
        columns
    }

    /// Joins euros and cents that stand in two columns, and marks what stands under `Haben`.
    fn mark(&self, row: &mut Row, columns: &[usize]) {
        let head = |at: usize| self.heads.get(columns[at]).copied().unwrap_or_default();
        for at in 0..row.cells.len() {
            if head(at) == Head::Other || !is_figure(&row.cells[at].lines.text) {
                continue;
            }
            let (before, here) = row.cells.split_at_mut(at);
            let figure = &mut here[0].lines.text;
            match (head(at), before.last_mut()) {
                (Head::Cents, Some(cell))
                    if head(at - 1) == Head::Euros
                        && figure.trim().len() == 2
                        && is_figure(&cell.lines.text) =>
                {
                    let euros = &mut cell.lines.text;
                    euros.truncate(euros.trim_end().len());
                    euros.push(',');
                    euros.push_str(figure.trim());
                    figure.clear();
                }
                (Head::Credit, _) => figure.push_str(" H"),
                _ => {}
            }
        }
    }
}

fn is_figure(cell: &str) -> bool {
    let cell = cell.trim();
    cell.starts_with(|c: char| c.is_ascii_digit())
        && cell.ends_with(|c: char| c.is_ascii_digit())
        && cell.chars().all(|c| c.is_ascii_digit() || matches!(c, '.' | ',' | ' '))
}

impl Head {
    fn of(cell: &str) -> Head {
        let is = |names: &[&str]| names.iter().any(|name| cell.eq_ignore_ascii_case(name));
        match () {
            () if is(&["euro", "eur", "€"]) => Head::Euros,
            () if is(&["ct", "ct.", "cent", "cents"]) => Head::Cents,
            () if is(&["haben"]) => Head::Credit,
            () => Head::Other,
        }
    }
}

impl Page {
    pub(super) fn finish(mut self) -> String {
        while !self.rows.is_empty() {
            self.close_row();
        }
        while !self.tables.is_empty() {
            self.close_table();
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

    pub(super) fn term(&mut self) {
        let lines = self.lines();
        lines.pending_breaks = lines.pending_breaks.max(1);
        lines.pending_cell = false;
        lines.term_start = lines.text.len();
    }

    /// What is said of the term before it stands in its line.
    pub(super) fn definition(&mut self, follows_term: bool) {
        let lines = self.lines();
        if follows_term && lines.text.len() > lines.term_start {
            lines.pending_cell = true;
        } else {
            self.new_line();
        }
    }

    pub(super) fn open_table(&mut self) {
        self.tables.push(Table::default());
    }

    pub(super) fn close_table(&mut self) {
        let Some(table) = self.tables.pop() else { return };
        self.add_row(&table.foot);
        self.new_line();
    }

    pub(super) fn set_in_foot(&mut self, is_in_foot: bool) {
        if let Some(table) = self.tables.last_mut() {
            table.is_in_foot = is_in_foot;
        }
    }

    fn add_row(&mut self, laid_out: &str) {
        let lines = self.lines();
        lines.pending_breaks = lines.pending_breaks.max(1);
        lines.write_whole_lines(laid_out);
        lines.pending_breaks = 1;
    }

    pub(super) fn open_row(&mut self) {
        self.new_line();
        if self.rows.len() < MAX_ROW_DEPTH {
            self.rows.push(Row::default());
        } else {
            self.rows_too_deep += 1;
        }
    }

    pub(super) fn open_cell(&mut self, span: Span) {
        if self.rows_too_deep > 0 {
            self.new_line();
        } else if let Some(row) = self.rows.last_mut() {
            row.cells.push(Cell { lines: Lines::default(), span });
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
        let Some(table) = self.tables.last_mut() else {
            return self.add_row(&row.lay_out());
        };
        let laid_out = table.lay_out(row);
        if table.is_in_foot {
            table.foot.push_str(&laid_out);
            table.foot.push('\n');
        } else {
            self.add_row(&laid_out);
        }
    }

    pub(super) fn last_line_introduces_quote(&self) -> bool {
        let text = &self.current().text;
        let last = text.trim_end().rsplit('\n').next().unwrap_or_default();
        let last = last.to_lowercase();
        last.ends_with(':') && ["schrieb", "wrote", "geschrieben"].iter().any(|w| last.contains(w))
    }

    fn current(&self) -> &Lines {
        match self.rows.last() {
            Some(row) if row.cell_is_open => {
                row.cells.last().map_or(&self.text, |cell| &cell.lines)
            }
            _ => &self.text,
        }
    }

    /// Where the next text goes: the open cell, or the text around the table.
    fn lines(&mut self) -> &mut Lines {
        let row = self.rows.iter_mut().rev().find(|row| row.cell_is_open);
        match row {
            Some(row) => row.cells.last_mut().map_or(&mut self.text, |cell| &mut cell.lines),
            None => &mut self.text,
        }
    }
}

impl Row {
    /// One line for a row of figures; one line per pair where cells hold lists of equal length;
    /// plain lines where the table is a page's layout.
    fn lay_out(self) -> String {
        let texts = self.cells.into_iter().map(|cell| cell.lines.text);
        let cells: Vec<String> = texts.filter(|text| !text.trim().is_empty()).collect();
        if cells.len() > 1 && cells.iter().all(|cell| cell.starts_with(QUOTE)) {
            // The mark is that of the row.
            let depth = cells[0].split(QUOTE).take_while(|before| before.is_empty()).count();
            let unmarked = |cell: &String| {
                let lines = cell.lines().map(|line| line.trim_start_matches(QUOTE));
                lines.collect::<Vec<_>>().join("\n")
            };
            let row = lay_out(&cells.iter().map(unmarked).collect::<Vec<_>>());
            let marked = row.lines().map(|line| QUOTE.repeat(depth) + line);
            return marked.collect::<Vec<_>>().join("\n");
        }
        lay_out(&cells)
    }
}

fn lay_out(cells: &[String]) -> String {
    {
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
    /// The next text is the other half of the line that is being written.
    pending_cell: bool,
    /// How long the text was before the last term of a list of definitions.
    term_start: usize,
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
            if std::mem::take(&mut self.pending_cell) && !self.at_line_start() {
                let trimmed = self.text.trim_end_matches(' ').len();
                self.text.truncate(trimmed);
                self.text.push_str(" | ");
                (self.pending_breaks, self.pending_space) = (0, false);
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
        self.pending_cell = false;
        self.text.push_str(lines);
    }
}
