//! What a document shows of the command line is what the command line prints.

use std::path::Path;
use std::process::Command;

const LIFE_OF_A_PACKET: &str = include_str!("../../../../docs/contributing/life-of-a-packet.md");

/// The arguments and the output of the example in a document: a code block that begins with the command.
fn example(document: &str) -> (Vec<&str>, Vec<&str>) {
    let begin = "```\n$ cargo run -p packetyard-cli -- ";
    let (_, rest) = document.split_once(begin).expect("the document has an example");
    let (block, _) = rest.split_once("\n```").expect("its code block ends");
    let mut lines = block.lines();
    let command = lines.next().expect("the first line is the command");
    (command.split(' ').collect(), lines.collect())
}

/// `...` in a line stands for anything; a line of nothing else, for any lines.
fn shows(shown: &[&str], printed: &[&str]) -> Result<(), String> {
    let Some((first, rest)) = shown.split_first() else {
        return match printed.first() {
            None => Ok(()),
            Some(line) => Err(format!("the document does not show {line:?}")),
        };
    };
    if first.trim() == "..." {
        return (0..=printed.len())
            .map(|skipped| shows(rest, &printed[skipped..]))
            .find(Result::is_ok)
            .unwrap_or_else(|| Err(format!("nothing is as shown after {first:?}")));
    }
    match printed.split_first() {
        Some((line, more)) if matches(first, line) => shows(rest, more),
        other => Err(format!("the document shows {first:?}, printed is {:?}", other.map(|(line, _)| line))),
    }
}

fn matches(shown: &str, printed: &str) -> bool {
    match shown.split_once("...") {
        None => shown == printed,
        Some((start, end)) => {
            let has_room = printed.len() >= start.len() + end.len();
            has_room && printed.starts_with(start) && printed.ends_with(end)
        }
    }
}

#[test]
fn the_example_in_life_of_a_packet_is_printed() {
    let (args, shown) = example(LIFE_OF_A_PACKET);
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let mut command = Command::new(env!("CARGO_BIN_EXE_packetyard"));
    let output = command.current_dir(root).args(&args).output().expect("the command starts");
    assert!(output.status.success(), "{args:?}: {output:?}");
    let printed = String::from_utf8(output.stdout).expect("it prints UTF-8");
    let difference = shows(&shown, &printed.lines().collect::<Vec<_>>());
    assert_eq!(difference, Ok(()), "{args:?} printed\n{printed}");
}

#[test]
fn a_difference_is_found() {
    assert_eq!(shows(&["a", "b...d", "..."], &["a", "bcd", "e", "f"]), Ok(()));
    assert_eq!(shows(&["a", "...", "f"], &["a", "bcd", "e", "f"]), Ok(()));
    assert!(shows(&["a", "...", "g"], &["a", "f"]).is_err());
    assert!(shows(&["a"], &["a", "b"]).is_err());
    assert!(shows(&["a", "b"], &["a"]).is_err());
    assert!(shows(&["bd...d"], &["bd"]).is_err());
}
