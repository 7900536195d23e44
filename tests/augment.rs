//! Augmentations against naive loops. (Against Keras: `tests/golden.rs`.)

use plywood::data::augment::{
    Augment, FillMode, Interpolation, RandomCrop, RandomFlip, RandomRotation, RandomTranslation,
};
use plywood::random::Stream;

type Picture = [[[f32; 7]; 5]; 2];

fn picture(seed: u64) -> Picture {
    let mut random = Stream::new(seed);
    [(); 2].map(|()| [(); 5].map(|()| [(); 7].map(|()| random.normal() as f32)))
}

/// A picture by a rule for (channel, row, column).
fn naive<const H: usize, const W: usize>(
    value: impl Fn(usize, isize, isize) -> f32,
) -> [[[f32; W]; H]; 2] {
    std::array::from_fn(|c| {
        std::array::from_fn(|i| std::array::from_fn(|j| value(c, i as isize, j as isize)))
    })
}

/// The pixel at a place that may be outside.
fn at(x: &Picture, c: usize, i: isize, j: isize, mode: FillMode) -> f32 {
    let inside = |i: isize, n: isize| match mode {
        FillMode::Constant(_) => i,
        FillMode::Nearest => i.max(0).min(n - 1),
        FillMode::Wrap => (i + 10 * n) % n,
        FillMode::Reflect if i < 0 => -1 - i,
        FillMode::Reflect if i >= n => 2 * n - 1 - i,
        FillMode::Reflect => i,
    };
    let (i, j) = (inside(i, 5), inside(j, 7));
    if (0..5).contains(&i) && (0..7).contains(&j) {
        return x[c][i as usize][j as usize];
    }
    match mode {
        FillMode::Constant(fill) => fill as f32,
        _ => f32::NAN,
    }
}

const MODES: [FillMode; 4] = [
    FillMode::Constant(-2.5),
    FillMode::Nearest,
    FillMode::Reflect,
    FillMode::Wrap,
];

#[test]
fn a_shift_of_whole_pixels_is_a_naive_one() {
    let x = picture(1);
    for mode in MODES {
        for down in -5..=5 {
            for right in -7..=7 {
                let (y, x_factor) = (down as f64 / 5.0, right as f64 / 7.0);
                let shift = RandomTranslation::new((y, y), (x_factor, x_factor)).unwrap();
                for interpolation in [Interpolation::Bilinear, Interpolation::Nearest] {
                    let shift = shift.fill_mode(mode).interpolation(interpolation);
                    let expected = naive(|c, i, j| at(&x, c, i - down, j - right, mode));
                    let found = shift.apply(&x, 1, 1, 0);
                    assert_eq!(found, expected, "{mode:?} {down} {right}");
                }
            }
        }
    }
}

#[test]
fn a_shift_by_half_a_pixel_is_a_mean() {
    let x = [[1.0, 2.0, 4.0, 8.0]];
    let shift = RandomTranslation::new(0.0, (0.125, 0.125)).unwrap();
    let constant = shift.fill_mode(FillMode::Constant(0.0));
    assert_eq!(constant.apply(&x, 1, 1, 0), [[0.5, 1.5, 3.0, 6.0]]);
    assert_eq!(shift.apply(&x, 1, 1, 0), [[1.0, 1.5, 3.0, 6.0]]);
}

#[test]
fn quarter_turns_are_transposed_and_mirrored() {
    let mut random = Stream::new(2);
    let x: [[f64; 6]; 6] = [(); 6].map(|()| [(); 6].map(|()| random.normal()));
    let turned = |factor: f64, mode| {
        let turn = RandomRotation::new((factor, factor)).unwrap();
        turn.fill_mode(mode).apply(&x, 1, 1, 0)
    };
    for mode in MODES {
        for (factor, value) in [
            (
                0.25,
                (|x, i, j| x[j][5 - i]) as fn([[f64; 6]; 6], usize, usize) -> f64,
            ),
            (-0.75, |x, i, j| x[j][5 - i]),
            (0.5, |x, i, j| x[5 - i][5 - j]),
            (-0.5, |x, i, j| x[5 - i][5 - j]),
            (0.75, |x, i, j| x[5 - j][i]),
            (-0.25, |x, i, j| x[5 - j][i]),
            (0.0, |x, i, j| x[i][j]),
            (1.0, |x, i, j| x[i][j]),
        ] {
            let expected: [[f64; 6]; 6] =
                std::array::from_fn(|i| std::array::from_fn(|j| value(x, i, j)));
            assert_eq!(turned(factor, mode), expected, "{factor} {mode:?}");
        }
    }
}

#[test]
fn nothing_changes_at_0() {
    let x = picture(3);
    let augment = (
        RandomTranslation::new(0.0, 0.0).unwrap(),
        RandomRotation::new(0.0).unwrap(),
        RandomCrop::<5, 7>,
    );
    for index in 0..10 {
        assert_eq!(augment.apply(&x, 1, 1, index), x);
    }
}

#[test]
fn flips_are_naive_ones_and_all_happen() {
    let x = picture(4);
    let expected = [
        x,
        naive(|c, i, j| x[c][i as usize][6 - j as usize]),
        naive(|c, i, j| x[c][4 - i as usize][j as usize]),
        naive(|c, i, j| x[c][4 - i as usize][6 - j as usize]),
    ];
    let seen = |flip: RandomFlip| {
        let mut counts = [0; 4];
        for index in 0..400 {
            let found = flip.apply(&x, 1, 1, index);
            let which = expected.iter().position(|own| *own == found);
            counts[which.expect("it is one of the four")] += 1;
        }
        counts
    };
    let half = |n: i32| (150..250).contains(&n);
    let [none, horizontal, 0, 0] = seen(RandomFlip::horizontal()) else {
        panic!("top and bottom have changed places");
    };
    assert!(half(none) && half(horizontal));
    let [none, 0, vertical, 0] = seen(RandomFlip::vertical()) else {
        panic!("left and right have changed places");
    };
    assert!(half(none) && half(vertical));
    let both = seen(RandomFlip::default());
    assert!(both.iter().all(|n| (60..140).contains(n)), "{both:?}");
}

#[test]
fn crops_come_from_every_place() {
    let x = picture(5);
    let mut places = Vec::new();
    for index in 0..300 {
        let part = RandomCrop::<3, 4>.apply(&x, 1, 1, index);
        let place = (0..3)
            .flat_map(|i| (0..4).map(move |j| (i, j)))
            .find(|&(top, left)| {
                part == naive(|c, i, j| x[c][i as usize + top][j as usize + left])
            });
        places.push(place.expect("it is a part of the picture"));
    }
    places.sort_unstable();
    places.dedup();
    assert_eq!(places.len(), 12);
}

#[test]
fn what_happens_depends_on_seed_epoch_and_index_alone() {
    let x = picture(6);
    let augment = (
        RandomFlip::default(),
        RandomRotation::new(0.1).unwrap(),
        RandomTranslation::new(0.2, 0.2).unwrap(),
        RandomCrop::<4, 4>,
    );
    let first = augment.apply(&x, 1, 2, 3);
    assert_eq!(augment.apply(&x, 1, 2, 3), first);
    assert_ne!(augment.apply(&x, 2, 2, 3), first);
    assert_ne!(augment.apply(&x, 1, 3, 3), first);
    assert_ne!(augment.apply(&x, 1, 2, 4), first);
}

#[test]
fn a_pixel_without_weight_does_not_count() {
    let x = [[1.0, f32::NAN]];
    let still = RandomTranslation::new(0.0, 0.0).unwrap();
    assert_eq!(still.apply(&x, 1, 1, 0)[0][0], 1.0);
}
