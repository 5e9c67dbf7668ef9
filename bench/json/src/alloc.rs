//! Counts what is taken from the allocator, per thread.
//!
//! # Invariants
//! - Every request goes to the system's allocator as it came; growing counts as one, giving back as none.
//! - Counting is an addition to a thread-local word, so it weighs alike, and next to nothing, on all that is
//!   measured.

use std::{
    alloc::{GlobalAlloc, Layout, System},
    cell::Cell,
};

/// The system's allocator, counted.
struct Counting;

#[global_allocator]
static ALLOCATOR: Counting = Counting;

thread_local! {
    static CALLS: Cell<u64> = const { Cell::new(0) };
}

fn count() {
    CALLS.with(|calls| calls.set(calls.get() + 1));
}

// An allocator cannot be written without `unsafe`. Each call is passed on with the arguments it came with, so
// what the caller promised to us is what `System` asks for.
#[allow(unsafe_code)]
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        count();
        unsafe { System.alloc(layout) }
    }

    unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
        count();
        unsafe { System.alloc_zeroed(layout) }
    }

    unsafe fn dealloc(&self, memory: *mut u8, layout: Layout) {
        unsafe { System.dealloc(memory, layout) }
    }

    unsafe fn realloc(&self, memory: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        count();
        unsafe { System.realloc(memory, layout, size) }
    }
}

/// How often `run` asks for memory on this thread.
pub(crate) fn calls(run: impl FnOnce()) -> f64 {
    let before = CALLS.get();
    run();
    (CALLS.get() - before) as f64
}
