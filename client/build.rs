//! Links release builds for glibc statically: loading shared libraries costs the client more than its work.
//!
//! It is linked at a fixed address too. Moving a static executable means that it writes to each of its pages that holds
//! an address, at every start, and page faults are most of what a start costs. What that gives up, a random address of
//! the code, hinders who can already make a program write out of bounds; this one has no `unsafe` code but its entry, and
//! reads from processes of its own user only. Stack, heap and mappings stay random.
//!
//! `-C target-feature=+crt-static` would do it, but is not for a package to set. So the linker is told, for the
//! executable only: `-static -no-pie`, and a directory that answers its `-lc -lgcc_s …` first, with scripts that lead to
//! the static libraries (rustc asks for the dynamic ones by name). Development and test builds, other targets, and
//! machines without the static libraries link as usual, and so does everything with `SKILLMEAT_DYNAMIC=1`.

use std::env;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::process::Command;

/// What rustc links for this target, and the static libraries that stand in for it. libc comes last and refers back to
/// the compiler's own two, which GNU ld, unlike lld, finds only in one group with it.
const LIBRARIES: [(&str, &[&str]); 7] = [
    ("gcc_s", &["libgcc_eh.a"]),
    ("util", &["libutil.a"]),
    ("rt", &["librt.a"]),
    ("pthread", &["libpthread.a"]),
    ("m", &["libm.a"]),
    ("dl", &["libdl.a"]),
    ("c", &["libc.a", "libgcc_eh.a", "libgcc.a"]),
];

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    println!("cargo::rerun-if-env-changed=SKILLMEAT_DYNAMIC");
    let var = |name: &str| env::var(name).unwrap_or_default();
    let glibc = matches!(var("TARGET").as_str(), "x86_64-unknown-linux-gnu" | "aarch64-unknown-linux-gnu");
    let already = var("CARGO_CFG_TARGET_FEATURE").split(',').any(|feature| feature == "crt-static");
    let wanted = glibc && !already && var("PROFILE") == "release" && var("SKILLMEAT_DYNAMIC").is_empty();
    // A cross compiler is not asked: which one rustc will use is configured where a build script cannot see it.
    if !wanted || var("HOST") != var("TARGET") {
        return;
    }
    let out = PathBuf::from(var("OUT_DIR"));
    match stand_ins(&out) {
        Ok(()) => {
            println!("cargo::rustc-link-arg-bins=-static");
            println!("cargo::rustc-link-arg-bins=-no-pie");
            println!("cargo::rustc-link-arg-bins=-L{}", out.display());
        }
        Err(why) => println!("cargo::warning=skillmeat is linked dynamically: {why}"),
    }
}

/// Writes the scripts.
fn stand_ins(out: &Path) -> io::Result<()> {
    for start in ["crt1.o", "crtbeginT.o"] {
        find(start)?;
    }
    for (name, files) in LIBRARIES {
        let paths: Vec<String> =
            files.iter().map(|file| Ok(find(file)?.display().to_string())).collect::<io::Result<_>>()?;
        fs::write(out.join(format!("lib{name}.so")), format!("GROUP ( {} )\n", paths.join(" ")))?;
    }
    Ok(())
}

/// Where the C compiler has a file.
fn find(file: &str) -> io::Result<PathBuf> {
    let output = Command::new("cc").arg(format!("-print-file-name={file}")).output()?;
    let path = PathBuf::from(String::from_utf8_lossy(&output.stdout).trim());
    // It echoes the name of what it does not have.
    if path.is_absolute() {
        Ok(path)
    } else {
        Err(io::Error::new(io::ErrorKind::NotFound, format!("the C compiler has no {file}")))
    }
}
