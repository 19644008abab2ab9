// Whether the portal is being measured: `make bench-portal` says so on a machine that is quiet.
//
// What a clock decides is asserted only then, in ms; a test that runs anywhere says its times and
// asserts nothing of them but beside a yardstick of the same moment.

export const isMeasuring = process.env.AI_INFRA_BENCH_PORTAL === 'true';
