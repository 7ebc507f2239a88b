//! What a node's rules say of the Service that is looked at.

use crate::facts::{Row, RowKind};
use crate::{MOST_ROWS, Scene, words};

/// Whose rules they are.
pub fn rules_title(scene: &Scene, is_narrow: bool) -> String {
    let service = scene.focus.and_then(|uid| scene.facts.services.iter().find(|service| service.uid == uid));
    let name = service.map(|service| &*service.key.name);
    if is_narrow { name.unwrap_or_default().to_owned() } else { words::rules_for(name) }
}

/// Which rows fit, in their order. Rows with something to report come before the first ones.
pub fn rows_that_fit(rows: &[Row], is_hit: impl Fn(&Row) -> bool) -> Vec<usize> {
    let most = if rows.len() > MOST_ROWS { MOST_ROWS - 1 } else { rows.len() };
    let is_notable =
        |i: &usize| is_hit(&rows[*i]) || rows[*i].stale || !matches!(rows[*i].kind, RowKind::Endpoint { .. });
    let mut notable = (0..rows.len()).filter(is_notable).take(most).count();
    let mut others = most - notable;
    let mut take = |i: &usize| {
        let left = if is_notable(i) { &mut notable } else { &mut others };
        let fits = *left > 0;
        *left -= usize::from(fits);
        fits
    };
    (0..rows.len()).filter(|i| take(i)).collect()
}

/// How a row stands among the others.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RowTone {
    Usual,
    /// It is not in force yet.
    New,
    /// Rules written now would not have it.
    Stale,
    Refuses,
    Note,
}

impl RowTone {
    pub fn of(row: &Row) -> RowTone {
        match (&row.kind, row.stale) {
            (RowKind::Missing, _) => RowTone::New,
            (RowKind::Endpoint { .. } | RowKind::Stop(_) | RowKind::Note { .. }, true) => RowTone::Stale,
            (RowKind::Stop(_), false) => RowTone::Refuses,
            (RowKind::Note { .. }, false) => RowTone::Note,
            (RowKind::Endpoint { .. }, false) => RowTone::Usual,
        }
    }
}

/// What it leads to, and how likely or why.
pub fn row_words(row: &Row, is_narrow: bool) -> (String, String) {
    let endpoint = || row.endpoint.map(|e| e.to_string()).unwrap_or_default();
    let (what, chance) = match &row.kind {
        RowKind::Endpoint { one_in, by, only } => {
            (endpoint(), [only.map_or("", words::only), &words::chance(*one_in, *by)].concat())
        }
        RowKind::Missing => (endpoint(), words::row_missing(is_narrow).to_owned()),
        RowKind::Note { what, why, .. } => (what.clone(), why.clone()),
        RowKind::Stop(stop) => {
            let (what, why) = words::stop(*stop);
            (what.to_owned(), why.to_owned())
        }
    };
    match row.number {
        Some(port) => (format!("{port} → {what}"), chance),
        None => (what, chance),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use cluster::node::kube_proxy::ServicePortName;

    #[test]
    fn what_tells_something_has_room_however_many_rows_there_are() {
        let port = ServicePortName {
            service: cluster::api::NsName::new("default", "web"),
            port: "".into(),
            protocol: netfilter::Protocol::Tcp,
        };
        let port = std::sync::Arc::new(port);
        let row = |i: u16, stale| Row {
            port: port.clone(),
            number: None,
            endpoint: Some(std::net::SocketAddr::new([10, 0, 0, 1].into(), i)),
            kind: RowKind::Endpoint { one_in: None, by: None, only: None },
            stale,
        };
        let rows: Vec<Row> = (0..40).map(|i| row(i, i == 30)).collect();
        let hit = rows_that_fit(&rows, |row| row.endpoint.is_some_and(|e| e.port() == 20));
        assert_eq!(hit, [0, 1, 2, 20, 30]);
        assert_eq!(rows_that_fit(&rows[..4], |_| false), [0, 1, 2, 3]);
    }
}
