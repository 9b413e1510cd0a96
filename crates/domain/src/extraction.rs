//! What an extractor found in a mail. The field names are those of `incoming_emails.extracted_data`.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::money::Money;

/// What the sender wants to say.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Intent {
    DebtStatement,
    PaymentPlan,
    Rejection,
    Inquiry,
    ClarificationRequest,
    AutoReply,
    Spam,
    SettlementAccept,
    SettlementCounter,
    Other,
}

impl Intent {
    pub const ALL: [Intent; 10] = [
        Intent::DebtStatement,
        Intent::PaymentPlan,
        Intent::Rejection,
        Intent::Inquiry,
        Intent::ClarificationRequest,
        Intent::AutoReply,
        Intent::Spam,
        Intent::SettlementAccept,
        Intent::SettlementCounter,
        Intent::Other,
    ];

    pub const fn as_str(self) -> &'static str {
        match self {
            Intent::DebtStatement => "debt_statement",
            Intent::PaymentPlan => "payment_plan",
            Intent::Rejection => "rejection",
            Intent::Inquiry => "inquiry",
            Intent::ClarificationRequest => "clarification_request",
            Intent::AutoReply => "auto_reply",
            Intent::Spam => "spam",
            Intent::SettlementAccept => "settlement_accept",
            Intent::SettlementCounter => "settlement_counter",
            Intent::Other => "other",
        }
    }
}

/// A reason to ask a person although an amount was found. Each one alone forbids the write.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Doubt {
    /// Two different totals, both stated as current.
    ContradictingTotals,
    /// The HTML part and the text part name different amounts.
    BodiesDisagree,
    /// An amount in another currency than euro.
    ForeignCurrency,
    /// More than one client is spoken of.
    SeveralClients,
    /// The total is that of several accounts or contracts.
    SeveralClaims,
    /// The mail talks to the machine that reads it, or hides text from the person who reads it.
    Manipulation,
    /// The amount is negative.
    NegativeAmount,
    /// The only amounts are offers, rates or items of a sum.
    NoTotal,
    /// The amount would change by the day or by a condition.
    Conditional,
    /// The claim was sold, or the sender says that it is not theirs.
    NotTheirClaim,
    /// A third party or the client forwarded or wrote this.
    ThirdParty,
    /// Characters look misread (scan) and no check sum confirms the amount.
    Illegible,
    /// The mail is longer than anybody reads: the rest may say something else.
    TooLong,
    /// A field of a model's answer does not stand in the mail.
    Ungrounded,
    /// The amount is of a day long before the mail came.
    Outdated,
    /// A sentence of the mail reads like one at which a clerk would stop.
    Hesitation,
}

impl Doubt {
    pub const fn as_str(self) -> &'static str {
        match self {
            Doubt::ContradictingTotals => "contradicting_totals",
            Doubt::BodiesDisagree => "bodies_disagree",
            Doubt::ForeignCurrency => "foreign_currency",
            Doubt::SeveralClients => "several_clients",
            Doubt::SeveralClaims => "several_claims",
            Doubt::Manipulation => "manipulation",
            Doubt::NegativeAmount => "negative_amount",
            Doubt::NoTotal => "no_total",
            Doubt::Conditional => "conditional",
            Doubt::NotTheirClaim => "not_their_claim",
            Doubt::ThirdParty => "third_party",
            Doubt::Illegible => "illegible",
            Doubt::TooLong => "too_long",
            Doubt::Ungrounded => "ungrounded",
            Doubt::Outdated => "outdated",
            Doubt::Hesitation => "hesitation",
        }
    }
}

/// Where in the cleaned text a field was read.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Evidence {
    /// `subject`, `body`, `quote`, `signature` or `from`.
    pub source: String,
    /// Byte offsets into that source.
    pub start: usize,
    pub end: usize,
    /// The words themselves, at most 200 characters.
    pub text: String,
}

/// The result of one extractor on one mail.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Extraction {
    pub is_creditor_reply: bool,
    pub intent: Intent,
    #[serde(default)]
    pub client_name: Option<String>,
    /// The office's own case number as the mail spells it.
    #[serde(default)]
    pub client_aktenzeichen: Option<String>,
    #[serde(default)]
    pub creditor_name: Option<String>,
    /// The total that the creditor states as current.
    #[serde(default)]
    pub debt_amount: Option<Money>,
    /// All references, the office's and the creditor's, as the mail spells them.
    #[serde(default)]
    pub reference_numbers: Vec<String>,
    /// How often an answer with this value is right, 0 to 1.
    pub confidence: f64,
    #[serde(default)]
    pub summary: String,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub doubts: Vec<Doubt>,
    /// By field name.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub evidence: BTreeMap<String, Evidence>,
    /// `rules`, `claude` or `openai`, with model and prompt version where there is one.
    #[serde(default)]
    pub provider: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub model: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub prompt_version: Option<String>,
}
