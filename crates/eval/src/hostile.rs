//! Mails of 2 MiB made to be slow: each aims at something that is easily quadratic.

use extraction::Mail;

/// The largest body that the webhook takes.
const SIZE: usize = 2 * 1024 * 1024;

/// Each mail with what it is made of.
pub fn mails() -> Vec<(&'static str, Mail)> {
    let html = |text: String| Mail { body_html: Some(text), ..sender() };
    let text = |text: String| Mail { body_text: Some(text), ..sender() };
    vec![
        ("nested div", html(fill("<div>"))),
        ("nested span with style", html(fill("<span style='color:#fff'>"))),
        ("nested tables", html(fill("<table><tr><td>a"))),
        ("nested quotes", html(fill("<blockquote type=cite>a"))),
        ("unclosed fonts and paragraphs", html(fill("<font size=1><p>x"))),
        ("stray end tags", html(format!("<b><div>{}{}", "<i>".repeat(300), fill("</b>")))),
        ("one tag with many attributes", html(format!("<a {}>x</a>", numbered("a")))),
        ("many style rules", html(format!("<style>{}</style>x", fill(".a{color:red}")))),
        ("entities", html(fill("&amp;&#x202e;"))),
        ("open comment", html(format!("<!--{}", fill("- ")))),
        ("table cells", html(format!("<table><tr>{}", fill("<td>1,00</td>")))),
        (
            "table rows",
            html(format!("<table>{}", fill("<tr><td>Summe</td><td>1,00 EUR</td></tr>"))),
        ),
        (
            "answers in colour",
            html(format!(
                "<p>Antworten in Blau.</p><blockquote type=cite>a{}",
                fill("<p style='color:#00f'>1,00 EUR"),
            )),
        ),
        ("spaces", text(fill(" "))),
        ("blank lines", text(format!("a{}b", fill("\n")))),
        ("greater-than signs", text(fill(">"))),
        ("quoted lines", text(fill("> a\n"))),
        ("attributions", text(fill("Am 1.1.2026 schrieb\n"))),
        ("headers", text(fill("Von: a\n\nGesendet: b\n"))),
        ("headers without a sender", text(fill("Betreff: b\n"))),
        ("groups of digits", text(fill("219 004 "))),
        ("digits", text(fill("1"))),
        ("amounts in one line", text(fill("Summe 1.234,56 EUR "))),
        ("amounts in lines", text(fill("Gesamtforderung 1.234,56 EUR\n"))),
        ("amounts without sense", text(fill("1.234,56 EUR, "))),
        ("dots", text(fill("1."))),
        ("references", text(fill("Ihr Zeichen: AZ-2026-1234 "))),
        ("names", text(fill("Frau Anna Berta Muster, "))),
        ("brackets", text(fill("(1,00 EUR) "))),
        ("open brackets", text(fill("(5 EUR "))),
        ("words of claims", text(fill("Forderung nicht Plan "))),
        ("refusals begun", text(fill("Vergleich wir "))),
        ("combining marks", text(format!("a{}", fill("\u{301}\u{316}")))),
        ("direction marks", text(fill("\u{202e}1\u{202c}"))),
        ("ligatures", text(fill("ﬀ½"))),
        ("full stops", text(fill("a. B"))),
    ]
}

fn sender() -> Mail {
    Mail { from_email: "a@b.example".to_owned(), ..Mail::default() }
}

fn fill(part: &str) -> String {
    part.repeat(SIZE / part.len())
}

/// `a0 a1 a2 …`
fn numbered(prefix: &str) -> String {
    let mut text = String::with_capacity(SIZE);
    let mut number = 0;
    while text.len() + 12 < SIZE {
        text.push_str(&format!("{prefix}{number} "));
        number += 1;
    }
    text
}
