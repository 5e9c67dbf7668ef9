//! [`LivePartial`]: a companion that follows a text.

use std::fmt;

use super::{HasPartial, Part, Partial, Reading};
use crate::{Mark, PartialError, View};

/// What there is of a `T`, kept up to date with a [`LiveJson`](crate::LiveJson).
///
/// Each has a moment of its own: any number of them can follow one text, each at its own rate.
///
/// ```
/// use outcrop_json::{LiveJson, LivePartial};
///
/// let (mut live, mut names) = (LiveJson::new(), LivePartial::<Vec<String>>::new());
/// live.push(r#"["Ann", "Bo"#)?;
/// let so_far = names.update(&live)?.get().unwrap();
/// assert_eq!(so_far.done(), ["Ann"]);
/// assert_eq!(so_far.growing().unwrap(), "Bo");
///
/// live.push(r#"b"]"#)?;
/// assert!(names.update(&live)?.is_done());
/// assert_eq!(names.get().unwrap()[..], ["Ann", "Bob"]);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub struct LivePartial<T: HasPartial> {
    part: Part<Partial<T>>,
    /// Of which text `mark` is.
    text: u64,
    mark: Mark,
    reading: Reading,
    /// By the last update.
    changed: bool,
}

impl<T: HasPartial> LivePartial<T> {
    /// For a text of which nothing was read.
    pub fn new() -> Self {
        Self { part: Part::Absent, text: 0, mark: Mark::default(), reading: Reading::new(), changed: false }
    }

    /// What there is, as of the last update; `None` where there is nothing to show.
    pub fn get(&self) -> Option<&Partial<T>> {
        self.part.get()
    }

    /// Whether the last update changed what [`LivePartial::get`] gives, also where it told of an error. Nothing is
    /// compared for that but what was written anew: a member that was there before, the tag of an enum. What was
    /// written twice since the update before counts, though it may end as it was.
    ///
    /// ```
    /// use outcrop_json::{LiveJson, LivePartial};
    ///
    /// let (mut live, mut nights) = (LiveJson::new(), LivePartial::<Vec<u32>>::new());
    /// live.push("[1, 2")?;
    /// nights.update(&live)?;
    /// assert!(nights.has_changed());
    /// live.push("0")?; // May go on.
    /// nights.update(&live)?;
    /// assert!(!nights.has_changed());
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn has_changed(&self) -> bool {
        self.changed
    }

    /// The same, and whether it is complete.
    pub fn part(&self) -> &Part<Partial<T>> {
        &self.part
    }

    /// The same, kept.
    pub fn into_part(self) -> Part<Partial<T>> {
        self.part
    }

    /// Brings it up to the moment of `view`. A view of an earlier moment changes nothing. With another text it begins
    /// anew.
    ///
    /// # Errors
    /// A value that is complete does not fit `T`. All the others are shown and go on to be updated; what is shown of that
    /// one depends on when it was looked at. It is told at every update, until a later member of the same name takes the
    /// place of that value.
    ///
    /// # Complexity
    /// Linear in what changed and in the depth. Where the tag of an enum is written again, linear in that enum; as long as
    /// there are values that do not fit, each member that begins is compared with them.
    pub fn update<'a>(&mut self, view: impl Into<View<'a>>) -> Result<&Part<Partial<T>>, PartialError> {
        self.update_to(view.into());
        match self.reading.faults.first() {
            None => Ok(&self.part),
            Some((_, error)) => Err(error.clone()),
        }
    }

    fn update_to(&mut self, view: View<'_>) {
        self.changed = false;
        if view.tape.text_id != self.text {
            *self = Self { text: view.tape.text_id, changed: self.part.get().is_some(), ..Self::new() };
        }
        let (since, now) = (self.mark, view.mark());
        let Some(root) = view.root().filter(|_| (now.offset, now.nodes) >= (since.offset, since.nodes))
        else {
            return;
        };
        self.mark = now;
        self.reading.begin(since, root);
        if self.reading.is_new(root) || !root.is_complete_at(since) {
            self.changed |= self.part.bring_up(root, &mut self.reading);
        }
    }
}

impl<T: HasPartial> Default for LivePartial<T> {
    fn default() -> Self {
        Self::new()
    }
}

impl<T: HasPartial> Clone for LivePartial<T> {
    fn clone(&self) -> Self {
        let Self { part, reading, text, mark, changed } = self;
        Self { part: part.clone(), reading: reading.clone(), text: *text, mark: *mark, changed: *changed }
    }
}

impl<T: HasPartial> fmt::Debug for LivePartial<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("LivePartial").field("part", &self.part).finish_non_exhaustive()
    }
}
