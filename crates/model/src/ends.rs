//! Whether every path of a model ends.
//!
//! The checker's own `eventually` overlooks cycles and joins. Where no path can go on for ever,
//! "finally" is the same as "in every state from which nothing leads on", and that is an invariant.

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::hash::{DefaultHasher, Hash, Hasher};

use stateright::Model;

/// Walks all reachable states depth first and looks for a way back into the path itself.
/// `canonical` maps interchangeable states to one of them.
pub(crate) fn every_path_ends<M: Model>(model: &M, canonical: fn(&M::State) -> M::State) -> bool
where
    M::State: Hash,
{
    // True while the state is on the path that is being walked.
    let mut on_path: HashMap<u64, bool> = HashMap::new();
    let mut path: Vec<Visit<M>> = Vec::new();
    for state in model.init_states() {
        let visit = Visit::new(model, canonical(&state));
        if on_path.insert(visit.key, true).is_none() {
            path.push(visit);
        }
        while let Some(visit) = path.last_mut() {
            let Some(action) = visit.untried.pop() else {
                on_path.insert(visit.key, false);
                path.pop();
                continue;
            };
            let Some(next) = model.next_state(&visit.state, action) else { continue };
            let next = canonical(&next);
            match on_path.entry(key(&next)) {
                Entry::Occupied(known) if *known.get() => return false,
                Entry::Occupied(_) => {}
                Entry::Vacant(unknown) => {
                    unknown.insert(true);
                    path.push(Visit::new(model, next));
                }
            }
        }
    }
    true
}

struct Visit<M: Model> {
    key: u64,
    state: M::State,
    untried: Vec<M::Action>,
}

impl<M: Model> Visit<M>
where
    M::State: Hash,
{
    fn new(model: &M, state: M::State) -> Self {
        let mut untried = Vec::new();
        model.actions(&state, &mut untried);
        Self { key: key(&state), state, untried }
    }
}

/// States are told apart by 64 bits, as the checker does.
fn key(state: &impl Hash) -> u64 {
    let mut hasher = DefaultHasher::new();
    state.hash(&mut hasher);
    hasher.finish()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Counts up to `last` in steps of one or two; then from the start again, if `wraps`.
    struct Counter {
        last: u8,
        wraps: bool,
    }

    impl Model for Counter {
        type State = u8;
        type Action = u8;

        fn init_states(&self) -> Vec<u8> {
            vec![0]
        }

        fn actions(&self, state: &u8, actions: &mut Vec<u8>) {
            if *state < self.last {
                actions.extend([1, 2]);
            } else if self.wraps {
                actions.push(0);
            }
        }

        fn next_state(&self, state: &u8, action: u8) -> Option<u8> {
            Some(if action == 0 { 0 } else { state + action })
        }
    }

    #[test]
    fn a_way_back_is_found_and_a_join_is_none() {
        assert!(every_path_ends(&Counter { last: 5, wraps: false }, Clone::clone));
        assert!(!every_path_ends(&Counter { last: 5, wraps: true }, Clone::clone));
    }
}
