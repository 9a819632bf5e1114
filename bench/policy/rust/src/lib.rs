//! How every engine of this folder is timed: after a pass over all inputs, half of the time goes to batches of 16
//! decisions (p50 and rate: the clock is amortised), half to single ones (p99: the clock's own cost is taken off).

use std::hint::black_box;
use std::path::Path;
use std::time::{Duration, Instant};

const BATCH: usize = 16;
const SAMPLES_MAX: usize = 1_000_000;

pub struct Timing {
    pub p50_ns: f64,
    pub p99_ns: f64,
    pub per_second: f64,
}

pub fn lines(file: &Path) -> Vec<serde_json::Value> {
    let text =
        std::fs::read_to_string(file).unwrap_or_else(|error| panic!("{}: {error}", file.display()));
    text.lines()
        .map(|line| serde_json::from_str(line).expect("a JSON object a line"))
        .collect()
}

/// FNV-1a over one letter a verdict, so that engines can be compared without printing thousands of them.
pub fn digest(verdicts: impl Iterator<Item = bool>) -> String {
    let mut hash: u64 = 0xcbf2_9ce4_8422_2325;
    for allowed in verdicts {
        hash = (hash ^ u64::from(if allowed { b'a' } else { b'd' }))
            .wrapping_mul(0x0000_0100_0000_01b3);
    }
    format!("{hash:016x}")
}

fn percentile(samples: &mut [f64], which: f64) -> f64 {
    samples.sort_by(f64::total_cmp);
    samples[((samples.len() - 1) as f64 * which) as usize]
}

fn clock_ns() -> f64 {
    let mut samples: Vec<f64> = (0..10_000)
        .map(|_| Instant::now().elapsed().as_nanos() as f64)
        .collect();
    percentile(&mut samples, 0.5)
}

/// `decide` of inputs 0 to `inputs`, round and round.
pub fn measure(inputs: usize, seconds: f64, mut decide: impl FnMut(usize) -> bool) -> Timing {
    let clock = clock_ns();
    let half = Duration::from_secs_f64(seconds / 2.0);
    let mut at = 0;
    let mut next = || {
        at = if at + 1 == inputs { 0 } else { at + 1 };
        at
    };
    let (mut batches, mut singles) = (Vec::new(), Vec::new());
    let start = Instant::now();
    while start.elapsed() < half && batches.len() < SAMPLES_MAX {
        let before = Instant::now();
        for _ in 0..BATCH {
            black_box(decide(next()));
        }
        batches.push(before.elapsed().as_nanos() as f64 / BATCH as f64);
    }
    let start = Instant::now();
    while start.elapsed() < half && singles.len() < SAMPLES_MAX {
        let input = next();
        let before = Instant::now();
        black_box(decide(input));
        singles.push((before.elapsed().as_nanos() as f64 - clock).max(0.0));
    }
    let mean = batches.iter().sum::<f64>() / batches.len() as f64;
    Timing {
        p50_ns: percentile(&mut batches, 0.5),
        p99_ns: percentile(&mut singles, 0.99),
        per_second: 1e9 / mean,
    }
}
