//! The passwords that are tried first.
//!
//! Lists of leaked passwords are mostly made by a few rules: a word with a year or digits behind it, a run of keys, a
//! repeated piece, a date, letters written as digits. So there is no list here but those rules, over words that occur in
//! every such list: they refuse many thousand entries and take no memory. A library with a list (zxcvbn) was ruled
//! out: it keeps its list to itself, its score takes milliseconds, and it brings some twenty crates.

use super::password::Password;
use std::collections::HashSet;
use std::sync::LazyLock;

/// Whether it is among them, whatever its case. What is shorter than a password may be is not asked about.
pub(super) fn is_common(password: &str) -> bool {
    let lower = password.to_lowercase();
    lower.chars().count() >= Password::CHARS_MIN
        && (is_word_with_tail(&lower)
            || is_one_piece_again_and_again(&lower)
            || is_run(&lower)
            || is_date(&lower))
}

const WORDS: &str = "password passwort passw0rd motdepasse contrasena senha parola haslo wachtwoord salasana letmein welcome willkommen \
bienvenue changeme default secret geheim private access login logon signin admin administrator root superuser sysadmin \
guest user test testing tester demo sample example temp temporary qwerty qwertz azerty asdfgh zxcvbn yxcvbn iloveyou \
ilovegod loveyou lovely love forever friend friends family mother father brother sister baby babygirl babyboy princess \
prince queen king angel angels heaven jesus christ blessed god faith hope grace summer winter spring autumn sommer \
january february march april june july august september october november december monday tuesday wednesday thursday \
friday saturday sunday football baseball basketball hockey soccer tennis golf fishing hunting racing swimming skating \
arsenal chelsea liverpool barcelona madrid juventus bayern yankees cowboys lakers steelers packers eagles dolphins \
tigers lions bulldog wolves panther dragon monkey tiger lion eagle falcon dolphin butterfly flower flowers sunflower \
rainbow sunshine sunset moonlight starlight thunder lightning phoenix unicorn turtle rabbit kitten puppy horse \
elephant penguin spider scorpion cobra shadow ninja master samurai warrior soldier hunter killer gangster pirate \
wizard merlin gandalf frodo hobbit batman superman spiderman ironman hulk wolverine pokemon pikachu naruto goku mario \
luigi zelda sonic minecraft fortnite starwars startrek skywalker vader yoda matrix trinity morpheus hello hallo bonjour \
hola ciao whatever nothing something anything computer internet windows linux macintosh google facebook twitter \
instagram youtube linkedin amazon microsoft apple samsung android iphone nokia motorola server system network \
database oracle cisco router freedom liberty justice peace power money dollar million rich lucky winner champion \
number magic mystery music guitar piano drummer metallica nirvana eminem beatles rolling rocknroll chocolate cookie \
cookies candy sugar honey peanut banana orange cherry strawberry pepper cheese pizza coffee whiskey vodka tequila \
london paris berlin newyork chicago boston dallas texas florida california america canada mexico brasil brazil \
argentina england scotland ireland france germany deutschland italia espana russia india china japan australia \
michael jennifer jessica ashley amanda daniel andrew joshua matthew anthony robert william thomas charles george \
richard steven patrick nicole michelle stephanie samantha elizabeth victoria alexander alexandra sebastian christian \
christopher benjamin nicholas jonathan maria anna sophie charlotte hannah maggie buster charlie bailey buddy ginger \
jordan harley ferrari porsche mercedes mustang corvette camaro chevrolet toyota honda yamaha suzuki kawasaki ducati \
diamond silver golden crystal purple yellow green orange black white blue red chicken cowboy sexy sexybitch fuckyou \
fuckoff asshole bitch easel board boards whiteboard drawing sketch canvas company office manager business project \
team student teacher school college university doctor nurse engineer security backup monitor support helpdesk service";

/// What is put before a word to make it longer.
const STARTS: &[&str] = &["", "my", "the", "i", "a"];

const LAST_YEAR: u32 = 2039;

/// The rows of the usual keyboards, and columns and digits as fingers walk them.
const RUNS: &[&str] = &[
    "qwertyuiop",
    "asdfghjkl",
    "zxcvbnm",
    "qwertzuiop",
    "yxcvbnm",
    "azertyuiop",
    "qsdfghjklm",
    "wxcvbn",
    "1234567890",
    "abcdefghijklmnopqrstuvwxyz",
    "1qaz2wsx3edc4rfv5tgb6yhn7ujm",
    "qazwsxedcrfvtgbyhnujm",
    "1q2w3e4r5t6y7u8i9o0p",
    "q1w2e3r4t5y6u7i8o9p0",
    "qawsedrftgyhujik",
    "!@#$%^&*()",
    "zaq12wsx",
    "zaq1xsw2",
    "qwertyuiopasdfghjklzxcvbnm",
    "qweasdzxc",
    "qweasd123",
    "123qweasdzxc",
    "147258369",
    "741852963",
    "123654789",
    "159357",
    "159753",
    "789456123",
    "0987654321",
];

/// Digits and signs as the letters that they stand for.
fn unleet(text: &str) -> String {
    let letter = |c| match c {
        '0' => 'o',
        '1' | '!' | '|' => 'i',
        '3' | '€' => 'e',
        '4' | '@' => 'a',
        '5' | '$' => 's',
        '7' | '+' => 't',
        '8' => 'b',
        '9' => 'g',
        other => other,
    };
    text.chars().map(letter).collect()
}

/// A word, as it is or with digits and signs for letters, and a few digits or signs behind it, or before it.
fn is_word_with_tail(lower: &str) -> bool {
    let is_tail = |c: char| !c.is_alphabetic();
    // Every length of a tail: in `pass1234` the `1` could be a letter as well.
    let behind = lower
        .char_indices()
        .rev()
        .take_while(|(_, c)| is_tail(*c))
        .any(|(at, _)| is_tail_short(&lower[at..]) && is_word(&lower[..at]));
    let word = lower.trim_start_matches(is_tail);
    behind || is_tail_short(&lower[..lower.len() - word.len()]) && is_word(word)
}

/// Six digits or signs, or as many as follow each other on a keyboard.
fn is_tail_short(tail: &str) -> bool {
    const TAIL_CHARS_MAX: usize = 6;
    tail.chars().count() <= TAIL_CHARS_MAX || is_run(tail)
}

fn is_word(text: &str) -> bool {
    static WORD_SET: LazyLock<HashSet<&str>> = LazyLock::new(|| WORDS.split_whitespace().collect());
    let plain = unleet(text);
    [text, plain.as_str()].into_iter().any(|text| {
        STARTS
            .iter()
            .filter_map(|start| text.strip_prefix(start))
            .any(|word| WORD_SET.contains(word))
    })
}

/// `abcabcabc`, `aaaaaaaa`, `passpass`: a piece of up to six characters, or any piece twice.
fn is_one_piece_again_and_again(lower: &str) -> bool {
    let chars: Vec<char> = lower.chars().collect();
    let repeats = |piece: usize| chars.iter().zip(&chars[piece..]).all(|(a, b)| a == b);
    let half = chars.len() / 2;
    (1..=half.min(6)).any(repeats) || (half > 0 && chars.len().is_multiple_of(2) && repeats(half))
}

/// Keys side by side, or the alphabet, forwards or backwards.
fn is_run(lower: &str) -> bool {
    let backwards: String = lower.chars().rev().collect();
    !lower.is_empty()
        && RUNS
            .iter()
            .any(|run| run.contains(lower) || run.contains(backwards.as_str()))
}

/// Eight digits, perhaps with signs between them, that are a day: `24121987`, `1987-12-24`.
fn is_date(lower: &str) -> bool {
    let digits: String = lower.chars().filter(char::is_ascii_digit).collect();
    let only_signs_else = lower
        .chars()
        .all(|c| c.is_ascii_digit() || "-./ ".contains(c));
    if digits.len() != 8 || !only_signs_else || lower.len() > 10 {
        return false;
    }
    let number = |from: usize, to: usize| digits[from..to].parse::<u32>().unwrap_or(0);
    let is_year = |year| (1900..=LAST_YEAR).contains(&year);
    let is_day = |a: u32, b: u32| a.min(b) >= 1 && a.min(b) <= 12 && a.max(b) <= 31;
    is_year(number(0, 4)) && is_day(number(4, 6), number(6, 8))
        || is_year(number(4, 8)) && is_day(number(0, 2), number(2, 4))
}

#[cfg(test)]
mod tests {
    use super::{WORDS, is_common};
    use crate::auth::password::Password;
    use std::collections::HashSet;

    #[test]
    fn more_than_3_000_passwords_that_are_long_enough_are_refused() {
        let tails = [
            "",
            "1",
            "12",
            "123",
            "1234",
            "12345",
            "123456",
            "1234567",
            "12345678",
            "123456789",
            "01",
            "007",
            "666",
            "!",
            "!!",
            "1!",
            "123!",
            "@123",
            "1990",
            "2000",
            "2024",
            "2025!",
            "@2026",
        ];
        let entries: HashSet<String> = WORDS
            .split_whitespace()
            .flat_map(|word| tails.map(|tail| format!("{word}{tail}")))
            .filter(|entry| entry.chars().count() >= Password::CHARS_MIN)
            .collect();
        assert!(entries.len() >= 3_000, "{}", entries.len());
        for entry in entries {
            assert!(is_common(&entry), "{entry}");
        }
    }

    #[test]
    fn what_is_tried_first_is_found() {
        for common in [
            "password",
            "PASSWORD",
            "Password1",
            "password123",
            "p@ssw0rd",
            "P@$$w0rd!",
            "12345678",
            "1234567890",
            "87654321",
            "qwertyui",
            "qwerty123",
            "1q2w3e4r",
            "1qaz2wsx",
            "zaq12wsx",
            "asdfghjkl",
            "iloveyou",
            "sunshine",
            "princess",
            "football",
            "baseball",
            "superman",
            "michael1",
            "jennifer",
            "trustno1trustno1",
            "11111111",
            "00000000",
            "abcabcabc",
            "abcd1234abcd1234",
            "letmein!",
            "welcome1",
            "Welcome2026!",
            "Summer2025",
            "winter@2024",
            "admin123",
            "administrator",
            "adminadmin",
            "changeme",
            "passwort",
            "motdepasse",
            "abcdefgh",
            "zyxwvuts",
            "24121987",
            "1987-12-24",
            "qazwsxedc",
            "147258369",
            "123password",
            "dragon99",
            "m0nkey12",
            "aaaaaaaaaa",
            "easel2026",
            "whiteboard",
            "starwars",
            "chocolate",
            "computer",
            "internet1",
        ] {
            assert!(is_common(common), "{common}");
        }
    }

    #[test]
    fn what_nobody_tries_first_is_not() {
        for rare in [
            "correct horse battery staple",
            "vT9#mQ2x",
            "jfk2-9dla",
            "sunshine over the hills",
            "purple-monkey-dishwasher",
            "passworthy deeds",
            "29384756",
            "99999998",
            "Zürich am See",
            "x",
            "",
            "ß",
            "24 drummers drumming",
            "qwerty is not a tree",
            "ababc-ababd",
        ] {
            assert!(!is_common(rare), "{rare}");
        }
    }
}
