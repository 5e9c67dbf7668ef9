//! The floor: parse, validate, `from_value`, for each of the inputs; last for the long one with a text of its own. It
//! runs under callgrind.

#[path = "../../src/cases.rs"]
mod cases;

use std::hint::black_box;

use cases::{RUNS, Trip, collect_this_stage, long_trip, trip};
use serde_json::Value;

fn main() {
    let schema = schemars::schema_for!(Trip);
    let Ok(validator) = jsonschema::validator_for(schema.as_value()) else {
        panic!("the schema does not compile");
    };
    for (text, owns) in [(trip(), false), (long_trip(), false), (long_trip(), true)] {
        let read = |text: &str| -> Option<usize> {
            let value: Value = serde_json::from_str(text).ok()?;
            validator.validate(&value).ok()?;
            let trip: Trip = serde_json::from_value(value).ok()?;
            Some(trip.sum())
        };
        assert!(read(&text).is_some(), "an input is not read");
        let text = black_box(&*text);
        collect_this_stage(&mut || {
            for _ in 0..RUNS {
                // A copy of the text, as a history keeps it.
                let owned = owns.then(|| text.to_owned());
                black_box(read(owned.as_deref().unwrap_or(text)));
            }
        });
    }
}
