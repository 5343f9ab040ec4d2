//! Time, processor time and memory of other processes.

use std::fs;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

/// The step in which Linux tells processor time, whatever its own clock.
const TICK_MS: u64 = 10;

/// What one of several commands took, turn by turn, in seconds.
pub(crate) type Times = Vec<f64>;

/// Runs `commands` in turn, `rounds` times each and a few times before, to their good end.
pub(crate) fn in_turn<const N: usize>(rounds: usize, mut commands: [Command; N]) -> [Times; N] {
    const BEFORE: usize = 5;
    let mut times = [const { Times::new() }; N];
    for round in 0..BEFORE + rounds {
        for (command, times) in commands.iter_mut().zip(&mut times) {
            let since = Instant::now();
            let ended = quiet(command).status().expect("the program starts");
            let took = since.elapsed().as_secs_f64();
            assert!(ended.success(), "{command:?}: {ended}");
            if round >= BEFORE {
                times.push(took);
            }
        }
    }
    times
}

/// How many times as long `times` took as `base`: the median over the turns, and that of what the
/// machine did undisturbed, the fastest tenth of each.
pub(crate) fn ratio(times: &[f64], base: &[f64]) -> (f64, f64) {
    let pairs: Times = times
        .iter()
        .zip(base)
        .map(|(time, base)| time / base)
        .collect();
    let fastest = part(times, 0.05) / part(base, 0.05);
    (part(&pairs, 0.5), fastest)
}

/// The value below which this part of `values` lies.
pub(crate) fn part(values: &[f64], part: f64) -> f64 {
    let mut values = values.to_vec();
    values.sort_by(f64::total_cmp);
    let last = values.len().checked_sub(1).expect("something was measured");
    values[(last as f64 * part).round() as usize]
}

/// Sends to nowhere what the program prints.
pub(crate) fn quiet(command: &mut Command) -> &mut Command {
    command
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
}

/// Processor time of all children that have ended, in steps of the system's clock; none where
/// the system does not say.
pub(crate) fn children_cpu() -> Option<Duration> {
    let stat = fs::read_to_string("/proc/self/stat").ok()?;
    // What stands before the last bracket is a name, of any words.
    let fields: Vec<&str> = stat.rsplit_once(')')?.1.split_whitespace().collect();
    let ticks: u64 = fields.get(13)?.parse::<u64>().ok()? + fields.get(14)?.parse::<u64>().ok()?;
    Some(Duration::from_millis(ticks * TICK_MS))
}

/// Waits for the good end of `child` and gives the most memory that it had at once, in MiB; none
/// where the system does not say. What it does in its last millisecond is not seen.
pub(crate) fn peak_of(mut child: Child) -> Option<f64> {
    let status = format!("/proc/{}/status", child.id());
    let mut peak = None;
    loop {
        let now = fs::read_to_string(&status).ok().and_then(|text| {
            let line = text.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
            line.split_whitespace().next()?.parse::<u32>().ok()
        });
        peak = now.or(peak);
        if let Some(ended) = child.try_wait().expect("it can be waited for") {
            assert!(ended.success(), "{ended}");
            return peak.map(|kib| f64::from(kib) / 1024.0);
        }
        std::thread::sleep(Duration::from_millis(1));
    }
}
