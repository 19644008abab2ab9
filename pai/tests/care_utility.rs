//! The utility of a memory: always within its bounds, and it moves the way each sign points.

use std::time::Duration;

use pai::memory::{faded, utility};
use proptest::prelude::*;

fn days(days: f64) -> Duration {
    Duration::from_secs_f64(days * 86_400.0)
}

#[test]
fn the_best_is_whole_the_worst_is_nothing_and_the_plan_s_weights_are_in_between() {
    let worth = |accesses, rank, unused, liked| {
        utility(accesses, rank, days(unused), liked).ten_thousandths()
    };
    assert_eq!(worth(10, 1, 0.0, 10_000), 10_000);
    assert_eq!(worth(0, 0, 36_500.0, -10_000), 0);
    assert_eq!(worth(5, 0, 36_500.0, -10_000), 1_500);
    assert_eq!(worth(0, 1, 36_500.0, -10_000), 3_000);
    assert_eq!(worth(0, 2, 36_500.0, -10_000), 2_400);
    assert_eq!(worth(0, 6, 36_500.0, -10_000), 0);
    assert_eq!(worth(0, 0, 30.0, -10_000), 1_000, "half after thirty days");
    assert_eq!(worth(0, 0, 36_500.0, 0), 1_000, "nobody has said anything");
}

proptest! {
    #[test]
    fn it_is_always_within_bounds(
        accesses: u32, rank: u32, unused_secs: u64, feedback: i32,
    ) {
        let worth = utility(accesses, rank, Duration::from_secs(unused_secs), feedback);
        prop_assert!((0.0..=1.0).contains(&worth.value()));
        let later = faded(worth, Duration::from_secs(unused_secs));
        prop_assert!(later <= worth && (0.0..=1.0).contains(&later.value()));
    }

    #[test]
    fn more_uses_a_better_place_a_later_use_and_more_liking_are_worth_no_less(
        accesses: [u32; 2], rank in [1_u32..50, 1_u32..50],
        unused_secs in [0_u64..1_000_000_000, 0_u64..1_000_000_000], feedback: [i32; 2],
    ) {
        let worth = |accesses, rank, secs, feedback| {
            utility(accesses, rank, Duration::from_secs(secs), feedback)
        };
        let ([a0, a1], [r0, r1]) = (accesses, rank);
        let ([u0, u1], [f0, f1]) = (unused_secs, feedback);
        prop_assert!(worth(a0.max(a1), r0, u0, f0) >= worth(a0.min(a1), r0, u0, f0));
        prop_assert!(worth(a0, r0.min(r1), u0, f0) >= worth(a0, r0.max(r1), u0, f0));
        prop_assert!(worth(a0, r0, u0.min(u1), f0) >= worth(a0, r0, u0.max(u1), f0));
        prop_assert!(worth(a0, r0, u0, f0.max(f1)) >= worth(a0, r0, u0, f0.min(f1)));
        prop_assert!(worth(a0, r0, u0, f0) >= worth(a0, 0, u0, f0), "never found is worst");
    }

    #[test]
    fn fading_is_what_working_it_out_later_gives(
        accesses: u32, rank: u32, secs in 0_u64..1_000_000_000, feedback: i32,
    ) {
        let noted = utility(accesses, rank, Duration::ZERO, feedback);
        let later = Duration::from_secs(secs);
        let (faded, anew) = (faded(noted, later), utility(accesses, rank, later, feedback));
        let apart = i32::from(faded.ten_thousandths()) - i32::from(anew.ten_thousandths());
        prop_assert!(apart.abs() <= 1, "{faded:?} {anew:?}");
    }
}
