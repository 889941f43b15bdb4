//! Puts the built web client (`web/dist`) into the binary: every file as it is, and compressed where that pays; and
//! the commit of the source.
//!
//! Writes `client.rs`, a table sorted by path, which `src/http/assets.rs` includes. Without a built client the table
//! is empty and the server says so. Compressed files are kept by content, so a rebuild compresses only what changed.

use std::fs;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::process::Command;

/// Below this a compressed copy saves no packet.
const COMPRESS_FROM_BYTES: usize = 1024;

fn main() -> io::Result<()> {
    let dist = PathBuf::from(env("CARGO_MANIFEST_DIR")).join("web/dist");
    let out = PathBuf::from(env("OUT_DIR"));
    // A folder that does not exist counts as always changed. An empty one is watched; failing to make it only costs
    // builds that could have been skipped.
    let _ = fs::create_dir_all(&dist);
    println!("cargo::rerun-if-changed={}", dist.display());
    println!("cargo::rerun-if-changed=build.rs");
    println!("cargo::rerun-if-env-changed=SOURCE_COMMIT");
    tell_commit();
    put_font(&out)?;

    let mut files = Vec::new();
    collect(&dist, &dist, &mut files)?;
    files.sort();
    let packed = out.join("packed");
    fs::create_dir_all(&packed)?;
    let mut table = String::from("&[\n");
    for path in &files {
        let line = entry(&dist, path, &packed)?;
        table.push_str(&line);
    }
    table.push_str("]\n");
    fs::write(out.join("client.rs"), table)
}

/// The font of boards, for drawing them on the server. It is made with the client's; without it there is none.
fn put_font(out: &Path) -> io::Result<()> {
    let fonts = PathBuf::from(env("CARGO_MANIFEST_DIR")).join("web/src/assets/fonts");
    // As with the client's folder.
    let _ = fs::create_dir_all(&fonts);
    println!("cargo::rerun-if-changed={}", fonts.display());
    let mut list = String::from("&[");
    for name in ["easel-text.ttf", "easel-text-bold.ttf"] {
        // A copy, since the next build of the client may replace the file before the compiler reads it.
        let copy = out.join(name);
        fs::write(&copy, fs::read(fonts.join(name)).unwrap_or_default())?;
        list.push_str(&format!("include_bytes!({copy:?}),"));
    }
    list.push(']');
    fs::write(out.join("font.rs"), list)
}

/// Sets `SOURCE_COMMIT` for the compiler, if nobody did and this is a checkout with git at hand. Only for a release:
/// otherwise every commit would compile the server anew for whoever works on it.
fn tell_commit() {
    if std::env::var_os("SOURCE_COMMIT").is_some() || env("PROFILE") != "release" {
        return;
    }
    let root = PathBuf::from(env("CARGO_MANIFEST_DIR")).join("..");
    // An unpacked archive may lie inside somebody else's checkout.
    let is_ours = git(&root, &["rev-parse", "--show-toplevel"])
        .is_some_and(|top| Path::new(&top).canonicalize().ok() == root.canonicalize().ok());
    if !is_ours {
        return;
    }
    // The second is written by every commit, the first by a change of branch. A file that is not there would count as
    // always changed.
    for file in ["HEAD", "logs/HEAD"] {
        let path = git(&root, &["rev-parse", "--git-path", file]).map(|path| root.join(path));
        if let Some(path) = path.filter(|path| path.exists()) {
            println!("cargo::rerun-if-changed={}", path.display());
        }
    }
    if let Some(commit) = git(&root, &["rev-parse", "--short=12", "HEAD"]) {
        println!("cargo::rustc-env=SOURCE_COMMIT={commit}");
    }
}

fn git(folder: &Path, arguments: &[&str]) -> Option<String> {
    let output = Command::new("git")
        .arg("-C")
        .arg(folder)
        .args(arguments)
        .output()
        .ok()?;
    let text = String::from_utf8(output.stdout).ok()?;
    output
        .status
        .success()
        .then(|| text.trim().to_owned())
        .filter(|text| !text.is_empty())
}

/// Paths relative to `root`, with forward slashes. Source maps stay out: they are for whoever has the source.
fn collect(root: &Path, folder: &Path, files: &mut Vec<String>) -> io::Result<()> {
    let Ok(entries) = fs::read_dir(folder) else {
        return Ok(());
    };
    for entry in entries {
        let path = entry?.path();
        if path.is_dir() {
            collect(root, &path, files)?;
        } else if path.extension().is_none_or(|extension| extension != "map") {
            let relative = path.strip_prefix(root).expect("the walk began at the root");
            files.push(relative.to_string_lossy().replace('\\', "/"));
        }
    }
    Ok(())
}

fn entry(dist: &Path, path: &str, packed: &Path) -> io::Result<String> {
    let bytes = fs::read(dist.join(path))?;
    let tag = tag(&bytes);
    // A copy, since the next build of the client may replace the file before the compiler reads it.
    let plain = packed.join(&tag);
    fs::write(&plain, &bytes)?;
    let is_worth_it = is_worth_compressing(path, &bytes);
    let include = |suffix: &str, compress: Compress| -> io::Result<String> {
        let target = packed.join(format!("{tag}.{suffix}"));
        if is_worth_it && pack(&bytes, &target, compress)? {
            Ok(format!("Some(include_bytes!({target:?}))"))
        } else {
            Ok("None".to_owned())
        }
    };
    let (br, gzip) = (include("br", brotli)?, include("gz", gzip)?);
    let path = format!("/{path}");
    Ok(format!(
        "    File {{ path: {path:?}, tag: {tag:?}, plain: include_bytes!({plain:?}), br: {br}, gzip: {gzip} }},\n"
    ))
}

type Compress = fn(&[u8]) -> io::Result<Vec<u8>>;

/// Tells versions of a file apart; a client compares it, nobody trusts it.
fn tag(bytes: &[u8]) -> String {
    let mut hasher = DefaultHasher::new();
    bytes.hash(&mut hasher);
    format!("{:016x}", hasher.finish())
}

/// Fonts and pictures are compressed already.
fn is_worth_compressing(path: &str, bytes: &[u8]) -> bool {
    let extension = path.rsplit('.').next().unwrap_or_default();
    bytes.len() >= COMPRESS_FROM_BYTES
        && [
            "html",
            "js",
            "css",
            "json",
            "svg",
            "txt",
            "webmanifest",
            "wasm",
            "ttf",
        ]
        .contains(&extension)
}

/// True if the compressed file exists and is smaller.
fn pack(bytes: &[u8], target: &Path, compress: Compress) -> io::Result<bool> {
    if !target.exists() {
        fs::write(target, compress(bytes)?)?;
    }
    Ok(fs::metadata(target)?.len() < bytes.len() as u64)
}

fn brotli(bytes: &[u8]) -> io::Result<Vec<u8>> {
    let quality = if env("PROFILE") == "release" { 11 } else { 5 };
    let mut packed = Vec::new();
    let mut writer = brotli::CompressorWriter::new(&mut packed, 64 << 10, quality, 22);
    writer.write_all(bytes)?;
    drop(writer);
    Ok(packed)
}

fn gzip(bytes: &[u8]) -> io::Result<Vec<u8>> {
    let mut writer = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
    writer.write_all(bytes)?;
    writer.finish()
}

fn env(name: &str) -> String {
    std::env::var(name).unwrap_or_else(|_| panic!("cargo sets {name}"))
}
