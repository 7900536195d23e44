//! Plywood beside other libraries, in one run: see README.md.

mod burn;
mod candle;
mod dfdx;
mod jobs;
mod matrixmultiply;
mod peak;
mod plywood;

use jobs::{Job, Work};

/// Names, with the crates to state, and what each makes of a job.
const PEERS: [(&str, fn(Job) -> Option<Work>); 6] = [
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
    let [mut quick, mut only, mut row] = [None, None, None];
    let mut args = std::env::args().skip(1);
    while let Some(arg) = args.next() {
        match arg.as_str() {
            "--quick" => quick = Some(arg),
            "--only" => only = args.next(),
            "--row" => row = args.next(),
            _ => return eprintln!("{USAGE}"),
        }
    }
    let known = |only: &String| PEERS.iter().any(|(name, _)| name == only);
    if only.as_ref().is_some_and(|only| !known(only)) {
        return eprintln!("{USAGE}\npeers: {}", PEERS.map(|(name, _)| name).join(", "));
    }
    let (rounds, seconds) = if quick.is_some() { (3, 0.02) } else { (9, 0.2) };
    let peers: Vec<_> = PEERS
        .into_iter()
        .filter(|(name, _)| *name == "plywood" || only.as_ref().is_none_or(|only| name == only))
        .collect();

    one_thread();
    describe(&peers);
    println!("\n{rounds} rounds, medians; times, and in brackets how often Plywood's.\n");
    let names: Vec<_> = peers.iter().map(|(name, _)| *name).collect();
    println!("| job | plywood, part of peak | {} |", names.join(" | "));
    println!("| --- |{}", " --- |".repeat(1 + names.len()));

    let mut losses = Vec::new();
    let mut peaks = Vec::new();
    for job in Job::ALL {
        if !wanted(job, row.as_deref()) {
            continue;
        }
        let (cells, first, peak) = measure(job, &peers, rounds, seconds);
        println!("| {} | {} |", job.name(), cells.join(" | "));
        losses.push((job, first));
        peaks.push(peak);
    }

    println!("\npeak of one core: {:.1} GFLOP/s of f32", median(&mut peaks) / 1e9);
    println!("\nMean loss of the first epoch, to show that the jobs are the same:\n");
    println!("| job | {} |", names.join(" | "));
    println!("| --- |{}", " --- |".repeat(names.len()));
    for (job, first) in losses {
        if first.iter().flatten().any(|&loss| loss != 0.0) {
            let cell = |loss: Option<f64>| loss.map_or("-".into(), |loss| format!("{loss:.3}"));
            let cells: Vec<_> = first.into_iter().map(cell).collect();
            println!("| {} | {} |", job.name(), cells.join(" | "));
        }
    }
}

/// The row of this name, or every row that has the text in its name.
fn wanted(job: Job, text: Option<&str>) -> bool {
    let text = text.unwrap_or_default();
    let exact = Job::ALL.iter().any(|job| job.name() == text);
    if exact { job.name() == text } else { job.name().contains(text) }
}

/// The cells of a row, the first losses, and the peak that was measured between.
fn measure(
    job: Job,
    peers: &[(&str, fn(Job) -> Option<Work>)],
    rounds: usize,
    seconds: f64,
) -> (Vec<String>, Vec<Option<f64>>, f64) {
    let mut works: Vec<_> = peers.iter().map(|(_, work)| work(job)).collect();
    let first = works.iter_mut().map(|work| Some((work.as_mut()?.run)()));
    let first = first.collect();
    let runs: Vec<_> = works
        .iter_mut()
        .map(|work| {
            let work = work.as_mut()?;
            let run = work.time(1) * work.units as f64;
            Some((seconds / run).ceil().max(1.0) as usize)
        })
        .collect();

    let mut peaks = Vec::new();
    let mut times = vec![Vec::new(); works.len()];
    for _ in 0..rounds {
        peaks.push(peak::measure());
        for ((work, &runs), times) in works.iter_mut().zip(&runs).zip(&mut times) {
            if let (Some(work), Some(runs)) = (work, runs) {
                times.push(work.time(runs));
            }
        }
    }

    let peak = median(&mut peaks);
    let own = median(&mut times[0]);
    let part = job.operations().map_or("-".into(), |(operations, cores)| {
        format!("{:.0} %", 100.0 * operations / (own * peak * cores))
    });
    let cells = times.iter_mut().enumerate().map(|(i, times)| match times.is_empty() {
        true => "-".into(),
        false if i == 0 => show(own),
        false => format!("{} ({:.1})", show(median(times)), median(times) / own),
    });
    ([part].into_iter().chain(cells).collect(), first, peak)
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

fn describe(peers: &[(&str, fn(Job) -> Option<Work>)]) {
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
