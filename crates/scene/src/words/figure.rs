//! What a still figure is of, for those who do not see it.

use cluster::sim::Moment;

use crate::facts::{Facts, PodState};

/// `3 Services on 3 nodes at 6.099 s`
pub fn figure_title(facts: &Facts, at: Moment) -> String {
    let (services, nodes) = (count(facts.services.len(), "Service"), count(facts.nodes.len(), "node"));
    match at {
        Moment::ORIGIN => format!("{services} on {nodes} as the clients begin"),
        at => format!("{services} on {nodes} at {}", ::words::moment(at)),
    }
}

/// `packets`: on their way. `selected`: what the figure brings forward.
pub fn figure_description(facts: &Facts, packets: usize, failed: usize, selected: Option<&str>) -> String {
    let outside = match (facts.clients.len(), facts.balancers.len()) {
        (0, 0) => NOBODY.to_owned(),
        (clients, 0) => format!("Outside: {}.", count(clients, "client")),
        (0, balancers) => format!("Outside: {}.", count(balancers, "load balancer")),
        (clients, balancers) => {
            format!("Outside: {}, {}.", count(clients, "client"), count(balancers, "load balancer"))
        }
    };
    let unready = facts.pods.iter().filter(|pod| pod.state != PodState::Ready).count();
    let (services, nodes) = (count(facts.services.len(), "Service"), count(facts.nodes.len(), "node"));
    let pods = match unready {
        0 => count(facts.pods.len(), "Pod"),
        unready => format!("{}, {unready} not ready", count(facts.pods.len(), "Pod")),
    };
    let failed = match failed {
        0 => String::new(),
        failed => format!(" Lately failed: {}.", count(failed, "packet")),
    };
    let selected = selected.map(|name| format!(" Selected: {name}.")).unwrap_or_default();
    let packets = count(packets, "packet");
    format!(
        "{outside} In the cluster: {services}, {nodes}, {pods}. On their way: {packets}.{failed}{selected}"
    )
}

const NOBODY: &str = "Outside: nobody.";

fn count(count: usize, what: &str) -> String {
    if count == 1 { format!("1 {what}") } else { format!("{count} {what}s") }
}
