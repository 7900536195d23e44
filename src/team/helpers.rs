//! The threads beside the one that has the team: how a round reaches them, and how its end is known.
//!
//! A round is a number that the leader counts up after it has written down a task. Each helper waits
//! for the number to change, does its part, and counts itself off.

#![allow(unsafe_code)] // lends a round's data to threads that outlive it, and waits for them

use super::{MOST, Part, Parts, Share};
use crate::simd::Isa;
use alloc::boxed::Box;
use alloc::vec::Vec;
use core::any::Any;
use core::cell::UnsafeCell;
use core::fmt;
use core::sync::atomic::Ordering::{Acquire, Relaxed, Release, SeqCst};
use core::sync::atomic::{AtomicBool, AtomicUsize};
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::sync::{Mutex, MutexGuard, OnceLock, PoisonError};
use std::thread::{self, Thread};

/// How often to look before letting others have the processor: there may be fewer of them than
/// members, or other programs that want them.
const SPINS: usize = 1_000;

/// How often a helper lets others go first before it goes to sleep.
const YIELDS: usize = 100;

/// The round after which helpers go home.
const END: usize = usize::MAX;

/// What the leader and the helpers have in common.
pub struct Helpers {
    /// The number of the round: a new one means that there is a task.
    round: AtomicUsize,
    /// Helpers that are still at work in this round.
    busy: AtomicUsize,
    /// Written by the leader while no helper is at work, read by helpers in their round.
    task: UnsafeCell<Option<Task>>,
    /// A place for each helper.
    beds: Vec<Bed>,
    /// How many there are: fewer than places if the system has no more threads to give.
    count: AtomicUsize,
    /// What a helper's panic had to say.
    panic: Mutex<Option<Box<dyn Any + Send>>>,
}

/// Where a helper sleeps.
#[derive(Default)]
struct Bed {
    asleep: AtomicBool,
    thread: OnceLock<Thread>,
}

/// A round's work with its types forgotten.
#[derive(Clone, Copy)]
struct Task {
    /// Does the part of a member.
    run: unsafe fn(*const (), usize),
    round: *const (),
}

/// What `Task::round` points to.
struct Round<'a, I, W, P> {
    isa: I,
    work: &'a W,
    parts: *mut [Option<P>; MOST],
    count: usize,
}

// SAFETY: `task` is the only field that is not `Sync` by itself. The leader writes it only
// when no helper is at work (`round` waits for that before it returns), and helpers read it
// only after they have seen, by an acquiring load, the round that was published after it. What
// it points to may be used by other threads: `Team::share` asks for `P: Send` and `W: Sync`.
unsafe impl Sync for Helpers {}
// SAFETY: as above; there is nothing in it that belongs to a thread.
unsafe impl Send for Helpers {}

impl fmt::Debug for Helpers {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} helpers", self.len())
    }
}

/// Does the part of member `i`.
///
/// # Safety
/// `round` must point to a living `Round` of these types, and no two calls for it may have the
/// same `i`.
unsafe fn run_part<I: Isa, W: Share<P>, P: Send>(round: *const (), i: usize) {
    // SAFETY: the caller's. Each member touches its own part of the array only.
    unsafe {
        let round = &*round.cast::<Round<'_, I, W, P>>();
        if i < round.count
            && let Some(part) = (*(round.parts.cast::<Option<P>>().add(i))).take()
        {
            let work = round.work;
            round.isa.enter(Part { work, part });
        }
    }
}

impl Helpers {
    pub fn len(&self) -> usize {
        self.count.load(Relaxed)
    }

    /// The leader's side of a round.
    pub fn round<I: Isa, P: Send, W: Share<P>>(&self, isa: I, work: &W, parts: &mut Parts<P>) {
        let round = Round {
            isa,
            work,
            parts: &raw mut parts.parts,
            count: parts.count,
        };
        let task = Task {
            run: run_part::<I, W, P>,
            round: (&raw const round).cast(),
        };
        *self.panic() = None;
        // SAFETY: no helper is at work between rounds.
        unsafe { *self.task.get() = Some(task) };
        self.busy.store(self.len(), Relaxed);
        self.call(self.round.load(Relaxed) + 1);
        // Even if the leader's own part panics, the round must not die before all are done.
        let all_done = AllDone(self);
        // SAFETY: `round` lives until `all_done` has waited; helpers take parts from 1 on.
        unsafe { run_part::<I, W, P>(task.round, 0) };
        drop(all_done);
        let panic = self.panic().take();
        if let Some(panic) = panic {
            resume_unwind(panic);
        }
    }

    /// The place for a panic, whoever has panicked while holding it.
    fn panic(&self) -> MutexGuard<'_, Option<Box<dyn Any + Send>>> {
        self.panic.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Publishes a round, and wakes those who sleep.
    fn call(&self, round: usize) {
        // Sequentially consistent, as in `wait`: either the leader sees that a helper is about
        // to sleep, or the helper sees the round.
        self.round.store(round, SeqCst);
        for bed in &self.beds[..self.len()] {
            if bed.asleep.load(SeqCst)
                && let Some(thread) = bed.thread.get()
            {
                thread.unpark();
            }
        }
    }

    /// A helper's life.
    fn help(&self, i: usize) {
        let bed = &self.beds[i];
        let _ = bed.thread.set(thread::current());
        let mut seen = 0;
        loop {
            seen = self.wait(seen, bed);
            if seen == END {
                return;
            }
            // SAFETY: the leader wrote the task before it published the round, and will not
            // write it again before this helper says that it is done.
            let task = unsafe { *self.task.get() };
            if let Some(task) = task {
                // SAFETY: the leader keeps the round alive until all are done; this helper is
                // the only one with its number, and the leader has number 0.
                let work = || unsafe { (task.run)(task.round, i + 1) };
                if let Err(said) = catch_unwind(AssertUnwindSafe(work)) {
                    *self.panic() = Some(said);
                }
            }
            self.busy.fetch_sub(1, Release);
        }
    }

    /// Waits for another round than the last one seen.
    fn wait(&self, seen: usize, bed: &Bed) -> usize {
        loop {
            for _ in 0..YIELDS {
                for _ in 0..SPINS {
                    let round = self.round.load(Acquire);
                    if round != seen {
                        return round;
                    }
                    core::hint::spin_loop();
                }
                thread::yield_now();
            }
            bed.asleep.store(true, SeqCst);
            if self.round.load(SeqCst) == seen {
                thread::park();
            }
            bed.asleep.store(false, Relaxed);
        }
    }
}

/// Waits, when dropped, until no helper is at work.
struct AllDone<'a>(&'a Helpers);

impl Drop for AllDone<'_> {
    fn drop(&mut self) {
        loop {
            for _ in 0..SPINS {
                if self.0.busy.load(Acquire) == 0 {
                    return;
                }
                core::hint::spin_loop();
            }
            thread::yield_now();
        }
    }
}

/// Sends the helpers home, when dropped.
struct GoHome<'a>(&'a Helpers);

impl Drop for GoHome<'_> {
    fn drop(&mut self) {
        self.0.call(END);
    }
}

pub fn with_helpers<R>(count: usize, work: impl FnOnce(&Helpers) -> R) -> R {
    let helpers = Helpers {
        round: AtomicUsize::new(0),
        busy: AtomicUsize::new(0),
        task: UnsafeCell::new(None),
        beds: (0..count).map(|_| Bed::default()).collect(),
        count: AtomicUsize::new(0),
        panic: Mutex::new(None),
    };
    thread::scope(|scope| {
        let _go_home = GoHome(&helpers);
        for i in 0..count {
            let helpers = &helpers;
            let spawned = thread::Builder::new().spawn_scoped(scope, move || helpers.help(i));
            if spawned.is_err() {
                break;
            }
            helpers.count.store(i + 1, Relaxed);
        }
        work(&helpers)
    })
}
