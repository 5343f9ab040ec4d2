//! Draws: every one is a function of (seed, round, member, purpose), never of the order in which
//! calls end, so a run can be repeated from its seed.

/// The generator SplitMix64 (G. Steele, D. Lea, C. Flood, *Fast Splittable Pseudorandom Number
/// Generators*, OOPSLA 2014).
#[derive(Debug, Clone)]
pub struct SplitMix64 {
    state: u64,
}

impl SplitMix64 {
    /// The generator that starts from `seed`.
    #[must_use]
    pub fn new(seed: u64) -> Self {
        Self { state: seed }
    }

    /// The next of its numbers.
    pub fn next_u64(&mut self) -> u64 {
        self.state = self.state.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut mixed = self.state;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        mixed ^ (mixed >> 31)
    }

    /// A number below `bound`, each as likely as the others; 0 where `bound` is 0.
    pub fn below(&mut self, bound: u64) -> u64 {
        if bound == 0 {
            return 0;
        }
        // The first `2^64 mod bound` numbers would make small results a little likelier.
        let unfair = bound.wrapping_neg() % bound;
        loop {
            let number = self.next_u64();
            if number >= unfair {
                return number % bound;
            }
        }
    }

    /// Puts `items` in an order of which each is equally likely (R. Fisher and F. Yates, *Statistical
    /// Tables*, 1938; in the form of R. Durstenfeld, CACM 7, 1964).
    pub fn shuffle<T>(&mut self, items: &mut [T]) {
        for last in (1..items.len()).rev() {
            let other = self.below(last as u64 + 1) as usize;
            items.swap(last, other);
        }
    }
}

/// The draws for one `purpose` of one `member` in one round.
#[must_use]
pub fn draws(seed: u64, round: u32, member: &str, purpose: &str) -> SplitMix64 {
    let mut state = SplitMix64::new(seed).next_u64();
    let mut take_in = |word: u64| state = SplitMix64::new(state ^ word).next_u64();
    take_in(u64::from(round));
    for text in [member, purpose] {
        // With its length before it, ("ab", "c") is not ("a", "bc").
        take_in(text.len() as u64);
        for chunk in text.as_bytes().chunks(8) {
            let mut word = [0; 8];
            word[..chunk.len()].copy_from_slice(chunk);
            take_in(u64::from_le_bytes(word));
        }
    }
    SplitMix64::new(state)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_published_numbers_come() {
        let first = |seed| {
            let mut generator = SplitMix64::new(seed);
            std::array::from_fn::<u64, 5, _>(|_| generator.next_u64())
        };
        assert_eq!(
            first(1_234_567),
            [
                6_457_827_717_110_365_317,
                3_203_168_211_198_807_973,
                9_817_491_932_198_370_423,
                4_593_380_528_125_082_431,
                16_408_922_859_458_223_821,
            ]
        );
        assert_eq!(
            first(0)[..3],
            [
                0xE220_A839_7B1D_CDAF,
                0x6E78_9E6A_A1B9_65F4,
                0x06C4_5D18_8009_454F
            ]
        );
    }

    #[test]
    fn a_shuffle_is_a_permutation_and_all_come_equally_often() {
        let mut counts = std::collections::BTreeMap::new();
        for seed in 0..6_000 {
            let mut items = [0, 1, 2];
            SplitMix64::new(seed).shuffle(&mut items);
            *counts.entry(items).or_insert(0_u32) += 1;
        }
        assert_eq!(counts.len(), 6);
        assert!(
            counts.values().all(|count| (850..1150).contains(count)),
            "{counts:?}"
        );
    }

    #[test]
    fn draws_differ_in_each_of_their_four_reasons() {
        let first = |seed, round, member, purpose| draws(seed, round, member, purpose).next_u64();
        let one = first(7, 1, "ab", "c");
        assert_eq!(one, first(7, 1, "ab", "c"));
        for other in [
            first(8, 1, "ab", "c"),
            first(7, 2, "ab", "c"),
            first(7, 1, "a", "bc"),
            first(7, 1, "ab", "d"),
        ] {
            assert_ne!(one, other);
        }
    }

    /// Stored runs are repeated from their seed: these numbers may never change.
    #[test]
    fn draws_stay_as_they_are() {
        let mut items = ["a", "b", "c", "d", "e"];
        draws(7, 1, "security", "labels").shuffle(&mut items);
        assert_eq!(items, ["b", "c", "d", "a", "e"]);
    }

    #[test]
    fn below_stays_below() {
        let mut generator = SplitMix64::new(1);
        assert!((0..1000).all(|turn| generator.below(turn + 1) <= turn));
        assert_eq!(generator.below(0), 0);
    }
}
