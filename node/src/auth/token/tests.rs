use super::{
    ACCESS_LIFE_MS_MAX, Access, Burnt, Device, Holder, LEEWAY_MS, NotBurnt, RefreshToken, Refused,
    TICKET_LIFE_MS, Ticket, Tokens, key_id, successor,
};
use crate::auth::keyring::{MasterKey, Ring, activate, announce};
use crate::auth::secret::Secret;
use easel_storage::people::{KeyRow, KeyState, KeyringRow};
use easel_storage::sharing::Role;
use easel_storage::{BoardId, InstanceId, LinkId, SessionId, Time, UserId};
use pasetors::keys::SymmetricKey;
use pasetors::token::{Local, UntrustedToken};
use pasetors::version4::{LocalToken, V4};
use proptest::prelude::{any, prop_assert, proptest};
use serde_json::json;

const HERE: InstanceId = InstanceId::from_bytes([1; 16]);
const URL: &str = "https://boards.example.org";
const NOW: Time = Time(1_790_000_000_000);

fn row(state: KeyState) -> KeyRow {
    MasterKey::of_bytes([5; 32]).seal_new(HERE, state, NOW)
}

fn ring(keys: &[KeyRow]) -> Ring {
    let row = KeyringRow {
        rev: 1,
        keys: keys.to_vec(),
    };
    Ring::open(&row, &MasterKey::of_bytes([5; 32]), HERE).unwrap()
}

fn tokens() -> Tokens {
    Tokens::new(HERE, URL.to_owned(), ACCESS_LIFE_MS_MAX)
}

fn access() -> Access {
    Access {
        holder: Holder::User(UserId::from_bytes([2; 16])),
        session: SessionId::from_bytes([3; 16]),
    }
}

fn ends_at() -> Time {
    NOW.plus_ms(ACCESS_LIFE_MS_MAX)
}

fn refresh() -> RefreshToken {
    RefreshToken {
        session: SessionId::from_bytes([3; 16]),
        seq: 7,
        secret: Secret::from_bytes([4; 32]),
    }
}

fn ticket() -> Ticket {
    Ticket {
        holder: Holder::Link(LinkId::from_bytes([6; 16])),
        session: Some(SessionId::from_bytes([3; 16])),
        board: BoardId::from_bytes([7; 16]),
        role: Role::Commenter,
        origin: Some(URL.to_owned()),
        jti: [8; 16],
        expires_at: NOW.plus_ms(TICKET_LIFE_MS),
    }
}

#[test]
fn each_kind_is_opened_as_it_was_minted() {
    let (ring, tokens) = (ring(&[row(KeyState::Active)]), tokens());
    let token = tokens.mint_access(&ring, &access(), NOW).unwrap();
    assert_eq!(
        tokens.open_access(&ring, &token, NOW),
        Ok((access(), ends_at()))
    );
    let token = tokens.mint_refresh(&ring, &refresh(), NOW).unwrap();
    assert_eq!(tokens.open_refresh(&ring, &token, NOW), Ok(refresh()));
    let token = tokens.mint_ticket(&ring, &ticket(), NOW).unwrap();
    assert_eq!(tokens.open_ticket(&ring, &token, NOW), Ok(ticket()));
    let device = Device {
        user: UserId::from_bytes([2; 16]),
        device: [9; 16],
    };
    let token = tokens.mint_device(&ring, &device, NOW).unwrap();
    assert_eq!(tokens.open_device(&ring, &token, NOW), Ok(device));
}

#[test]
fn no_kind_is_taken_for_another_even_under_one_key() {
    let (ring, tokens) = (ring(&[row(KeyState::Active)]), tokens());
    let minted = [
        tokens.mint_access(&ring, &access(), NOW).unwrap(),
        tokens.mint_refresh(&ring, &refresh(), NOW).unwrap(),
        tokens.mint_ticket(&ring, &ticket(), NOW).unwrap(),
    ];
    for (of, token) in minted.iter().enumerate() {
        let opened = [
            tokens.open_access(&ring, token, NOW).map(|_| ()),
            tokens.open_refresh(&ring, token, NOW).map(|_| ()),
            tokens.open_ticket(&ring, token, NOW).map(|_| ()),
        ];
        for (at, opened) in opened.into_iter().enumerate() {
            let expected = if at == of {
                Ok(())
            } else {
                Err(Refused::Forged)
            };
            assert_eq!(opened, expected, "{of} opened as {at}");
        }
        assert_eq!(tokens.open_device(&ring, token, NOW), Err(Refused::Forged));
    }
}

#[test]
fn another_installation_or_address_takes_none_of_it() {
    let ring = ring(&[row(KeyState::Active)]);
    let token = tokens().mint_access(&ring, &access(), NOW).unwrap();
    for other in [
        Tokens::new(
            InstanceId::from_bytes([2; 16]),
            URL.to_owned(),
            ACCESS_LIFE_MS_MAX,
        ),
        Tokens::new(
            HERE,
            "https://elsewhere.example.org".to_owned(),
            ACCESS_LIFE_MS_MAX,
        ),
    ] {
        assert_eq!(other.open_access(&ring, &token, NOW), Err(Refused::Forged));
    }
}

#[test]
fn clocks_may_differ_by_a_minute() {
    let (ring, tokens) = (ring(&[row(KeyState::Active)]), tokens());
    let token = tokens.mint_access(&ring, &access(), NOW).unwrap();
    let open = |at: u64| tokens.open_access(&ring, &token, Time(at)).map(|_| ());
    assert_eq!(open(NOW.0 - LEEWAY_MS - 1), Err(Refused::Early));
    assert_eq!(open(NOW.0 - LEEWAY_MS), Ok(()));
    assert_eq!(open(NOW.0 + ACCESS_LIFE_MS_MAX - 1), Ok(()));
    assert_eq!(open(NOW.0 + ACCESS_LIFE_MS_MAX), Err(Refused::Expired));
}

#[test]
fn a_key_that_was_rotated_away_opens_what_it_sealed_and_seals_no_more() {
    let first = vec![row(KeyState::Active)];
    let token = tokens().mint_access(&ring(&first), &access(), NOW).unwrap();
    let both = announce(&first, row(KeyState::Pending)).unwrap();
    let rotated = ring(&activate(&both, NOW).unwrap());
    assert_eq!(
        tokens().open_access(&rotated, &token, NOW),
        Ok((access(), ends_at()))
    );
    let fresh = tokens().mint_access(&rotated, &access(), NOW).unwrap();
    assert_eq!(
        tokens().open_access(&ring(&first), &fresh, NOW),
        Err(Refused::UnknownKey)
    );
    // A node that knows the key as pending takes what another has sealed with it already.
    assert_eq!(
        tokens().open_access(&ring(&both), &fresh, NOW),
        Ok((access(), ends_at()))
    );
    let without = ring(&[row(KeyState::Active)]);
    assert_eq!(
        tokens().open_access(&without, &token, NOW),
        Err(Refused::UnknownKey)
    );
    assert!(
        tokens()
            .mint_access(&ring(&[row(KeyState::Pending)]), &access(), NOW)
            .is_err()
    );
}

#[test]
fn a_token_is_refused_when_any_character_of_it_differs() {
    let (ring, tokens) = (ring(&[row(KeyState::Active)]), tokens());
    let token = tokens.mint_access(&ring, &access(), NOW).unwrap();
    for at in 0..token.len() {
        let mut other = token.clone().into_bytes();
        other[at] = if other[at] == b'A' { b'B' } else { b'A' };
        let other = String::from_utf8(other).unwrap();
        assert!(
            tokens.open_access(&ring, &other, NOW).is_err(),
            "{at}: {other}"
        );
        assert!(
            tokens.open_access(&ring, &token[..at], NOW).is_err(),
            "cut at {at}"
        );
    }
}

proptest! {
    #[test]
    fn no_change_of_a_byte_passes_and_nothing_makes_it_panic(at in any::<proptest::sample::Index>(), byte in any::<u8>(), junk in ".{0,300}") {
        let (ring, tokens) = (ring(&[row(KeyState::Active)]), tokens());
        let token = tokens.mint_refresh(&ring, &refresh(), NOW).unwrap();
        let mut other = token.clone().into_bytes();
        let at = at.index(other.len());
        other[at] = byte;
        if other != token.as_bytes() && let Ok(other) = String::from_utf8(other) {
            prop_assert!(tokens.open_refresh(&ring, &other, NOW).is_err());
        }
        prop_assert!(tokens.open_refresh(&ring, &junk, NOW).is_err());
        let junk = format!("v4.local.{junk}");
        prop_assert!(tokens.open_refresh(&ring, &junk, NOW).is_err());
    }
}

#[test]
fn other_versions_and_purposes_are_no_tokens() {
    let (ring, tokens) = (ring(&[row(KeyState::Active)]), tokens());
    let token = tokens.mint_access(&ring, &access(), NOW).unwrap();
    let rest = token.strip_prefix("v4.local.").unwrap();
    for header in [
        "v1.local.",
        "v2.local.",
        "v3.local.",
        "v4.public.",
        "v2.public.",
        "V4.local.",
        "v4.local",
        "",
    ] {
        let other = format!("{header}{rest}");
        assert_eq!(
            tokens.open_access(&ring, &other, NOW),
            Err(Refused::Malformed),
            "{header}"
        );
    }
    let long = format!("{token}{}", "A".repeat(10 << 10));
    assert_eq!(
        tokens.open_access(&ring, &long, NOW),
        Err(Refused::Malformed)
    );
}

#[test]
fn a_footer_is_one_short_key_id() {
    assert_eq!(key_id(br#"{"kid":"k4.lid.x"}"#), Ok("k4.lid.x"));
    let long = format!(r#"{{"kid":"{}"}}"#, "k".repeat(300));
    for bad in [
        "",
        "{}",
        "null",
        r#""kid""#,
        r#"{"kid":1}"#,
        r#"{"kid":"a","kid":"b"}"#,
        r#"{"kid":"a","wpk":"k4.local-wrap.pie.x"}"#,
        r#"{"kid":"a"}{"kid":"b"}"#,
        "\u{0}",
        long.as_str(),
    ] {
        assert_eq!(key_id(bad.as_bytes()), Err(Refused::Malformed), "{bad}");
    }
}

/// Test vectors of the standard: paseto-standard/test-vectors, v4.json.
#[test]
fn the_standards_vectors_pass() {
    const KEY: &str = "707172737475767778797a7b7c7d7e7f808182838485868788898a8b8c8d8e8f";
    const FOOTER: &str = r#"{"kid":"zVhMiPBP9fRf2snEcT7gFTioeA9COcNy9DfgL1W60haN"}"#;
    let payload = |word: &str| {
        format!(r#"{{"data":"this is a {word} message","exp":"2022-01-01T00:00:00+00:00"}}"#)
    };
    let key: Vec<u8> = (0..32)
        .map(|at| u8::from_str_radix(&KEY[2 * at..2 * at + 2], 16).unwrap())
        .collect();
    let key = SymmetricKey::<V4>::from(&key).unwrap();
    for (name, token, word, footer, assertion) in [
        (
            "4-E-1",
            "v4.local.AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAQAr68PS4AXe7If_ZgesdkUMvSwscFlAl1pk5HC0e8kApeaqMfGo_7OpBnwJOAbY9V7WU6abu74MmcUE8YWAiaArVI8XJ5hOb_4v9RmDkneN0S92dx0OW4pgy7omxgf3S8c3LlQg",
            "secret",
            "",
            "",
        ),
        (
            "4-E-2",
            "v4.local.AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAQAr68PS4AXe7If_ZgesdkUMvS2csCgglvpk5HC0e8kApeaqMfGo_7OpBnwJOAbY9V7WU6abu74MmcUE8YWAiaArVI8XIemu9chy3WVKvRBfg6t8wwYHK0ArLxxfZP73W_vfwt5A",
            "hidden",
            "",
            "",
        ),
        (
            "4-E-3",
            "v4.local.32VIErrEkmY4JVILovbmfPXKW9wT1OdQepjMTC_MOtjA4kiqw7_tcaOM5GNEcnTxl60WkwMsYXw6FSNb_UdJPXjpzm0KW9ojM5f4O2mRvE2IcweP-PRdoHjd5-RHCiExR1IK6t6-tyebyWG6Ov7kKvBdkrrAJ837lKP3iDag2hzUPHuMKA",
            "secret",
            "",
            "",
        ),
        (
            "4-E-4",
            "v4.local.32VIErrEkmY4JVILovbmfPXKW9wT1OdQepjMTC_MOtjA4kiqw7_tcaOM5GNEcnTxl60WiA8rd3wgFSNb_UdJPXjpzm0KW9ojM5f4O2mRvE2IcweP-PRdoHjd5-RHCiExR1IK6t4gt6TiLm55vIH8c_lGxxZpE3AWlH4WTR0v45nsWoU3gQ",
            "hidden",
            "",
            "",
        ),
        (
            "4-E-5",
            "v4.local.32VIErrEkmY4JVILovbmfPXKW9wT1OdQepjMTC_MOtjA4kiqw7_tcaOM5GNEcnTxl60WkwMsYXw6FSNb_UdJPXjpzm0KW9ojM5f4O2mRvE2IcweP-PRdoHjd5-RHCiExR1IK6t4x-RMNXtQNbz7FvFZ_G-lFpk5RG3EOrwDL6CgDqcerSQ.eyJraWQiOiJ6VmhNaVBCUDlmUmYyc25FY1Q3Z0ZUaW9lQTlDT2NOeTlEZmdMMVc2MGhhTiJ9",
            "secret",
            FOOTER,
            "",
        ),
        (
            "4-E-6",
            "v4.local.32VIErrEkmY4JVILovbmfPXKW9wT1OdQepjMTC_MOtjA4kiqw7_tcaOM5GNEcnTxl60WiA8rd3wgFSNb_UdJPXjpzm0KW9ojM5f4O2mRvE2IcweP-PRdoHjd5-RHCiExR1IK6t6pWSA5HX2wjb3P-xLQg5K5feUCX4P2fpVK3ZLWFbMSxQ.eyJraWQiOiJ6VmhNaVBCUDlmUmYyc25FY1Q3Z0ZUaW9lQTlDT2NOeTlEZmdMMVc2MGhhTiJ9",
            "hidden",
            FOOTER,
            "",
        ),
        (
            "4-E-7",
            "v4.local.32VIErrEkmY4JVILovbmfPXKW9wT1OdQepjMTC_MOtjA4kiqw7_tcaOM5GNEcnTxl60WkwMsYXw6FSNb_UdJPXjpzm0KW9ojM5f4O2mRvE2IcweP-PRdoHjd5-RHCiExR1IK6t40KCCWLA7GYL9KFHzKlwY9_RnIfRrMQpueydLEAZGGcA.eyJraWQiOiJ6VmhNaVBCUDlmUmYyc25FY1Q3Z0ZUaW9lQTlDT2NOeTlEZmdMMVc2MGhhTiJ9",
            "secret",
            FOOTER,
            r#"{"test-vector":"4-E-7"}"#,
        ),
        (
            "4-E-8",
            "v4.local.32VIErrEkmY4JVILovbmfPXKW9wT1OdQepjMTC_MOtjA4kiqw7_tcaOM5GNEcnTxl60WiA8rd3wgFSNb_UdJPXjpzm0KW9ojM5f4O2mRvE2IcweP-PRdoHjd5-RHCiExR1IK6t5uvqQbMGlLLNYBc7A6_x7oqnpUK5WLvj24eE4DVPDZjw.eyJraWQiOiJ6VmhNaVBCUDlmUmYyc25FY1Q3Z0ZUaW9lQTlDT2NOeTlEZmdMMVc2MGhhTiJ9",
            "hidden",
            FOOTER,
            r#"{"test-vector":"4-E-8"}"#,
        ),
    ] {
        let token = UntrustedToken::<Local, V4>::try_from(token).unwrap();
        assert_eq!(token.untrusted_footer(), footer.as_bytes(), "{name}");
        let open =
            |assertion: &str| LocalToken::decrypt(&key, &token, None, Some(assertion.as_bytes()));
        assert_eq!(open(assertion).unwrap().payload(), payload(word), "{name}");
        assert!(open("another").is_err(), "{name}");
    }
}

#[test]
fn only_who_holds_a_refresh_secret_learns_its_successor() {
    let (old, new, other) = (
        Secret::from_bytes([1; 32]),
        Secret::from_bytes([2; 32]),
        Secret::from_bytes([3; 32]),
    );
    let sealed = successor::seal(&old, &new);
    assert_eq!(successor::open(&old, &sealed), Some(new.clone()));
    assert_eq!(successor::open(&other, &sealed), None);
    assert_eq!(successor::open(&new, &sealed), None);
    assert_eq!(successor::open(&old, b"v4.local.x"), None);
    assert_eq!(successor::open(&old, &[0xff]), None);
}

#[test]
fn a_ticket_is_used_once_and_forgotten_when_it_is_over() {
    let mut burnt = Burnt::default();
    let end = NOW.plus_ms(TICKET_LIFE_MS);
    assert_eq!(burnt.burn([1; 16], end, NOW), Ok(()));
    assert_eq!(burnt.burn([1; 16], end, NOW), Err(NotBurnt::Again));
    assert_eq!(burnt.burn([2; 16], end, Time(end.0 - 1)), Ok(()));
    assert_eq!(
        burnt.burn([1; 16], end, Time(end.0 - 1)),
        Err(NotBurnt::Again)
    );
    assert_eq!(burnt.burn([3; 16], end.plus_ms(1), end), Ok(()));
    assert_eq!((burnt.until.len(), burnt.order.len()), (1, 1));
}

#[test]
fn what_is_remembered_of_tickets_is_bounded() {
    let mut burnt = Burnt::default();
    let end = NOW.plus_ms(TICKET_LIFE_MS);
    for n in 0..Burnt::TICKETS_MAX as u128 {
        assert_eq!(burnt.burn(n.to_be_bytes(), end, NOW), Ok(()));
    }
    let one_more = (Burnt::TICKETS_MAX as u128).to_be_bytes();
    assert_eq!(burnt.burn(one_more, end, NOW), Err(NotBurnt::Full));
    assert_eq!(burnt.burn(one_more, end.plus_ms(1), end), Ok(()));
}

/// Has PyPI's `pyseto` do these tasks.
fn pyseto(tasks: &serde_json::Value) -> serde_json::Value {
    let root = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let mut child = std::process::Command::new(root.join(".tools/venv/bin/python"))
        .arg(root.join("tests/stock/pyseto_tokens.py"))
        .stdin(std::process::Stdio::piped())
        .stdout(std::process::Stdio::piped())
        .spawn()
        .expect("Python starts: run `make test-tools`");
    serde_json::to_writer(child.stdin.take().unwrap(), tasks).unwrap();
    let output = child.wait_with_output().unwrap();
    assert!(
        output.status.success(),
        "pyseto is there: run `make test-tools`"
    );
    serde_json::from_slice(&output.stdout).unwrap()
}

#[test]
fn another_implementation_reads_what_is_sealed_here_and_the_reverse() {
    let (ring, tokens) = (ring(&[row(KeyState::Active)]), tokens());
    let sealing = ring.sealing().unwrap();
    let bytes = sealing.key.as_bytes().iter();
    let key: String = bytes.map(|byte| format!("{byte:02x}")).collect();
    let minted = tokens.mint_access(&ring, &access(), NOW).unwrap();
    let (ours, another) = (format!("easel|v1|{HERE}|at"), format!("easel|v1|{HERE}|rt"));
    let open = |assertion: &str| json!({ "do": "open", "key": key, "token": minted, "assertion": assertion });
    let opened = pyseto(&json!([open(&ours), open(&another), open("")]));
    let footer = json!({ "kid": sealing.id }).to_string();
    assert_eq!(opened[0]["footer"], footer.as_str(), "{opened}");
    let payload = opened[0]["payload"].as_str().unwrap();
    let claims: serde_json::Value = serde_json::from_str(payload).unwrap();
    assert_eq!(
        (&claims["typ"], &claims["aud"]),
        (&json!("at"), &json!(URL))
    );
    assert!(
        opened[1]["refused"].is_string() && opened[2]["refused"].is_string(),
        "{opened}"
    );

    let mint = |assertion: &str| json!({ "do": "mint", "key": key, "payload": payload, "footer": footer, "assertion": assertion });
    let sealed = pyseto(&json!([mint(&ours), mint(&another)]));
    let open = |at: usize| tokens.open_access(&ring, sealed[at]["token"].as_str().unwrap(), NOW);
    assert_eq!(open(0), Ok((access(), ends_at())));
    assert_eq!(open(1), Err(Refused::Forged));
}
