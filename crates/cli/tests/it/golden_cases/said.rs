//! What is said of a text, without what kubectl, or our command, sets around the API server's sentences: the file, the
//! object, the place.

#[derive(Debug, Default)]
pub struct Said {
    /// In the order of the alphabet.
    pub errors: Vec<String>,
    pub warnings: Vec<String>,
}

/// Parts of kubectl's frame that end with the second text.
const FRAMES: [(&str, &str); 6] = [
    ("The ", " is invalid: "),
    ("Error from server (", "): "),
    ("error when creating ", "\": "),
    ("unable to decode ", "\": "),
    ("error validating ", "\": "),
    ("resource mapping not found ", "from \"1.yaml\": "),
];
const BEFORE: [&str; 3] = ["* ", "error: ", "from server for: \"1.yaml\": "];
const WITHOUT_NEWS: [&str; 6] = [
    "exit ",
    "ensure CRDs are installed first",
    "error when retrieving current configuration of:",
    "Resource: ",
    "Name: ",
    "The ",
];

impl Said {
    /// kubectl apply's output, and its exit status as the last line.
    pub fn kubectls(text: &str) -> Said {
        let mut said = Said::default();
        let is_done = |line: &str| {
            ["created", "configured", "unchanged"].iter().any(|word| line.ends_with(&format!(" {word}")))
                && line.split(' ').count() == 2
        };
        for line in text.lines().filter(|line| !is_done(line)) {
            if let Some(warning) = line.strip_prefix("Warning: ") {
                said.warnings.push(warning.into());
                continue;
            }
            let sentence = unframed(line);
            if !sentence.is_empty() && !WITHOUT_NEWS.iter().any(|start| sentence.starts_with(start)) {
                said.errors.push(sentence.into());
            }
        }
        said.errors.sort();
        said.warnings.sort();
        said
    }

    /// Our command's standard error: of the first text, or of the one that is applied at that second.
    pub fn ours(text: &str, second: usize) -> Said {
        let mut said = Said::default();
        let refused = format!("packetyard: refused at {second}.000 s: ");
        for line in text.lines() {
            if let Some(warning) = line.strip_prefix("Warning: ") {
                said.warnings.push(warning.into());
                continue;
            }
            let finding = match second {
                0 => placed(line).strip_prefix("error: "),
                _ => line.strip_prefix(&refused).map(placed),
            };
            said.errors.extend(finding.map(|finding| without_object(finding).to_string()));
        }
        said.errors.sort();
        said
    }
}

fn unframed(line: &str) -> &str {
    let mut line = line.trim();
    loop {
        let before = line;
        for start in BEFORE {
            line = line.strip_prefix(start).unwrap_or(line);
        }
        for (start, end) in FRAMES {
            if line.starts_with(start)
                && let Some((_, rest)) = line.split_once(end)
            {
                line = rest;
            }
        }
        line = line.split("; if you choose to ignore these errors").next().unwrap_or(line);
        if line == before {
            return line;
        }
    }
}

/// Without `4:7: `.
fn placed(line: &str) -> &str {
    match line.split_once(": ") {
        Some((place, rest)) if place.split(':').all(|part| part.parse::<u32>().is_ok()) => rest,
        Some(_) | None => line,
    }
}

/// Without `Service default/web: `, of whatever kind.
fn without_object(line: &str) -> &str {
    match line.split_once(": ") {
        Some((object, rest)) if object.split(' ').count() == 2 => rest,
        Some(_) | None => line,
    }
}
