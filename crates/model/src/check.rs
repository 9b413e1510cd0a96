//! Runs the checker and says what came out.

use std::collections::BTreeSet;
use std::time::{Duration, Instant};

use stateright::{Checker, Expectation, HasDiscoveries, Model, Path};

use crate::counterexamples::Expected;
use crate::ends::every_path_ends;
use crate::guards::{Guard, Guards};
use crate::protocol::{Action, Protocol};
use crate::scenario::Scenario;
use crate::state::State;

/// What an exhaustive check of one scenario found.
#[derive(Clone, Debug)]
pub struct Report {
    pub scenario: &'static Scenario,
    /// Distinct states, after leaving out those that differ only in which of two equal processes
    /// is which.
    pub states: usize,
    pub transitions: usize,
    pub elapsed: Duration,
    pub invariants: usize,
    pub violated: Vec<&'static str>,
    pub situations: usize,
    pub unreached: Vec<&'static str>,
    pub every_path_ends: bool,
}

impl Report {
    /// A line for each thing that is not as it must be.
    pub fn surprises(&self) -> Vec<String> {
        let name = self.scenario.name;
        let violated = self.violated.iter().map(|it| format!("{name}: VIOLATED: {it}"));
        let unreached = self.unreached.iter().map(|it| format!("{name}: NOT REACHED: {it}"));
        let endless = (!self.every_path_ends).then(|| format!("{name}: A PATH GOES ON FOR EVER"));
        violated.chain(unreached).chain(endless).collect()
    }
}

/// Explores every reachable state of a scenario with all guards in place.
pub fn check(scenario: &'static Scenario, threads: usize) -> Report {
    explore(Protocol { scenario, guards: Guards::all() }, threads)
}

fn explore(protocol: Protocol, threads: usize) -> Report {
    let start = Instant::now();
    let (checker, every_path_ends) = std::thread::scope(|scope| {
        let ends = scope.spawn(|| every_path_ends(&protocol, State::representative));
        let builder = protocol.checker().threads(threads).symmetry_fn(State::representative);
        (builder.spawn_dfs().join(), ends.join().expect("the walk over all paths doesn't panic"))
    });
    let elapsed = start.elapsed();
    let discoveries = checker.discoveries();
    let (always, sometimes): (Vec<_>, Vec<_>) = protocol
        .properties()
        .into_iter()
        .partition(|property| property.expectation == Expectation::Always);
    Report {
        scenario: protocol.scenario,
        states: checker.unique_state_count(),
        transitions: checker.state_count(),
        elapsed,
        invariants: always.len(),
        violated: (always.iter().map(|property| property.name))
            .filter(|name| discoveries.contains_key(name))
            .collect(),
        situations: sometimes.len(),
        unreached: (sometimes.iter().map(|property| property.name))
            .filter(|name| !discoveries.contains_key(name))
            .collect(),
        every_path_ends,
    }
}

/// A shortest way to break a property.
pub struct Counterexample {
    pub protocol: Protocol,
    pub path: Path<State, Action>,
    /// Distinct states seen until then.
    pub states: usize,
    pub elapsed: Duration,
}

impl Counterexample {
    pub fn steps(&self) -> usize {
        self.path.clone().into_actions().len()
    }
}

/// Takes one guard out and looks for the shortest violation of the property that it protects.
pub fn counterexample(guard: Guard) -> Option<Counterexample> {
    let Expected { scenario, property } = Expected::of(guard);
    find(Protocol { scenario, guards: Guards::without(guard) }, property)
}

/// The shortest violation of a property, breadth first.
pub(crate) fn find(protocol: Protocol, property: &'static str) -> Option<Counterexample> {
    let start = Instant::now();
    let mut found = None;
    let mut longest = usize::MAX;
    // The checker looks at states in blocks and may report a deeper violation of the same block:
    // so it is asked again below the depth of the last one until it finds none.
    loop {
        let checker = protocol
            .checker()
            .finish_when(HasDiscoveries::AnyOf(BTreeSet::from([property])))
            .target_max_depth(longest)
            .spawn_bfs()
            .join();
        let Some(path) = checker.discovery(property) else { return found };
        longest = path.clone().into_states().len();
        let states = checker.unique_state_count();
        found = Some(Counterexample { protocol, path, states, elapsed: start.elapsed() });
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::properties::Witness;
    use crate::scenario::{AMOUNTS, CALM, INGEST, PORTAL, RELAYS, REPAIR, SAME_AMOUNT};
    use crate::state::Budget;

    fn holds(scenario: &'static Scenario) {
        assert_eq!(check(scenario, 1).surprises(), Vec::<String>::new());
    }

    #[test]
    fn nothing_is_lost_or_doubled_by_a_crash_and_an_outlasted_lease() {
        const REDUCED: Scenario = Scenario {
            mails: INGEST.mails.split_at(2).0,
            budget: Budget { crashes: 1, slow_workers: 1, ..CALM },
            ..INGEST
        };
        holds(&REDUCED);
    }

    #[test]
    fn two_relays_with_a_crash_and_a_cut_transaction_end_at_the_newest_mail() {
        const REDUCED: Scenario = Scenario {
            relays: 2,
            budget: Budget { crashes: 1, cut_transactions: 1, ..CALM },
            ..RELAYS
        };
        holds(&REDUCED);
    }

    #[test]
    fn an_edited_list_never_leads_to_another_creditors_entry() {
        const REDUCED: Scenario = Scenario {
            mails: PORTAL.mails.split_at(2).0,
            budget: Budget { cut_transactions: 1, edits: 2, ..CALM },
            witnesses: &[Witness::Review, Witness::AllFinished],
            ..PORTAL
        };
        holds(&REDUCED);
    }

    #[test]
    fn no_downgrade_is_written_and_no_older_mail_is_given_up_for_a_held_one() {
        holds(&AMOUNTS);
    }

    #[test]
    fn what_drifted_is_repaired_and_a_persons_value_kept() {
        const REDUCED: Scenario = Scenario {
            relays: 1,
            budget: Budget { edits: 1, drifts: 1, runs: 1, ..CALM },
            witnesses: &[Witness::Repaired, Witness::RepairRefused, Witness::AllFinished],
            ..REPAIR
        };
        holds(&REDUCED);
        holds(&SAME_AMOUNT);
    }

    #[test]
    fn without_row_locks_outcomes_are_set_twice_but_the_fence_still_keeps_the_amounts() {
        const REDUCED: Scenario = Scenario {
            mails: RELAYS.mails.split_at(2).0,
            relays: 2,
            budget: Budget { crashes: 1, ..CALM },
            ..RELAYS
        };
        let guards = Guards::without(Guard::RowLock);
        let report = explore(Protocol { scenario: &REDUCED, guards }, 1);
        assert_eq!(report.violated, [crate::properties::ONE_OUTCOME]);
    }

    #[test]
    fn a_situation_that_cannot_arise_is_reported() {
        const CALM_RELAY: Scenario = Scenario {
            relays: 1,
            batch: 1,
            budget: CALM,
            witnesses: &[Witness::FrozenRelay],
            ..RELAYS
        };
        assert_eq!(check(&CALM_RELAY, 1).unreached, ["reached: frozen relay"]);
    }
}
