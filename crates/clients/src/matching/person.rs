//! Names of people, as a creditor spells them and as the file has them.

use unicode_normalization::UnicodeNormalization;
use unicode_normalization::char::is_combining_mark;

use crate::document::ClientDocument;

/// Words around a name that are no part of it.
const TITLES: [&str; 26] = [
    "herr",
    "herrn",
    "hr",
    "hrn",
    "frau",
    "fr",
    "familie",
    "dr",
    "prof",
    "professor",
    "dipl",
    "ing",
    "med",
    "dent",
    "jur",
    "phil",
    "rer",
    "nat",
    "pol",
    "mag",
    "mr",
    "mrs",
    "ms",
    "mandant",
    "mandantin",
    "schuldner",
];

/// The name in a mail.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct PersonName {
    /// Folded words as written.
    words: Vec<String>,
    /// Without titles.
    bare: Vec<String>,
    /// A couple, or a list of people.
    is_several: bool,
}

/// The name in a client's file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct FileName {
    first: Vec<String>,
    last: Vec<String>,
}

/// How a name in a mail fits the one in a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Agreement {
    /// Another person, or several people.
    Contradicts,
    /// Nearly: the same person only if something else says so too.
    Misspelt,
    /// The file has no name to compare with.
    Unknown,
    /// Initials, a surname alone, a second name left out or added: fits beside an Aktenzeichen.
    Partly,
    /// First and last name, in either order.
    Fully,
}

impl PersonName {
    pub(crate) fn read(text: &str) -> Option<Self> {
        let words = words(text);
        let bare: Vec<String> = without_titles(&words);
        let joins = |word: &String| matches!(word.as_str(), "und" | "u" | "and" | "eheleute");
        let is_several = text.contains(['&', '/', '+', ';']) || words.iter().any(joins);
        (!words.is_empty()).then_some(Self { words, bare, is_several })
    }

    /// The forms under which the file's full name may stand in [`FileName::keys`].
    pub(crate) fn keys(&self) -> impl Iterator<Item = String> {
        [self.bare.join(" "), self.words.join(" ")].into_iter()
    }

    /// A surname alone does not say who is meant.
    pub(crate) fn is_full(&self) -> bool {
        self.bare.len() > 1
    }

    pub(crate) fn agreement(&self, file: &FileName) -> Agreement {
        if file.first.is_empty() && file.last.is_empty() {
            return Agreement::Unknown;
        }
        if file.keys().iter().any(|key| self.keys().any(|own| own == *key)) {
            return Agreement::Fully;
        }
        if self.is_several {
            return Agreement::Contradicts;
        }
        if self.covers(file, alike) {
            Agreement::Partly
        } else if self.covers(file, nearly_alike) {
            Agreement::Misspelt
        } else {
            Agreement::Contradicts
        }
    }

    /// Whether each word of the shorter name has its like in the longer, a surname among them.
    fn covers(&self, file: &FileName, alike: fn(&str, &str) -> bool) -> bool {
        let names: Vec<&String> = file.first.iter().chain(&file.last).collect();
        let (fewer, more): (Vec<&String>, Vec<&String>) = if self.bare.len() <= names.len() {
            (self.bare.iter().collect(), names)
        } else {
            (names, self.bare.iter().collect())
        };
        let mut free = more;
        for word in &fewer {
            match free.iter().position(|other| alike(word, other)) {
                Some(at) => drop(free.swap_remove(at)),
                None => return false,
            }
        }
        let surname_fits =
            |surname: &String| self.bare.iter().any(|word| word.len() > 1 && alike(word, surname));
        // Without a surname in the file, what there is must do.
        if file.last.is_empty() { true } else { file.last.iter().any(surname_fits) }
    }
}

impl FileName {
    pub(crate) fn of(client: &ClientDocument) -> Self {
        let read = |name: &Option<String>| {
            let words = words(name.as_deref().unwrap_or_default());
            match without_titles(&words) {
                bare if bare.is_empty() => words,
                bare => bare,
            }
        };
        Self { first: read(&client.first_name), last: read(&client.last_name) }
    }

    /// Whether a text, folded into words, has the full name, in either order and also in the
    /// genitive (`Anna Musters Konto`).
    pub(crate) fn stands_in(&self, text: &[String]) -> bool {
        if self.first.is_empty() || self.last.is_empty() {
            return false;
        }
        let of_both = self.first.len() + self.last.len();
        let reads = |words: &[String], one: &[String], other: &[String]| {
            let name = one.iter().chain(other);
            words.iter().zip(name).enumerate().all(|(at, (word, part))| {
                let is_last = at + 1 == of_both;
                word == part || (is_last && word.strip_suffix('s') == Some(part))
            })
        };
        text.windows(of_both).any(|words| {
            reads(words, &self.first, &self.last) || reads(words, &self.last, &self.first)
        })
    }

    /// Whether a text, folded into words, tells that this person bore another surname before: the first
    /// name is the file's, and the file's surname stands behind `jetzt`, or somewhere in a text that
    /// speaks of a change of name.
    pub(crate) fn was_renamed_from(&self, former: &PersonName, text: &[String]) -> bool {
        const CHANGED: [&str; 14] = [
            "namensaenderung",
            "namenswechsel",
            "geburtsname",
            "geburtsnamen",
            "maedchenname",
            "maedchennamen",
            "geborene",
            "geborener",
            "geb",
            "vormals",
            "ehemals",
            "verheiratet",
            "verheiratete",
            "heirat",
        ];
        const NOW: [&str; 6] = ["jetzt", "nunmehr", "heute", "nun", "inzwischen", "mittlerweile"];
        let shares_first = self.first.iter().any(|name| former.bare.contains(name));
        if !shares_first || self.last.is_empty() {
            return false;
        }
        let is_former = |words: &[String]| {
            words[0].starts_with("frueher") && matches!(&*words[1], "name" | "namen" | "namens")
        };
        let speaks_of_change = || {
            text.iter().any(|word| CHANGED.contains(&word.as_str()))
                || text.windows(2).any(is_former)
        };
        let length = self.last.len();
        let is_here = |at: &usize| text.get(*at..at + length) == Some(&self.last[..]);
        let places: Vec<usize> = (0..text.len()).filter(is_here).collect();
        let is_now =
            |at: &usize| at.checked_sub(1).is_some_and(|before| NOW.contains(&&*text[before]));
        places.iter().any(is_now) || !places.is_empty() && speaks_of_change()
    }

    /// Both orders of the full name; none if one half is missing.
    pub(crate) fn keys(&self) -> Vec<String> {
        if self.first.is_empty() || self.last.is_empty() {
            return Vec::new();
        }
        let (first, last) = (self.first.join(" "), self.last.join(" "));
        vec![format!("{first} {last}"), format!("{last} {first}")]
    }
}

/// More words than this are no name.
const MOST_WORDS: usize = 10;

/// First and last name as they may be stored, for every place where the name could be parted, in
/// both orders. For the query that finds candidates; MongoDB's collation does the folding.
pub(crate) fn lookup_names(text: &str) -> Vec<(String, String)> {
    let Some(name) = PersonName::read(text).filter(|name| name.words.len() <= MOST_WORDS) else {
        return Vec::new();
    };
    let mut pairs = Vec::new();
    for words in [&name.bare, &name.words] {
        for at in 1..words.len() {
            let (left, right) = (words[..at].join(" "), words[at..].join(" "));
            for pair in [(left.clone(), right.clone()), (right, left)] {
                if !pairs.contains(&pair) {
                    pairs.push(pair);
                }
            }
        }
    }
    pairs
}

/// Folded words: lower case, ä ö ü ß written out, other marks dropped, hyphens as spaces.
pub(crate) fn words(text: &str) -> Vec<String> {
    let mut folded = String::with_capacity(text.len() + 4);
    if text.is_ascii() {
        // Nothing to fold but case; most names, and normalising is most of the matching's time.
        folded.extend(text.chars().filter(|c| !matches!(c, '\'' | '`')));
        folded.make_ascii_lowercase();
        return split(&folded);
    }
    for c in text.nfkc().flat_map(char::to_lowercase).nfc() {
        match c {
            'ä' | 'æ' => folded.push_str("ae"),
            'ö' | 'œ' => folded.push_str("oe"),
            // As MongoDB's collation has it, so that the query finds what this folds.
            'ø' => folded.push('o'),
            'ü' => folded.push_str("ue"),
            'ß' => folded.push_str("ss"),
            'ı' => folded.push('i'),
            'ł' => folded.push('l'),
            'đ' | 'ð' => folded.push('d'),
            'þ' => folded.push_str("th"),
            // O'Brien is one word.
            '\'' | '’' | '‘' | '`' | '´' => {}
            other => folded.extend([other].into_iter().nfkd().filter(|c| !is_combining_mark(*c))),
        }
    }
    split(&folded)
}

fn split(folded: &str) -> Vec<String> {
    folded
        .split(|c: char| !c.is_alphanumeric())
        .filter(|word| !word.is_empty())
        .map(str::to_owned)
        .collect()
}

fn without_titles(words: &[String]) -> Vec<String> {
    words.iter().filter(|word| !TITLES.contains(&word.as_str())).cloned().collect()
}

/// Equal, or an initial.
fn alike(left: &str, right: &str) -> bool {
    let initial = |short: &str, long: &str| short.len() == 1 && long.starts_with(short);
    left == right || initial(left, right) || initial(right, left)
}

/// One letter too many, missing, wrong or exchanged with its neighbour, in a word long enough
/// that this is no other word; or umlauts without their e, `Muller` for `Müller`.
///
/// It cannot be used alone: Daniel and Daniela, Pohlmeier and Pohlmeyer, Bauer and Baur are that
/// close.
fn nearly_alike(left: &str, right: &str) -> bool {
    let plain = |word: &str| word.replace("ae", "a").replace("oe", "o").replace("ue", "u");
    let long = left.chars().count().min(right.chars().count()) >= 5;
    alike(left, right)
        || plain(left) == plain(right)
        || (long && strsim::osa_distance(left, right) <= 1)
}
