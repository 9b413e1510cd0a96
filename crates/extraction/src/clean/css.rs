//! As much of CSS as it takes to know whether a reader sees a text.

use std::collections::HashMap;

/// Rules kept from all style sheets of one mail; more than any honest mail has.
const MAX_RULES: usize = 4_000;

/// So far apart are the strongest and the weakest of red, green and blue in what is seen as a colour.
const LEAST_HUE: u8 = 64;

/// What one `style` attribute or one rule says.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(super) struct Style {
    /// `display:none`, zero opacity, clipped to nothing or moved off the page: nothing inside
    /// can become visible again.
    pub(super) gone: bool,
    pub(super) invisible: Option<bool>,
    pub(super) font_size: Option<FontSize>,
    pub(super) color: Option<Color>,
    pub(super) background: Option<Color>,
    pub(super) struck: bool,
    pub(super) keeps_line_breaks: bool,
    pub(super) bordered_left: bool,
    pub(super) reverses_direction: bool,
}

#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum FontSize {
    Pixels(f32),
    Relative(f32),
}

#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Color {
    Rgb(u8, u8, u8),
    Transparent,
    /// An image or a gradient: nothing can be said about what stands out from it.
    Unknown,
}

impl Color {
    /// Whether text of this colour cannot be told from that background.
    pub(super) fn vanishes_on(self, background: Color) -> bool {
        match (self, background) {
            (Color::Transparent, _) => true,
            (Color::Rgb(r, g, b), Color::Rgb(r2, g2, b2)) => {
                r.abs_diff(r2).max(g.abs_diff(g2)).max(b.abs_diff(b2)) <= 20
            }
            _ => false,
        }
    }

    /// Neither black nor white nor a grey.
    pub(super) fn is_colourful(self) -> bool {
        match self {
            Color::Rgb(r, g, b) => r.max(g).max(b) - r.min(g).min(b) >= LEAST_HUE,
            Color::Transparent | Color::Unknown => false,
        }
    }

    pub(super) fn parse(value: &str) -> Option<Color> {
        let value = value.trim();
        if let Some(hex) = value.strip_prefix('#') {
            return from_hex(hex);
        }
        if let Some(inner) = value.strip_prefix("rgb") {
            return from_rgb_function(inner);
        }
        Some(match value {
            "white" | "snow" | "ghostwhite" | "whitesmoke" | "ivory" => Color::Rgb(255, 255, 255),
            "black" => Color::Rgb(0, 0, 0),
            "transparent" => Color::Transparent,
            "red" | "darkred" | "maroon" => Color::Rgb(160, 0, 0),
            "blue" | "navy" | "darkblue" => Color::Rgb(0, 0, 160),
            "green" | "darkgreen" => Color::Rgb(0, 128, 0),
            "gray" | "grey" => Color::Rgb(128, 128, 128),
            "yellow" => Color::Rgb(255, 255, 0),
            _ => return None,
        })
    }
}

fn from_hex(hex: &str) -> Option<Color> {
    let digits: Vec<u8> =
        hex.chars().map_while(|c| c.to_digit(16)).map(|digit| digit as u8).take(8).collect();
    Some(match digits.as_slice() {
        [_, _, _, 0] | [_, _, _, _, _, _, 0, 0] => Color::Transparent,
        [r, g, b] | [r, g, b, _] => Color::Rgb(r * 17, g * 17, b * 17),
        [r1, r2, g1, g2, b1, b2, ..] => Color::Rgb(r1 * 16 + r2, g1 * 16 + g2, b1 * 16 + b2),
        _ => return None,
    })
}

fn from_rgb_function(inner: &str) -> Option<Color> {
    let inner = inner.trim_start_matches('a').trim_start().strip_prefix('(')?;
    let numbers: Vec<f32> = inner
        .split([',', ' ', '/', ')'])
        .filter(|part| !part.is_empty())
        .take(4)
        .map_while(|part| part.parse().ok())
        .collect();
    match numbers.as_slice() {
        [_, _, _, alpha] if *alpha <= 0.05 => Some(Color::Transparent),
        [r, g, b, ..] => Some(Color::Rgb(*r as u8, *g as u8, *b as u8)),
        _ => None,
    }
}

impl Style {
    /// Reads `name: value; …`.
    pub(super) fn parse(declarations: &str) -> Style {
        let lower = declarations.to_ascii_lowercase();
        let mut style = Style::default();
        let (mut no_size, mut clips) = (false, false);
        for declaration in lower.split(';') {
            let Some((name, value)) = declaration.split_once(':') else { continue };
            let value = value.trim().trim_end_matches("!important").trim();
            let is_zero = || leading_number(value).is_some_and(|(number, _)| number <= 1.0);
            match name.trim() {
                "display" => style.gone |= value == "none",
                "mso-hide" => style.gone |= value == "all",
                "opacity" => {
                    style.gone |= leading_number(value).is_some_and(|(number, _)| number <= 0.05);
                }
                "visibility" => style.invisible = Some(matches!(value, "hidden" | "collapse")),
                "font-size" => style.font_size = font_size(value),
                "color" | "-webkit-text-fill-color" => style.color = Color::parse(value),
                "background-color" => style.background = Color::parse(value),
                "background" | "background-image" => style.background = background(value),
                "max-height" | "height" | "max-width" | "width" if is_zero() => no_size = true,
                "overflow" => clips |= value == "hidden",
                "clip" | "clip-path" => {
                    style.gone |= value.contains("rect(0") || value.contains("inset(50%");
                }
                "text-indent" | "left" | "top" | "margin-left" => {
                    style.gone |= leading_number(value).is_some_and(|(number, _)| number <= -500.0);
                }
                "text-decoration" | "text-decoration-line" => {
                    style.struck |= value.contains("line-through");
                }
                "white-space" => style.keeps_line_breaks = value.starts_with("pre"),
                "border-left" => {
                    style.bordered_left = value != "none" && !value.starts_with('0');
                }
                "unicode-bidi" => style.reverses_direction |= value.contains("override"),
                _ => {}
            }
        }
        style.gone |= no_size && clips;
        style
    }

    /// Lays a more specific style over this one.
    pub(super) fn overlay(&mut self, over: &Style) {
        self.gone |= over.gone;
        self.invisible = over.invisible.or(self.invisible);
        self.font_size = over.font_size.or(self.font_size);
        self.color = over.color.or(self.color);
        self.background = over.background.or(self.background);
        self.struck |= over.struck;
        self.keeps_line_breaks |= over.keeps_line_breaks;
        self.bordered_left |= over.bordered_left;
        self.reverses_direction |= over.reverses_direction;
    }
}

fn leading_number(value: &str) -> Option<(f32, &str)> {
    let end = value
        .find(|c: char| !(c.is_ascii_digit() || matches!(c, '.' | '-' | '+')))
        .unwrap_or(value.len());
    Some((value[..end].parse().ok()?, &value[end..]))
}

fn font_size(value: &str) -> Option<FontSize> {
    let (number, unit) = leading_number(value)?;
    Some(match unit.trim() {
        "%" => FontSize::Relative(number / 100.0),
        "em" => FontSize::Relative(number),
        "pt" => FontSize::Pixels(number * 4.0 / 3.0),
        "rem" => FontSize::Pixels(number * 16.0),
        _ => FontSize::Pixels(number),
    })
}

fn background(value: &str) -> Option<Color> {
    if value.contains("url(") || value.contains("gradient") {
        return Some(Color::Unknown);
    }
    value.split_whitespace().find_map(Color::parse)
}

/// The rules of a mail's style sheets that name one tag, class or id.
#[derive(Debug, Default)]
pub(super) struct StyleSheet {
    by_selector: HashMap<String, Style>,
}

impl StyleSheet {
    /// Adds a sheet. Blocks under `@media` and the like are skipped: they hold for some readers
    /// only.
    pub(super) fn add(&mut self, css: &str) {
        let css = without_comments(css);
        let mut rest = css.as_str();
        while let Some(open) = rest.find('{') {
            let selectors = rest[..open].rsplit([';', '}']).next().unwrap_or_default();
            if selectors.trim_start().starts_with('@') {
                rest = after_block(&rest[open..]);
                continue;
            }
            let close = rest[open..].find('}').map_or(rest.len(), |at| open + at);
            let style = Style::parse(&rest[open + 1..close]);
            if style != Style::default() {
                for selector in selectors.split(',').map(str::trim).filter(|s| is_simple(s)) {
                    if self.by_selector.len() >= MAX_RULES {
                        return;
                    }
                    self.by_selector.entry(selector.to_owned()).or_default().overlay(&style);
                }
            }
            rest = rest.get(close + 1..).unwrap_or_default();
        }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.by_selector.is_empty()
    }

    pub(super) fn for_element(&self, tag: &str, classes: &str, id: &str) -> Style {
        let mut style = Style::default();
        let mut lay = |selector: &str| {
            if let Some(over) = self.by_selector.get(selector) {
                style.overlay(over);
            }
        };
        lay(tag);
        for class in classes.split_ascii_whitespace().take(20) {
            lay(&format!(".{class}"));
            lay(&format!("{tag}.{class}"));
        }
        if !id.is_empty() {
            lay(&format!("#{id}"));
        }
        style
    }
}

fn is_simple(selector: &str) -> bool {
    !selector.is_empty()
        && selector.bytes().all(|b| b.is_ascii_alphanumeric() || b"._-#".contains(&b))
}

fn without_comments(css: &str) -> String {
    let mut kept = String::with_capacity(css.len());
    let mut rest = css;
    while let Some(start) = rest.find("/*") {
        kept.push_str(&rest[..start]);
        rest = rest[start + 2..].find("*/").map_or("", |end| &rest[start + 2 + end + 2..]);
    }
    kept.push_str(rest);
    kept.replace("<!--", "").replace("-->", "")
}

/// What follows a block whose opening brace comes first in `text`.
fn after_block(text: &str) -> &str {
    let mut depth = 0_usize;
    for (at, byte) in text.bytes().enumerate() {
        match byte {
            b'{' => depth += 1,
            b'}' => {
                depth -= 1;
                if depth == 0 {
                    return &text[at + 1..];
                }
            }
            _ => {}
        }
    }
    ""
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ways_to_hide_are_recognised() {
        for style in [
            "display:none",
            "DISPLAY : none !important",
            "max-height:0;overflow:hidden",
            "opacity:0",
            "mso-hide:all",
            "position:absolute;left:-9999px",
        ] {
            assert!(Style::parse(style).gone, "{style}");
        }
        for style in ["display:block", "max-height:0", "overflow:hidden;width:600px", "opacity:.9"]
        {
            assert!(!Style::parse(style).gone, "{style}");
        }
        assert_eq!(Style::parse("visibility:hidden").invisible, Some(true));
        assert_eq!(Style::parse("font-size:0").font_size, Some(FontSize::Pixels(0.0)));
    }

    #[test]
    fn colours_are_compared_with_what_they_stand_on() {
        let of = |value| Color::parse(value).unwrap();
        for white in ["#fff", "#ffffff", "white", "rgb(255, 255, 255)", "#fefefe"] {
            assert!(of(white).vanishes_on(of("white")), "{white}");
            assert!(!of(white).vanishes_on(of("#1f4e79")), "{white}");
        }
        assert!(of("rgba(0,0,0,0)").vanishes_on(of("white")));
        assert!(!of("#999").vanishes_on(of("white")));
        assert!(!of("#fff").vanishes_on(Color::Unknown));
    }

    #[test]
    fn a_sheet_hides_by_class_but_not_for_some_readers_only() {
        let mut sheet = StyleSheet::default();
        sheet.add("/* x */ .ph, td.x{display:none} @media screen{.m{display:none} .n{color:red}} #i{font-size:0} .a .b{display:none}");
        assert!(sheet.for_element("span", "a ph", "").gone);
        assert!(sheet.for_element("td", "x", "").gone);
        assert!(!sheet.for_element("span", "x m b", "").gone);
        assert_eq!(sheet.for_element("p", "", "i").font_size, Some(FontSize::Pixels(0.0)));
    }
}
