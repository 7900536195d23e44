//! Plywood beside other libraries, in one run: see README.md.

mod burn;
mod candle;
mod dfdx;
mod jobs;
mod matrixmultiply;
#[path = "../../support/peak.rs"]
mod peak;
mod plywood;

use jobs::{Job, Work};

/// The name of a crate, and what it makes of a job.
type Peer = (&'static str, fn(Job) -> Option<Work>);

const PEERS: [Peer; 6] = [
    ("plywood", plywood::work),
    ("burn-flex", burn::flex),
    ("burn-ndarray", burn::ndarray),
    ("candle-core", candle::work),
    ("dfdx", dfdx::work),
    ("matrixmultiply", matrixmultiply::work),
];

const USAGE: &str =
    "options: --quick, --only PEER (plywood and this one), --row TEXT (rows with it)";

fn main() {
    let [mut quick, mut only, mut text] = [None, None, None];
    let mut args = std::env::args().skip(1);
    while let Some(arg) = args.next() {
        match arg.as_str() {
            "--quick" => quick = Some(arg),
            "--only" => only = args.next(),
            "--row" => text = args.next(),
            _ => return eprintln!("{USAGE}"),
        }
    }
    let known = |only: &String| PEERS.iter().any(|(name, _)| name == only);
    if only.as_ref().is_some_and(|only| !known(only)) {
        return eprintln!("{USAGE}\npeers: {}", PEERS.map(|(name, _)| name).join(", "));
    }
    let (rounds, seconds) = if quick.is_some() { (3, 0.02) } else { (7, 0.2) };
    let peers: Vec<_> = PEERS
        .into_iter()
        .filter(|(name, _)| *name == "plywood" || only.as_ref().is_none_or(|only| name == only))
        .collect();

    one_thread();
    describe(&peers);
    println!(
        "\n{rounds} rounds, medians; Plywood's part of the peak; times, and in brackets how often Plywood's.\n"
    );
    let names: Vec<_> = peers.iter().map(|(name, _)| *name).collect();
    println!("| job | of peak | {} |", names.join(" | "));
    println!("| --- |{}", " --- |".repeat(1 + names.len()));

    let mut losses = Vec::new();
    let mut peaks = Vec::new();
    for job in Job::ALL {
        if !wanted(job, text.as_deref()) {
            continue;
        }
        let row = measure(job, &peers, rounds, seconds);
        println!("| {} | {} |", job.name(), row.times.join(" | "));
        if job.trains() {
            losses.push((job, row.losses));
        }
        peaks.push(row.peak);
    }

    println!("\npeak of one core: {:.1} GFLOP/s of f32", median(&mut peaks) / 1e9);
    println!(
        "\nMean losses of the first and of the last epoch, to show that all learn the same:\n"
    );
    println!("| job | {} |", names.join(" | "));
    println!("| --- |{}", " --- |".repeat(names.len()));
    for (job, cells) in losses {
        println!("| {} | {} |", job.name(), cells.join(" | "));
    }
}

/// The row of this name, or every row that has the text in its name.
fn wanted(job: Job, text: Option<&str>) -> bool {
    let text = text.unwrap_or_default();
    let exact = Job::ALL.iter().any(|job| job.name() == text);
    if exact { job.name() == text } else { job.name().contains(text) }
}

struct Row {
    times: Vec<String>,
    losses: Vec<String>,
    /// Measured in each round, too.
    peak: f64,
}

/// A peer at its job.
struct Entry {
    work: Work,
    runs: usize,
    first_loss: f64,
    times: Vec<f64>,
}

fn measure(job: Job, peers: &[Peer], rounds: usize, seconds: f64) -> Row {
    let begin = |mut work: Work| {
        work.time(1);
        let first_loss = work.loss;
        let runs = (seconds / work.time(1)).ceil().max(1.0) as usize;
        Entry { work, runs, first_loss, times: Vec::new() }
    };
    let mut entries: Vec<_> = peers.iter().map(|(_, work)| work(job).map(begin)).collect();
    let mut peaks = Vec::new();
    for _ in 0..rounds {
        peaks.push(peak::measure());
        for Entry { work, runs, times, .. } in entries.iter_mut().flatten() {
            times.push(work.time_of_unit(*runs));
        }
    }

    let peak = median(&mut peaks);
    let medians: Vec<_> =
        entries.iter_mut().map(|entry| Some(median(&mut entry.as_mut()?.times))).collect();
    let own = medians[0].expect("Plywood has all jobs");
    let part = job.operations().map_or("-".into(), |(operations, cores)| {
        format!("{:.0} %", 100.0 * operations / (own * peak * cores))
    });
    let time = |(i, time): (usize, &Option<f64>)| match time {
        None => "-".into(),
        Some(own) if i == 0 => show(*own),
        Some(time) => format!("{} ({})", show(*time), ratio(time / own)),
    };
    let loss = |entry: &Option<Entry>| match entry {
        Some(entry) if job.trains() => format!("{:.3}, {:.3}", entry.first_loss, entry.work.loss),
        _ => "-".into(),
    };
    Row {
        times: [part].into_iter().chain(medians.iter().enumerate().map(time)).collect(),
        losses: entries.iter().map(loss).collect(),
        peak,
    }
}

fn median(list: &mut [f64]) -> f64 {
    list.sort_by(f64::total_cmp);
    list.get(list.len() / 2).copied().unwrap_or(f64::NAN)
}

fn show(seconds: f64) -> String {
    match seconds * 1e9 {
        ns if ns < 99.95 => format!("{ns:.1} ns"),
        ns if ns < 9999.5 => format!("{ns:.0} ns"),
        ns => format!("{:.1} us", ns / 1e3),
    }
}

fn ratio(x: f64) -> String {
    if x < 99.95 { format!("{x:.1}") } else { format!("{x:.0}") }
}

/// Every library has ways of its own to be told.
fn one_thread() {
    for name in ["RAYON_NUM_THREADS", "MATMUL_NUM_THREADS", "OMP_NUM_THREADS"] {
        // SAFETY: no other thread runs yet.
        unsafe { std::env::set_var(name, "1") };
    }
    // This thread is the pool, so that nobody waits for another thread to begin.
    let pool = rayon::ThreadPoolBuilder::new().num_threads(1).use_current_thread();
    pool.build_global().expect("the pool is not used yet");
}

fn describe(peers: &[Peer]) {
    let cpu = std::fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let model = cpu.lines().find_map(|line| line.strip_prefix("model name"));
    let model = model.map_or("unknown", |model| model.trim_start_matches(['\t', ' ', ':']));
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    println!("{model}, {cores} cores; 1 thread everywhere, if the row does not say more");
    let lock = include_str!("../Cargo.lock");
    let version = |name| {
        let mut lines = lock.lines().skip_while(|line| *line != format!("name = \"{name}\""));
        let line = lines.nth(1).unwrap_or_default();
        let version = line.trim_start_matches("version = ").trim_matches('"');
        format!("{name} {version}")
    };
    let versions: Vec<_> = peers.iter().map(|(name, _)| version(*name)).collect();
    println!("{}", versions.join(", "));
}
