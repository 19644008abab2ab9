//! Damaged files: refused when opened or found when read, never read wrongly, never written over.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test that cannot go on has failed")]

use std::{collections::HashMap, fs, path::Path, sync::Arc};

use appliance_core::{
    Batch, ConversationId, ErrorKind, IdMint, Memory, MemoryId, MemoryKind, MessageId, PageRequest,
    Provenance, UserId, Write,
    ports::{Change, Changed, Conversations as _, Memories, Records as _, StoreDamage as _},
    time::ManualClock,
};
use storage_contract::given;
use storage_embedded::{DataDir, OpenError, Store};
use tempfile::TempDir;

const MESSAGES: usize = 120;

/// A closed store and what was said in it.
struct Written {
    folder: TempDir,
    bytes: Vec<u8>,
    owner: UserId,
    thread: ConversationId,
    said: HashMap<MessageId, String>,
}

impl Written {
    async fn new() -> Self {
        let folder = TempDir::new().unwrap();
        let clock = Arc::new(ManualClock::at_millis(1_793_000_000_000));
        let mint = IdMint::new(clock, 0);
        let store = open(folder.path()).unwrap();
        let user = given::user(&mint);
        let thread = given::thread(&mint, user.id);
        let (owner, id) = (user.id, thread.id);
        let mut said = HashMap::new();
        let batch = Batch::new().write(Write::PutUser(user)).write(Write::PutConversation(thread));
        store.apply(batch).await.unwrap();
        for number in 0..MESSAGES {
            let text = format!("message number {number:05} {}", "lorem ipsum ".repeat(20));
            let message = given::message(&mint, id, &text);
            said.insert(message.id, text);
            store.apply(Batch::new().write(Write::AppendMessage(message))).await.unwrap();
        }
        store.close();
        drop(store);
        let bytes = fs::read(folder.path().join("state.redb")).unwrap();
        Self { folder, bytes, owner, thread: id, said }
    }

    fn file(&self) -> std::path::PathBuf {
        self.folder.path().join("state.redb")
    }

    /// Opens the store on `bytes`; when it is refused, checks the words and that nothing changed.
    fn open_on(&self, bytes: &[u8], what: &str) -> Option<Store> {
        fs::write(self.file(), bytes).unwrap();
        match open(self.folder.path()) {
            Ok(store) => Some(store),
            Err(error @ OpenError::Corrupt { .. }) => {
                let text = error.to_string();
                assert!(text.contains("state.redb") && text.contains("restore a backup"), "{text}");
                assert!(
                    fs::read(self.file()).unwrap() == bytes,
                    "{what}: the file was changed: {text}"
                );
                None
            }
            Err(other) => panic!("{what}: {other}"),
        }
    }

    /// Reads everything; returns how many reads failed. A wrong answer fails the test.
    async fn read_all(&self, store: &Store, what: &str) -> usize {
        let mut failed = 0;
        for (id, text) in &self.said {
            match store.message(self.owner, *id).await {
                Ok(Some(message)) => assert_eq!(&message.content, text, "{what}"),
                Ok(None) => failed += 1,
                Err(error) => {
                    assert_eq!(error.kind, ErrorKind::Corrupt, "{what}: {error}");
                    failed += 1;
                }
            }
        }
        let page = PageRequest::new(100, None);
        match store.messages(self.owner, self.thread, page).await {
            Ok(page) => {
                for message in page.items {
                    assert_eq!(self.said.get(&message.id), Some(&message.content), "{what}");
                }
            }
            Err(_) => failed += 1,
        }
        failed
    }
}

fn open(path: &Path) -> Result<Store, OpenError> {
    let dir = DataDir::open(path)?;
    Store::open(
        &dir,
        Arc::new(ManualClock::at_millis(1_793_000_000_000)),
        appliance_tasks::Tasks::new(),
    )
}

#[tokio::test]
async fn a_file_that_is_no_store_is_refused_and_left_alone() {
    let written = Written::new().await;
    let mut zero_header = written.bytes.clone();
    zero_header[..4096].fill(0);
    let mut wrong_magic = written.bytes.clone();
    wrong_magic[0] ^= 0xff;
    let cases: [(&str, Vec<u8>); 6] = [
        ("empty", Vec::new()),
        ("one byte", vec![0]),
        ("text", b"this is not a database\n".repeat(500)),
        ("zeroes", vec![0; written.bytes.len()]),
        ("a header of zeroes", zero_header),
        ("another magic number", wrong_magic),
    ];
    for (what, bytes) in cases {
        assert!(written.open_on(&bytes, what).is_none(), "{what} was opened");
    }
    let store = written.open_on(&written.bytes, "whole").unwrap();
    assert_eq!(written.read_all(&store, "whole").await, 0);
}

#[tokio::test]
async fn a_history_without_its_file_is_refused_and_nothing_is_made() {
    let written = Written::new().await;
    for signs in [&["history"][..], &["cold/0000000000000001.seg"], &["index/a/rows"]] {
        let folder = TempDir::new().unwrap();
        for sign in signs {
            let at = folder.path().join(sign);
            fs::create_dir_all(at.parent().unwrap()).unwrap();
            fs::write(at, "left").unwrap();
        }
        let error = open(folder.path()).map(drop).unwrap_err();
        assert!(matches!(error, OpenError::Missing { .. }), "{error}");
        let text = error.to_string();
        assert!(text.contains("state.redb is missing") && text.contains("from a backup"), "{text}");
        assert!(!folder.path().join("state.redb").exists());
    }
    fs::remove_file(written.file()).unwrap();
    assert!(matches!(open(written.folder.path()), Err(OpenError::Missing { .. })));
    written.open_on(&written.bytes, "put back").unwrap();
}

/// Lays something at a path.
type Lay<'a> = &'a dyn Fn(&Path);

#[tokio::test]
async fn what_is_no_file_or_no_folder_in_their_place_is_refused_by_its_kind() {
    let written = Written::new().await;
    let (file, cold) = (written.file(), written.folder.path().join("cold"));
    fs::remove_file(&file).unwrap();
    let fifo = |path: &Path| {
        let mode = rustix::fs::Mode::RWXU;
        rustix::fs::mknodat(rustix::fs::CWD, path, rustix::fs::FileType::Fifo, mode, 0).unwrap();
    };
    let folder = |path: &Path| fs::create_dir(path).unwrap();
    let text = |path: &Path| fs::write(path, "somebody's own").unwrap();
    let cases: [(&Path, Lay<'_>, &str); 4] = [
        (&file, &folder, "is a folder where a file belongs"),
        (&file, &fifo, "is a FIFO where a file belongs"),
        (&cold, &fifo, "is a FIFO where a folder belongs"),
        (&cold, &text, "is a file where a folder belongs"),
    ];
    for (place, lay, words) in cases {
        fs::write(&file, &written.bytes).unwrap();
        let _ = fs::remove_file(place);
        lay(place);
        let error = open(written.folder.path()).map(drop).unwrap_err();
        assert!(matches!(error, OpenError::InTheWay { .. }), "{error}");
        let told = error.to_string();
        assert!(told.contains(words) && told.contains(&*place.to_string_lossy()), "{told}");
        let _ = fs::remove_file(place);
        let _ = fs::remove_dir(place);
    }
    written.open_on(&written.bytes, "moved away").unwrap();
}

#[tokio::test]
async fn a_zeroed_page_is_refused_or_found_and_no_panic_is_told() {
    let told = Arc::new(std::sync::atomic::AtomicUsize::new(0));
    let count = told.clone();
    std::panic::set_hook(Box::new(move |panic| {
        eprintln!("{panic}");
        count.fetch_add(1, std::sync::atomic::Ordering::SeqCst);
    }));
    let written = Written::new().await;
    let (mut refused, mut noticed) = (0, 0);
    for page in 0..written.bytes.len() / 4096 {
        let at = page * 4096;
        if written.bytes[at..at + 4096].iter().all(|byte| *byte == 0) {
            continue;
        }
        let mut bytes = written.bytes.clone();
        bytes[at..at + 4096].fill(0);
        let what = format!("page {page}");
        match written.open_on(&bytes, &what) {
            Some(store) => {
                store.compare().await.unwrap_or_else(|error| panic!("{what}: {error}"));
                let is_noticed = written.read_all(&store, &what).await > 0;
                noticed += usize::from(is_noticed);
                assert!(!is_noticed || !store.damage().found.is_empty(), "{what}: not named");
                // Whatever a write meets, it is answered.
                let mint = IdMint::new(Arc::new(ManualClock::at_millis(1_793_000_000_000)), 0);
                let message = given::message(&mint, written.thread, "one more");
                let _ = store.apply(Batch::new().write(Write::AppendMessage(message))).await;
            }
            None => refused += 1,
        }
    }
    println!("{refused} pages refused when opened, {noticed} noticed when read");
    assert!(refused > 0);
    assert_eq!(told.load(std::sync::atomic::Ordering::SeqCst), 0, "a panic was told");
}

/// Bits that are turned in each page.
const BITS_A_PAGE: usize = 6;

#[tokio::test]
async fn a_wrong_bit_anywhere_is_refused_or_costs_rows_that_are_named() {
    let written = Written::new().await;
    let (mut dice, mut refused, mut costs, mut anew) = (0x9e37_79b9_7f4a_7c15_u64, 0, 0, 0);
    for page in 0..written.bytes.len() / 4096 {
        if written.bytes[page * 4096..][..4096].iter().all(|byte| *byte == 0) {
            continue;
        }
        for _ in 0..BITS_A_PAGE {
            dice ^= dice << 13;
            dice ^= dice >> 7;
            dice ^= dice << 17;
            let bit = usize::try_from(dice % (4096 * 8)).unwrap();
            let mut bytes = written.bytes.clone();
            bytes[page * 4096 + bit / 8] ^= 1 << (bit % 8);
            let what = format!("page {page} bit {bit}");
            eprintln!("{what}");
            let Some(store) = written.open_on(&bytes, &what) else {
                refused += 1;
                continue;
            };
            store.compare().await.unwrap_or_else(|error| panic!("{what}: {error}"));
            let lost = written.read_all(&store, &what).await;
            let named = store.damage().found;
            // A thread is nobody's without its row.
            let thread = named.iter().any(|it| it.place.starts_with("conversations.v1 row"));
            assert!(lost <= named.len() || thread, "{what}: {lost} are lost, {named:?}");
            costs += usize::from(lost > 0);
            if store.damage().mended.iter().any(|it| it.place == "state.redb") {
                anew += 1;
                store.close();
                drop(store);
                let store = open(written.folder.path()).unwrap();
                let again = store.damage().mended;
                assert!(again.iter().all(|it| it.place != "state.redb"), "{what}: {again:?}");
                store.compare().await.unwrap_or_else(|error| panic!("{what}: {error}"));
                assert_eq!(written.read_all(&store, &what).await, lost, "{what}");
                continue;
            }
            let mint = IdMint::new(Arc::new(ManualClock::at_millis(1_793_000_000_000)), 0);
            let message = given::message(&mint, written.thread, "one more");
            let said = store.apply(Batch::new().write(Write::AppendMessage(message))).await;
            assert!(said.is_ok() || thread, "{what}: {said:?}");
        }
    }
    println!("{refused} refused, {costs} that cost a row, {anew} made anew");
    assert!(refused > 0 && costs > 0 && anew > 0, "{refused} {costs} {anew}");
}

#[tokio::test]
async fn a_file_whose_users_cannot_be_read_is_refused() {
    let written = Written::new().await;
    let user = written.owner.bytes();
    let is_of_users = |page: &[u8]| page.windows(user.len()).any(|part| part == user);
    let pages: Vec<usize> = (0..written.bytes.len() / 4096)
        .filter(|page| is_of_users(&written.bytes[page * 4096..][..4096]))
        .collect();
    let mut refused = 0;
    for page in &pages {
        let mut bytes = written.bytes.clone();
        bytes[page * 4096..][..4096].fill(0);
        refused += usize::from(written.open_on(&bytes, "a page of the users").is_none());
    }
    println!("{refused} of {} pages with the user in them are needed", pages.len());
    assert!(refused >= 2, "the rows and their numbers; other rows name the user, older pages too");
}

#[tokio::test]
async fn a_truncated_file_is_refused_or_read_rightly() {
    let written = Written::new().await;
    let len = written.bytes.len();
    let mut refused = 0;
    for part in 1..=16 {
        let cut = len * part / 17;
        let what = format!("cut to {cut} of {len} bytes");
        match written.open_on(&written.bytes[..cut], &what) {
            Some(store) => drop(written.read_all(&store, &what).await),
            None => refused += 1,
        }
    }
    assert!(refused > 0, "no cut was noticed");
}

#[tokio::test]
async fn a_flipped_byte_of_a_text_is_found_when_it_is_read() {
    let written = Written::new().await;
    let needle = b"message number 00042";
    let places: Vec<usize> = (0..written.bytes.len() - needle.len())
        .filter(|at| written.bytes[*at..].starts_with(needle))
        .collect();
    assert!(!places.is_empty());
    let mut bytes = written.bytes.clone();
    for place in places {
        bytes[place + 9] ^= 1;
    }
    let store = written.open_on(&bytes, "a flipped byte").unwrap();
    let (id, _) = written.said.iter().find(|(_, text)| text.contains("00042")).unwrap();
    let error = store.message(written.owner, *id).await.unwrap_err();
    assert_eq!(error.kind, ErrorKind::Corrupt, "{error}");
    assert!(error.to_string().contains("checksum"), "{error}");
    assert_eq!(written.read_all(&store, "others").await, 1, "its page leaves it out");
    let named = store.damage().found;
    assert!(matches!(&named[..], [one] if one.place.starts_with("messages.v1")), "{named:?}");
}

#[tokio::test]
async fn a_damaged_memory_is_gone_from_what_changed_and_no_other_is() {
    let folder = TempDir::new().unwrap();
    let mint = IdMint::new(Arc::new(ManualClock::at_millis(1_793_000_000_000)), 0);
    let store = open(folder.path()).unwrap();
    let user = given::user(&mint);
    let owner = user.id;
    store.apply(Batch::new().write(Write::PutUser(user))).await.unwrap();
    let ids: Vec<MemoryId> = (0..3).map(|_| mint.next(MemoryId::from_uuid)).collect();
    for (n, id) in ids.iter().enumerate() {
        let (text, now) = (format!("memory number {n:05}"), mint.clock().now());
        let kept = Memory::new(*id, owner, MemoryKind::Note, text, Provenance::default(), now);
        store.apply(Batch::new().write(Write::PutMemory(kept))).await.unwrap();
    }
    store.close();
    drop(store);
    let file = folder.path().join("state.redb");
    let mut bytes = fs::read(&file).unwrap();
    let needle = b"memory number 00001";
    let starts = |at: &usize| bytes[*at..].starts_with(needle);
    let places: Vec<usize> = (0..bytes.len() - needle.len()).filter(starts).collect();
    places.iter().for_each(|place| bytes[place + 9] ^= 1);
    fs::write(&file, &bytes).unwrap();

    let store = open(folder.path()).unwrap();
    let changes = store.since(0, 100).await.unwrap();
    let live = |change: &Change| matches!(change.now, Changed::Live(_));
    let seen: Vec<_> = changes.iter().map(|change| (change.id, live(change))).collect();
    assert_eq!(seen, [(ids[0], true), (ids[1], false), (ids[2], true)]);
    assert!(matches!(changes[1].now, Changed::Damaged { .. }), "{changes:?}");
    let named = store.damage().found;
    assert!(matches!(&named[..], [one] if one.memory == Some(ids[1])), "{named:?}");
    let error = Memories::get(&store, owner, ids[1]).await.unwrap_err();
    assert_eq!(error.kind, ErrorKind::Corrupt, "{error}");
}

#[tokio::test]
async fn no_flipped_bit_ever_reads_as_something_else() {
    let written = Written::new().await;
    let mut dice = 0x9e37_79b9_7f4a_7c15_u64;
    let (mut refused, mut noticed) = (0, 0);
    for _ in 0..150 {
        dice ^= dice << 13;
        dice ^= dice >> 7;
        dice ^= dice << 17;
        let bit = usize::try_from(dice % (written.bytes.len() as u64 * 8)).unwrap();
        let mut bytes = written.bytes.clone();
        bytes[bit / 8] ^= 1 << (bit % 8);
        let what = format!("bit {bit}");
        match written.open_on(&bytes, &what) {
            Some(store) => noticed += usize::from(written.read_all(&store, &what).await > 0),
            None => refused += 1,
        }
    }
    println!("150 flips: {refused} refused when opened, {noticed} noticed when read");
}
