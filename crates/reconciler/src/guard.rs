//! The guard against mass repair: pure.
//!
//! When much differs at once, the likelier cause is one fault on our side (a wrong database, a
//! restored backup, a bug), and repairing would spread it.

/// Below this many, a share says nothing: two of five clients of a small office are no disaster.
const FEWEST_FOR_SHARE: u64 = 20;

/// Why nothing is repaired, or `None` if repairs may go on.
pub fn refuse_mass_repair(
    differing: u64,
    checked: u64,
    max_repairs: u64,
    repair_all: bool,
) -> Option<String> {
    let is_a_fifth = differing >= FEWEST_FOR_SHARE && differing * 5 >= checked;
    if repair_all || (differing <= max_repairs && !is_a_fifth) {
        return None;
    }
    Some(format!(
        "NOTHING WAS REPAIRED: {differing} targets differ after {checked} mails were compared; \
         look at them, then `reconciler run --repair-all --yes`"
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refuses(differing: u64, checked: u64) -> bool {
        refuse_mass_repair(differing, checked, 200, false).is_some()
    }

    #[test]
    fn more_than_the_limit_or_a_fifth_and_at_least_twenty_is_refused() {
        assert!(!refuses(200, 10_000) && refuses(201, 10_000));
        assert!(!refuses(19, 20) && refuses(20, 20));
        assert!(!refuses(20, 101) && refuses(20, 100));
        assert!(refuses(300, 1_000));
    }

    #[test]
    fn a_person_who_has_looked_may_repair_all() {
        assert_eq!(refuse_mass_repair(300, 1_000, 200, true), None);
    }
}
