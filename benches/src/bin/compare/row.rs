//! A line of the table: what was measured, and whether it is within its bound.

use serde_json::{Value, json};

/// A line of the table.
pub struct Row {
    pub name: &'static str,
    pub unit: &'static str,
    pub ours: Spread,
    pub peer: Option<(&'static str, Spread)>,
    /// Ours by the peer's, or the peer's by ours where the bound says "times faster".
    pub ratio: Option<Spread>,
    pub bound: Bound,
}

impl Row {
    /// Of what is counted and not measured: it is the same each time.
    pub fn exact(
        name: &'static str,
        unit: &'static str,
        ours: f64,
        (peer, theirs): (&'static str, f64),
        bound: Bound,
    ) -> Self {
        let one = |value| Spread::of(vec![value]);
        Self { name, unit, ours: one(ours), peer: Some((peer, one(theirs))), ratio: Some(one(ours / theirs)), bound }
    }

    /// What is only told.
    pub fn stated(name: &'static str, unit: &'static str, ours: f64) -> Self {
        Self { name, unit, ours: Spread::of(vec![ours]), peer: None, ratio: None, bound: Bound::Stated }
    }

    pub fn holds(&self) -> bool {
        let ratio = self.ratio.map_or(f64::NAN, |ratio| ratio.median);
        match self.bound {
            Bound::Under(most) => self.ours.median <= most,
            Bound::AtMostTimes(most) => ratio <= most,
            Bound::AtLeastTimes(least) | Bound::TimesFaster(least) => ratio >= least,
            Bound::Stated => true,
        }
    }

    pub fn bound(&self) -> String {
        match self.bound {
            Bound::Under(most) => format!("at most {most} {}", self.unit),
            Bound::AtMostTimes(most) => format!("at most {most} times"),
            Bound::AtLeastTimes(least) => format!("at least {least} times"),
            Bound::TimesFaster(least) => format!("at least {least} times faster"),
            Bound::Stated => "none".to_owned(),
        }
    }

    pub fn json(&self) -> Value {
        json!({
            "name": self.name,
            "ours": self.ours.median,
            "peer": self.peer.map(|(_, spread)| spread.median),
            "unit": self.unit,
            "ratio": self.ratio.map(|ratio| ratio.median),
            "bound": self.bound(),
            "holds": self.holds(),
            "peer_name": self.peer.map(|(name, _)| name),
            "ours_spread": self.ours.json(),
            "peer_spread": self.peer.map(|(_, spread)| spread.json()),
            "ratio_spread": self.ratio.map(Spread::json),
        })
    }
}

/// How `ours` has to compare with `peer`.
#[derive(Clone, Copy)]
pub enum Bound {
    /// At most so many of the unit; there is no peer.
    Under(f64),
    /// At most so many times the peer's figure.
    AtMostTimes(f64),
    /// At least so many times the peer's figure.
    AtLeastTimes(f64),
    /// The peer's figure is at least so many times ours.
    TimesFaster(f64),
    /// Only stated.
    Stated,
}

/// The median of the rounds, and the quartiles.
#[derive(Clone, Copy)]
pub struct Spread {
    pub low: f64,
    pub median: f64,
    pub high: f64,
}

impl Spread {
    /// Of at least one sample.
    pub fn of(mut samples: Vec<f64>) -> Self {
        samples.sort_by(f64::total_cmp);
        let last = samples.len() - 1;
        Self { low: samples[last / 4], median: samples[last / 2], high: samples[last - last / 4] }
    }

    fn json(self) -> Value {
        json!({ "median": self.median, "low": self.low, "high": self.high })
    }
}
