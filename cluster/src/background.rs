//! Long work beside what people wait for.

use std::panic;
use std::thread;

/// 19 would be the least; then a machine that is busy with something else would never get it done.
const NICE: i32 = 10;

/// Does the work on a thread that gives way to all others, and waits for it; so it is called where waiting is allowed.
///
/// The thread is its own, and ends with the work: what once gave way may not claim its turn back.
pub(crate) fn giving_way<T: Send>(work: impl FnOnce() -> T + Send) -> T {
    let done = thread::scope(|scope| {
        let thread = scope.spawn(|| {
            give_way();
            work()
        });
        thread.join()
    });
    done.unwrap_or_else(|panicked| panic::resume_unwind(panicked))
}

/// On Linux each thread has a priority of its own; elsewhere this would be the whole process's.
fn give_way() {
    #[cfg(target_os = "linux")]
    {
        use rustix::process::{getpriority_process, setpriority_process};

        let done =
            getpriority_process(None).and_then(|nice| setpriority_process(None, nice.max(NICE)));
        if let Err(error) = done {
            tracing::debug!(%error, "a thread does not give way");
        }
    }
}

#[cfg(test)]
mod tests {
    use std::panic;
    use std::thread;

    use rustix::process::getpriority_process;

    use super::{NICE, giving_way};

    #[test]
    fn only_the_work_itself_gives_way() {
        let before = getpriority_process(None).unwrap();
        let caller = thread::current().id();
        let (within, worker) =
            giving_way(|| (getpriority_process(None).unwrap(), thread::current().id()));
        assert_eq!(within, before.max(NICE));
        assert_ne!(worker, caller);
        assert_eq!(getpriority_process(None).unwrap(), before);
    }

    #[test]
    fn a_panic_of_the_work_is_the_callers() {
        let panicked = panic::catch_unwind(|| giving_way::<()>(|| panic!("of the work")));
        let said = panicked.expect_err("it panicked");
        assert_eq!(said.downcast_ref::<&str>(), Some(&"of the work"));
    }
}
