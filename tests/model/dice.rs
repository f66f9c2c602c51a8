//! Choices that follow from a seed (by `SplitMix64`).

use std::time::Duration;

#[derive(Clone)]
pub struct Dice(u64);

impl Dice {
    pub fn new(seed: u64) -> Self {
        Self(seed)
    }

    /// Below `sides`.
    pub fn roll(&mut self, sides: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut bits = self.0;
        bits = (bits ^ (bits >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        bits = (bits ^ (bits >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (bits ^ (bits >> 31)) % sides
    }

    pub fn chance(&mut self, percent: u64) -> bool {
        self.roll(100) < percent
    }

    pub fn index(&mut self, length: usize) -> usize {
        usize::try_from(self.roll(length.try_into().unwrap())).unwrap()
    }

    pub fn up_to(&mut self, time: Duration) -> Duration {
        Duration::from_millis(self.roll(u64::try_from(time.as_millis()).unwrap() + 1))
    }
}
