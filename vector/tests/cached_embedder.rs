//! The cache in front of an embedder: paid once, kept as long as said, and never in the way.

#![allow(clippy::disallowed_methods, reason = "a test starts what it needs and outlives it")]
#![expect(clippy::unwrap_used, clippy::expect_used, reason = "a test ends where it goes wrong")]

use std::{
    fs,
    path::Path,
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
    time::Duration,
};

use appliance_core::{
    Embedding,
    ports::{EmbedError, Embedder},
    time::{Clock, ManualClock},
};
use async_trait::async_trait;
use tempfile::TempDir;
use tokio::sync::Semaphore;
use vector::CachedEmbedder;

const DAY: Duration = Duration::from_secs(24 * 60 * 60);
const TTL: Duration = Duration::from_secs(30 * 24 * 60 * 60);
const START: u64 = 1_793_000_000_000;

/// Counts what it is asked, waits when told to, fails when told to.
#[derive(Debug)]
struct Paid {
    model: &'static str,
    asked: Mutex<Vec<String>>,
    calls: AtomicUsize,
    fails: AtomicBool,
    gate: Semaphore,
    gated: AtomicBool,
}

impl Paid {
    fn new(model: &'static str) -> Arc<Self> {
        Arc::new(Self {
            model,
            asked: Mutex::default(),
            calls: AtomicUsize::new(0),
            fails: AtomicBool::new(false),
            gate: Semaphore::new(0),
            gated: AtomicBool::new(false),
        })
    }

    fn asked(&self) -> Vec<String> {
        self.asked.lock().unwrap().clone()
    }
}

#[async_trait]
impl Embedder for Paid {
    fn model(&self) -> &str {
        self.model
    }

    fn dim(&self) -> usize {
        3
    }

    async fn embed(&self, texts: &[&str]) -> Result<Vec<Option<Embedding>>, EmbedError> {
        self.calls.fetch_add(1, Ordering::SeqCst);
        self.asked.lock().unwrap().extend(texts.iter().map(|text| (*text).to_owned()));
        if self.gated.load(Ordering::SeqCst) {
            self.gate.acquire().await.unwrap().forget();
        }
        if self.fails.load(Ordering::SeqCst) {
            let (model, why) = (self.model.to_owned(), "the network is down".to_owned());
            return Err(EmbedError::Unavailable { model, why });
        }
        Ok(texts.iter().map(|text| of(text)).collect())
    }
}

fn of(text: &str) -> Option<Embedding> {
    let sum: u32 = text.bytes().map(u32::from).sum();
    Embedding::normalised(vec![text.len() as f32, sum as f32, 1.0])
}

struct Given {
    dir: TempDir,
    paid: Arc<Paid>,
    clock: Arc<ManualClock>,
    cache: Arc<CachedEmbedder>,
}

impl Given {
    fn new() -> Self {
        let dir = TempDir::new().unwrap();
        let (paid, clock) = (Paid::new("m"), Arc::new(ManualClock::at_millis(START)));
        let cache = open(&dir.path().join("vectors.redb"), &paid, &clock);
        Self { dir, paid, clock, cache }
    }

    /// Closes the cache and opens it again, with whatever `between` does to the file.
    fn reopened(self, between: impl FnOnce(&Path)) -> Self {
        let path = self.dir.path().join("vectors.redb");
        drop(self.cache);
        between(&path);
        let cache = open(&path, &self.paid, &self.clock);
        Self { cache, ..self }
    }

    /// Tells whether any page of the file has `key`, whatever it is used for.
    fn file_holds(&self, key: &[u8; 32]) -> bool {
        let bytes = fs::read(self.dir.path().join("vectors.redb")).unwrap();
        bytes.windows(key.len()).any(|window| window == key)
    }

    /// Lives until that many days after the start.
    fn later(&self, days: u32) {
        let until = Duration::from_millis(START) + days * DAY;
        let now = Duration::from_millis(Clock::now(&*self.clock).unix_millis());
        self.clock.advance(until - now);
    }

    async fn ask(&self, texts: &[&str]) -> Vec<Option<Embedding>> {
        self.cache.embed(texts).await.expect("an answer")
    }
}

fn open(path: &Path, paid: &Arc<Paid>, clock: &Arc<ManualClock>) -> Arc<CachedEmbedder> {
    Arc::new(CachedEmbedder::open(
        path,
        paid.clone(),
        clock.clone(),
        TTL,
        appliance_tasks::Tasks::new(),
    ))
}

fn near(got: &Option<Embedding>, text: &str) -> bool {
    let (Some(got), Some(own)) = (got, of(text)) else { return false };
    got.values().iter().zip(own.values()).all(|(a, b)| (a - b).abs() < 1e-6)
}

#[tokio::test]
async fn a_text_is_paid_once_also_within_a_batch_and_across_a_restart() {
    let given = Given::new();
    let first = given.ask(&["tea", "", "coffee", "tea", "  "]).await;
    assert!(near(&first[0], "tea") && near(&first[2], "coffee"));
    assert!(first[1].is_none() && first[4].is_none() && first[0] == first[3]);
    assert_eq!(given.paid.asked(), ["tea", "coffee"]);
    assert_eq!(given.cache.hits(), (1, 2));
    let given = given.reopened(|_| {});
    let again = given.ask(&["coffee", "tea", "milk"]).await;
    assert_eq!((&again[0], &again[1]), (&first[2], &first[0]), "the same numbers");
    assert_eq!(given.paid.asked(), ["tea", "coffee", "milk"]);
    assert_eq!(given.cache.hits(), (2, 1));
    assert_eq!(given.cache.stored(), 3);
}

#[tokio::test]
async fn texts_that_are_alike_and_models_are_told_apart() {
    let given = Given::new();
    let texts = ["Tea", "tea", "tea ", "restart nginx", "do not restart nginx"];
    let vectors = given.ask(&texts).await;
    assert!(texts.iter().zip(&vectors).all(|(text, vector)| near(vector, text)));
    assert_eq!(given.paid.asked().len(), 5);
    let other = Paid::new("another model");
    let path = given.dir.path().join("vectors.redb");
    drop(given.cache);
    let cache = open(&path, &other, &given.clock);
    cache.embed(&["tea"]).await.unwrap();
    assert_eq!(other.asked(), ["tea"]);
}

#[tokio::test]
async fn a_questions_vector_ends_thirty_days_after_its_last_use_and_a_kept_one_never() {
    let given = Given::new();
    given.cache.embed_kept(&["a memory"]).await.unwrap();
    given.ask(&["asked often", "asked once"]).await;
    given.later(20);
    given.ask(&["asked often"]).await;
    given.later(40);
    assert_eq!(given.cache.expire().await, 1);
    assert_eq!(given.cache.stored(), 2);
    given.ask(&["asked often", "a memory"]).await;
    assert_eq!(given.paid.asked().len(), 3, "neither was paid again");
    given.ask(&["asked once"]).await;
    assert_eq!(given.paid.asked().len(), 4);
    given.later(4_000);
    assert_eq!(given.cache.expire().await, 2);
    given.ask(&["a memory"]).await;
    assert_eq!(given.paid.asked().len(), 4, "what is kept is kept");
}

#[tokio::test]
async fn a_row_past_its_time_is_not_used_before_a_sweep_either() {
    let given = Given::new();
    given.ask(&["tea"]).await;
    given.later(31);
    given.ask(&["tea"]).await;
    assert_eq!(given.paid.asked(), ["tea", "tea"]);
}

#[tokio::test]
async fn a_questions_vector_becomes_a_kept_one_without_being_paid_again() {
    let given = Given::new();
    given.ask(&["tea"]).await;
    given.cache.embed_kept(&["tea"]).await.unwrap();
    given.ask(&["tea"]).await;
    given.later(400);
    assert_eq!(given.cache.expire().await, 0);
    given.ask(&["tea"]).await;
    assert_eq!(given.paid.asked(), ["tea"]);
}

#[tokio::test]
async fn what_is_not_to_be_kept_leaves_the_file_and_the_rest_need_not_be_paid_again() {
    let given = Given::new();
    given.ask(&["a question"]).await;
    given.cache.embed_kept(&["tea", "coffee"]).await.unwrap();
    let gone = given.cache.key("coffee");
    assert!(given.file_holds(&gone), "it is found before");
    given.cache.keep_only([given.cache.key("tea")].into()).await;
    assert_eq!(given.cache.stored(), 1);
    assert!(!given.file_holds(&gone), "and not after, in no free page");
    given.ask(&["tea"]).await;
    assert_eq!(given.paid.asked(), ["a question", "tea", "coffee"]);
    given.ask(&["coffee"]).await;
    assert_eq!(given.paid.asked().len(), 4);
    assert_eq!(given.cache.stored(), 2, "it goes on with the new file");
}

#[tokio::test]
async fn a_sweep_goes_through_more_rows_than_one_step_takes() {
    let given = Given::new();
    let texts: Vec<String> = (0..2_500).map(|n| format!("question {n}")).collect();
    let texts: Vec<&str> = texts.iter().map(String::as_str).collect();
    given.ask(&texts).await;
    assert_eq!(given.paid.calls.load(Ordering::SeqCst), 25, "a hundred at a time");
    given.cache.embed_kept(&texts[..10]).await.unwrap();
    given.later(31);
    assert_eq!(given.cache.expire().await, 2_490);
    assert_eq!(given.cache.stored(), 10);
}

#[tokio::test]
async fn callers_who_want_the_same_text_at_once_pay_once() {
    let given = Given::new();
    given.paid.gated.store(true, Ordering::SeqCst);
    let ask = |text: &'static str| {
        let cache = given.cache.clone();
        tokio::spawn(async move { cache.embed(&[text, "shared"]).await.unwrap() })
    };
    let tasks: Vec<_> = ["a", "b", "c", "d"].into_iter().map(ask).collect();
    tokio::time::sleep(Duration::from_millis(50)).await;
    given.paid.gate.add_permits(100);
    for task in tasks {
        assert!(near(&task.await.unwrap()[1], "shared"));
    }
    let shared = given.paid.asked().iter().filter(|text| *text == "shared").count();
    assert_eq!((shared, given.paid.asked().len()), (1, 5));
    assert_eq!(given.cache.hits(), (3, 5));
}

#[tokio::test]
async fn a_caller_who_gives_up_leaves_the_text_to_those_who_wait() {
    let given = Given::new();
    given.paid.gated.store(true, Ordering::SeqCst);
    let first = tokio::spawn({
        let cache = given.cache.clone();
        async move { cache.embed(&["tea"]).await }
    });
    tokio::time::sleep(Duration::from_millis(30)).await;
    let second = tokio::spawn({
        let cache = given.cache.clone();
        async move { cache.embed(&["tea"]).await }
    });
    tokio::time::sleep(Duration::from_millis(30)).await;
    first.abort();
    tokio::time::sleep(Duration::from_millis(30)).await;
    given.paid.gate.add_permits(10);
    assert!(near(&second.await.unwrap().unwrap()[0], "tea"));
}

#[tokio::test]
async fn a_failure_reaches_all_who_wait_and_is_not_kept() {
    let given = Given::new();
    given.paid.gated.store(true, Ordering::SeqCst);
    given.paid.fails.store(true, Ordering::SeqCst);
    let ask = || {
        let cache = given.cache.clone();
        tokio::spawn(async move { cache.embed(&["tea"]).await })
    };
    let (first, second) = (ask(), ask());
    tokio::time::sleep(Duration::from_millis(30)).await;
    given.paid.gate.add_permits(10);
    for task in [first, second] {
        let error = task.await.unwrap().unwrap_err();
        assert!(error.to_string().contains("the network is down"), "{error}");
    }
    assert_eq!(given.paid.calls.load(Ordering::SeqCst), 1);
    given.paid.fails.store(false, Ordering::SeqCst);
    assert!(near(&given.ask(&["tea"]).await[0], "tea"));
}

#[tokio::test]
async fn a_file_that_is_no_cache_is_moved_aside_and_made_anew() {
    for junk in [&b"this is not a database"[..], b"", &[0; 8_192]] {
        let given = Given::new().reopened(|path| fs::write(path, junk).unwrap());
        assert!(near(&given.ask(&["tea"]).await[0], "tea"));
        let given = given.reopened(|_| {});
        given.ask(&["tea"]).await;
        assert_eq!(given.paid.asked(), ["tea"], "the new file keeps what it is given");
    }
}

#[tokio::test]
async fn damage_anywhere_in_the_file_costs_at_most_a_payment() {
    let texts: Vec<String> = (0..40).map(|n| format!("text {n}")).collect();
    let texts: Vec<&str> = texts.iter().map(String::as_str).collect();
    let mut given = Given::new();
    given.ask(&texts).await;
    let whole = given.dir.path().join("whole");
    given = given.reopened(|path| {
        fs::copy(path, &whole).unwrap();
    });
    let bytes = fs::read(&whole).unwrap();
    for round in 0..60 {
        let at = bytes.len() * round / 60;
        let mut damaged = bytes.clone();
        damaged[at..(at + 64).min(bytes.len())].fill(0xa5);
        given = given.reopened(|path| fs::write(path, &damaged).unwrap());
        for _ in 0..2 {
            let vectors = given.ask(&texts).await;
            assert!(texts.iter().zip(&vectors).all(|(text, vector)| near(vector, text)), "{at}");
        }
    }
}

#[tokio::test]
async fn without_a_file_to_be_had_texts_are_embedded_all_the_same() {
    let (paid, clock) = (Paid::new("m"), Arc::new(ManualClock::at_millis(START)));
    let cache = open(Path::new("/nonexistent/vectors.redb"), &paid, &clock);
    assert!(near(&cache.embed(&["tea"]).await.unwrap()[0], "tea"));
    assert!(near(&cache.embed(&["tea"]).await.unwrap()[0], "tea"));
    assert_eq!((cache.expire().await, cache.stored()), (0, 0));
    let given = Given::new();
    let second = open(&given.dir.path().join("vectors.redb"), &paid, &clock);
    assert!(near(&second.embed(&["held by another"]).await.unwrap()[0], "held by another"));
    assert!(near(&given.ask(&["mine"]).await[0], "mine"), "the first is left alone");
}
