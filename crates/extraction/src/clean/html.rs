//! HTML to the text that a reader sees: tables row by row, hidden elements gone, quotes marked.
//!
//! html5ever's tokenizer reads the markup; the tree is not built, because its repairs take
//! quadratic time on hostile input. What is open is kept on a stack of bounded depth instead.

use std::borrow::Cow;
use std::cell::RefCell;
use std::collections::HashMap;

use html5ever::tendril::StrTendril;
use html5ever::tokenizer::states::RawKind;
use html5ever::tokenizer::{
    BufferQueue, Tag, TagKind, Token, TokenSink, TokenSinkResult, Tokenizer, TokenizerOpts,
};
use html5ever::{Attribute, LocalName};

use super::LONGEST_TEXT;
use super::css::{Color, FontSize, Style, StyleSheet};
use super::page::{Page, Span};

/// Browsers flatten what is nested deeper than this, too.
const MAX_DEPTH: usize = 256;

/// Longest honest tags have a few dozen; spaces between them count, too.
const MAX_ATTRIBUTES: usize = 1_000;

/// The longest honest mails, newsletters in nested tables, have some ten thousand.
const MOST_TAGS: usize = 50_000;

/// How much is fed to the tokenizer before a look at what it gave, in bytes.
const CHUNK: usize = 16 * 1024;

/// Text below this size, in pixels, is not read by anybody.
const LEGIBLE_PIXELS: f32 = 2.5;

/// The readable text of an HTML document.
#[derive(Debug, Default)]
pub(super) struct HtmlText {
    /// Quoted lines begin with `> `, table cells are separated by ` | `, struck-out text stands
    /// between `~~`.
    pub(super) text: String,
    pub(super) hidden_text_removed: bool,
    /// The markup turns the direction of writing around.
    pub(super) reverses_direction: bool,
    /// What stood behind so many tags, or so much text, was not read.
    pub(super) is_cut: bool,
}

pub(super) fn to_text(html: &str) -> HtmlText {
    read(html, Reader::default())
}

/// The text that is written in a colour, without the rest.
pub(super) fn to_colourful_text(html: &str) -> String {
    read(html, Reader { only_colourful: true, ..Reader::default() }).text
}

fn read(html: &str, reader: Reader) -> HtmlText {
    let html = without_overlong_tags(html);
    let input = BufferQueue::default();
    let sink = Sink { reader: RefCell::new(reader) };
    let tokenizer = Tokenizer::new(sink, TokenizerOpts::default());
    let mut rest = &*html;
    while !rest.is_empty() && !tokenizer.sink.reader.borrow().is_full() {
        let (chunk, behind) = rest.split_at(rest.floor_char_boundary(CHUNK));
        input.push_back(StrTendril::from_slice(chunk));
        let _ = tokenizer.feed(&input);
        rest = behind;
    }
    tokenizer.end();
    let reader = tokenizer.sink.reader.into_inner();
    HtmlText {
        is_cut: !rest.is_empty(),
        text: reader.page.finish(),
        hidden_text_removed: reader.hidden_text,
        reverses_direction: reader.reverses_direction,
    }
}

struct Sink {
    reader: RefCell<Reader>,
}

impl TokenSink for Sink {
    type Handle = ();

    fn process_token(&self, token: Token, _line: u64) -> TokenSinkResult<()> {
        let mut reader = self.reader.borrow_mut();
        reader.tags += usize::from(matches!(token, Token::TagToken(_)));
        match token {
            Token::CharacterTokens(text) => {
                reader.text_length += text.len();
                reader.text(&text);
            }
            Token::TagToken(tag) if tag.kind == TagKind::StartTag => return reader.open(&tag),
            Token::TagToken(tag) => reader.close(&tag.name),
            _ => {}
        }
        TokenSinkResult::Continue
    }
}

/// What holds inside an open element, its ancestors' part included.
#[derive(Clone)]
struct Element {
    name: LocalName,
    gone: bool,
    invisible: bool,
    font_pixels: f32,
    color: Color,
    background: Color,
    struck: bool,
    keeps_line_breaks: bool,
    quote_depth: usize,
}

#[derive(Default)]
struct Reader {
    stack: Vec<Element>,
    /// Where in the stack the open elements of each name are, so that no end tag has to search.
    places: HashMap<LocalName, Vec<usize>>,
    /// Where the open blocks are.
    block_places: Vec<usize>,
    /// Start tags beyond [`MAX_DEPTH`], whose end tags must close nothing else.
    flattened: HashMap<LocalName, usize>,
    sheet: StyleSheet,
    sheet_text: String,
    page: Page,
    hidden_text: bool,
    reverses_direction: bool,
    /// A `dt` was the last element; its `dd` belongs into the same line.
    term_has_ended: bool,
    /// All other text is left out.
    only_colourful: bool,
    tags: usize,
    /// Bytes of text so far, the hidden ones too.
    text_length: usize,
}

impl Reader {
    fn is_full(&self) -> bool {
        self.tags > MOST_TAGS || self.text_length > LONGEST_TEXT
    }

    fn root() -> Element {
        Element {
            name: LocalName::from(""),
            gone: false,
            invisible: false,
            font_pixels: 16.0,
            color: Color::Rgb(0, 0, 0),
            background: Color::Rgb(255, 255, 255),
            struck: false,
            keeps_line_breaks: false,
            quote_depth: 0,
        }
    }

    fn text(&mut self, text: &str) {
        let root;
        let element = match self.stack.last() {
            Some(element) => element,
            None => {
                root = Self::root();
                &root
            }
        };
        if element.name == *"style" {
            self.sheet_text.push_str(text);
            return;
        }
        if is_unread(&element.name) {
            return;
        }
        let hidden = element.gone
            || element.invisible
            || element.font_pixels < LEGIBLE_PIXELS
            || element.color.vanishes_on(element.background);
        if hidden {
            self.hidden_text |= text.contains(|c: char| !c.is_whitespace());
            return;
        }
        if self.only_colourful && !element.color.is_colourful() {
            return;
        }
        self.page.write(text, element.quote_depth, element.struck, element.keeps_line_breaks);
    }

    fn open(&mut self, tag: &Tag) -> TokenSinkResult<()> {
        let name = &*tag.name;
        self.close_implied(name);
        let style = self.style_of(tag);
        self.reverses_direction |= style.reverses_direction
            || (name == "bdo" && attribute(&tag.attrs, "dir").eq_ignore_ascii_case("rtl"));
        self.lay_out(name, &tag.attrs);
        if is_void(name) {
            return TokenSinkResult::Continue;
        }
        if self.stack.len() >= MAX_DEPTH {
            *self.flattened.entry(tag.name.clone()).or_default() += 1;
        } else {
            let element = self.element(tag, &style);
            self.places.entry(tag.name.clone()).or_default().push(self.stack.len());
            if is_block(name) {
                self.block_places.push(self.stack.len());
            }
            self.stack.push(element);
            match name {
                "table" => self.page.open_table(),
                "tfoot" => self.page.set_in_foot(true),
                _ => {}
            }
        }
        match name {
            "style" | "xmp" | "iframe" | "noembed" | "noframes" => {
                TokenSinkResult::RawData(RawKind::Rawtext)
            }
            "script" => TokenSinkResult::RawData(RawKind::ScriptData),
            "title" | "textarea" => TokenSinkResult::RawData(RawKind::Rcdata),
            _ => TokenSinkResult::Continue,
        }
    }

    fn style_of(&self, tag: &Tag) -> Style {
        let mut style = Style::default();
        if !self.sheet.is_empty() {
            let classes = attribute(&tag.attrs, "class");
            style = self.sheet.for_element(&tag.name, classes, attribute(&tag.attrs, "id"));
        }
        for attr in &tag.attrs {
            let value = &*attr.value;
            match &*attr.name.local {
                "style" => style.overlay(&Style::parse(value)),
                "hidden" => style.gone = true,
                "color" if &*tag.name == "font" => {
                    style.color = Color::parse(&value.to_ascii_lowercase()).or(style.color);
                }
                "bgcolor" => {
                    style.background =
                        Color::parse(&value.to_ascii_lowercase()).or(style.background);
                }
                "background" => style.background = Some(Color::Unknown),
                _ => {}
            }
        }
        style
    }

    fn element(&self, tag: &Tag, style: &Style) -> Element {
        let name = &*tag.name;
        let parent = self.stack.last().cloned().unwrap_or_else(Self::root);
        let quotes = match name {
            "blockquote" => self.is_quote(tag, style),
            "div" => attribute(&tag.attrs, "class").contains("yahoo_quoted"),
            _ => false,
        };
        Element {
            name: tag.name.clone(),
            gone: parent.gone || style.gone,
            invisible: style.invisible.unwrap_or(parent.invisible),
            font_pixels: match style.font_size {
                Some(FontSize::Pixels(pixels)) => pixels,
                Some(FontSize::Relative(factor)) => parent.font_pixels * factor,
                None => parent.font_pixels,
            },
            color: style.color.unwrap_or(parent.color),
            background: match style.background {
                Some(Color::Transparent) | None => parent.background,
                Some(background) => background,
            },
            struck: parent.struck || style.struck || matches!(name, "s" | "del" | "strike"),
            keeps_line_breaks: parent.keeps_line_breaks || style.keeps_line_breaks || name == "pre",
            quote_depth: parent.quote_depth + usize::from(quotes),
        }
    }

    /// A `blockquote` may be a mere indent; mail programs mark theirs.
    fn is_quote(&self, tag: &Tag, style: &Style) -> bool {
        style.bordered_left
            || tag.attrs.iter().any(|attr| match &*attr.name.local {
                "type" | "cite" => true,
                "class" | "id" => {
                    let value = attr.value.to_ascii_lowercase();
                    value.contains("quote") || value.contains("cite")
                }
                _ => false,
            })
            || self.page.last_line_introduces_quote()
    }

    /// Breaks lines and opens cells.
    fn lay_out(&mut self, name: &str, attrs: &[Attribute]) {
        let follows_term = std::mem::take(&mut self.term_has_ended);
        match name {
            "dt" => self.page.term(),
            "dd" => self.page.definition(follows_term),
            "br" => self.page.line_break(),
            "p" | "h1" | "h2" | "h3" | "h4" | "h5" | "h6" | "ul" | "ol" | "hr" | "blockquote" => {
                self.page.paragraph();
            }
            "li" => self.page.list_item(),
            "tr" => self.page.open_row(),
            "td" | "th" => self.page.open_cell(span_of(attrs)),
            _ if is_block(name) => self.page.new_line(),
            _ => {}
        }
    }

    /// Closes what HTML closes without an end tag when `name` opens.
    fn close_implied(&mut self, name: &str) {
        match name {
            "li" => self.close_within(&["li"], &["ul", "ol"]),
            "tr" => self.close_within(&["tr"], &["table"]),
            "td" | "th" => self.close_within(&["td", "th"], &["table", "tr"]),
            "dt" | "dd" => self.close_within(&["dt", "dd"], &["dl"]),
            _ if is_block(name) => self.close_within(&["p"], &["table", "td", "th", "button"]),
            _ => {}
        }
    }

    /// Closes the innermost open element of these names, unless one of the barriers lies inside.
    fn close_within(&mut self, names: &[&str], barriers: &[&str]) {
        let innermost = |names: &[&str]| names.iter().filter_map(|name| self.place_of(name)).max();
        if let Some(at) = innermost(names)
            && innermost(barriers).is_none_or(|barrier| barrier < at)
        {
            self.pop_to(at);
        }
    }

    /// Where the innermost open element of a name is in the stack.
    fn place_of(&self, name: &str) -> Option<usize> {
        self.places.get(&LocalName::from(name)).and_then(|places| places.last()).copied()
    }

    fn close(&mut self, name: &LocalName) {
        if let Some(count) = self.flattened.get_mut(name)
            && *count > 0
        {
            *count -= 1;
            return;
        }
        let Some(at) = self.place_of(name) else {
            if &**name == "p" || &**name == "br" {
                self.page.new_line();
            }
            return;
        };
        // An inline end tag cannot reach out of a block: browsers ignore it there.
        let crosses_block = self.block_places.last().is_some_and(|block| *block > at);
        if is_block(name) || !crosses_block {
            self.pop_to(at);
        }
    }

    fn pop_to(&mut self, length: usize) {
        while self.stack.len() > length {
            let Some(element) = self.stack.pop() else { return };
            if let Some(places) = self.places.get_mut(&element.name) {
                places.pop();
            }
            if self.block_places.last() == Some(&self.stack.len()) {
                self.block_places.pop();
            }
            match &*element.name {
                "style" => {
                    let css = std::mem::take(&mut self.sheet_text);
                    self.sheet.add(&css);
                }
                "p" | "h1" | "h2" | "h3" | "h4" | "h5" | "h6" | "ul" | "ol" | "blockquote" => {
                    self.page.paragraph();
                }
                "td" | "th" => self.page.close_cell(),
                "tr" => self.page.close_row(),
                "table" => self.page.close_table(),
                "tfoot" => self.page.set_in_foot(false),
                "dt" => {
                    self.page.new_line();
                    self.term_has_ended = true;
                }
                name if is_block(name) => self.page.new_line(),
                _ => {}
            }
        }
    }
}

/// Cuts tags with more attributes than any mail program writes: the tokenizer compares each
/// attribute with all before it.
fn without_overlong_tags(html: &str) -> Cow<'_, str> {
    let bytes = html.as_bytes();
    let mut kept = String::new();
    let (mut copied_until, mut at) = (0, 0);
    while let Some(found) = memchr_tag(bytes, at) {
        let end = end_of_attributes(bytes, found + 2);
        at = end.at;
        if end.too_many {
            kept.push_str(&html[copied_until..end.at]);
            kept.push('>');
            let rest = bytes[end.at..].iter().position(|byte| *byte == b'>');
            at = rest.map_or(bytes.len(), |rest| end.at + rest + 1);
            copied_until = at;
        }
    }
    if copied_until == 0 {
        return Cow::Borrowed(html);
    }
    kept.push_str(&html[copied_until..]);
    Cow::Owned(kept)
}

/// The next `<` with a letter after it.
fn memchr_tag(bytes: &[u8], from: usize) -> Option<usize> {
    let mut at = from;
    loop {
        at += bytes.get(at..)?.iter().position(|byte| *byte == b'<')?;
        if bytes.get(at + 1).is_some_and(|byte| byte.is_ascii_alphabetic() || *byte == b'/') {
            return Some(at);
        }
        at += 1;
    }
}

struct EndOfAttributes {
    /// The closing `>`, or where there were too many; always on a character boundary.
    at: usize,
    too_many: bool,
}

fn end_of_attributes(bytes: &[u8], start: usize) -> EndOfAttributes {
    let (mut at, mut attributes) = (start, 0);
    let mut after_equals = false;
    while let Some(&byte) = bytes.get(at) {
        match byte {
            b'>' => break,
            b'"' | b'\'' if after_equals => {
                let closing = bytes[at + 1..].iter().position(|other| *other == byte);
                at = closing.map_or(bytes.len() - 1, |closing| at + 1 + closing);
                after_equals = false;
                attributes += 1;
            }
            b'=' => after_equals = true,
            b' ' | b'\t' | b'\n' | b'\r' | b'\x0c' | b'/' => {
                attributes += usize::from(!after_equals);
                if attributes > MAX_ATTRIBUTES {
                    return EndOfAttributes { at, too_many: true };
                }
            }
            _ => after_equals = false,
        }
        at += 1;
    }
    EndOfAttributes { at: at.min(bytes.len()), too_many: false }
}

fn span_of(attrs: &[Attribute]) -> Span {
    let count = |name| attribute(attrs, name).trim().parse().unwrap_or(1).clamp(1, 1_000);
    Span { columns: count("colspan"), rows: count("rowspan") }
}

fn attribute<'a>(attrs: &'a [Attribute], name: &str) -> &'a str {
    attrs.iter().find(|attr| &*attr.name.local == name).map_or("", |attr| &*attr.value)
}

fn is_unread(name: &str) -> bool {
    matches!(
        name,
        "script"
            | "style"
            | "title"
            | "head"
            | "template"
            | "xml"
            | "noscript"
            | "textarea"
            | "select"
            | "iframe"
            | "object"
            | "svg"
            | "math"
            | "noframes"
            | "noembed"
    )
}

fn is_void(name: &str) -> bool {
    matches!(
        name,
        "area"
            | "base"
            | "br"
            | "col"
            | "embed"
            | "hr"
            | "img"
            | "input"
            | "link"
            | "meta"
            | "source"
            | "track"
            | "wbr"
            | "html"
    )
}

fn is_block(name: &str) -> bool {
    matches!(
        name,
        "address"
            | "article"
            | "aside"
            | "blockquote"
            | "body"
            | "center"
            | "dd"
            | "details"
            | "dir"
            | "div"
            | "dl"
            | "dt"
            | "fieldset"
            | "figure"
            | "footer"
            | "form"
            | "h1"
            | "h2"
            | "h3"
            | "h4"
            | "h5"
            | "h6"
            | "header"
            | "hr"
            | "li"
            | "main"
            | "menu"
            | "nav"
            | "ol"
            | "p"
            | "pre"
            | "section"
            | "summary"
            | "table"
            | "tbody"
            | "td"
            | "tfoot"
            | "th"
            | "thead"
            | "tr"
            | "ul"
            | "caption"
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(html: &str) -> String {
        to_text(html).text
    }

    #[test]
    fn the_foot_of_a_table_stands_below_its_rows() {
        let html = "<table><thead><tr><th>Grund<th>EUR</thead><tfoot><tr><td>Gesamt<td>15,00</tfoot><tbody><tr><td>Miete<td>10,00<tr><td>Mahnung<td>5,00</tbody></table><p>Ende</p>";
        assert_eq!(
            text(html),
            "Grund | EUR\nMiete | 10,00\nMahnung | 5,00\nGesamt | 15,00\n\nEnde"
        );
    }

    #[test]
    fn a_term_and_what_is_said_of_it_are_one_line() {
        let html = "<dl><dt>Gesamt</dt> <dd><p>402,55 €</p></dd><div><dt>Titel<dd>keiner</div></dl><p>Ende</p>";
        assert_eq!(text(html), "Gesamt | 402,55 €\n\nTitel | keiner\n\nEnde");
        assert_eq!(text("<dl><dd>nur eine</dd><dt></dt><dd>zweite</dd></dl>"), "nur eine\nzweite");
    }

    #[test]
    fn euros_and_cents_in_two_columns_are_one_amount() {
        let html = "<table><tr><th rowspan=2>Art<th rowspan=2>Zeit<th colspan=2>offen<tr><th>Euro<th>Ct<tr><td>Gebühr<td><td>8<td>00<tr><td colspan=2>Gesamt 26<td>3.129<td>50</table>";
        assert_eq!(
            text(html),
            "Art | Zeit | offen\nEuro | Ct\nGebühr | 8,00\nGesamt 26 | 3.129,50"
        );
    }

    #[test]
    fn what_stands_in_the_column_of_credits_is_marked_as_one() {
        let html = "<table><tr><td>Text<td>Soll<td>Haben<tr><td>Rate<td>186,00<td><tr><td>Zahlung<td><td>150,00</table>";
        assert_eq!(text(html), "Text | Soll | Haben\nRate | 186,00\nZahlung | 150,00 H");
    }

    #[test]
    fn a_row_inside_a_quote_is_quoted_as_a_whole() {
        let html = "<blockquote type=cite><table><tr><td>Offen</td><td>484,12 €</td></tr></table></blockquote>";
        assert_eq!(text(html), "> Offen | 484,12 €");
    }
}
