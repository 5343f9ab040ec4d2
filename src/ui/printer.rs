//! A stream, written at once or by a thread of its own with a queue without bound before it.

use super::locked;
use super::target::Target;
use super::writer::{Delivery, Writer};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{self, Receiver, Sender};
use std::sync::{Arc, Mutex};
use std::thread::{self, JoinHandle};

/// How much is written at once.
const BATCH: usize = 64 * 1024;

/// What a printer is to do, in order.
pub(super) enum Job {
    Write(String),
    /// Dropped when all before it is written.
    Ack(Sender<()>),
    /// The end; a file takes its place.
    Finish,
    /// The end; a file vanishes.
    Abandon,
}

/// A stream, and its thread where it has one, which begins with the first thing to write.
pub(super) struct Printer {
    name: &'static str,
    detached: AtomicBool,
    work: Mutex<Work>,
    closed: Arc<AtomicBool>,
}

/// Where the work of a printer stands.
enum Work {
    /// Without a thread.
    Direct(Writer),
    Goes(Sender<Job>, JoinHandle<Delivery>),
    /// It has ended, or the system has no thread for it: the stream is as good as closed.
    Over,
}

impl Printer {
    pub(super) fn new(name: &'static str, target: Target, detached: bool) -> Self {
        Self {
            name,
            detached: AtomicBool::new(detached),
            work: Mutex::new(Work::Direct(Writer::new(target))),
            closed: Arc::new(AtomicBool::new(false)),
        }
    }

    /// From now on whoever prints waits for nobody.
    pub(super) fn detach(&self) {
        self.detached.store(true, Ordering::Relaxed);
    }

    /// Whether the reader is known to be gone.
    pub(super) fn is_closed(&self) -> bool {
        self.closed.load(Ordering::Relaxed)
    }

    fn send(&self, job: Job) {
        let mut work = locked(&self.work);
        if let Work::Direct(_) = &*work
            && self.detached.load(Ordering::Relaxed)
            && let Work::Direct(writer) = std::mem::replace(&mut *work, Work::Over)
        {
            let (jobs, queue) = mpsc::channel();
            let seen = Arc::clone(&self.closed);
            let thread = thread::Builder::new()
                .name(self.name.to_owned())
                .spawn(move || print(&queue, writer, &seen));
            if let Ok(thread) = thread {
                *work = Work::Goes(jobs, thread);
            }
        }
        match (&mut *work, job) {
            (Work::Goes(jobs, _), job) => drop(jobs.send(job)),
            (Work::Direct(writer), Job::Write(text)) => {
                writer.write(text.as_bytes(), &self.closed);
            }
            _ => {}
        }
    }

    /// After the end nobody listens, and that is no fault.
    pub(super) fn write(&self, text: String) {
        self.send(Job::Write(text));
    }

    /// Waits until all so far has been written.
    pub(super) fn wait(&self) {
        if matches!(&*locked(&self.work), Work::Goes(..)) {
            let (ack, done) = mpsc::channel();
            self.send(Job::Ack(ack));
            let _ = done.recv();
        }
    }

    /// None where it has ended before.
    pub(super) fn end(&self, how: Job) -> Option<Delivery> {
        let work = std::mem::replace(&mut *locked(&self.work), Work::Over);
        match work {
            Work::Over => None,
            Work::Goes(jobs, thread) => {
                drop(jobs.send(how));
                thread.join().ok()
            }
            // A file takes its place also where nothing was to be written into it.
            Work::Direct(writer) => Some(writer.end(matches!(how, Job::Finish))),
        }
    }
}

fn print(queue: &Receiver<Job>, mut writer: Writer, closed: &AtomicBool) -> Delivery {
    let mut batch = Vec::new();
    let mut acks = Vec::new();
    let end = loop {
        let mut end = None;
        let mut next = Some(queue.recv().unwrap_or(Job::Abandon));
        while let Some(job) = next.take() {
            match job {
                Job::Write(text) => batch.extend_from_slice(text.as_bytes()),
                Job::Ack(ack) => acks.push(ack),
                job @ (Job::Finish | Job::Abandon) => end = Some(job),
            }
            if end.is_none() && batch.len() < BATCH {
                next = queue.try_recv().ok();
            }
        }
        writer.write(&batch, closed);
        batch.clear();
        acks.clear();
        if let Some(end) = end {
            break end;
        }
    };
    writer.end(matches!(end, Job::Finish))
}
