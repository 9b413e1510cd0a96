//! Names of firms and offices.

use std::collections::BTreeSet;
use std::sync::OnceLock;

use super::person::words;

/// Legal forms and small words, which people leave out.
const SMALL_WORDS: [&str; 32] = [
    "ag",
    "am",
    "an",
    "and",
    "co",
    "company",
    "das",
    "der",
    "die",
    "e",
    "eg",
    "ek",
    "ev",
    "fuer",
    "gbr",
    "gesellschaft",
    "ggmbh",
    "gmbh",
    "i",
    "im",
    "in",
    "inc",
    "k",
    "kg",
    "kgaa",
    "ltd",
    "mbh",
    "ohg",
    "se",
    "ug",
    "und",
    "v",
];

/// Words that say what kind of firm it is: no agreement rests on them alone.
const KINDS: [&str; 47] = [
    "abrechnung",
    "abteilung",
    "anwalt",
    "anwaelte",
    "bank",
    "buchhaltung",
    "center",
    "dr",
    "energie",
    "finanzamt",
    "finanzen",
    "firma",
    "fitness",
    "forderung",
    "forderungen",
    "forderungsmanagement",
    "forderungsservice",
    "gesundheit",
    "handel",
    "hausverwaltung",
    "immobilien",
    "inkasso",
    "jobcenter",
    "kanzlei",
    "kasse",
    "kreis",
    "kreiskasse",
    "krankenkasse",
    "kundenservice",
    "landesjustizkasse",
    "mahnwesen",
    "management",
    "mobilfunk",
    "partner",
    "praxis",
    "rechtsabteilung",
    "rechtsanwaelte",
    "rechtsanwalt",
    "rechtsdienst",
    "service",
    "sparkasse",
    "stadt",
    "stadtwerke",
    "team",
    "versandhaus",
    "versicherung",
    "volksbank",
];

/// A name in a file, folded when it is first compared: of most entries it never is.
#[derive(Debug)]
pub(crate) struct NameInFile<'a> {
    name: &'a str,
    folded: OnceLock<Organisation>,
}

impl<'a> NameInFile<'a> {
    pub(crate) fn new(name: &'a str) -> Self {
        Self { name, folded: OnceLock::new() }
    }

    pub(crate) fn folded(&self) -> &Organisation {
        self.folded.get_or_init(|| Organisation::read(Some(self.name)))
    }
}

/// The words of a name that make it out.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Organisation {
    words: BTreeSet<String>,
}

impl Organisation {
    pub(crate) fn read(name: Option<&str>) -> Self {
        let words = words(name.unwrap_or_default());
        Self { words: words.into_iter().filter(|w| !SMALL_WORDS.contains(&w.as_str())).collect() }
    }

    /// Whether both name one organisation: one name within the other (`Telaris`, `Telaris
    /// Mobilfunk GmbH`), not by kinds alone, or the whole nearly equal.
    pub(crate) fn agrees(&self, other: &Organisation) -> bool {
        let own = |word: &String| !KINDS.contains(&word.as_str());
        let shared = self.words.intersection(&other.words).any(own);
        let within = self.words.is_subset(&other.words) || other.words.is_subset(&self.words);
        (shared && within) || self.nearly_equals(other)
    }

    /// Whether a text, folded into words, speaks of this organisation by all that makes it out.
    pub(crate) fn is_named_in(&self, text: &[String]) -> bool {
        let own: Vec<&String> =
            self.words.iter().filter(|word| !KINDS.contains(&word.as_str())).collect();
        !own.is_empty() && own.iter().all(|word| text.contains(word))
    }

    fn nearly_equals(&self, other: &Organisation) -> bool {
        let joined = |organisation: &Organisation| {
            organisation.words.iter().map(String::as_str).collect::<Vec<_>>().join(" ")
        };
        let (left, right) = (joined(self), joined(other));
        !left.is_empty() && strsim::normalized_damerau_levenshtein(&left, &right) >= NEARLY_EQUAL
    }
}

/// Lets one typing error in ten letters pass.
const NEARLY_EQUAL: f64 = 0.9;
