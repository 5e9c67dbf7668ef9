//! What functions of the user's say of what is shown of a value, and of the value in the end.
//!
//! # Invariants
//! - Whether somebody watches decides nothing: a value that is whole is read as what would have been shown of it, and
//!   held to the same check.

use std::{any::Any, fmt::Display, sync::Arc};

use outcrop_core::{
    RawJson,
    tools::{Problem, Problems},
};
use outcrop_json::{End, HasPartial, LiveJson, LivePartial, Partial};

/// A check of what there is of a value so far, for one type.
#[derive(Clone)]
pub struct PartialCheck {
    so_far: Check<dyn Any>,
    whole: Check<RawJson>,
}

type Check<T> = Arc<dyn Fn(&T) -> Result<(), Problems> + Send + Sync>;

impl PartialCheck {
    /// Asks the function under `validate_partial`, or a closure.
    pub fn of<T: HasPartial + 'static, E: Into<Problems>>(
        check: impl Fn(&Partial<T>) -> Result<(), E> + Send + Sync + 'static,
    ) -> Self {
        let check = Arc::new(move |so_far: &Partial<T>| check(so_far).map_err(Into::into));
        let of_whole = Arc::clone(&check);
        Self {
            // It is asked for the type that it was made for.
            so_far: Arc::new(move |so_far| so_far.downcast_ref().map_or(Ok(()), &*check)),
            whole: Arc::new(move |text| of_whole(&whole::<T>(text)?)),
        }
    }

    /// What is said of what there is so far.
    pub(crate) fn so_far(&self, so_far: &dyn Any) -> Result<(), Problems> {
        (self.so_far)(so_far)
    }

    /// What is said of a value that is whole.
    pub(crate) fn whole(&self, text: &RawJson) -> Result<(), Problems> {
        (self.whole)(text)
    }
}

/// What is shown of a value in the end.
fn whole<T: HasPartial>(text: &RawJson) -> Result<Partial<T>, Problem> {
    let is_empty = || text.to_value()?.as_object().map(serde_json::Map::is_empty);
    match shown::<T>(text.as_str()) {
        // As `()` is: of nothing, where the text is the empty object.
        Err(problem) if is_empty() == Some(true) => shown::<T>("null").map_err(|_| problem),
        shown => shown,
    }
}

fn shown<T: HasPartial>(text: &str) -> Result<Partial<T>, Problem> {
    let unfit =
        |place: &str, why: &dyn Display| Problem::new(place, "a value that can be shown", why.to_string());
    let mut live = LiveJson::new();
    live.push(text).map_err(|error| unfit("", &error))?;
    live.finish(End::Whole);
    let mut last = LivePartial::<T>::new();
    last.update(&live).map_err(|error| unfit(error.pointer(), &error))?;
    last.into_part().into_option().ok_or_else(|| unfit("", &"nothing"))
}
