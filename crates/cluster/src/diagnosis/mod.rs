//! Why objects are not as somebody would have them: what a Service lacks to have endpoints, and a Pod to be ready.
//! Questions to a World, which views ask; nothing in the simulation goes by the answers.

mod not_made;
mod pod;
mod ports;
mod service;
mod template;

pub use not_made::NotMade;
pub use pod::{ContainerTrouble, Ending, NotReady};
pub use ports::{AskedBy, AskedPort};
pub use service::{MissingEndpoints, NoEndpoints, PortName};
