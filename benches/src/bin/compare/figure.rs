//! Contenders that take turns, so that whatever else the machine does meets all of them alike.

use std::{collections::BTreeMap, time::Duration};

use cpu_time::ThreadTime;

use crate::{
    Pace, Result,
    row::{Bound, Row, Spread},
};

/// One way to do the work. A turn measures it for a moment.
pub struct Contender {
    pub name: &'static str,
    pub turn: Box<dyn FnMut() -> Result<f64>>,
}

impl Contender {
    pub fn new(name: &'static str, turn: impl FnMut() -> Result<f64> + 'static) -> Self {
        Self { name, turn: Box::new(turn) }
    }
}

/// What is claimed of two contenders, or of one.
pub struct Claim {
    pub name: &'static str,
    pub unit: &'static str,
    pub ours: &'static str,
    pub peer: Option<&'static str>,
    pub bound: Bound,
}

/// Contenders, and what is claimed of them.
pub struct Figure {
    pub contenders: Vec<Contender>,
    pub claims: Vec<Claim>,
}

impl Figure {
    /// The first round warms up and does not count. Ratios are taken within a round, and their median is what counts.
    pub fn measure(mut self, pace: Pace) -> Result<Vec<Row>> {
        let mut samples: BTreeMap<_, Vec<f64>> = BTreeMap::new();
        for round in 0..=pace.rounds {
            for contender in &mut self.contenders {
                let sample = (contender.turn)()?;
                if round > 0 {
                    samples.entry(contender.name).or_default().push(sample);
                }
            }
        }
        let row = |claim: &Claim| {
            let ours = &samples[claim.ours];
            let peer = claim.peer.map(|peer| (peer, &samples[peer]));
            let ratio = peer.map(|(_, peer)| {
                let ratios = ours.iter().zip(peer).map(|(ours, peer)| match claim.bound {
                    Bound::TimesFaster(_) => peer / ours,
                    _ => ours / peer,
                });
                Spread::of(ratios.collect())
            });
            Row {
                name: claim.name,
                unit: claim.unit,
                ours: Spread::of(ours.clone()),
                peer: peer.map(|(name, samples)| (name, Spread::of(samples.clone()))),
                ratio,
                bound: claim.bound,
            }
        };
        Ok(self.claims.iter().map(row).collect())
    }
}

/// CPU nanoseconds of this thread for one call, over as many as fill `turn`.
#[allow(clippy::cast_precision_loss)]
pub fn cpu_ns(turn: Duration, mut call: impl FnMut()) -> f64 {
    /// Asking for the CPU time is a system call: not for each.
    const BATCH: u32 = 64;
    let start = ThreadTime::now();
    let mut calls = 0;
    loop {
        for _ in 0..BATCH {
            call();
        }
        calls += BATCH;
        let spent = start.elapsed();
        if spent >= turn {
            return spent.as_nanos() as f64 / f64::from(calls);
        }
    }
}
