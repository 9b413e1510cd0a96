//! Whether a comparison may be followed by repairs: pure.
//!
//! When much differs at once, the likelier cause is one fault on our side (a wrong database, a
//! restored backup, a bug), and repairing would spread it.

use crate::compare::Comparison;

/// Below this many, a share says nothing: two of five clients of a small office are no disaster.
const FEWEST_FOR_SHARE: u64 = 20;

/// For the person who has looked at what differs and wants it repaired all the same.
pub const AFTER_A_RUN: &str = "look at them, then `reconciler run --repair-all --yes`";
pub const AFTER_AN_AUDIT: &str = "look at them, then `reconciler audit --fix --repair-all`";

/// Why nothing is repaired.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// A person who has looked at it may want it all the same.
    #[error("NOTHING WAS REPAIRED: {differing} targets differ of {targets}")]
    TooMuchDiffers { differing: u64, targets: u64 },
    /// Nobody knows how much differs, so that no limit can be held.
    #[error("nothing was repaired: the comparison did not get to its end")]
    CutShort,
}

impl Refusal {
    /// With what a person may do about it, if a look can change anything.
    pub fn with_way_out(self, way_out: &str) -> String {
        match self {
            Refusal::TooMuchDiffers { .. } => format!("{self}; {way_out}"),
            Refusal::CutShort => self.to_string(),
        }
    }
}

/// Refuses if more targets differ than `max_repairs`, or a fifth of all and at least
/// [`FEWEST_FOR_SHARE`], and whatever follows a comparison that has not seen all mails.
pub fn admit_repairs(
    comparison: &Comparison,
    max_repairs: u64,
    repair_all: bool,
) -> Result<(), Refusal> {
    if !comparison.has_seen_all_mails {
        return Err(Refusal::CutShort);
    }
    let differing = comparison.findings.differing_targets();
    let targets = targets(comparison);
    let is_a_fifth = differing >= FEWEST_FOR_SHARE && differing * 5 >= targets;
    if repair_all || (differing <= max_repairs && !is_a_fifth) {
        Ok(())
    } else {
        Err(Refusal::TooMuchDiffers { differing, targets })
    }
}

/// How many entries show a mail or should. Not the number of mails: nine of ten may be older than
/// what their entry shows, and then half of all entries would be a twentieth of the mails.
fn targets(comparison: &Comparison) -> u64 {
    let counts = &comparison.counts;
    counts.in_sync + counts.unconfirmed + comparison.findings.differing_targets()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::compare::Counts;
    use crate::finding::{Findings, MismatchKind};

    /// Of each target ten mails, of which the newest counts.
    fn comparison(differing: u64, targets: u64) -> Comparison {
        let by_kind = [(MismatchKind::DataMismatch, differing), (MismatchKind::Stalled, 5_000)];
        Comparison {
            counts: Counts {
                mails: targets * 10,
                in_sync: targets - differing,
                superseded: targets * 9,
                ..Counts::default()
            },
            findings: Findings { by_kind: by_kind.into(), ..Findings::default() },
            has_seen_all_mails: true,
            cut_short: None,
        }
    }

    fn refuses(differing: u64, targets: u64) -> bool {
        admit_repairs(&comparison(differing, targets), 200, false).is_err()
    }

    #[test]
    fn more_than_the_limit_or_a_fifth_and_at_least_twenty_is_refused() {
        assert!(!refuses(200, 10_000) && refuses(201, 10_000));
        assert!(!refuses(19, 20) && refuses(20, 20));
        assert!(!refuses(20, 101) && refuses(20, 100));
        assert!(refuses(50, 100), "half of the targets, a twentieth of the mails");
        assert!(refuses(300, 1_000));
    }

    #[test]
    fn what_looked_wrong_at_first_only_is_a_target_too() {
        let mut comparison = comparison(20, 99);
        assert!(admit_repairs(&comparison, 200, false).is_err());
        comparison.counts.unconfirmed = 2;
        assert_eq!(admit_repairs(&comparison, 200, false), Ok(()));
    }

    #[test]
    fn a_person_who_has_looked_may_repair_all_but_not_after_half_a_comparison() {
        let mut comparison = comparison(300, 1_000);
        assert_eq!(admit_repairs(&comparison, 200, true), Ok(()));
        comparison.has_seen_all_mails = false;
        assert_eq!(admit_repairs(&comparison, 200, true), Err(Refusal::CutShort));
    }

    #[test]
    fn after_half_a_comparison_not_even_a_single_repair_is_made() {
        let half = Comparison { has_seen_all_mails: false, ..comparison(1, 1_000) };
        assert_eq!(admit_repairs(&half, 200, false), Err(Refusal::CutShort));
        // The walk over the other entries, which comes after the mails, repairs nothing.
        let cut_short = Some("MongoDB is away".to_owned());
        let without_others = Comparison { cut_short, ..comparison(1, 1_000) };
        assert_eq!(admit_repairs(&without_others, 200, false), Ok(()));
    }
}
