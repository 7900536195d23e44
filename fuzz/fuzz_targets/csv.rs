//! CSV files: finite numbers, as many in each row, or an error that says where.
#![no_main]

use libfuzzer_sys::fuzz_target;
use plywood::data::csv::{Csv, parse};
use plywood_fuzz::within;

/// What the buffers take, whatever the file is.
const BUFFERS: usize = 1 << 19;

fuzz_target!(|data: &[u8]| {
    // A number of one digit and a comma become four bytes, in a list that doubles.
    let most = 16 * data.len() + BUFFERS;
    let (first, data) = data.split_first().unwrap_or((&0, &[]));
    let options = Csv::new()
        .header(first & 1 == 0)
        .delimiter(if first & 2 == 0 { b',' } else { b';' });
    if let Ok((x, y)) = within(most, || parse::<2, 1>("fuzz", data, options)) {
        assert_eq!(x.len(), y.len());
        // Written and read again, the same bits come back.
        let text: String = x
            .iter()
            .zip(&y)
            .map(|([a, b], [c])| format!("{a:e},{b:e},{c:e}\n"))
            .collect();
        assert!(
            x.iter()
                .flatten()
                .chain(y.iter().flatten())
                .all(|x| x.is_finite())
        );
        let options = Csv::new().header(false);
        let again = parse::<2, 1>("fuzz", text.as_bytes(), options).unwrap();
        let bits = |(x, y): &(Vec<[f32; 2]>, Vec<[f32; 1]>)| {
            let numbers = x.iter().flatten().chain(y.iter().flatten());
            numbers.map(|x| x.to_bits()).collect::<Vec<_>>()
        };
        assert_eq!(bits(&again), bits(&(x, y)));
    }
});
