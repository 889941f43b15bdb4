//! What a configuration says, from where, and what is wrong with it.

use super::{Config, Flag, LoadError, Sources, load};
use std::io::Write;

/// Loads with the given file, environment and flags; prints what is not default, or the error.
fn check(
    file: &str,
    environment: &[(&str, &str)],
    flags: &[(&'static str, &'static str, &str)],
) -> String {
    let mut on_disk = tempfile::NamedTempFile::new().unwrap();
    on_disk.write_all(file.as_bytes()).unwrap();
    let path = on_disk.path().display().to_string();
    let sources = Sources {
        file: Some(on_disk.path().to_owned()),
        environment: environment
            .iter()
            .map(|(k, v)| ((*k).to_owned(), (*v).to_owned()))
            .collect(),
        flags: flags
            .iter()
            .map(|(name, key, value)| Flag {
                name,
                key,
                value: (*value).to_owned(),
            })
            .collect(),
    };
    let text = match load(&sources) {
        Ok(loaded) => loaded
            .values
            .iter()
            .filter(|value| value.source != "default")
            .map(|value| format!("{} = {} ({})", value.key, value.value, value.source))
            .collect::<Vec<_>>()
            .join("\n"),
        Err(LoadError::Wrong(lines)) => format!("wrong: {}", lines.join("\n")),
        Err(LoadError::Refused(why)) => format!("refused: {why}"),
    };
    text.replace(&path, "FILE")
}

#[test]
fn a_later_source_wins_and_is_named() {
    let got = check(
        "data_dir = \"/a\"\n[listen]\nhttp = \"localhost:1\"\nops = \"\"\n",
        &[
            ("EASEL_LISTEN__HTTP", "[::1]:2"),
            ("EASEL_REALTIME__CREATE_ON_JOIN", "true"),
            ("HOME", "/"),
        ],
        &[("--data-dir", "data_dir", "12")],
    );
    assert_eq!(
        got,
        "data_dir = \"12\" (flag --data-dir)\n\
         listen.http = \"[::1]:2\" (environment EASEL_LISTEN__HTTP)\n\
         listen.ops = \"\" (FILE)\n\
         realtime.create_on_join = true (environment EASEL_REALTIME__CREATE_ON_JOIN)"
    );
}

#[test]
fn wrong_input_is_told_with_what_was_meant() {
    for (file, environment, expected) in [
        (
            "[listen]\nhtpp = \"x\"",
            None,
            "wrong: unknown key listen.htpp in FILE; did you mean listen.http?",
        ),
        (
            "create_on_join = true",
            None,
            "wrong: unknown key create_on_join in FILE; did you mean realtime.create_on_join?",
        ),
        (
            "[mail]\nserver = \"here\"",
            None,
            "wrong: unknown key mail.server in FILE; `easel check-config` lists the keys there are",
        ),
        (
            "",
            Some(("EASEL_LISTEN__HTPP", "x")),
            "wrong: unknown key EASEL_LISTEN__HTPP in the environment; did you mean EASEL_LISTEN__HTTP?",
        ),
        (
            "",
            Some(("EASEL_LISTEN_HTTP", "x")),
            "wrong: unknown key EASEL_LISTEN_HTTP in the environment; did you mean EASEL_LISTEN__HTTP?",
        ),
        (
            "",
            Some(("EASEL_REALTIME__SEATS_MAX", "many")),
            "wrong: EASEL_REALTIME__SEATS_MAX is \"many\" and should be a whole number",
        ),
        (
            "listen = \"x\"",
            None,
            "wrong: FILE: listen is a section, not a value; write [listen]",
        ),
        (
            "[limits]\nbody = \"1MB\"",
            None,
            "wrong: limits.body (FILE): \"1MB\" is not a size; write for example \"256MiB\"",
        ),
        (
            "[storage]\nsync = \"never\"",
            None,
            "wrong: storage.sync (FILE): \"never\" is not one of \"always\"",
        ),
        (
            "[limits]\nconnections = 0",
            None,
            "wrong: limits.connections is zero, with which nothing would work",
        ),
        (
            "public_url = \"example.org/easel\"",
            None,
            "wrong: public_url (FILE): \"example.org/easel\" is not a URL; write for example \"https://boards.example.org\"",
        ),
        (
            "[log]\nlevel = \"=loud=\"",
            None,
            "wrong: log.level is \"=loud=\"; write error, warn, info, debug or trace, or for single parts as in \"info,easel=debug\"",
        ),
        (
            "",
            Some(("EASEL_LOG__LEVEL", "loud")),
            "wrong: log.level is \"loud\"; write error, warn, info, debug or trace, or for single parts as in \"info,easel=debug\"",
        ),
        (
            "",
            Some(("EASEL_LOG__LEVEL", "warn,easel::http=DEBUG")),
            "log.level = \"warn,easel::http=DEBUG\" (environment EASEL_LOG__LEVEL)",
        ),
        (
            "[lisen]\nhttp = \"x\"\nops = \"y\"",
            None,
            "wrong: unknown section [lisen] in FILE; did you mean [listen]?",
        ),
        (
            "[lmits]",
            None,
            "wrong: unknown section [lmits] in FILE; did you mean [limits]?",
        ),
        (
            "[mail]",
            None,
            "wrong: unknown section [mail] in FILE; `easel check-config` lists the keys there are",
        ),
        (
            "[tls]\nmode = \"files\"\ncert_file = \"a\"",
            None,
            "wrong: tls.mode is \"files\", and tls.key_file names none",
        ),
        (
            "[tls]\nkey_file = \"a\"",
            None,
            "wrong: tls.key_file is set and not used; write tls.mode = \"files\"",
        ),
        (
            "public_url = \"http://a.example\"\n[tls]\nmode = \"self-signed\"",
            None,
            "wrong: public_url is http://a.example; with TLS it begins with https://",
        ),
        (
            "[proxy]\ntrusted = [\"10.0.0.0/8\", \"proxy\"]",
            None,
            "wrong: proxy.trusted (FILE): \"proxy\" is not an address or a range of them; write for example \"10.0.0.0/8\"",
        ),
        // What Kubernetes sets for a Service of our name is passed over.
        ("", Some(("EASEL_SERVICE_PORT_HTTP", "80")), ""),
        ("", Some(("EASEL_PORT", "tcp://10.0.0.1:80")), ""),
    ] {
        let environment = environment.as_slice();
        assert_eq!(
            check(file, environment, &[]),
            expected,
            "of {file:?} {environment:?}"
        );
    }
}

#[test]
fn an_address_beyond_loopback_takes_tls_or_a_proxy_with_it() {
    let everybody = "[listen]\nhttp = \"0.0.0.0:8080\"\n";
    for safe in [
        "[tls]\nmode = \"self-signed\"",
        "[tls]\nmode = \"files\"\ncert_file = \"a\"\nkey_file = \"b\"",
        "[proxy]\ntrusted = [\"10.0.0.0/8\", \"::1\"]",
    ] {
        let got = check(&format!("{everybody}{safe}"), &[], &[]);
        assert!(got.contains("0.0.0.0:8080"), "of {safe}: {got}");
        assert!(!got.starts_with("refused: "), "of {safe}: {got}");
    }
    for got in [
        check("[listen]\nhttp = \"0.0.0.0:8080\"", &[], &[]),
        check("", &[("EASEL_LISTEN__OPS", "[::]:9180")], &[]),
        check("", &[], &[("--listen", "listen.http", "192.168.1.2:80")]),
    ] {
        assert!(
            got.starts_with("refused: ") && got.contains("ssh -L"),
            "{got}"
        );
    }
}

#[test]
fn the_reference_file_holds_every_key_at_its_default() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../config/easel.toml");
    let loaded = load(&Sources {
        file: Some(path.into()),
        ..Sources::default()
    })
    .unwrap();
    assert_eq!(loaded.config, Config::default());
    let missing: Vec<_> = loaded
        .values
        .iter()
        .filter(|value| value.source == "default")
        .collect();
    assert!(missing.is_empty(), "not in the reference: {missing:?}");
}
