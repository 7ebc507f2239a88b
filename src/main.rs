//! The module that the page loads. boot.js calls `packetyard::mount` for each element that wants a lab.

fn main() {
    packetyard::start();
}
