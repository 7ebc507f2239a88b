//! What labels are made of, in apimachinery's words (pkg/api/validate/content: kube.go, dns.go, errors.go).

/// Of a key's name, and of a value.
const MOST_BYTES: usize = 63;
const MOST_BYTES_OF_PREFIX: usize = 253;

const KEY: &str = "must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an \
    alphanumeric character (e.g. 'MyName',  or 'my.name',  or '123-abc', regex used for validation is \
    '([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]')";
const VALUE: &str = "a valid label must be an empty string or consist of alphanumeric characters, '-', '_' or '.', \
    and must start and end with an alphanumeric character (e.g. 'MyValue',  or 'my_value',  or '12345', regex used \
    for validation is '(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?')";
const SUBDOMAIN: &str = "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', \
    and must start and end with an alphanumeric character (e.g. 'example.com', regex used for validation is \
    '[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')";

/// What is wrong with a key (IsLabelKey).
pub fn key(key: &str) -> Vec<String> {
    let (prefix, name) = match key.split('/').collect::<Vec<_>>()[..] {
        [name] => (None, name),
        [prefix, name] => (Some(prefix), name),
        _ => {
            let with = "with an optional DNS subdomain prefix and '/' (e.g. 'example.com/MyName')";
            return vec![format!("a valid label key {KEY} {with}")];
        }
    };
    let mut problems = Vec::new();
    match prefix {
        None => {}
        Some("") => problems.push("prefix part must be non-empty".into()),
        Some(prefix) => problems.extend(subdomain(prefix).iter().map(|what| format!("prefix part {what}"))),
    }
    match name.len() {
        0 => problems.push("name part must be non-empty".into()),
        1..=MOST_BYTES => {}
        _ => problems.push(format!("name part must be no more than {MOST_BYTES} bytes")),
    }
    if !is_framed(name, is_alphanumeric, "-_.") {
        problems.push(format!("name part {KEY}"));
    }
    problems
}

/// What is wrong with a value (IsLabelValue).
pub fn value(value: &str) -> Vec<String> {
    let mut problems = Vec::new();
    if value.len() > MOST_BYTES {
        problems.push(format!("must be no more than {MOST_BYTES} bytes"));
    }
    if !value.is_empty() && !is_framed(value, is_alphanumeric, "-_.") {
        problems.push(VALUE.into());
    }
    problems
}

/// IsDNS1123Subdomain.
fn subdomain(text: &str) -> Vec<String> {
    let mut problems = Vec::new();
    if text.len() > MOST_BYTES_OF_PREFIX {
        problems.push(format!("must be no more than {MOST_BYTES_OF_PREFIX} bytes"));
    }
    let is_lower = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit();
    if !text.split('.').all(|part| is_framed(part, is_lower, "-")) {
        problems.push(SUBDOMAIN.into());
    }
    problems
}

fn is_alphanumeric(c: char) -> bool {
    c.is_ascii_alphanumeric()
}

/// Such characters at both ends, and them or others between.
fn is_framed(text: &str, edge: impl Fn(char) -> bool, between: &str) -> bool {
    text.starts_with(&edge) && text.ends_with(&edge) && text.chars().all(|c| edge(c) || between.contains(c))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_wrong_is_told_in_apimachinerys_words() {
        let long = "a".repeat(64);
        for (of_key, begins) in [
            ("app", &[][..]),
            ("app.kubernetes.io/part-of", &[]),
            ("-a", &["name part must consist of"]),
            ("", &["name part must be non-empty", "name part must consist of"]),
            ("a/", &["name part must be non-empty", "name part must consist of"]),
            ("/a", &["prefix part must be non-empty"]),
            ("A/a", &["prefix part a lowercase RFC 1123 subdomain must consist of"]),
            ("a/b/c", &["a valid label key must consist of"]),
            (&*long, &["name part must be no more than 63 bytes"]),
        ] {
            let found = key(of_key);
            assert_eq!(found.len(), begins.len(), "{of_key}: {found:?}");
            assert!(
                found.iter().zip(begins).all(|(what, begin)| what.starts_with(begin)),
                "{of_key}: {found:?}"
            );
        }
        for (of_value, begins) in [
            ("", &[][..]),
            ("a_b.c", &[]),
            ("a b", &["a valid label must be an empty string"]),
            (&*long, &["must be no more than 63 bytes"]),
        ] {
            let found = value(of_value);
            assert_eq!(found.len(), begins.len(), "{of_value}: {found:?}");
            assert!(
                found.iter().zip(begins).all(|(what, begin)| what.starts_with(begin)),
                "{of_value}: {found:?}"
            );
        }
    }
}
