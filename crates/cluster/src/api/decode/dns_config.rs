//! A Pod's `dnsConfig`: core validation.go, validatePodDNSConfig.

use super::field_cursor::FieldCursor;
use super::names::check;
use super::node::address;
use crate::api::diagnostics::Diagnostics;
use crate::api::{DiagnosticKind, NameRule, PodDnsConfig, Rule, Str};

const MAX_NAMESERVERS: usize = 3;
const MAX_SEARCHES: usize = 32;
/// With a blank between two of them.
const MAX_SEARCH_CHARS: usize = 2_048;
/// glibc resolv/resolv.h, RES_MAXNDOTS.
const MAX_NDOTS: u32 = 15;

/// `spec`: the Pod's.
pub fn decode(spec: &FieldCursor<'_>, diagnostics: &mut Diagnostics) -> Option<Box<PodDnsConfig>> {
    let cursor = spec.field("dnsConfig");
    let is_all = spec.field("dnsPolicy").str().is_some_and(|policy| &**policy == "None");
    if !cursor.is_set() {
        if is_all {
            cursor.error(diagnostics, DiagnosticKind::Forbidden { why: Rule::NoDnsConfig });
        }
        return None;
    }
    let (servers, searches) = (cursor.field("nameservers"), cursor.field("searches"));
    if is_all && servers.len() == 0 {
        servers.error(diagnostics, DiagnosticKind::Forbidden { why: Rule::NoNameserver });
        return None;
    }
    at_most(&servers, MAX_NAMESERVERS, Rule::TooManyNameservers, diagnostics);
    let nameservers = (0..servers.len()).filter_map(|i| address(&servers.item(i), diagnostics)).collect();
    Some(Box::new(PodDnsConfig {
        nameservers,
        searches: search_list(&searches, diagnostics),
        ndots: ndots(&cursor.field("options"), diagnostics),
    }))
}

fn at_most(list: &FieldCursor<'_>, most: usize, why: Rule, diagnostics: &mut Diagnostics) {
    if list.len() > most {
        list.error(diagnostics, DiagnosticKind::Violates { value: as_json(&list.strings()), why });
    }
}

fn as_json(texts: &[Str]) -> Str {
    let quoted: Vec<String> = texts.iter().map(|text| format!("{text:?}")).collect();
    format!("[{}]", quoted.join(",")).into()
}

fn search_list(list: &FieldCursor<'_>, diagnostics: &mut Diagnostics) -> Vec<Str> {
    let searches = list.strings();
    at_most(list, MAX_SEARCHES, Rule::TooManySearches, diagnostics);
    let chars: usize = searches.iter().map(|search| search.len() + 1).sum();
    if chars.saturating_sub(1) > MAX_SEARCH_CHARS {
        list.error(
            diagnostics,
            DiagnosticKind::Violates { value: as_json(&searches), why: Rule::LongSearchList },
        );
    }
    for (index, search) in searches.iter().enumerate().filter(|(_, search)| &***search != ".") {
        let name = search.strip_suffix('.').unwrap_or(search);
        check(&list.item(index), name, NameRule::SearchDomain, diagnostics);
    }
    searches
}

/// glibc resolv/res_init.c, res_setoptions: a number like C's atoi reads it, of which no more than 15 counts; the last
/// option of a name holds.
fn ndots(options: &FieldCursor<'_>, diagnostics: &mut Diagnostics) -> Option<u32> {
    let mut ndots = None;
    for option in (0..options.len()).map(|i| options.item(i)) {
        let name = option.field("name");
        if name.text().is_none() {
            option.error(diagnostics, DiagnosticKind::Forbidden { why: Rule::NoOptionName });
        }
        if name.str().is_some_and(|name| &**name == "ndots") {
            let value = option.field("value").str().map_or("", |value| value);
            let digits: String = value.trim_start().chars().take_while(char::is_ascii_digit).collect();
            // More digits than a number holds are more than 15, too.
            let number = if digits.is_empty() { 0 } else { digits.parse().unwrap_or(MAX_NDOTS) };
            ndots = Some(number.min(MAX_NDOTS));
        }
    }
    ndots
}
