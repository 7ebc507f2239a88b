//! Every sentence and label of the picture, by what it is about.

mod clients;
mod figure;
mod nodes;
mod outcomes;
mod pods;
mod rules;
mod services;

use netfilter::{Cidr, PerFamily};

pub use clients::*;
pub use figure::*;
pub use nodes::*;
pub use outcomes::*;
pub use pods::*;
pub use rules::*;
pub use services::*;

pub const DIAGRAM: &str = "The cluster. Arrow keys go from box to box, Enter selects, \
    Shift and F10 opens the menu of a box, Escape clears the selection, plus, minus and 0 zoom.";
pub const OUTSIDE: &str = "Outside";
pub const CLUSTER: &str = "Cluster";
/// What the button says that shows and hides them.
pub const SYSTEM_OBJECTS: &str = "The cluster's own Pods and Services: its DNS, and the API server's address";
pub const ZOOM_IN: &str = "Zoom in";
pub const ZOOM_OUT: &str = "Zoom out";
pub const ZOOM_FIT: &str = "Fit the cluster into the view";
pub const TYPE_OF: &str = "Type of";
pub const NO_ADDRESS_YET: &str = "no address yet";
pub const ZOOM: &str = "Zoom";

/// The Pods' ranges and the Services', of each family.
pub fn ranges(pods: &PerFamily<Cidr>, services: &PerFamily<Cidr>) -> String {
    format!("Pods {} · Services {}", listed(pods), listed(services))
}

fn listed(ranges: &PerFamily<Cidr>) -> String {
    let texts: Vec<String> = ranges.values().map(ToString::to_string).collect();
    texts.join(", ")
}

/// `web-7dw8c-x2k4m` in ten letters is `web-…x2k4m`: what tells Pods apart is at the end.
pub fn shorten(name: &str, most: usize) -> String {
    let count = name.chars().count();
    if count <= most || most < 4 {
        return name.to_owned();
    }
    let tail = 5.min((most - 1) / 2);
    let head: String = name.chars().take(most - 1 - tail).collect();
    let tail: String = name.chars().skip(count - tail).collect();
    format!("{head}…{tail}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_ranges_of_each_family_are_named() {
        let scenario = |spec: &str| {
            let text = format!("apiVersion: packetyard/v1alpha1\nkind: Scenario\nspec: {spec}\n");
            let (run, _) = cluster::sim::Run::new(&cluster::api::parse(&text), Some(7));
            let facts = crate::facts::Facts::of(run.world(), Default::default());
            ranges(&facts.pod_ranges, &facts.service_ranges)
        };
        assert_eq!(scenario("{}"), "Pods 10.244.0.0/16 · Services 10.96.0.0/12");
        assert_eq!(
            scenario("{podCIDR: 'fd00:1::/56,10.1.0.0/16', serviceCIDR: '10.2.0.0/16,fd00:2::/112'}"),
            "Pods fd00:1::/56, 10.1.0.0/16 · Services 10.2.0.0/16, fd00:2::/112"
        );
    }

    #[test]
    fn names_are_shortened_in_the_middle() {
        assert_eq!(shorten("web-x2k4m", 10), "web-x2k4m");
        assert_eq!(shorten("recommendationservice-7dw8c-x2k4m", 13), "recomme…x2k4m");
        assert_eq!(shorten("web-7dw8c-x2k4m", 10), "web-7…2k4m");
    }
}
