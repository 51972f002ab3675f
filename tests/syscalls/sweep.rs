//! Many runs, on as many threads as the machine can be expected to have, and which of all possible
//! ones they are.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Mutex;

use crate::dice::Dice;
use crate::figures::long_form;

const THREADS: usize = 2;

/// All jobs in the long form; otherwise evenly spread ones, `quick` in number, that begin by chance.
pub(crate) fn chosen<J>(jobs: Vec<J>, quick: usize) -> Vec<J> {
    if long_form() || jobs.len() <= quick {
        return jobs;
    }
    let (all, offset) = (jobs.len(), Dice::new().below(jobs.len() as u64) as usize);
    let taken = move |job: usize| ((job + offset) * quick) % all < quick;
    jobs.into_iter().enumerate().filter(|(job, _)| taken(*job)).map(|(_, job)| job).collect()
}

/// Does all jobs, and then fails if any has; those that have are named.
pub(crate) fn each<J: Send + std::fmt::Display>(jobs: Vec<J>, work: impl Fn(&J) + Sync) {
    let queue = Mutex::new(jobs.into_iter());
    let failed = Mutex::new(Vec::new());
    let next = || queue.lock().unwrap().next();
    std::thread::scope(|scope| {
        for _ in 0..THREADS {
            scope.spawn(|| {
                while let Some(job) = next() {
                    if catch_unwind(AssertUnwindSafe(|| work(&job))).is_err() {
                        failed.lock().unwrap().push(job.to_string());
                    }
                }
            });
        }
    });
    let failed = failed.into_inner().unwrap();
    assert!(failed.is_empty(), "{} failed:\n{}", failed.len(), failed.join("\n"));
}
