//! Which exchanges are remembered, and for how long.
