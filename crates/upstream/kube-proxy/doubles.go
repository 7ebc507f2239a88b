package main

import (
	"fmt"
	"net"
	"os"
	"path/filepath"
	"reflect"
	"unsafe"

	v1 "k8s.io/api/core/v1"
	sysctltest "k8s.io/component-helpers/node/util/sysctl/testing"
	"k8s.io/kubernetes/pkg/proxy/conntrack"
	"k8s.io/kubernetes/pkg/proxy/healthcheck"
	proxyutil "k8s.io/kubernetes/pkg/proxy/util"
)

// replace puts a double in the place of a proxier's own handle. The fields are not exported, and NewProxier takes only
// some of them as arguments; a field that upstream renames stops the program.
func replace(proxier any, field string, double any) error {
	f := reflect.ValueOf(proxier).Elem().FieldByName(field)
	if !f.IsValid() {
		return fmt.Errorf("%T has no field %s any more", proxier, field)
	}
	f = reflect.NewAt(f.Type(), unsafe.Pointer(f.UnsafeAddr())).Elem()
	if double == nil {
		f.SetZero()
		return nil
	}
	f.Set(reflect.ValueOf(double))
	return nil
}

// peek reads a field that is not exported.
func peek[T any](proxier any, field string) T {
	f := reflect.ValueOf(proxier).Elem().FieldByName(field)
	return *(*T)(unsafe.Pointer(f.UnsafeAddr()))
}

// replaceCommon replaces what each of the three proxiers has: connection tracking, the health check server's sockets,
// and the list of this machine's addresses.
func replaceCommon(proxier any, config *Config) error {
	for field, double := range map[string]any{
		"conntrack":           conntrack.NewFake(),
		"serviceHealthServer": healthcheck.NewFakeServiceHealthServer(),
		"networkInterfacer":   interfaces(config),
	} {
		if err := replace(proxier, field, double); err != nil {
			return err
		}
	}
	return nil
}

// needsFullSync is what the proxiers of iptables and nftables set when a sync has failed.
func needsFullSync(proxier any) func() bool {
	return func() bool { return peek[bool](proxier, "needFullSync") }
}

// interfaceAddrs are the addresses of a node's interfaces.
type interfaceAddrs []net.Addr

func (a interfaceAddrs) InterfaceAddrs() ([]net.Addr, error) { return a, nil }

func interfaces(config *Config) interfaceAddrs {
	var addrs interfaceAddrs
	for _, ip := range append([]string{config.loopback()}, config.NodeIPs...) {
		// kube-proxy looks at the address alone.
		parsed := net.ParseIP(ip)
		addrs = append(addrs, &net.IPNet{IP: parsed, Mask: net.CIDRMask(len(parsed)*8, len(parsed)*8)})
	}
	return addrs
}

func (c *Config) isIPv6() bool { return c.Family == v1.IPv6Protocol }

func (c *Config) loopback() string {
	if c.isIPv6() {
		return "::1"
	}
	return "127.0.0.1"
}

func (c *Config) nodeIP() net.IP { return net.ParseIP(c.NodeIP) }

func (c *Config) localDetector() proxyutil.LocalTrafficDetector {
	switch {
	case c.BridgeInterface != "":
		return proxyutil.NewDetectLocalByBridgeInterface(c.BridgeInterface)
	case c.InterfaceNamePrefix != "":
		return proxyutil.NewDetectLocalByInterfaceNamePrefix(c.InterfaceNamePrefix)
	case c.ClusterCIDR != "":
		return proxyutil.NewDetectLocalByCIDR(c.ClusterCIDR)
	}
	return proxyutil.NewNoOpLocalDetector()
}

// sysctls has all those that a proxier reads or sets; upstream's fake knows no others.
func (c *Config) sysctls() *sysctltest.Fake {
	fake := sysctltest.NewFake()
	for _, name := range []string{
		"net/ipv4/conf/all/route_localnet",
		"net/ipv4/ip_forward",
		"net/ipv4/vs/conn_reuse_mode",
		"net/ipv4/vs/conntrack",
		"net/ipv4/vs/expire_nodest_conn",
		"net/ipv4/vs/expire_quiescent_template",
		"net/netfilter/nf_conntrack_tcp_be_liberal",
	} {
		fake.Settings[name] = 0
	}
	if c.TCPBeLiberal {
		fake.Settings["net/netfilter/nf_conntrack_tcp_be_liberal"] = 1
	}
	return fake
}

// putNftOnPath makes this program the nft that nftables.NewProxier asks for its version before the fake takes its
// place: so it runs where there is none.
func putNftOnPath() (remove func(), err error) {
	program, err := os.Executable()
	if err != nil {
		return nil, err
	}
	dir, err := os.MkdirTemp("", "kube-proxy-")
	if err != nil {
		return nil, err
	}
	if err := os.Symlink(program, filepath.Join(dir, "nft")); err != nil {
		return nil, err
	}
	// pkg/proxy/nftables/supported.go: what this machine's kernel can do is nothing to a fake.
	for name, value := range map[string]string{"PATH": dir, "KUBE_PROXY_NFTABLES_SKIP_KERNEL_VERSION_CHECK": "yes"} {
		if err := os.Setenv(name, value); err != nil {
			return nil, err
		}
	}
	return func() { _ = os.RemoveAll(dir) }, nil
}

func standInForNft() { fmt.Println("nftables v1.0.6 (a double)") }
