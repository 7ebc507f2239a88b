//! What a client calls: `http://web`, `web:8080`, `10.244.1.4:8080`, `service/shop/web`.

use std::net::IpAddr;

use crate::api::{NsName, Str};
use netfilter::Protocol;

/// A client's target, taken apart.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Target {
    /// A name or an address, and a port.
    Host { host: Str, port: u16 },
    /// A Service by its current external address.
    WayIn { service: NsName, port: Option<u16> },
}

impl Target {
    /// What a client of that protocol calls. A ping has no port: `web`, `10.244.1.4`, `fd00::1`.
    pub fn of(text: &str, protocol: Protocol) -> Option<Target> {
        match protocol {
            Protocol::Tcp | Protocol::Udp | Protocol::Sctp => Target::parse(text),
            Protocol::Icmp => to_ping(text),
        }
    }

    /// `None` if the text is not a valid target. The default port is 80 (443 after `https://`).
    pub fn parse(text: &str) -> Option<Target> {
        if let Some(rest) = text.strip_prefix("service/") {
            return way_in(rest);
        }
        let (rest, default_port) = match scheme(text) {
            Some(("https" | "grpcs", rest)) => (rest, 443),
            Some((_, rest)) => (rest, 80),
            None => (text, 80),
        };
        let authority = rest.split(['/', '?', '#']).next()?;
        let (host, port) = split_port(authority, default_port)?;
        (!host.is_empty() && port != 0).then(|| Target::Host { host: host.into(), port })
    }
}

fn to_ping(text: &str) -> Option<Target> {
    if let Some(rest) = text.strip_prefix("service/") {
        return way_in(rest).filter(|target| matches!(target, Target::WayIn { port: None, .. }));
    }
    let is_address = text.parse::<IpAddr>().is_ok();
    let is_host = is_address || !text.is_empty() && !text.contains([':', '/', '?', '#', '[']);
    is_host.then(|| Target::Host { host: text.into(), port: 0 })
}

/// What stands before and after `://`.
pub(super) fn scheme(text: &str) -> Option<(&str, &str)> {
    text.match_indices(':').find_map(|(at, _)| Some((&text[..at], text[at..].strip_prefix("://")?)))
}

fn way_in(rest: &str) -> Option<Target> {
    let (rest, port) = match rest.split_once(':') {
        Some((rest, port)) => (rest, Some(port.parse().ok()?)),
        None => (rest, None),
    };
    let (namespace, name) = rest.split_once('/')?;
    Some(Target::WayIn { service: NsName::new(namespace, name), port })
}

fn split_port(authority: &str, default_port: u16) -> Option<(&str, u16)> {
    if let Some(rest) = authority.strip_prefix('[') {
        let (host, after) = rest.split_once(']')?;
        return match after.strip_prefix(':') {
            Some(port) => Some((host, port.parse().ok()?)),
            None => after.is_empty().then_some((host, default_port)),
        };
    }
    match authority.rsplit_once(':') {
        Some((host, port)) => Some((host, port.parse().ok()?)),
        None => Some((authority, default_port)),
    }
}

impl std::fmt::Display for Target {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            // Of a ping.
            Target::Host { host, port: 0 } => f.write_str(host),
            Target::Host { host, port } if host.contains(':') => write!(f, "[{host}]:{port}"),
            Target::Host { host, port } => write!(f, "{host}:{port}"),
            Target::WayIn { service, port: Some(port) } => write!(f, "service/{service}:{port}"),
            Target::WayIn { service, port: None } => write!(f, "service/{service}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn targets_are_taken_apart() {
        let check = |text: &str, expected: &str| {
            let parsed = Target::parse(text).map(|t| t.to_string());
            assert_eq!(parsed.as_deref(), (!expected.is_empty()).then_some(expected), "{text}");
        };
        check("http://web", "web:80");
        check("https://web/path?x=1", "web:443");
        check("cartservice:7070", "cartservice:7070");
        check("10.244.1.4:8080", "10.244.1.4:8080");
        check("http://[fd00::1]:81/", "[fd00::1]:81");
        check("service/default/web", "service/default/web");
        check("service/default/web:443", "service/default/web:443");
        check("web:http", "");
        check(":80", "");
        check("web:70000", "");
    }

    #[test]
    fn a_ping_has_no_port() {
        let check = |text: &str, host: Option<&str>| {
            let target = Target::of(text, Protocol::Icmp);
            let host = host.map(|host| Target::Host { host: host.into(), port: 0 });
            assert_eq!(target, host, "{text}");
        };
        check("web.shop", Some("web.shop"));
        check("fd00::1", Some("fd00::1"));
        assert_eq!(
            Target::of("fd00::1", Protocol::Icmp).map(|to| to.to_string()).as_deref(),
            Some("fd00::1")
        );
        check("web:80", None);
        check("http://web", None);
        check("service/default/web:80", None);
    }
}
