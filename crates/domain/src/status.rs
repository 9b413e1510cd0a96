//! The status values of the tables, as types. `docs/architecture.md` draws how they follow one
//! another.

/// Defines an enum that is one of a fixed set of texts in Postgres, in JSON and on the command line.
macro_rules! text_enum {
    ($(#[$meta:meta])* $name:ident { $($(#[$variant_meta:meta])* $variant:ident => $text:literal,)+ }) => {
        $(#[$meta])*
        #[derive(
            Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash,
            serde::Serialize, serde::Deserialize,
            diesel::expression::AsExpression, diesel::deserialize::FromSqlRow,
        )]
        #[diesel(sql_type = diesel::sql_types::Text)]
        pub enum $name {
            $($(#[$variant_meta])* #[serde(rename = $text)] $variant,)+
        }

        impl $name {
            pub const ALL: &'static [$name] = &[$($name::$variant,)+];

            pub const fn as_str(self) -> &'static str {
                match self {
                    $($name::$variant => $text,)+
                }
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.pad(self.as_str())
            }
        }

        impl std::str::FromStr for $name {
            type Err = String;

            fn from_str(text: &str) -> Result<Self, String> {
                match text {
                    $($text => Ok($name::$variant),)+
                    other => Err(format!("{other:?} is not one of: {}", [$($text),+].join(", "))),
                }
            }
        }

        impl diesel::serialize::ToSql<diesel::sql_types::Text, diesel::pg::Pg> for $name {
            fn to_sql<'b>(
                &'b self,
                out: &mut diesel::serialize::Output<'b, '_, diesel::pg::Pg>,
            ) -> diesel::serialize::Result {
                <str as diesel::serialize::ToSql<diesel::sql_types::Text, diesel::pg::Pg>>::to_sql(
                    self.as_str(),
                    out,
                )
            }
        }

        impl diesel::deserialize::FromSql<diesel::sql_types::Text, diesel::pg::Pg> for $name {
            fn from_sql(bytes: diesel::pg::PgValue<'_>) -> diesel::deserialize::Result<Self> {
                let text = <String as diesel::deserialize::FromSql<
                    diesel::sql_types::Text,
                    diesel::pg::Pg,
                >>::from_sql(bytes)?;
                Ok(text.parse()?)
            }
        }
    };
}

text_enum! {
    /// `incoming_emails.processing_status`: how far a mail has come.
    ProcessingStatus {
        Received => "received",
        /// Claimed by a worker, which holds a lease.
        Parsing => "parsing",
        /// Written by the Python service only; claimed like a received mail.
        Parsed => "parsed",
        /// Cleaned, and waiting for a model provider.
        Extracting => "extracting",
        /// Written by the Python service only; claimed like a received mail.
        Extracted => "extracted",
        /// Its outbox row is written; the relay decides the rest.
        Matching => "matching",
        Completed => "completed",
        NotCreditorReply => "not_creditor_reply",
        Failed => "failed",
    }
}

impl ProcessingStatus {
    /// Nothing changes a mail in a final status but a person.
    pub const fn is_final(self) -> bool {
        matches!(self, Self::Completed | Self::NotCreditorReply | Self::Failed)
    }
}

text_enum! {
    /// `incoming_emails.match_status`: whether a client and an entry were found, or a person must look.
    MatchStatus {
        AutoMatched => "auto_matched",
        NeedsReview => "needs_review",
        NoMatch => "no_match",
    }
}

text_enum! {
    /// `incoming_emails.sync_status`: whether MongoDB has it.
    SyncStatus {
        Pending => "pending",
        Synced => "synced",
        Failed => "failed",
        /// There is nothing to write.
        NotApplicable => "not_applicable",
    }
}

text_enum! {
    /// `outbox_messages.operation`.
    Operation {
        /// A creditor's answer; applies only over a smaller fence.
        Update => "UPDATE",
        /// The same answer again, after it was lost or reprocessed; may replace its own version,
        /// never a newer one.
        Repair => "REPAIR",
    }
}

text_enum! {
    /// `reconciliation_reports.status`.
    ReportStatus {
        Running => "running",
        Completed => "completed",
        Failed => "failed",
    }
}
