//! The thread that fills chunks while others are trained on.

use super::Supply;
use super::chunk::Chunk;
use super::filler::Filler;
use crate::data::{Feed, Sample};
use crate::error::{Error, Result};
use std::panic::resume_unwind;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::sync::{Mutex, PoisonError};
use std::thread;

/// How many chunks there are: one to train on, the one before it, and one to be filled.
const CHUNKS: usize = 3;

/// The stack of a thread, beside samples.
const STACK: usize = 2 << 20;

/// The training's side of two queues.
struct Ahead<'a, X, Y> {
    spare: SyncSender<Chunk<X, Y>>,
    full: Receiver<Chunk<X, Y>>,
    /// Whether the training is over, so that the thread need not fill its chunk.
    leave: &'a AtomicBool,
    /// Whether the last chunk has come.
    over: bool,
}

impl<X, Y> Supply<X, Y> for Ahead<'_, X, Y> {
    fn exchange(&mut self, mut spare: Chunk<X, Y>) -> Result<Chunk<X, Y>> {
        if self.over {
            spare.clear(0);
            return Ok(spare);
        }
        // The thread may have gone home after its last chunk, which is then on its way.
        let _ = self.spare.send(spare);
        // It has panicked if there is none; then nobody will see this error, but the panic.
        let chunk = self
            .full
            .recv()
            .map_err(|_| Error::Empty { what: "the stream" })?;
        self.over = chunk.last;
        Ok(chunk)
    }
}

impl<X, Y> Drop for Ahead<'_, X, Y> {
    fn drop(&mut self) {
        self.leave.store(true, Relaxed);
    }
}

/// Lends someone who has the next chunk ready. If the system has no thread to give, chunks are filled
/// when they are asked for.
pub(super) fn with_supply<F, X, Y, R>(
    filler: Filler<F>,
    work: impl FnOnce(&mut dyn Supply<X, Y>) -> R,
) -> R
where
    F: Feed<Item: Sample<Input = X, Target = Y>> + Send,
    X: Send,
    Y: Send,
{
    let (spare, spares) = sync_channel(CHUNKS);
    let (filled, full) = sync_channel(CHUNKS);
    let leave = &AtomicBool::new(false);
    // Here for the case that there is no thread; else it is the thread's all the time.
    let filler = &Mutex::new(filler);
    let fill = move || {
        let mut filler = filler.lock().unwrap_or_else(PoisonError::into_inner);
        while let Ok(mut chunk) = spares.recv() {
            filler.fill(&mut chunk, || leave.load(Relaxed));
            let last = chunk.last;
            if filled.send(chunk).is_err() || last {
                return;
            }
        }
    };
    thread::scope(|scope| {
        // Samples are handed from function to function.
        let stack = STACK + 16 * size_of::<F::Item>();
        match thread::Builder::new()
            .stack_size(stack)
            .spawn_scoped(scope, fill)
        {
            Ok(handle) => {
                let mut ahead = Ahead {
                    spare,
                    full,
                    leave,
                    over: false,
                };
                let _ = ahead.spare.send(Chunk::default());
                let result = work(&mut ahead);
                drop(ahead);
                if let Err(panic) = handle.join() {
                    resume_unwind(panic);
                }
                result
            }
            Err(_) => {
                let mut filler = filler.lock().unwrap_or_else(PoisonError::into_inner);
                work(&mut *filler)
            }
        }
    })
}
