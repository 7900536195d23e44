//! The threads beside the one that has the team: how a round reaches them, and how its end is known.
//!
//! The leader writes down a task, opens its parts, one bit for each, and does the first one, which is its
//! own. Helper i takes part i as soon as it sees its bit, and the leader whatever is still open when its own
//! part is done: so a helper that some other program keeps from its processor is not waited for. The round
//! is over when all parts are done, whoever did them. A helper that has lost its processor amid a part must be
//! waited for: so the leader takes naps after a while, in which the system can give it the leader's.
//!
//! A round of some microseconds takes notice of each line of the caches that wanders between processors. So
//! all that is said lies in one ([`Board`]), and the leader looks before it writes there.

#![allow(unsafe_code)] // lends a round's data to threads that outlive it, and waits until all parts are done

use super::{MOST, Parts, Share, run};
use crate::simd::Isa;
use alloc::boxed::Box;
use alloc::sync::Arc;
use alloc::vec::Vec;
use core::any::Any;
use core::cell::UnsafeCell;
use core::fmt;
use core::sync::atomic::Ordering::{Acquire, Relaxed, Release, SeqCst};
use core::sync::atomic::{AtomicBool, AtomicU32, AtomicUsize};
use core::time::Duration;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::sync::{Mutex, MutexGuard, OnceLock, PoisonError};
use std::thread::{self, Thread};
use std::time::Instant;

/// How often to look before letting others have the processor: there may be fewer of them than
/// members, or other programs that want them.
const SPINS: usize = 1_000;

/// How often a helper lets others go first before it goes to sleep.
const YIELDS: usize = 100;

/// A helper that let others go first and had to wait so long goes to sleep at once: the system wakes it where
/// there is room.
const CROWDED: Duration = Duration::from_micros(50);

/// How often the leader lets others go first before it takes naps, and how long they are.
const PATIENCE: usize = 16;
const NAP: Duration = Duration::from_micros(50);

/// How long the leader waits for all its helpers to be there. (One that comes later may work before it has
/// slept.)
const ARRIVAL: Duration = Duration::from_micros(100);

/// The bit that tells helpers to go home; those of parts are below it.
const END: u32 = 1 << MOST;

/// What is said about a round, in a line of the caches for itself.
#[repr(align(64))]
struct Board {
    /// A bit for each part of the round that nobody has taken yet, or `END`.
    open: AtomicU32,
    /// Parts of the round that are not done, without the leader's own.
    left: AtomicUsize,
    /// Written by the leader between rounds, read by whoever has taken a part.
    task: UnsafeCell<Option<Task>>,
    /// Whether a helper has panicked in this round.
    panicked: AtomicBool,
}
const _: () = assert!(size_of::<Board>() == 64);

/// What the leader and the helpers have in common.
pub struct Helpers {
    board: Board,
    /// Whether there is a round: there is one at a time.
    busy: AtomicBool,
    /// A place for each helper.
    beds: Vec<Bed>,
    /// How many there are: fewer than places if the system has no more threads to give.
    count: AtomicUsize,
    /// What a helper that has panicked in this round had to say.
    panic: Mutex<Option<Box<dyn Any + Send>>>,
}

/// Where a helper sleeps.
#[derive(Default)]
struct Bed {
    asleep: AtomicBool,
    thread: OnceLock<Thread>,
}

/// A round's work with its types forgotten. (It lies on the board itself: each place to look up after another
/// takes a helper as long as a message.)
#[derive(Clone, Copy)]
struct Task {
    /// Does a part.
    run: unsafe fn(Task, usize),
    /// The instructions, the work and the array of parts.
    isa: *const (),
    work: *const (),
    parts: *mut (),
}

// SAFETY: `board.task` is the only field that is not `Sync` by itself. The leader writes it only between
// rounds, when all parts of the last one are done; it is read only by whoever has taken a part, by
// an acquiring operation on the bits that were published after it was written, and before that part
// is counted as done. What it points to may be used by other threads: `Team::share` asks for
// `P: Send` and `W: Sync`, and every `Isa` is `Sync`.
unsafe impl Sync for Helpers {}
// SAFETY: as above; there is nothing in it that belongs to a thread. Whoever has it last reads nothing of the
// task, and what a panic had to say is `Send`.
unsafe impl Send for Helpers {}

impl fmt::Debug for Helpers {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} helpers", self.len())
    }
}

/// Does part `i`.
///
/// # Safety
/// The task must point to living things of these types, and no two calls for it may have the same `i`.
unsafe fn run_part<I: Isa, W: Share<P>, P: Send>(task: Task, i: usize) {
    // SAFETY: the caller's. Each call touches its own part of the array only.
    unsafe {
        let (isa, work) = (*task.isa.cast::<I>(), &*task.work.cast::<W>());
        if let Some(part) = (*task.parts.cast::<Option<P>>().add(i)).take() {
            run(isa, work, part);
        }
    }
}

impl Helpers {
    pub fn len(&self) -> usize {
        self.count.load(Relaxed)
    }

    /// The leader's side of a round of at least one part; false, and nothing done, while there is another.
    pub fn round<I: Isa, P: Send, W: Share<P>>(
        &self,
        isa: I,
        work: &W,
        parts: &mut Parts<P>,
    ) -> bool {
        if self.busy.swap(true, Acquire) {
            return false;
        }
        // Ends last: the next round forgets what is said about a panic in this one.
        let _over = Over(&self.busy);
        let task = Task {
            run: run_part::<I, W, P>,
            isa: (&raw const isa).cast(),
            work: core::ptr::from_ref(work).cast(),
            parts: (&raw mut parts.parts).cast(),
        };
        self.board.panicked.store(false, Relaxed);
        // SAFETY: all parts of the last round are done, and none of this one is open.
        unsafe { *self.board.task.get() = Some(task) };
        self.board.left.store(parts.count - 1, Relaxed);
        self.open((1 << parts.count) - 2);
        // Even if a part panics here, nothing that was lent may die before all are done.
        let all_done = AllDone(self);
        // SAFETY: nobody else does part 0, which is never open.
        unsafe { run_part::<I, W, P>(task, 0) };
        for i in 1..parts.count {
            if self.is_open(i) && self.take(i) {
                // Counted as done however it ends.
                let _done = Done(self);
                // SAFETY: all of it lives until `all_done` has waited, and this is who took part i.
                unsafe { run_part::<I, W, P>(task, i) };
            }
        }
        drop(all_done);
        if self.board.panicked.load(Relaxed) {
            let panic = self.panic().take();
            if let Some(panic) = panic {
                resume_unwind(panic);
            }
        }
        true
    }

    /// The place for a panic, whoever has panicked while holding it.
    fn panic(&self) -> MutexGuard<'_, Option<Box<dyn Any + Send>>> {
        self.panic.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Opens parts, and wakes those who sleep.
    fn open(&self, parts: u32) {
        // Sequentially consistent, as in `wait`: either the leader sees that a helper is about to
        // sleep, or the helper sees its part.
        self.board.open.store(parts, SeqCst);
        for (i, bed) in self.beds[..self.len()].iter().enumerate() {
            if parts & (END | 2 << i) != 0
                && bed.asleep.load(SeqCst)
                && let Some(thread) = bed.thread.get()
            {
                thread.unpark();
            }
        }
    }

    /// Whether nobody has taken part `i` yet.
    fn is_open(&self, i: usize) -> bool {
        self.board.open.load(Relaxed) & 1 << i != 0
    }

    /// Whether part `i` was still open and is now the caller's.
    fn take(&self, i: usize) -> bool {
        self.board.open.fetch_and(!(1 << i), Acquire) & 1 << i != 0
    }

    /// A helper's life. Its part is number `i`.
    fn help(&self, i: usize, bed: &Bed) {
        let _ = bed.thread.set(thread::current());
        // To bed at once: the system often begins a thread on the processor of its parent, and leaves it
        // there for long, but wakes one up where there is room.
        let mut yields = 0;
        while self.wait(i, bed, yields) {
            yields = YIELDS;
            if !self.take(i) {
                continue;
            }
            let _done = Done(self);
            // SAFETY: the leader wrote the task before it opened the part, and will not write it
            // again before this part is done.
            let task = unsafe { *self.board.task.get() };
            if let Some(task) = task {
                // SAFETY: the leader keeps the round alive until all parts are done, and this is
                // who took part i.
                let work = || unsafe { (task.run)(task, i) };
                if let Err(said) = catch_unwind(AssertUnwindSafe(work)) {
                    *self.panic() = Some(said);
                    self.board.panicked.store(true, Relaxed);
                }
            }
        }
    }

    /// Waits for part `i` to be open, and goes to sleep after so many yields, or one that took long; `false`
    /// when it is time to go home.
    fn wait(&self, i: usize, bed: &Bed, mut yields: usize) -> bool {
        let news = |open: u32| open & (END | 1 << i) != 0;
        loop {
            for _ in 0..yields {
                for _ in 0..SPINS {
                    let open = self.board.open.load(Relaxed);
                    if news(open) {
                        return open & END == 0;
                    }
                    core::hint::spin_loop();
                }
                let begun = Instant::now();
                thread::yield_now();
                if begun.elapsed() > CROWDED {
                    break;
                }
            }
            bed.asleep.store(true, SeqCst);
            if !news(self.board.open.load(SeqCst)) {
                thread::park();
            }
            bed.asleep.store(false, Relaxed);
            yields = YIELDS;
        }
    }
}

/// Counts a part as done, when dropped.
struct Done<'a>(&'a Helpers);

impl Drop for Done<'_> {
    fn drop(&mut self) {
        self.0.board.left.fetch_sub(1, Release);
    }
}

/// Allows the next round, when dropped.
struct Over<'a>(&'a AtomicBool);

impl Drop for Over<'_> {
    fn drop(&mut self) {
        self.0.store(false, Release);
    }
}

/// Waits, when dropped, until all parts are done.
struct AllDone<'a>(&'a Helpers);

impl Drop for AllDone<'_> {
    fn drop(&mut self) {
        let Board { open, left, .. } = &self.0.board;
        if open.load(Relaxed) != 0 {
            // After a panic there may be parts that nobody has begun. Nobody will.
            let open = open.swap(0, Acquire);
            left.fetch_sub(open.count_ones() as usize, Release);
        }
        for waited in 0.. {
            for _ in 0..SPINS {
                if left.load(Acquire) == 0 {
                    return;
                }
                core::hint::spin_loop();
            }
            if waited < PATIENCE {
                thread::yield_now();
            } else {
                thread::sleep(NAP);
            }
        }
    }
}

/// Sends the helpers home, when dropped. Nobody waits until they are there: if others have their processors,
/// that takes milliseconds.
struct Hired(Arc<Helpers>);

impl Drop for Hired {
    fn drop(&mut self) {
        self.0.open(END);
    }
}

/// Begins so many threads, or fewer if the system has no more.
fn hire(count: usize) -> Hired {
    let hired = Hired(Arc::new(Helpers {
        board: Board {
            open: AtomicU32::new(0),
            left: AtomicUsize::new(0),
            task: UnsafeCell::new(None),
            panicked: AtomicBool::new(false),
        },
        busy: AtomicBool::new(false),
        beds: (0..count).map(|_| Bed::default()).collect(),
        count: AtomicUsize::new(0),
        panic: Mutex::new(None),
    }));
    let helpers = &hired.0;
    for i in 0..count {
        let theirs = Arc::clone(helpers);
        let spawned = thread::Builder::new().spawn(move || theirs.help(i + 1, &theirs.beds[i]));
        if spawned.is_err() {
            break;
        }
        helpers.count.store(i + 1, Relaxed);
    }
    // A helper that works before it has slept may stay on this thread's processor.
    let begun = Instant::now();
    for bed in &helpers.beds[..helpers.len()] {
        while !bed.asleep.load(Relaxed) && begun.elapsed() < ARRIVAL {
            thread::yield_now();
        }
    }
    hired
}

/// Lends so many helpers.
pub fn with_helpers<R>(count: usize, work: impl FnOnce(&Helpers) -> R) -> R {
    work(&hire(count).0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_go_home() {
        for count in [0, 1, 3] {
            let hired = hire(count);
            let theirs = Arc::downgrade(&hired.0);
            drop(hired);
            let begun = Instant::now();
            while theirs.strong_count() > 0 {
                assert!(begun.elapsed() < Duration::from_secs(60), "{count}");
                thread::yield_now();
            }
        }
    }
}
