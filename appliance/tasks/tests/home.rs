//! The home of tasks: failures are named, the shutdown waits, blocking work has threads of its own.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test that meets the unexpected fails"
)]

use std::{
    sync::{Arc, Barrier, mpsc},
    time::Duration,
};

use appliance_tasks::{TaskKind, Tasks};
use tokio::sync::oneshot;

const SOON: Duration = Duration::from_secs(10);
const WALK: TaskKind = TaskKind::new("test.walk");
const GUARD: TaskKind = TaskKind::new("test.guard").vital();
const FEED: TaskKind = TaskKind::new("test.feed").aborted();
const READ: TaskKind = TaskKind::new("test.read");

async fn failed(tasks: &Tasks) -> String {
    tokio::time::timeout(SOON, tasks.failed()).await.expect("it fails").to_string()
}

async fn stumble(why: &str) {
    tokio::task::yield_now().await;
    panic!("{why}")
}

#[tokio::test]
async fn a_panic_of_a_vital_task_is_named_and_asks_for_the_end() {
    let tasks = Tasks::new();
    tasks.spawn(GUARD, stumble("lost the key"));
    assert_eq!(failed(&tasks).await, "test.guard panicked: lost the key");
}

#[tokio::test]
async fn an_error_and_an_early_end_of_a_vital_task_ask_for_it_too() {
    let tasks = Tasks::new();
    tasks.spawn(GUARD, async { Err::<(), _>("no door") });
    assert_eq!(failed(&tasks).await, "test.guard failed: no door");
    let tasks = Tasks::new();
    tasks.spawn(GUARD, async {});
    assert_eq!(failed(&tasks).await, "test.guard ended before it was told to");
}

#[tokio::test]
async fn a_failure_of_another_is_counted_and_no_more() {
    let tasks = Tasks::new();
    tasks.spawn(WALK, stumble("here")).ended().await;
    tasks.spawn(WALK, async { Err::<(), _>("lost") }).ended().await;
    let (times, why) = tasks.figures().failed["test.walk"].clone();
    assert_eq!((times, why.as_str()), (2, "failed: lost"));
    let none = tokio::time::timeout(Duration::from_millis(20), tasks.failed()).await;
    assert!(none.is_err(), "{none:?}");
}

#[tokio::test]
async fn the_shutdown_tells_and_waits_drops_the_abortable_and_names_the_late() {
    let tasks = Tasks::new();
    let (tell, told) = oneshot::channel();
    let stop = tasks.stopping();
    tasks.spawn(GUARD, async move {
        stop.cancelled().await;
        tokio::task::yield_now().await;
        tell.send("finished").unwrap();
    });
    tasks.spawn(FEED, std::future::pending::<()>());
    assert_eq!(tasks.names(), ["test.feed", "test.guard"]);
    assert_eq!(tasks.shutdown(SOON).await, [""; 0]);
    assert_eq!(told.await, Ok("finished"));
    assert!(tasks.figures().failed.is_empty(), "to end when told is no failure");

    let mut late = tasks.spawn(FEED, std::future::pending::<()>());
    late.ended().await;
    let late = tasks.spawn(WALK, std::future::pending::<()>()).abort_on_drop();
    assert_eq!(tasks.shutdown(Duration::from_millis(10)).await, ["test.walk"]);
    drop(late);
    assert_eq!(tasks.shutdown(SOON).await, [""; 0]);
}

#[tokio::test]
async fn blocking_work_leaves_the_only_worker_free_and_is_counted() {
    let tasks = Tasks::new();
    let (go, gone) = mpsc::channel();
    let home = tasks.clone();
    let mut reading = tasks.spawn(WALK, async move {
        let read = home.blocking(READ, move || gone.recv().unwrap()).await;
        assert_eq!(read.unwrap(), 7);
    });
    while tasks.figures().jobs.running == 0 {
        tokio::task::yield_now().await; // this test's one worker answers meanwhile
    }
    let jobs = tasks.figures().jobs;
    assert_eq!((jobs.waiting, jobs.longest_name), (0, "test.read"));
    go.send(7).unwrap();
    reading.ended().await;
    assert!(tasks.names().is_empty(), "{:?}", tasks.names());
}

#[tokio::test]
async fn at_most_sixteen_block_at_once_and_the_rest_waits_its_turn() {
    let tasks = Tasks::new();
    let barrier = Arc::new(Barrier::new(17));
    let mut asked = Vec::new();
    for number in 0..20 {
        let (tasks, barrier) = (tasks.clone(), Arc::clone(&barrier));
        asked.push(Box::pin(async move {
            let first = number < 16;
            tasks.blocking(READ, move || first && barrier.wait().is_leader()).await.unwrap();
        }));
    }
    let all = futures_util::future::join_all(asked);
    let home = tasks.clone();
    let open = async move {
        while home.figures().jobs.running < 16 {
            tokio::task::yield_now().await;
        }
        assert_eq!(home.figures().jobs.waiting, 4);
        let last = move || {
            barrier.wait();
        };
        home.thread(WALK, last).unwrap();
    };
    tokio::time::timeout(SOON, futures_util::future::join(all, open)).await.unwrap();
}

#[tokio::test]
async fn a_panic_in_blocking_work_is_an_error_and_the_thread_goes_on() {
    let tasks = Tasks::new();
    let lost = tasks.blocking(READ, || panic!("torn page")).await.map(|(): ()| ()).unwrap_err();
    assert_eq!(lost.to_string(), "test.read panicked: torn page");
    assert_eq!(tasks.blocking(READ, || 3).await.unwrap(), 3);
    assert_eq!(tasks.figures().failed["test.read"].0, 1);
}

#[tokio::test]
async fn work_that_nobody_waits_for_any_more_is_done_and_waited_for() {
    let tasks = Tasks::new();
    let (go, gone) = mpsc::channel::<()>();
    let (tell, told) = mpsc::channel();
    let asked = tasks.blocking(READ, move || {
        gone.recv().unwrap();
        tell.send("done").unwrap();
    });
    assert!(tokio::time::timeout(Duration::from_millis(10), asked).await.is_err());
    assert_eq!(tasks.shutdown(Duration::from_millis(10)).await, ["test.read"]);
    go.send(()).unwrap();
    assert_eq!(tasks.shutdown(SOON).await, [""; 0]);
    assert_eq!(told.recv(), Ok("done"));
}

#[test]
fn a_thread_is_named_joined_and_its_panic_noted() {
    let tasks = Tasks::new();
    let (tell, told) = mpsc::channel();
    let named = move || tell.send(std::thread::current().name().map(str::to_owned)).unwrap();
    tasks.thread(WALK, named).unwrap().join();
    assert_eq!(told.recv().unwrap().as_deref(), Some("test.walk"));
    tasks.thread(GUARD, || panic!("torn")).unwrap().join();
    assert_eq!(tasks.figures().failed["test.guard"].1, "panicked: torn");
    assert!(tasks.names().is_empty());
}
