//! The simulated Kubernetes.
