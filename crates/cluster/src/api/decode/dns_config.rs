//! A Pod's `dnsConfig`: core validation.go, validatePodDNSConfig.

use super::field_cursor::FieldCursor;
use super::names::check;
use super::node::address;
use crate::api::diagnostics::Diagnostics;
use crate::api::{DiagnosticKind, NameRule, PodDnsConfig, Rule, Str};

/// glibc resolv/resolv.h, RES_MAXNDOTS.
const MAX_NDOTS: u32 = 15;
/// RES_DFLNDOTS.
const DEFAULT_NDOTS: u32 = 1;

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
    at_most(&servers, PodDnsConfig::MAX_NAMESERVERS, Rule::TooManyNameservers, diagnostics);
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
    at_most(list, PodDnsConfig::MAX_SEARCHES, Rule::TooManySearches, diagnostics);
    let chars: usize = searches.iter().map(|search| search.len() + 1).sum();
    if chars.saturating_sub(1) > PodDnsConfig::MAX_SEARCH_CHARS {
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

/// The last option of a name holds. glibc resolv/res_init.c, res_setoptions, looks for `ndots:` with what C's atoi
/// takes for a number, of which no more than 15 counts; what has no value is no option, so its own default holds.
fn ndots(options: &FieldCursor<'_>, diagnostics: &mut Diagnostics) -> Option<u32> {
    let mut ndots = None;
    for option in (0..options.len()).map(|i| options.item(i)) {
        let name = option.field("name");
        if name.text().is_none() {
            option.error(diagnostics, DiagnosticKind::Forbidden { why: Rule::NoOptionName });
        }
        if name.str().is_some_and(|name| &**name == "ndots") {
            let value = option.field("value").text();
            ndots = Some(value.map_or(DEFAULT_NDOTS, |value| atoi(value).min(MAX_NDOTS)));
        }
    }
    ndots
}

/// Without a minus sign, which nobody writes here.
fn atoi(text: &str) -> u32 {
    let text = text.trim_start();
    let digits: String =
        text.strip_prefix('+').unwrap_or(text).chars().take_while(char::is_ascii_digit).collect();
    // More digits than a number holds are a large number, too.
    if digits.is_empty() { 0 } else { digits.parse().unwrap_or(u32::MAX) }
}
