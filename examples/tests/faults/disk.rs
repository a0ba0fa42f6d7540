//! A disk of sixteen megabytes that can be filled and emptied.

use std::path::Path;
use std::process::Command;

/// A small file system of its own, taken away at the end.
pub(crate) struct SmallDisk(tempfile::TempDir);

impl SmallDisk {
    /// `None`, and a line that says so, where this process may not make one.
    pub(crate) fn new() -> Option<Self> {
        let directory = tempfile::tempdir().unwrap();
        let mounted = Command::new("mount")
            .args(["-t", "tmpfs", "-o", "size=16m", "order-sync-test"])
            .arg(directory.path())
            .output();
        if mounted.is_ok_and(|output| output.status.success()) {
            return Some(Self(directory));
        }
        eprintln!("LEFT OUT: a full disk (this process may not mount a small one)");
        None
    }

    pub(crate) fn path(&self) -> &Path {
        self.0.path()
    }

    /// Takes all the room there is.
    pub(crate) fn fill(&self) {
        let block = vec![0_u8; 4096];
        let mut file = std::fs::File::create(self.path().join("ballast")).unwrap();
        while std::io::Write::write_all(&mut file, &block).is_ok() {}
    }

    pub(crate) fn free(&self) {
        std::fs::remove_file(self.path().join("ballast")).unwrap();
    }
}

impl Drop for SmallDisk {
    fn drop(&mut self) {
        let unmounted = Command::new("umount").arg("-l").arg(self.path()).status();
        drop(unmounted);
    }
}
