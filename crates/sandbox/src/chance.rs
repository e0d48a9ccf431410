//! Faults that hit now and then: SplitMix64 (Steele, Lea, Flood: "Fast splittable pseudorandom number generators", 2014).

/// A row of draws that one number repeats.
#[derive(Clone, Debug)]
pub(crate) struct Chance(u64);

impl Chance {
    /// The row of this seed, from its beginning.
    pub(crate) fn new(seed: u64) -> Self {
        Self(seed)
    }

    /// True in so many of a hundred draws.
    pub(crate) fn falls(&mut self, percent: u8) -> bool {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (mixed ^ (mixed >> 31)) % 100 < u64::from(percent)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_seed_repeats_its_row_and_a_quarter_is_a_quarter() {
        let row = |seed| {
            let mut chance = Chance::new(seed);
            (0..10_000).map(|_| chance.falls(25)).collect::<Vec<_>>()
        };
        assert_eq!(row(7), row(7));
        assert_ne!(row(7), row(8));
        let hits = row(7).iter().filter(|hit| **hit).count();
        assert!((2_300..2_700).contains(&hits), "{hits}");
    }

    #[test]
    fn nothing_never_falls_and_everything_always_does() {
        let mut chance = Chance::new(1);
        assert!((0..1000).all(|_| !chance.falls(0) && chance.falls(100)));
    }
}
