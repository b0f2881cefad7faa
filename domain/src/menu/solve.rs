//! Whether a choice exists that keeps the rules of a model.
//!
//! A set of options is the bits of a number, in the order in which they are shown. What a chosen
//! option entails is followed until nothing changes; only where a group still lacks some is one option
//! tried after the other. Options that nobody asks for stay out: a choice that is closed under
//! "requires" and contains no excluded pair is sound once each group has enough.

use super::options::{Options, RuleKind};

/// The search has taken all the steps that it may take.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct TooComplex;

/// How many choices a model may try: a menu's own take a few dozen.
const STEPS: u32 = 100_000;

struct Group {
    options: u64,
    min: u32,
    max: u32,
}

/// A model whose options are bits: at most [`Options::OPTIONS_MOST`] of them, in at most
/// [`Options::GROUPS_MOST`] groups.
pub(super) struct Model {
    groups: Vec<Group>,
    /// Per option, what it requires.
    requires: Vec<u64>,
    /// Per option, what it does not go with, either way round.
    excludes: Vec<u64>,
    /// The groups whose minimums hold.
    minimums: Vec<bool>,
    steps: u32,
}

/// The indexes of the bits that are set, in order.
fn bits(mut set: u64) -> impl Iterator<Item = usize> {
    std::iter::from_fn(move || {
        (set != 0).then(|| {
            let index = set.trailing_zeros() as usize;
            set &= set - 1;
            index
        })
    })
}

/// A number of options; one below zero asks for none, one beyond all counts for more than there are.
fn count(number: i64) -> u32 {
    u32::try_from(number.max(0)).unwrap_or(u32::MAX)
}

impl Model {
    pub(super) fn new(options: &Options) -> Self {
        let mut next = 0;
        let groups: Vec<Group> = options
            .groups
            .iter()
            .map(|group| {
                let mut mask = 0;
                for _ in &group.options {
                    mask |= 1 << next;
                    next += 1;
                }
                Group {
                    options: mask,
                    min: count(group.min),
                    max: count(group.max),
                }
            })
            .collect();
        let mut requires = vec![0; next];
        let mut excludes = vec![0; next];
        let index = |key: &str| options.all().position(|option| option.key == key);
        for rule in &options.rules {
            let (Some(option), Some(other)) = (index(&rule.option), index(&rule.other)) else {
                continue;
            };
            match rule.kind {
                RuleKind::Requires => requires[option] |= 1 << other,
                RuleKind::Excludes => {
                    excludes[option] |= 1 << other;
                    excludes[other] |= 1 << option;
                }
            }
        }
        Self {
            minimums: vec![true; groups.len()],
            groups,
            requires,
            excludes,
            steps: STEPS,
        }
    }

    /// A sound choice with all of `chosen` and none of `banned`, where there is one.
    pub(super) fn choose(&mut self, chosen: u64, banned: u64) -> Result<Option<u64>, TooComplex> {
        self.steps = self.steps.checked_sub(1).ok_or(TooComplex)?;
        let Some((chosen, mut banned)) = self.settle(chosen, banned) else {
            return Ok(None);
        };
        let lacking = self
            .groups
            .iter()
            .zip(&self.minimums)
            .find(|(group, holds)| **holds && (chosen & group.options).count_ones() < group.min);
        let Some((group, _)) = lacking else {
            return Ok(Some(chosen));
        };
        for option in bits(group.options & !chosen & !banned) {
            if let Some(found) = self.choose(chosen | 1 << option, banned)? {
                return Ok(Some(found));
            }
            // No choice has it, given the rest: from here on it is out.
            banned |= 1 << option;
        }
        Ok(None)
    }

    /// Follows what a choice entails until nothing changes; nothing where it contradicts itself.
    fn settle(&self, mut chosen: u64, mut banned: u64) -> Option<(u64, u64)> {
        loop {
            let before = (chosen, banned);
            for option in bits(chosen) {
                chosen |= self.requires[option];
                banned |= self.excludes[option];
            }
            for (group, holds) in self.groups.iter().zip(&self.minimums) {
                let taken = (chosen & group.options).count_ones();
                if taken > group.max {
                    return None;
                }
                if taken == group.max {
                    banned |= group.options & !chosen;
                }
                let open = group.options & !banned;
                if *holds && open.count_ones() < group.min {
                    return None;
                }
                if *holds && open.count_ones() == group.min {
                    chosen |= open;
                }
            }
            for (option, required) in self.requires.iter().enumerate() {
                if required & banned != 0 {
                    banned |= 1 << option;
                }
            }
            if chosen & banned != 0 {
                return None;
            }
            if (chosen, banned) == before {
                return Some((chosen, banned));
            }
        }
    }

    /// Groups whose minimums contradict each other, where the whole model can't be met: without any one
    /// of them the others can.
    pub(super) fn conflict(&mut self) -> Result<Vec<usize>, TooComplex> {
        for group in 0..self.groups.len() {
            self.minimums[group] = false;
            if self.choose(0, 0)?.is_some() {
                self.minimums[group] = true;
            }
        }
        let groups = (0..self.groups.len())
            .filter(|&group| self.minimums[group] && self.groups[group].min > 0);
        Ok(groups.collect())
    }
}
