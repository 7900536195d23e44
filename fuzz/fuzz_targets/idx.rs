//! IDX files: what is read is what was in the file, to the last byte.
#![no_main]

use libfuzzer_sys::fuzz_target;
use plywood_fuzz::within;

/// What a buffer, and for gzip unpacking, take, whatever the file is.
const BUFFERS: usize = 1 << 19;

fuzz_target!(|data: &[u8]| {
    let is_packed = data.starts_with(&[0x1f, 0x8b]);
    // Packed data may be a thousand times as long, and all of it is there before it is too much.
    let most = if is_packed { 1100 } else { 3 } * data.len() + BUFFERS;
    let result = within(most, || plywood::data::idx::parse("fuzz", data));
    if let Ok((numbers, dims)) = result
        && !is_packed
    {
        let mut file = vec![0, 0, 8, dims.len() as u8];
        dims.iter()
            .for_each(|&dim| file.extend((dim as u32).to_be_bytes()));
        file.extend(numbers);
        assert_eq!(file, data);
    }
});
