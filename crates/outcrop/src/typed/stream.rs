//! Values of a type while the model writes them.
//!
//! # Invariants
//! - What is shown was held to no schema; the value at the end was.
//! - What was handed out never changes.
//! - After the value or an error there is nothing more.

use std::{
    collections::VecDeque,
    fmt,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll, ready},
};

use futures::{Stream, StreamExt};
use outcrop_core::{EventKind, TurnEvent, tools::Problems};
use outcrop_json::{HasPartial, LiveJson, LivePartial, Mark, NodeRef, Partial};

use super::{read, shared::Sharing};
use crate::{
    Answer, Error, ErrorKind,
    output::{Output, PartialCheck},
    turn_stream::TurnStream,
};

/// What becomes of an output.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum OutputUpdate<T: HasPartial> {
    /// What there is of it so far. It was held to no schema yet; where it turns out not to be valid the model writes it
    /// anew, and what is shown begins anew.
    ///
    /// It is shared with the stream: see [`OutputStream`] for what keeping it costs.
    Partial(Arc<Partial<T>>),
    /// What there is so far was refused by a check of it (`validate_partial`), and nothing more of it is shown. The
    /// model writes it to its end and is asked to write it anew, while there are retries: then what is shown begins
    /// anew. Of a value that is not valid once it is whole, no update tells: [`EventKind::OutputRejected`] does.
    ///
    /// Places are those in the value; the model is told those in what it wrote.
    Rejected(Problems),
    /// The value, valid.
    Done(T),
}

/// An output as it grows. After [`OutputUpdate::Done`] or an error there is no more.
///
/// # Complexity
/// Linear in the text, however many updates it comes in, as long as each is let go of before the next is asked for. One
/// that is kept stays as it is: what there is is copied once, before the next change.
#[must_use = "a turn does nothing unless it is polled"]
pub struct OutputStream<T: HasPartial> {
    turn: TurnStream,
    so_far: LivePartial<Sharing<T>>,
    checks: Vec<PartialCheck>,
    /// What the model is writing was refused.
    rejected: bool,
    over: bool,
}

impl<T: Output + HasPartial> OutputStream<T> {
    pub(super) fn new(turn: TurnStream, checks: Vec<PartialCheck>) -> Self {
        Self { turn, so_far: LivePartial::new(), checks, rejected: false, over: false }
    }

    /// Brings the value up to an event; tells what there is where that is news.
    fn follow(&mut self, event: &TurnEvent) -> Option<OutputUpdate<T>> {
        match event.kind {
            EventKind::OutputStart(_) => {
                (self.so_far, self.rejected) = (LivePartial::new(), false);
                return None;
            }
            EventKind::OutputDelta(_) if !self.rejected => {}
            _ => return None,
        }
        let live = self.turn.live(event)?;
        // What does not fit is told when the value is whole.
        let _ = self.so_far.update(*live);
        let so_far = self.so_far.get().filter(|_| self.so_far.has_changed())?.share();
        Some(match self.checks.iter().try_for_each(|check| check.so_far(&*so_far)) {
            Ok(()) => OutputUpdate::Partial(so_far),
            Err(problems) => {
                self.rejected = true;
                OutputUpdate::Rejected(problems)
            }
        })
    }
}

// Nothing is pinned in it.
impl<T: HasPartial> Unpin for OutputStream<T> {}

impl<T: Output + HasPartial> Stream for OutputStream<T> {
    type Item = Result<OutputUpdate<T>, Error>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        while !self.over {
            match ready!(self.turn.poll_next_unpin(cx)) {
                Some(Ok(event)) => {
                    if let Some(update) = self.follow(&event) {
                        return Poll::Ready(Some(Ok(update)));
                    }
                }
                Some(Err(error)) => {
                    self.over = true;
                    return Poll::Ready(Some(Err(error)));
                }
                None => {
                    self.over = true;
                    let answer = self.turn.take_answer().ok_or_else(|| Error::from(ErrorKind::TurnOver));
                    let value = answer.and_then(|answer| read(&answer));
                    return Poll::Ready(Some(value.map(OutputUpdate::Done)));
                }
            }
        }
        Poll::Ready(None)
    }
}

impl<T: HasPartial> fmt::Debug for OutputStream<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("OutputStream").field("so_far", self.so_far.part()).finish_non_exhaustive()
    }
}

/// The elements of a list, each as soon as it is complete. After an error there are no more.
#[must_use = "a turn does nothing unless it is polled"]
pub struct ElementStream<T> {
    turn: TurnStream,
    /// Up to where the text was looked at.
    mark: Mark,
    ready: VecDeque<T>,
    /// Those that were found complete, as text.
    found: Vec<String>,
    /// Nothing is taken of what the model is writing: it was begun when elements had been found in another list, or
    /// holds one that cannot be read.
    waits: bool,
    over: bool,
}

impl<T: Output> ElementStream<T>
where
    Vec<T>: Output,
{
    pub(crate) fn new(turn: TurnStream) -> Self {
        Self {
            turn,
            mark: Mark::default(),
            ready: VecDeque::new(),
            found: Vec::new(),
            waits: false,
            over: false,
        }
    }

    /// Takes the elements that an event completed.
    fn follow(&mut self, event: &TurnEvent) {
        match event.kind {
            EventKind::OutputStart(_) => {
                (self.mark, self.waits) = (Mark::default(), !self.found.is_empty());
                return;
            }
            EventKind::OutputDelta(_) if !self.waits => {}
            _ => return,
        }
        let Some(live) = self.turn.live(event) else { return };
        let since = std::mem::replace(&mut self.mark, live.mark());
        let Some(list) = live.root() else { return };
        for element in list.children_since(since).filter(|element| element.is_complete()) {
            // One that cannot be read is told of when the list is whole.
            let Ok(read) = element.decode::<T>() else {
                self.waits = true;
                break;
            };
            self.ready.push_back(read);
            self.found.push(element.to_json());
        }
    }

    /// Takes those that were not shown while they grew.
    fn finish(&mut self) -> Result<(), Error> {
        let answer = self.turn.take_answer().ok_or_else(|| Error::from(ErrorKind::TurnOver))?;
        let list: Vec<T> = read(&answer)?;
        if !self.found.is_empty() && !begins_with(&answer, &self.found) {
            return Err(ErrorKind::WrittenAnew.into());
        }
        self.ready.extend(list.into_iter().skip(self.found.len()));
        Ok(())
    }
}

/// Whether the list that an answer came with begins with `elements`.
fn begins_with(answer: &Answer, elements: &[String]) -> bool {
    let Some(output) = &answer.outcome.output else { return false };
    let mut live = LiveJson::new();
    // Up to where it can be shown: so far it was shown before.
    let _ = live.push(output.value.as_str());
    let in_the_end = live.root().into_iter().flat_map(NodeRef::children).map(NodeRef::to_json);
    in_the_end.take(elements.len()).eq(elements.iter().cloned())
}

impl<T> Unpin for ElementStream<T> {}

impl<T: Output> Stream for ElementStream<T>
where
    Vec<T>: Output,
{
    type Item = Result<T, Error>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        loop {
            if let Some(element) = self.ready.pop_front() {
                return Poll::Ready(Some(Ok(element)));
            }
            if self.over {
                return Poll::Ready(None);
            }
            match ready!(self.turn.poll_next_unpin(cx)) {
                Some(Ok(event)) => self.follow(&event),
                Some(Err(error)) => {
                    self.over = true;
                    return Poll::Ready(Some(Err(error)));
                }
                None => {
                    self.over = true;
                    if let Err(error) = self.finish() {
                        return Poll::Ready(Some(Err(error)));
                    }
                }
            }
        }
    }
}

impl<T> fmt::Debug for ElementStream<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ElementStream").field("found", &self.found.len()).finish_non_exhaustive()
    }
}
