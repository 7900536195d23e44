//! Saving, all or nothing: whatever happens meanwhile, the file is the old one or the new one.

use crate::error::{Error, Result};
use std::fs::{self, File, OpenOptions, TryLockError};
use std::io::{self, BufWriter, ErrorKind, Write};
use std::path::{Path, PathBuf};
use std::process;
use std::sync::atomic::{AtomicU32, Ordering};

/// What is done, in this order, as errors name it. Up to the last but one the old file is untouched;
/// a power cut between the last two may still bring it back.
pub(crate) const CREATE: &str = "create a temporary file beside it";
pub(crate) const WRITE: &str = "write";
pub(crate) const SYNC: &str = "write to the disk";
pub(crate) const RENAME: &str = "put the new file in its place";
pub(crate) const SYNC_FOLDER: &str = "write its folder to the disk";

/// Replaces a file by what `write` writes, or makes it.
///
/// The new file is written beside the old one under a name of its own, `.plywood-*.tmp`, which is gone
/// after any error. A process that is killed leaves it behind: nothing will ever read it, and the next file
/// that is saved in the folder clears it away.
///
/// # Errors
/// [`Error::Io`] with the step that failed. Unless this was the last one, the old file is unchanged.
pub(crate) fn replace(
    path: &Path,
    write: impl FnOnce(&mut dyn Write) -> io::Result<()>,
) -> Result<()> {
    clear_beside(path);
    let (temporary, file) = step(path, CREATE, || create_beside(path))?;
    let written =
        fill(path, &file, write).and_then(|()| step(path, RENAME, || fs::rename(&temporary, path)));
    if written.is_err() {
        // The error that counts is the first one.
        let _ = fs::remove_file(&temporary);
    }
    // Only now, and with it the lock: before, somebody could have cleared the file away.
    drop(file);
    written?;
    step(path, SYNC_FOLDER, || sync_folder(path))
}

/// Takes a step, and names it if it fails.
fn step<T>(path: &Path, action: &'static str, work: impl FnOnce() -> io::Result<T>) -> Result<T> {
    #[cfg(test)]
    let work = || tests::fault(action).and_then(|()| work());
    work().map_err(|source| Error::Io {
        path: path.into(),
        action,
        source,
    })
}

/// The beginning and the end of the names of temporary files.
const NAME: [&str; 2] = [".plywood-", ".tmp"];

/// A new file of a name that no other file in the folder has, locked for as long as it is open.
fn create_beside(path: &Path) -> io::Result<(PathBuf, File)> {
    static COUNT: AtomicU32 = AtomicU32::new(0);
    let [start, end] = NAME;
    loop {
        let count = COUNT.fetch_add(1, Ordering::Relaxed);
        let name = std::format!("{start}{}-{count}{end}", process::id());
        let temporary = path.with_file_name(name);
        let file = match File::create_new(&temporary) {
            Ok(file) => file,
            // A process of the same number was killed here.
            Err(error) if error.kind() == ErrorKind::AlreadyExists => continue,
            Err(error) => return Err(error),
        };
        match file.try_lock() {
            // Between the two steps somebody has cleared it away, or is about to.
            Ok(()) if !temporary.exists() => {}
            Err(TryLockError::WouldBlock) => {}
            // Where there are no locks, nothing is cleared away.
            Ok(()) | Err(TryLockError::Error(_)) => return Ok((temporary, file)),
        }
    }
}

/// Removes the temporary files of processes that were killed: those that nobody has locked. What can not be
/// looked at or removed stays; it is in nobody's way.
fn clear_beside(path: &Path) {
    let [start, end] = NAME;
    for entry in fs::read_dir(folder(path)).into_iter().flatten().flatten() {
        let name = entry.file_name();
        let bytes = name.as_encoded_bytes();
        let is_ours = bytes.starts_with(start.as_bytes()) && bytes.ends_with(end.as_bytes());
        // Anything else than a file may wait for ever when it is opened.
        if !is_ours || !entry.file_type().is_ok_and(|kind| kind.is_file()) {
            continue;
        }
        // Locks of some network file systems need the permission to write.
        if let Ok(file) = OpenOptions::new().write(true).open(entry.path())
            && file.try_lock().is_ok()
        {
            let _ = fs::remove_file(entry.path());
        }
    }
}

/// Where a file is.
fn folder(path: &Path) -> &Path {
    match path.parent() {
        Some(folder) if folder != Path::new("") => folder,
        _ => Path::new("."),
    }
}

/// Writes the file to the end, and to the disk.
fn fill(
    path: &Path,
    file: &File,
    write: impl FnOnce(&mut dyn Write) -> io::Result<()>,
) -> Result<()> {
    let mut writer = BufWriter::new(file);
    step(path, WRITE, || {
        write(&mut writer).and_then(|()| writer.flush())
    })?;
    step(path, SYNC, || writer.get_ref().sync_all())
}

/// Makes the new name last. Only Unix lets a folder be opened for this.
fn sync_folder(path: &Path) -> io::Result<()> {
    if !cfg!(unix) {
        return Ok(());
    }
    File::open(folder(path))?.sync_all()
}

#[cfg(test)]
mod tests {
    use super::*;
    use core::cell::Cell;
    use std::vec::Vec;

    std::thread_local!(static FAULT: Cell<&'static str> = const { Cell::new("") });

    /// Lets the step fail that a test has chosen.
    pub(super) fn fault(action: &'static str) -> io::Result<()> {
        match FAULT.get() == action {
            true => Err(io::Error::other("a fault")),
            false => Ok(()),
        }
    }

    /// A folder of its own with an old file.
    fn old_file(test: &str) -> (PathBuf, PathBuf) {
        let folder = std::env::temp_dir().join(std::format!("plywood-{test}-{}", process::id()));
        fs::create_dir_all(&folder).unwrap();
        let path = folder.join("file");
        fs::write(&path, "old").unwrap();
        (folder, path)
    }

    fn names(folder: &Path) -> Vec<PathBuf> {
        let entries = fs::read_dir(folder).unwrap();
        entries.map(|entry| entry.unwrap().path()).collect()
    }

    #[test]
    fn a_file_is_made_and_replaced() {
        let (folder, path) = old_file("replaced");
        for text in ["", "new", "newer"] {
            replace(&path, |file| file.write_all(text.as_bytes())).unwrap();
            assert_eq!(fs::read_to_string(&path).unwrap(), text);
        }
        let other = folder.join("other");
        replace(&other, |file| file.write_all(b"1")).unwrap();
        assert_eq!(names(&folder).len(), 2);
        fs::remove_dir_all(folder).unwrap();
    }

    /// A disk that is full after so many bytes.
    struct Full<'a>(&'a mut dyn Write, usize);

    impl Write for Full<'_> {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            if self.1 == 0 && !bytes.is_empty() {
                return Err(ErrorKind::StorageFull.into());
            }
            let len = self.0.write(&bytes[..bytes.len().min(self.1)])?;
            self.1 -= len;
            Ok(len)
        }
        fn flush(&mut self) -> io::Result<()> {
            self.0.flush()
        }
    }

    #[test]
    fn a_fault_at_any_byte_leaves_the_old_file() {
        let (folder, path) = old_file("fault");
        let new: Vec<u8> = (0..=255).cycle().take(1000).collect();
        for n in 0..new.len() {
            let result = replace(&path, |file| Full(file, n).write_all(&new));
            let error = result.unwrap_err().to_string();
            assert!(error.contains(": cannot write: "), "{error}");
            assert_eq!(fs::read(&path).unwrap(), b"old", "byte {n}");
            assert_eq!(names(&folder), *core::slice::from_ref(&path), "byte {n}");
        }
        replace(&path, |file| Full(file, new.len()).write_all(&new)).unwrap();
        assert_eq!(fs::read(&path).unwrap(), new);
        fs::remove_dir_all(folder).unwrap();
    }

    #[test]
    fn a_fault_in_any_step_names_it() {
        let (folder, path) = old_file("step");
        for action in [CREATE, WRITE, SYNC, RENAME, SYNC_FOLDER] {
            fs::write(&path, "old").unwrap();
            FAULT.set(action);
            let error = replace(&path, |file| file.write_all(b"new")).unwrap_err();
            FAULT.set("");
            let text = std::format!("{}: cannot {action}: a fault", path.display());
            assert_eq!(error.to_string(), text);
            let is_new = action == SYNC_FOLDER;
            assert_eq!(
                fs::read(&path).unwrap(),
                if is_new { b"new" } else { b"old" }
            );
            assert_eq!(names(&folder), *core::slice::from_ref(&path), "{action}");
        }
        fs::remove_dir_all(folder).unwrap();
    }

    #[test]
    fn what_killed_processes_left_is_cleared_away() {
        let (folder, path) = old_file("left");
        let [left, live, other, inner] = [
            ".plywood-1-0.tmp",
            ".plywood-1-1.tmp",
            ".other-1-0.tmp",
            ".plywood-folder.tmp",
        ]
        .map(|name| folder.join(name));
        for path in [&left, &live, &other] {
            fs::write(path, "half").unwrap();
        }
        fs::create_dir(&inner).unwrap();
        let file = File::open(&live).unwrap();
        file.lock().unwrap();
        replace(&path, |file| file.write_all(b"new")).unwrap();
        assert_eq!(
            [&left, &live, &other, &inner].map(|path| path.exists()),
            [false, true, true, true]
        );
        // Now its process is dead.
        drop(file);
        replace(&path, |file| file.write_all(b"newer")).unwrap();
        assert!(!live.exists() && other.exists() && inner.exists());
        fs::remove_dir_all(folder).unwrap();
    }

    #[test]
    fn files_that_others_are_writing_stay() {
        let (folder, path) = old_file("others");
        let save = |digit: u8| {
            for _ in 0..50 {
                replace(&path, |file| file.write_all(&[digit; 1000])).unwrap();
                let found = fs::read(&path).unwrap();
                let whole = found.iter().all(|byte| *byte == found[0]);
                assert!(whole && found.len() == 1000, "{found:?}");
            }
        };
        std::thread::scope(|scope| {
            for digit in b'0'..b'4' {
                scope.spawn(move || save(digit));
            }
        });
        assert_eq!(names(&folder), *core::slice::from_ref(&path));
        fs::remove_dir_all(folder).unwrap();
    }

    #[test]
    fn a_folder_is_no_file() {
        let (folder, path) = old_file("folder");
        let error = replace(&folder, |file| file.write_all(b"new")).unwrap_err();
        assert!(error.to_string().contains(RENAME), "{error}");
        let nowhere = folder.join("missing").join("file");
        let error = replace(&nowhere, |file| file.write_all(b"new")).unwrap_err();
        assert!(error.to_string().contains(CREATE), "{error}");
        let error = replace(Path::new("/"), |file| file.write_all(b"new")).unwrap_err();
        assert!(error.to_string().contains("/: cannot "), "{error}");
        assert_eq!(names(&folder), [path]);
        fs::remove_dir_all(folder).unwrap();
    }
}
