//! Idempotency keys, byte for byte those of the Python service, so that an office that switches
//! over keeps its keys: `json.dumps(data, sort_keys=True)`, SHA-256, sixteen hex digits.

use sha2::{Digest, Sha256};

use crate::money::Money;

/// `{operation}:{aggregate_id}:{16 hex digits}` over client name, creditor e-mail and amount.
///
/// A missing client name is JSON `null`, as Python's `None`.
pub fn idempotency_key(
    operation: &str,
    aggregate_id: &str,
    client_name: Option<&str>,
    creditor_email: &str,
    amount: Money,
) -> String {
    let json = format!(
        "{{\"amount\": {}, \"client_name\": {}, \"creditor_email\": {}}}",
        python_float(amount),
        client_name.map_or_else(|| "null".to_owned(), python_string),
        python_string(creditor_email),
    );
    let digest = Sha256::digest(json.as_bytes());
    let prefix: String = digest.iter().take(8).map(|byte| format!("{byte:02x}")).collect();
    format!("{operation}:{aggregate_id}:{prefix}")
}

/// `repr(float)` for an amount in cents: at least one decimal, no trailing zero after it.
///
/// Python changes to exponents at 1e16, which is beyond every [`Money`].
fn python_float(amount: Money) -> String {
    let plain = amount.to_string();
    match plain.strip_suffix('0') {
        Some(shorter) => shorter.to_owned(),
        None => plain,
    }
}

/// `json.dumps` of a string with `ensure_ascii`: everything outside printable ASCII as UTF-16
/// escapes.
fn python_string(text: &str) -> String {
    use std::fmt::Write;
    let mut json = String::with_capacity(text.len() + 2);
    json.push('"');
    for unit in text.encode_utf16() {
        match u8::try_from(unit) {
            Ok(b'"') => json.push_str("\\\""),
            Ok(b'\\') => json.push_str("\\\\"),
            Ok(b'\n') => json.push_str("\\n"),
            Ok(b'\r') => json.push_str("\\r"),
            Ok(b'\t') => json.push_str("\\t"),
            Ok(0x08) => json.push_str("\\b"),
            Ok(0x0c) => json.push_str("\\f"),
            Ok(byte @ 0x20..=0x7e) => json.push(byte as char),
            // Python leaves DEL as it is.
            Ok(0x7f) => json.push('\u{7f}'),
            _ => write!(json, "\\u{unit:04x}").expect("writing to a string does not fail"),
        }
    }
    json.push('"');
    json
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(id: &str, name: &str, email: &str, cents: i64) -> String {
        let amount = Money::from_cents(cents);
        idempotency_key("creditor_debt_update", id, Some(name), email, amount)
    }

    #[test]
    fn the_vectors_of_the_contract() {
        assert_eq!(
            key("42", "Max Mustermann", "inkasso@bank.example", 123_456),
            "creditor_debt_update:42:81349a6173ca9c1a"
        );
        assert_eq!(
            key("7", "Jörg Groß", "a@b.example", 89_900),
            "creditor_debt_update:7:8d47d48e3259f0f4"
        );
    }

    #[test]
    fn floats_read_as_python_prints_them() {
        for (cents, text) in
            [(0, "0.0"), (5, "0.05"), (50, "0.5"), (89_900, "899.0"), (-10, "-0.1")]
        {
            assert_eq!(python_float(Money::from_cents(cents)), text);
        }
    }

    #[test]
    fn strings_read_as_python_prints_them() {
        assert_eq!(
            python_string("a\"\\\n\t\u{1}é€😀"),
            r#""a\"\\\n\t\u0001\u00e9\u20ac\ud83d\ude00""#
        );
    }
}
