//! Lower case without umlauts, byte for byte as long as the original, so that places agree.

/// `Größe` becomes `groesse`; characters whose folded form has another length stay as they are.
pub fn fold(text: &str) -> String {
    let mut folded = String::with_capacity(text.len());
    let mut rest = text;
    // Runs of ASCII are copied whole, and brought to lower case at the end.
    while let Some(at) = rest.bytes().position(|byte| !byte.is_ascii()) {
        let (plain, special) = rest.split_at(at);
        folded.push_str(plain);
        let mut characters = special.chars();
        if let Some(c) = characters.next() {
            push_folded(c, &mut folded);
        }
        rest = characters.as_str();
    }
    folded.push_str(rest);
    folded.make_ascii_lowercase();
    folded
}

fn push_folded(c: char, folded: &mut String) {
    match c {
        'ä' | 'Ä' => folded.push_str("ae"),
        'ö' | 'Ö' => folded.push_str("oe"),
        'ü' | 'Ü' => folded.push_str("ue"),
        'ß' => folded.push_str("ss"),
        _ => {
            let mut lower = c.to_lowercase();
            match (lower.next(), lower.next()) {
                (Some(one), None) if one.len_utf8() == c.len_utf8() => folded.push(one),
                _ => folded.push(c),
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_in_the_folded_text_are_places_in_the_original() {
        for text in ["Rückstände über ÄÖÜ ß", "İstanbul ŞĞ ẞ ﬁ €", "Ætherland Karadağ"]
        {
            assert_eq!(fold(text).len(), text.len());
        }
        assert_eq!(fold("Größe ÜBER"), "groesse ueber");
    }
}
