//! Inputs that resemble mails: pieces doubled, cut, swapped and spiced with what parsers dread.

/// SplitMix64: a few lines, and the same inputs for the same seed for ever.
#[derive(Clone, Debug)]
pub struct Random(u64);

impl Random {
    pub fn new(seed: u64) -> Self {
        Self(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15))
    }

    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// A number below `end`, which must not be 0.
    pub fn below(&mut self, end: usize) -> usize {
        (self.next() % end as u64) as usize
    }
}

const SPICES: [&str; 44] = [
    "<",
    ">",
    "</",
    "<div style='display:none'>",
    "</div>",
    "<table><tr><td>",
    "</td><td>",
    "</tr>",
    "<blockquote type=cite>",
    "<!--",
    "-->",
    "<style>.a{",
    "}",
    "&",
    "&#x202e;",
    "&nbsp;",
    "\"",
    "'",
    "> ",
    "\n",
    "\r\n",
    "\n\n--\n",
    "\u{202e}",
    "\u{200b}",
    "\u{a0}",
    "ß",
    "İ",
    "ﬃ",
    "€",
    "-",
    ",",
    ".",
    "1.234,56 EUR",
    "0,00",
    "1",
    "99999999999999999999",
    " | ",
    "  ",
    "\t",
    "Gesamtforderung ",
    "Am 1.1.2026 schrieb X:\n",
    "Von: a\nGesendet: b\nAn: c\n",
    "Ihr Zeichen: AZ-2026-1",
    "\u{301}",
];

/// A few changes at random places.
pub fn mutate(text: &str, random: &mut Random) -> String {
    let mut characters: Vec<char> = text.chars().collect();
    for _ in 0..=random.below(12) {
        let at = random.below(characters.len() + 1);
        let length = random.below(60).min(characters.len() - at);
        match random.below(5) {
            0 => drop(characters.drain(at..at + length)),
            1 => {
                let piece: Vec<char> = characters[at..at + length].to_vec();
                let times = if random.below(50) == 0 { 2_000 } else { 1 + random.below(4) };
                let copies: Vec<char> = piece.repeat(times);
                characters.splice(at..at, copies);
            }
            2 => {
                let to = random.below(characters.len() + 1);
                let piece: Vec<char> = characters[at..at + length].to_vec();
                characters.splice(to..to, piece);
            }
            3 if at < characters.len() => {
                let any = (random.next() % 0x2_0000) as u32;
                characters[at] = char::from_u32(any).unwrap_or('\u{fffd}');
            }
            _ => {
                let spice = SPICES[random.below(SPICES.len())];
                characters.splice(at..at, spice.chars());
            }
        }
    }
    characters.into_iter().collect()
}
