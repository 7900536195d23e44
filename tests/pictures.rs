//! Pictures: the text of diagrams to the letter, and of plots what must be in them.

use std::fs;
use std::path::{Path, PathBuf};

use plywood::Error;
use plywood::prelude::*;

sequential! {
    struct Encoder: [4, 6] => [3] {
        Flatten,
        Dense(40, relu),
        code: Dense(3, tanh),
    }
}
sequential! {
    struct Net: [4, 6] => [2] {
        Encoder,
        Dropout(0.5),
        Dense(1000, relu),
        Dense(2, softmax),
    }
}

/// An empty folder for the files of one test.
fn folder(test: &str) -> PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("pictures-{test}"));
    let _ = fs::remove_dir_all(&folder);
    fs::create_dir_all(&folder).unwrap();
    folder
}

/// The texts of an SVG file, which must be well-formed. In the font of PNG files no text is cut off
/// by the edge of the picture, and none is written over another one.
fn texts(svg: &str) -> Vec<String> {
    let document = roxmltree::Document::parse(svg).unwrap();
    let root = document.root_element();
    let size = ["width", "height"].map(|name| number(root, name));
    let texts = root.children().filter(|node| node.has_tag_name("text"));
    let texts: Vec<_> = texts
        .map(|node| (corners(node), node.text().unwrap_or_default()))
        .collect();
    for (i, (corners, text)) in texts.iter().enumerate() {
        let inside = |[x, y]: &[f32; 2]| (0.0..=size[0]).contains(x) && (0.0..=size[1]).contains(y);
        assert!(
            corners.iter().all(inside),
            "{text} is cut off: {corners:?} of {size:?}"
        );
        for (other, above) in &texts[..i] {
            assert!(are_apart(corners, other), "{text} is written over {above}");
        }
    }
    texts.into_iter().map(|(_, text)| text.into()).collect()
}

fn number(node: roxmltree::Node, name: &str) -> f32 {
    node.attribute(name).unwrap().parse().unwrap()
}

/// The corners of the box that a text fills.
fn corners(node: roxmltree::Node) -> [[f32; 2]; 4] {
    let [x, y, size] = ["x", "y", "font-size"].map(|name| number(node, name));
    let width = size * ems(node.text().unwrap_or_default());
    let left = match node.attribute("text-anchor") {
        None => 0.0,
        Some("middle") => -width / 2.0,
        Some("end") => -width,
        Some(other) => panic!("{other}"),
    };
    let turn = node.attribute("transform").map_or(0.0, |turn| {
        let inner = turn.strip_prefix("rotate(").unwrap();
        inner.split(' ').next().unwrap().parse().unwrap()
    });
    let (sin, cos) = f32::to_radians(turn).sin_cos();
    let (right, top, bottom) = (left + width, -0.75 * size, 0.2 * size);
    [[left, top], [right, top], [right, bottom], [left, bottom]]
        .map(|[dx, dy]| [x + cos * dx - sin * dy, y + sin * dx + cos * dy])
}

/// The width of a text, in sizes of the font.
fn ems(text: &str) -> f32 {
    let font = include_bytes!("../src/pictures/font/roboto.ttf");
    let face = ttf_parser::Face::parse(font, 0).unwrap();
    let advance = |c| face.glyph_hor_advance(face.glyph_index(c).unwrap_or_default());
    let units: u16 = text.chars().filter_map(advance).sum();
    f32::from(units) / f32::from(face.units_per_em())
}

/// Whether a side of one of two boxes has the other box on its far side.
fn are_apart(a: &[[f32; 2]; 4], b: &[[f32; 2]; 4]) -> bool {
    let divides = |a: &[[f32; 2]; 4], b: &[[f32; 2]; 4]| {
        (0..4).any(|i| {
            let ([x, y], [next_x, next_y]) = (a[i], a[(i + 1) % 4]);
            let beyond = |[px, py]: &[f32; 2]| (next_x - x) * (py - y) <= (next_y - y) * (px - x);
            b.iter().all(beyond)
        })
    };
    divides(a, b) || divides(b, a)
}

#[test]
fn diagrams_do_not_change() {
    let diagram = Net::new(1).diagram();
    let folder = folder("diagram");
    for (name, text, golden) in [
        ("net.dot", diagram.dot(), include_str!("pictures/net.dot")),
        ("net.svg", diagram.svg(), include_str!("pictures/net.svg")),
    ] {
        diagram.save(folder.join(name)).unwrap();
        assert_eq!(fs::read_to_string(folder.join(name)).unwrap(), text);
        assert_eq!(text, golden, "{name}");
    }
    diagram.save(folder.join("net.GV")).unwrap();
    assert_eq!(
        fs::read_to_string(folder.join("net.GV")).unwrap(),
        diagram.dot()
    );
    let texts = texts(&diagram.svg());
    for text in [
        "Net",
        "encoder",
        "Encoder",
        "[1000]",
        "4,000 parameters",
        "[4, 6]",
        "[2]",
    ] {
        assert!(texts.iter().any(|own| own == text), "{text}: {texts:?}");
    }
}

#[test]
fn diagrams_refuse_other_formats() {
    let diagram = Net::new(1).diagram();
    let folder = folder("diagram-formats");
    let formats = if cfg!(feature = "plot") {
        ".dot, .gv, .svg or .png"
    } else {
        ".dot, .gv or .svg (or .png, with the feature `plot`)"
    };
    for name in ["net.jpg", "net", ".svg", "net.svg.gz"] {
        let path = folder.join(name);
        let error = diagram.save(&path).unwrap_err();
        assert!(matches!(error, Error::UnknownFormat { .. }));
        let text = format!("{}: the name must end in {formats}", path.display());
        assert_eq!(error.to_string(), text);
        assert!(!path.exists());
    }
    assert_eq!(
        diagram.save(folder.join("net.png")).is_ok(),
        cfg!(feature = "plot")
    );
    for name in ["net.dot", "net.svg"] {
        let path = folder.join("none").join(name);
        let error = diagram.save(&path).unwrap_err();
        assert!(matches!(
            error,
            Error::Io {
                action: "create a temporary file beside it",
                ..
            }
        ));
        let begin = format!(
            "{}: cannot create a temporary file beside it: ",
            path.display()
        );
        assert!(error.to_string().starts_with(&begin), "{error}");
    }
}

#[cfg(feature = "plot")]
mod plots {
    use super::*;
    use plywood::pictures::plot_confusion_matrix;
    use tiny_skia::Pixmap;

    /// The picture in a PNG file.
    fn pixels(path: impl AsRef<Path>) -> Pixmap {
        let bytes = fs::read(path).unwrap();
        assert!(bytes.starts_with(b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR"));
        Pixmap::decode_png(&bytes).unwrap()
    }

    /// How many pixels have this colour.
    fn count(pixels: &Pixmap, color: [u8; 3]) -> usize {
        let [red, green, blue] = color;
        let is = |pixel: &tiny_skia::PremultipliedColorU8| {
            (pixel.red(), pixel.green(), pixel.blue()) == (red, green, blue)
        };
        pixels.pixels().iter().filter(|pixel| is(pixel)).count()
    }

    const INK: [u8; 3] = [0x26; 3];
    const DARKEST: [u8; 3] = [0x08, 0x30, 0x6b];
    const TRAINING: [u8; 3] = [0x00, 0x72, 0xb2];
    const VALIDATION: [u8; 3] = [0xd5, 0x5e, 0x00];

    /// The texts of a history's picture.
    fn plot(folder: &Path, name: &str, history: &History) -> Vec<String> {
        let path = folder.join(name).with_extension("svg");
        history.plot(&path).unwrap();
        let svg = fs::read_to_string(path).unwrap();
        assert!(!svg.contains("NaN") && !svg.contains("inf"), "{svg}");
        texts(&svg)
    }

    fn losses(loss: &[f64], val_loss: &[f64]) -> History {
        let mut history = History::default();
        history.loss = loss.to_vec();
        history.val_loss = val_loss.to_vec();
        history
    }

    #[test]
    fn a_training() {
        let x: Vec<[[f32; 6]; 4]> = (0..32).map(|i| [[(i % 7) as f32; 6]; 4]).collect();
        let y: Vec<u8> = (0..32).map(|i| u8::from(i % 7 > 3)).collect();
        let mut model = Net::new(1);
        let folder = folder("training");
        model.diagram().save(folder.join("net.png")).unwrap();
        assert!(count(&pixels(folder.join("net.png")), INK) > 100);

        let mut training = model
            .compile(Adam::new(0.001), SparseCategoricalCrossentropy)
            .metrics(Accuracy);
        let settings = Fit::new().epochs(12).verbose(Verbose::Silent);
        let history = training.fit(&x, &y, settings).unwrap();
        let own = plot(&folder, "without-validation", &history);
        for text in ["loss", "accuracy", "epoch", "training", "2", "12"] {
            assert!(own.iter().any(|own| own == text), "{text}: {own:?}");
        }
        assert!(!own.iter().any(|text| text == "validation"));
        // Whole epochs: no numbers between them.
        assert!(
            !own.iter().any(|text| text == "2.5" || text == "2.0"),
            "{own:?}"
        );

        let mut training = training.metrics(TopK::new(2));
        let settings = Fit::new().epochs(12).verbose(Verbose::Silent);
        let settings = settings.validation_split(0.25);
        let history = training.fit(&x, &y, settings).unwrap();
        let own = plot(&folder, "validation", &history);
        for text in ["validation", "top_k_categorical_accuracy"] {
            assert!(own.iter().any(|own| own == text), "{text}: {own:?}");
        }
        // Three panels stand in two rows.
        let path = folder.join("validation.png");
        history.plot(&path).unwrap();
        let pixels = pixels(path);
        assert_eq!((pixels.width(), pixels.height()), (1600, 1600));
        assert!(count(&pixels, TRAINING) > 100 && count(&pixels, VALIDATION) > 100);
    }

    #[test]
    fn odd_histories() {
        let folder = folder("odd");
        let has = |texts: &[String], text: &str| {
            assert!(texts.iter().any(|own| own == text), "{text}: {texts:?}");
        };
        let own = plot(&folder, "one-epoch", &losses(&[0.5], &[0.75]));
        has(&own, "1");
        has(&own, "0.60");
        let path = folder.join("one-epoch.png");
        losses(&[0.5], &[0.75]).plot(&path).unwrap();
        let pixels = pixels(path);
        assert_eq!((pixels.width(), pixels.height()), (1600, 800));
        assert!(count(&pixels, VALIDATION) > 50 && count(&pixels, INK) > 100);

        has(&plot(&folder, "constant", &losses(&[2.0; 10], &[])), "2.0");
        has(&plot(&folder, "zero", &losses(&[0.0; 3], &[])), "0.0");
        has(
            &plot(&folder, "negative", &losses(&[-1.0, -20.0, 3.0], &[])),
            "-20",
        );
        has(
            &plot(&folder, "tiny", &losses(&[3e-9, 1e-9], &[])),
            "2.0e-9",
        );
        has(&plot(&folder, "huge", &losses(&[1e300, -1e300], &[])), "0");
        has(
            &plot(&folder, "subnormal", &losses(&[5e-324, 0.0], &[])),
            "0.0",
        );
        let near: Vec<_> = (0..9).map(|i| 1.0 + f64::EPSILON * f64::from(i)).collect();
        has(&plot(&folder, "last-digits", &losses(&near, &[])), "1.00");
        let close: Vec<_> = (0..9).map(|i| 1234.5 + 0.002 * f64::from(i)).collect();
        has(&plot(&folder, "close", &losses(&close, &[])), "1234.505");
        let wild = [1.0, f64::NAN, 3.0, f64::INFINITY, f64::MAX, 2.0, 1.5];
        has(
            &plot(&folder, "not-finite", &losses(&wild, &[f64::NAN; 7])),
            "3.0",
        );
        plot(&folder, "nothing-finite", &losses(&[f64::NAN], &[]));
        plot(&folder, "lengths-differ", &losses(&[1.0, 2.0], &[1.5; 5]));
        let long: Vec<_> = (0..3000).map(|i| (-0.002 * f64::from(i)).exp()).collect();
        let own = plot(&folder, "long", &losses(&long, &[]));
        has(&own, "3000");
        assert!(
            !own.iter().any(|text| text == "0"),
            "no epoch has the number 0: {own:?}"
        );
        let longer: Vec<_> = (0..120_000).map(f64::from).collect();
        has(&plot(&folder, "longer", &losses(&longer, &[])), "100000");
    }

    #[test]
    fn refusals() {
        let folder = folder("refusals");
        let error = History::default()
            .plot(folder.join("history.svg"))
            .unwrap_err();
        assert!(matches!(error, Error::BadArgument { .. }));
        let text = "the number of epochs in the history is 0, but must be at least 1";
        assert_eq!(error.to_string(), text);
        let none: [&str; 0] = [];
        let error = plot_confusion_matrix(&[], &none, folder.join("matrix.svg")).unwrap_err();
        assert!(matches!(error, Error::BadArgument { .. }));
        let text = "the number of classes is 0, but must be at least 1";
        assert_eq!(error.to_string(), text);

        let history = losses(&[1.0], &[]);
        for name in ["a.dot", "svg", "a.svg.zip"] {
            let path = folder.join(name);
            for result in [
                history.plot(&path),
                plot_confusion_matrix(&[[1]], &["one"], &path),
            ] {
                let error = result.unwrap_err();
                assert!(matches!(error, Error::UnknownFormat { .. }));
                let text = format!("{}: the name must end in .svg or .png", path.display());
                assert_eq!(error.to_string(), text);
            }
        }
        for name in ["a.svg", "a.png"] {
            let path = folder.join("none").join(name);
            for result in [
                history.plot(&path),
                plot_confusion_matrix(&[[1]], &["one"], &path),
            ] {
                let error = result.unwrap_err();
                assert!(matches!(
                    error,
                    Error::Io {
                        action: "create a temporary file beside it",
                        ..
                    }
                ));
                let begin = format!(
                    "{}: cannot create a temporary file beside it: ",
                    path.display()
                );
                assert!(error.to_string().starts_with(&begin), "{error}");
            }
        }
        assert_eq!(fs::read_dir(folder).unwrap().count(), 0);
    }

    /// The texts of a matrix' picture.
    fn matrix<const N: usize>(
        folder: &Path,
        name: &str,
        counts: &[[u64; N]; N],
        labels: &[impl AsRef<str>; N],
    ) -> Vec<String> {
        let path = folder.join(name).with_extension("svg");
        plot_confusion_matrix(counts, labels, &path).unwrap();
        texts(&fs::read_to_string(path).unwrap())
    }

    #[test]
    fn confusion() {
        let folder = folder("confusion");
        let has = |texts: &[String], text: &str| {
            assert!(texts.iter().any(|own| own == text), "{text}: {texts:?}");
        };
        let own = matrix(&folder, "two", &[[50, 0], [1234, 8766]], &["no", "yes"]);
        for text in [
            "no",
            "yes",
            "50",
            "0",
            "1,234",
            "8,766",
            "true class",
            "predicted class",
        ] {
            has(&own, text);
        }
        let path = folder.join("two.PNG");
        plot_confusion_matrix(&[[50, 0], [1234, 8766]], &["no", "yes"], &path).unwrap();
        let pixels = pixels(path);
        assert!(count(&pixels, INK) > 100, "there is text");
        assert!(count(&pixels, DARKEST) > 1000);
        // All of a class.
        let svg = fs::read_to_string(folder.join("two.svg")).unwrap();
        assert!(svg.contains("fill=\"#08306b\""), "{svg}");
        assert_eq!(
            svg.matches("height=\"110\"").count(),
            3,
            "no cell for a count of 0"
        );

        let odd = ["<a & \"b\">", "tab\tand\nline", "\0bell\u{7}", "Ж ß λ", ""];
        let own = matrix(&folder, "odd", &[[1; 5]; 5], &odd);
        for text in [
            "<a & \"b\">",
            "tab and line",
            "\u{fffd}bell\u{fffd}",
            "Ж ß λ",
        ] {
            has(&own, text);
        }
        let own = matrix(&folder, "one", &[[0]], &["only"]);
        has(&own, "0");
        let large = [[u64::MAX, 999_999], [1_000_000, 12_345_678_901]];
        let own = matrix(
            &folder,
            "large",
            &large,
            &["a long name of a class", "another one"],
        );
        for text in ["18.4E", "999,999", "1.00M", "12.3G"] {
            has(&own, text);
        }
        let labels: [String; 30] = std::array::from_fn(|i| format!("class {i}"));
        has(
            &matrix(&folder, "many", &[[7; 30]; 30], &labels),
            "class 29",
        );
    }
}
