//! Rules of signals and uses: what they move is held within bounds, and what is gone is passed
//! over.

use std::time::Duration;

use appliance_core::{
    Batch, Deed, ErrorKind, MemoryId, PageRequest, Signal, SignalId, SignalType, StoreError,
    Timestamp, UserId, Utility, Write,
};

use crate::{
    Checked, StoreFixture,
    given::{self, a_user, done, found, refusal, remembered},
};

/// A signal moves the utility of its memories, each once, and is kept as it was given.
pub async fn a_signal_moves_its_memories(it: &mut impl StoreFixture) -> Checked {
    let ada = a_user(it).await?;
    let (tea, coffee) = (remembered(it, ada, "tea").await?, remembered(it, ada, "coffee").await?);
    let seen = it.memories().latest();
    let mut signal = signal(it, ada, vec![tea.id, tea.id], 800);
    signal.comment = Some("8 - nice \u{1f980}".to_owned());
    signal.rating = Some((8, 10));
    it.write(vec![Write::PutSignal(signal.clone())]).await?;

    let moved = found(it, ada, tea.id).await?.standing;
    assert_eq!((moved.utility.ten_thousandths(), moved.feedback), (5_800, 800));
    assert_eq!(found(it, ada, coffee.id).await?.standing, coffee.standing);
    let changes = it.memories().since(seen, 10).await?;
    assert!(changes.iter().map(|change| change.id).eq([tea.id]), "indexes learn of it");
    it.reopen().await;
    let page = it.memories().signals(ada, PageRequest::new(10, None)).await?;
    assert_eq!(page.items, [signal.clone()]);
    let again = Batch::new().write(Write::PutSignal(signal));
    refusal(ErrorKind::Conflict, it.records().apply(again).await)?;
    Ok(())
}

/// However many signals come, utility stays in 0..=1 and feedback within its bounds.
pub async fn utility_and_feedback_stay_within_bounds(it: &mut impl StoreFixture) -> Checked {
    let ada = a_user(it).await?;
    let (loved, hated) = (remembered(it, ada, "tea").await?, remembered(it, ada, "coffee").await?);
    for _ in 0..12 {
        let (up, down) =
            (signal(it, ada, vec![loved.id], 1_000), signal(it, ada, vec![hated.id], -1_000));
        it.write(vec![Write::PutSignal(up), Write::PutSignal(down)]).await?;
    }
    let (up, down) = (found(it, ada, loved.id).await?, found(it, ada, hated.id).await?);
    assert_eq!((up.standing.utility, up.standing.feedback), (Utility::MOST, 10_000));
    assert_eq!((down.standing.utility.ten_thousandths(), down.standing.feedback), (0, -10_000));
    it.write(vec![Write::PutSignal(signal(it, ada, vec![hated.id], 500))]).await?;
    let mended = found(it, ada, hated.id).await?.standing;
    assert_eq!((mended.utility.ten_thousandths(), mended.feedback), (500, -9_500));
    Ok(())
}

/// A strength, a rating, a move or a comment outside its range is refused, and moves nothing.
pub async fn a_signal_out_of_range_is_refused(it: &mut impl StoreFixture) -> Checked {
    let ada = a_user(it).await?;
    let tea = remembered(it, ada, "tea").await?;
    let plain = || signal(it, ada, vec![tea.id], 10);
    let of = |kind, strength| Signal { kind, strength, ..plain() };
    let wrong = [
        of(SignalType::UserRating, 1_001),
        of(SignalType::UserRating, -1_001),
        of(SignalType::TaskSuccess, -1),
        of(SignalType::TaskFailure, -1),
        of(SignalType::FollowUp, 1_001),
        of(SignalType::UserRating, i32::MIN),
        Signal { rating: Some((11, 10)), ..plain() },
        Signal { rating: Some((0, 0)), ..plain() },
        Signal { moved: i32::MIN, ..plain() },
        Signal { moved: 10_001, ..plain() },
    ];
    for signal in wrong {
        let batch = Batch::new().write(Write::PutSignal(signal));
        refusal(ErrorKind::Invalid, it.records().apply(batch).await)?;
    }
    let long = Signal { comment: Some("x".repeat(501)), ..plain() };
    let batch = Batch::new().write(Write::PutSignal(long));
    refusal(ErrorKind::TooLarge, it.records().apply(batch).await)?;
    assert_eq!(found(it, ada, tea.id).await?.standing, tea.standing);

    let right = [
        of(SignalType::UserRating, -1_000),
        of(SignalType::UserRating, 1_000),
        of(SignalType::TaskAbandon, 0),
        Signal { comment: Some("x".repeat(500)), ..plain() },
    ];
    it.write(right.into_iter().map(Write::PutSignal).collect()).await
}

/// Memories that are gone are passed over; another's are a conflict.
pub async fn a_signal_passes_over_what_is_gone(it: &mut impl StoreFixture) -> Checked {
    let (ada, bob) = (a_user(it).await?, a_user(it).await?);
    let (tea, gone) = (remembered(it, ada, "tea").await?, remembered(it, ada, "gone").await?);
    done(it, ada, Deed::Forget { ids: vec![gone.id] }).await?;
    let never = it.mint().next(MemoryId::from_uuid);
    it.write(vec![Write::PutSignal(signal(it, ada, vec![gone.id, never, tea.id], 100))]).await?;
    assert_eq!(found(it, ada, tea.id).await?.standing.feedback, 100);

    let his = remembered(it, bob, "his").await?;
    let batch = Batch::new().write(Write::PutSignal(signal(it, ada, vec![tea.id, his.id], 100)));
    refusal(ErrorKind::Conflict, it.records().apply(batch).await)?;
    assert_eq!(found(it, ada, tea.id).await?.standing.feedback, 100);
    assert_eq!(found(it, bob, his.id).await?.standing.feedback, 0);
    Ok(())
}

/// What an owner moved since a moment adds up without signs, that moment included, nobody else's.
pub async fn what_was_moved_adds_up(it: &mut impl StoreFixture) -> Checked {
    let (ada, bob) = (a_user(it).await?, a_user(it).await?);
    let mut moments = Vec::new();
    for moved in [100, -30, 0, 7] {
        let (hers, his) = (signal(it, ada, vec![], moved), signal(it, bob, vec![], 5_000));
        moments.push(hers.at);
        it.write(vec![Write::PutSignal(hers), Write::PutSignal(his)]).await?;
        it.pass(Duration::from_secs(3600)).await;
    }
    moments.push(it.now());
    for (from, sum) in moments.iter().zip([137, 37, 7, 7, 0]) {
        assert_eq!(it.memories().moved_since(ada, *from).await?, sum, "since {from}");
    }
    let (begin, end) = (Timestamp::from_unix_micros(0), Timestamp::from_unix_micros(i64::MAX));
    assert_eq!(it.memories().moved_since(ada, begin).await?, 137);
    assert_eq!(it.memories().moved_since(ada, end).await?, 0);
    Ok(())
}

/// Signals are listed newest first, complete by pages, each owner's alone.
pub async fn signals_are_listed_newest_first(it: &mut impl StoreFixture) -> Checked {
    let (ada, bob) = (a_user(it).await?, a_user(it).await?);
    let mut wanted = Vec::new();
    for number in 0..7 {
        wanted.insert(0, signal(it, ada, vec![], number));
        it.write(vec![Write::PutSignal(wanted[0].clone())]).await?;
        it.write(vec![Write::PutSignal(signal(it, bob, vec![], number))]).await?;
    }
    for limit in [1, 3, 7, 10] {
        let all = given::all(limit, |page| {
            let memories = it.memories();
            async move { memories.signals(ada, page).await }
        });
        assert_eq!(all.await?, wanted, "{limit} a page");
    }
    Ok(())
}

/// A use counts, and notes its place, its moment and the utility it brings.
pub async fn a_use_is_noted(it: &mut impl StoreFixture) -> Checked {
    let ada = a_user(it).await?;
    let (tea, coffee) = (remembered(it, ada, "tea").await?, remembered(it, ada, "coffee").await?);
    let gone = it.mint().next(MemoryId::from_uuid);
    let utility = Utility::from_ten_thousandths(6_000);
    let first = it.now();
    touch(it, ada, vec![(coffee.id, 1, utility), (gone, 2, utility), (tea.id, 3, utility)]).await?;
    it.pass(Duration::from_secs(5)).await;
    touch(it, ada, vec![(tea.id, 1, Utility::MOST), (tea.id, 2, utility)]).await?;

    let now = found(it, ada, tea.id).await?.standing;
    assert_eq!((now.accesses, now.last_rank, now.utility), (2, 1, Utility::MOST));
    assert_eq!(now.last_access, Some(it.now()));
    let now = found(it, ada, coffee.id).await?.standing;
    assert_eq!((now.accesses, now.last_rank, now.utility), (1, 1, utility));
    assert_eq!(now.last_access, Some(first));
    Ok(())
}

fn signal(it: &impl StoreFixture, owner: UserId, memories: Vec<MemoryId>, moved: i32) -> Signal {
    Signal {
        id: it.mint().next(SignalId::from_uuid),
        owner,
        kind: SignalType::UserRating,
        strength: 0,
        rating: None,
        comment: None,
        task_id: None,
        message_id: None,
        memories,
        moved,
        at: it.now(),
    }
}

async fn touch(
    it: &impl StoreFixture,
    owner: UserId,
    touched: Vec<(MemoryId, u32, Utility)>,
) -> Result<(), StoreError> {
    it.write(vec![Write::TouchMemories { owner, touched, at: it.now() }]).await
}

/// Expands to one test a rule of this file.
#[macro_export]
macro_rules! memory_signals_contract {
    ($fixture:expr) => {
        $crate::contract_tests!(
            memory_signals,
            $fixture,
            a_signal_moves_its_memories,
            utility_and_feedback_stay_within_bounds,
            a_signal_out_of_range_is_refused,
            a_signal_passes_over_what_is_gone,
            what_was_moved_adds_up,
            signals_are_listed_newest_first,
            a_use_is_noted,
        );
    };
}
