//! Tabs, where the YAML parser and kubectl's (libyaml's rules) do not agree.

use std::borrow::Cow;
use std::collections::BTreeMap;

/// Lines with a tab before their text, and the text's column. Counted from `first`.
pub fn indented(text: &str, first: u32) -> BTreeMap<u32, u32> {
    if !text.contains('\t') {
        return BTreeMap::new();
    }
    let tabbed = |(index, line): (usize, &str)| {
        let width = line.len() - line.trim_start_matches([' ', '\t']).len();
        let column = u32::try_from(width).ok()?.checked_add(1)?;
        let number = first.checked_add(u32::try_from(index).ok()?)?;
        line[..width].contains('\t').then_some((number, column))
    };
    let mut out = BTreeMap::new();
    for (number, column) in text.lines().enumerate().filter_map(tabbed) {
        out.insert(number, column);
    }
    out
}

/// The text with spaces for the tabs between a plain key's colon and its value, which kubectl
/// takes and the parser does not. Lines of block text stay as they are.
pub fn after_keys(text: &str) -> Cow<'_, str> {
    if !text.contains(":\t") {
        return Cow::Borrowed(text);
    }
    let mut out = String::with_capacity(text.len());
    let mut block: Option<usize> = None;
    for line in text.split_inclusive('\n') {
        let content = line.trim_start_matches(' ');
        let indent = line.len() - content.len();
        if block.is_some_and(|outer| indent > outer || content.trim().is_empty()) {
            out.push_str(line);
            continue;
        }
        block = opens_block(content).then_some(indent);
        let tabs = key_end(content).map_or(0..0, |end| {
            let count = content[end..].bytes().take_while(|b| *b == b'\t').count();
            indent + end..indent + end + count
        });
        out.push_str(&line[..tabs.start]);
        out.extend(tabs.clone().map(|_| ' '));
        out.push_str(&line[tabs.end..]);
    }
    Cow::Owned(out)
}

/// Ends in `|` or `>` with their indicators.
fn opens_block(content: &str) -> bool {
    let head = content.split(" #").next().unwrap_or(content).trim_end();
    let last = head.rsplit([' ', '\t']).next().unwrap_or(head);
    last.starts_with(['|', '>']) && last[1..].bytes().all(|b| b"+-123456789".contains(&b))
}

/// Behind the colon of a key at the line's start.
fn key_end(content: &str) -> Option<usize> {
    let key = content.trim_start_matches(['-', ' ']);
    let length = key.find(|c: char| !(c.is_ascii_alphanumeric() || "_./-".contains(c)))?;
    let is_key = length > 0 && key[length..].starts_with(":\t");
    is_key.then_some(content.len() - key.len() + length + 1)
}
