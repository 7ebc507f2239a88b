//! TestCategorizeEndpoints (pkg/proxy/topology_test.go).
