//! The inputs, the types that they are read into, and the function inside of which callgrind counts.
//!
//! # Invariants
//! - The floor and ours have the very same file: same texts, same types, same loop around the work.

use std::hint::black_box;

use schemars::JsonSchema;
use serde::Deserialize;

/// How often each stage does its work.
pub(crate) const RUNS: usize = 100;

/// What a trip is planned by.
#[derive(Deserialize, JsonSchema)]
pub(crate) struct Trip {
    /// Where to.
    pub(crate) city: String,
    /// How many days.
    pub(crate) days: u32,
    /// What the travellers like.
    pub(crate) likes: Vec<String>,
    /// Euros in all.
    pub(crate) budget: Option<f64>,
    /// Where they sleep.
    pub(crate) hotel: Hotel,
}

/// A hotel.
#[derive(Deserialize, JsonSchema)]
pub(crate) struct Hotel {
    /// Its name.
    pub(crate) name: String,
    /// From 1 to 5.
    pub(crate) stars: u8,
    /// Latitude and longitude.
    pub(crate) place: (f64, f64),
    /// Whether there is breakfast.
    pub(crate) breakfast: bool,
}

impl Trip {
    /// Something that depends on all of it.
    pub(crate) fn sum(&self) -> usize {
        let Self { city, days, likes, budget, hotel } = self;
        let Hotel { name, stars, place, breakfast } = hotel;
        let likes: usize = likes.iter().map(String::len).sum();
        city.len()
            + *days as usize
            + likes
            + budget.map_or(0, |budget| budget as usize)
            + name.len()
            + usize::from(*stars)
            + place.0 as usize
            + place.1 as usize
            + usize::from(*breakfast)
    }
}

/// A text for a trip.
pub(crate) fn trip() -> String {
    r#"{"city": "Lisbon", "days": 3, "likes": ["old streets", "grilled fish", "tiles"], "budget": 1250.5, "hotel": {"name": "Casa do \"Jasmim\"", "stars": 4, "place": [38.7223, -9.1393], "breakfast": true}}"#.to_owned()
}

/// A text for a trip with many likes: 8 kB.
pub(crate) fn long_trip() -> String {
    let likes: Vec<String> = (0..250).map(|at| format!("\"the old tram of line {at}, early\"")).collect();
    trip().replace("\"tiles\"", &likes.join(", "))
}

/// Callgrind counts in here. The call through `dyn` keeps the name of this function out of all others.
#[inline(never)]
pub(crate) fn collect_this_stage(run: &mut dyn FnMut()) {
    run();
    // So that this is no tail call: the function is left when the work is done.
    black_box(());
}

/// The function inside of which callgrind counts, by the name that callgrind knows it under.
#[allow(dead_code, reason = "the floor is only counted")]
pub(crate) const COLLECTED: &str = "cases::collect_this_stage";
