//! Addresses: who may speak for an entry.

use unicode_normalization::UnicodeNormalization;

/// An e-mail address in comparable form.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Address {
    /// The whole of it, in lower case.
    pub(crate) full: String,
    /// Where the domain begins in it.
    domain: usize,
}

impl Address {
    fn read(text: &str) -> Option<Self> {
        let mut full = if text.is_ascii() {
            text.to_ascii_lowercase()
        } else {
            text.nfkc().collect::<String>().to_lowercase()
        };
        full.truncate(full.trim_end_matches('.').len());
        let (local, domain) = full.rsplit_once('@')?;
        if local.is_empty() || domain.is_empty() {
            return None;
        }
        Some(Self { domain: local.len() + 1, full })
    }

    fn domain(&self) -> &str {
        &self.full[self.domain..]
    }

    /// The domain that one organisation owns, subdomains removed. `None` if the domain is shared
    /// by people or offices that have nothing to do with each other.
    pub(crate) fn organisation(&self) -> Option<String> {
        organisation(self.domain())
    }

    /// Whether the domain imitates the other one: not equal, but equal to the eye.
    pub(crate) fn imitates(&self, other: &Address) -> bool {
        self.domain() != other.domain() && skeleton(self.domain()) == skeleton(other.domain())
    }
}

/// All addresses in a field: `Bank <a@bank.example>`, `a@bank.example; b@bank.example`.
pub(crate) fn addresses(text: &str) -> Vec<Address> {
    text.split(|c: char| c.is_whitespace() || ",;<>()\"'".contains(c))
        .map(|part| part.trim_start_matches("mailto:"))
        .filter_map(Address::read)
        .collect()
}

/// What an address field can be found by: two fields with a key in common may be one sender's, as the
/// matching sees it. An address is a key, and so is the domain that its organisation owns.
pub fn sender_keys(text: &str) -> Vec<String> {
    let of_domain = |address: &Address| address.organisation().map(|own| format!("@{own}"));
    addresses(text)
        .into_iter()
        .flat_map(|address| [of_domain(&address), Some(address.full)])
        .flatten()
        .collect()
}

/// First labels of domains where anybody can have an address. By label, since such providers
/// have one name under many endings (`gmx.de`, `gmx.net`, `gmx.at`).
const FREEMAIL: [&str; 44] = [
    "1und1",
    "a1",
    "aol",
    "arcor",
    "bluewin",
    "email",
    "fastmail",
    "freemail",
    "freenet",
    "gmail",
    "gmx",
    "googlemail",
    "hotmail",
    "hushmail",
    "icloud",
    "inbox",
    "ionos",
    "kabelmail",
    "kabelbw",
    "live",
    "mac",
    "magenta",
    "mail",
    "mailbox",
    "me",
    "msn",
    "netcologne",
    "o2mail",
    "o2online",
    "online",
    "outlook",
    "posteo",
    "proton",
    "protonmail",
    "rocketmail",
    "t-online",
    "tutanota",
    "unitybox",
    "vodafone",
    "vodafonemail",
    "web",
    "webmail",
    "yahoo",
    "zoho",
];

/// Registrable domains under which public offices that have nothing to do with each other write.
/// Below them one label more is the organisation; an address directly at one is shared.
const UMBRELLAS: [&str; 20] = [
    "arbeitsagentur.de",
    "bayern.de",
    "berlin.de",
    "brandenburg.de",
    "bremen.de",
    "bund.de",
    "bwl.de",
    "hamburg.de",
    "hessen.de",
    "jobcenter-ge.de",
    "justiz.de",
    "landsh.de",
    "niedersachsen.de",
    "nrw.de",
    "rlp.de",
    "saarland.de",
    "sachsen-anhalt.de",
    "sachsen.de",
    "thueringen.de",
    "bwl-mail.de",
];

/// The part of a domain that one organisation owns.
///
/// The Public Suffix List decides how many labels that is, since one rule for all cannot: the
/// owner of `bank.co.uk` has three, and so has that of a shop below `github.io`. For an ending
/// that the list does not know, such as `.example`, its default rule gives the last two labels.
fn organisation(domain: &str) -> Option<String> {
    let registrable = psl::domain_str(domain)?;
    let label = registrable.split('.').next().unwrap_or_default();
    if FREEMAIL.contains(&label) {
        return None;
    }
    if !UMBRELLAS.contains(&registrable) {
        return Some(registrable.to_owned());
    }
    let below = domain.strip_suffix(registrable)?.strip_suffix('.')?;
    let office = below.rsplit('.').next()?;
    Some(format!("{office}.{registrable}"))
}

/// Cyrillic and Greek letters that look like Latin ones, and the usual exchanges of digits.
fn skeleton(domain: &str) -> String {
    let mut skeleton = String::with_capacity(domain.len());
    for c in domain.nfkd() {
        skeleton.push(match c {
            'а' | 'α' => 'a',
            'с' | 'ϲ' => 'c',
            'ԁ' => 'd',
            'е' | 'ε' => 'e',
            'һ' => 'h',
            'і' | 'ι' | 'ı' | 'l' | '1' | '|' => 'i',
            'ј' => 'j',
            'к' | 'κ' => 'k',
            'м' => 'm',
            'ո' | 'η' => 'n',
            'о' | 'ο' | '0' => 'o',
            'р' | 'ρ' => 'p',
            'ѕ' => 's',
            'т' | 'τ' => 't',
            'υ' | 'ս' => 'u',
            'ν' | 'ѵ' => 'v',
            'ѡ' => 'w',
            'х' | 'χ' => 'x',
            'у' | 'γ' => 'y',
            c if ('\u{300}'..='\u{36f}').contains(&c) => continue,
            other => other,
        });
    }
    skeleton.replace("rn", "m").replace("vv", "w")
}
