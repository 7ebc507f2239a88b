package main

import (
	"context"
	"fmt"
	"net"
	"slices"
	"strconv"
	"strings"

	"k8s.io/kubernetes/pkg/proxy/ipvs"
	"k8s.io/kubernetes/pkg/proxy/ipvs/ipset"
	ipsettest "k8s.io/kubernetes/pkg/proxy/ipvs/ipset/testing"
	netlinktest "k8s.io/kubernetes/pkg/proxy/ipvs/testing"
	utilipvs "k8s.io/kubernetes/pkg/proxy/ipvs/util"
	ipvstest "k8s.io/kubernetes/pkg/proxy/ipvs/util/testing"
)

// Newer than the oldest ipset that kube-proxy takes.
const ipsetVersion = "7.0"

// The dummy interface that has all Services' addresses.
const dummy = "kube-ipvs0"

// virtualServers is the fake kernel of mode IPVS: sets, servers and addresses, besides the rules of iptables.
type virtualServers struct {
	tables  iptablesTables
	sets    *ipsettest.FakeIPSet
	servers quickServers
	links   *netlinktest.FakeNetlinkHandle
}

// quickServers is upstream's fake, but that it does not sort all real servers of a Service with each that is added.
type quickServers struct {
	*ipvstest.FakeIPVS
}

func (q quickServers) AddRealServer(server *utilipvs.VirtualServer, real *utilipvs.RealServer) error {
	key := ipvstest.ServiceKey{IP: server.Address.String(), Port: server.Port, Protocol: server.Protocol}
	if q.Services[key] == nil {
		return fmt.Errorf("no virtual server %s", &key)
	}
	q.Destinations[key] = append(q.Destinations[key], real)
	return nil
}

func newIPVS(config *Config) (*node, error) {
	fake := virtualServers{
		tables:  newTables(config),
		sets:    ipsettest.NewFake(ipsetVersion),
		servers: quickServers{ipvstest.NewFake()},
		links:   netlinktest.NewFakeNetlinkHandle(config.isIPv6()),
	}
	if err := fake.links.SetLocalAddresses("lo", config.loopback()); err != nil {
		return nil, err
	}
	if err := fake.links.SetLocalAddresses("eth0", config.NodeIPs...); err != nil {
		return nil, err
	}
	proxier, err := ipvs.NewProxier(context.Background(), config.Family, fake.tables, fake.servers, fake.sets,
		config.sysctls(), syncPeriod, minSyncPeriod, nil, false, 0, 0, 0, config.MasqueradeAll, config.MasqueradeBit,
		config.localDetector(), config.NodeName, config.nodeIP(), nil, nil, config.Scheduler, config.NodePortAddresses,
		false)
	if err != nil {
		return nil, err
	}
	if err := replaceCommon(proxier, config); err != nil {
		return nil, err
	}
	if err := replace(proxier, "netlinkHandle", fake.links); err != nil {
		return nil, err
	}
	// A proxier of IPVS goes on after whatever fails, and never says so.
	return &node{Provider: proxier, failed: func() bool { return false }, kernel: fake.kernel}, nil
}

func (v *virtualServers) kernel() Kernel {
	kernel := v.tables.kernel()
	for name, set := range v.sets.Sets {
		lines := []string{created(set)}
		for entry := range v.sets.Entries[name] {
			lines = append(lines, fmt.Sprintf("add %s %s", name, entry))
		}
		kernel["ipset "+name] = lines
	}
	for _, server := range v.servers.Services {
		flag := serverFlag(server)
		lines := []string{"-A " + flag + scheduling(server)}
		real, _ := v.servers.GetRealServers(server)
		for _, r := range real {
			lines = append(lines, fmt.Sprintf("-a %s -r %s -m -w %d", flag, r, r.Weight))
		}
		kernel["ipvs "+flag] = lines
	}
	addresses, _ := v.links.ListBindAddress(dummy)
	// A copy, since the fake goes on with its own.
	kernel["link "+dummy] = slices.Clone(addresses)
	return kernel
}

// created is what `ipset create` gets, with ipset's defaults where kube-proxy leaves them to it
// (pkg/proxy/ipvs/ipset/ipset.go, setIPSetDefaults).
func created(set *ipset.IPSet) string {
	if set.SetType == ipset.BitmapPort {
		ports := set.PortRange
		if ports == "" {
			ports = ipset.DefaultPortRange
		}
		return fmt.Sprintf("create %s %s range %s", set.Name, set.SetType, ports)
	}
	size, most := set.HashSize, set.MaxElem
	if size == 0 {
		size = 1024
	}
	if most == 0 {
		most = 65536
	}
	return fmt.Sprintf("create %s %s family %s hashsize %d maxelem %d", set.Name, set.SetType, set.HashFamily, size, most)
}

// serverFlag names a virtual server as ipvsadm does.
func serverFlag(server *utilipvs.VirtualServer) string {
	flag := map[string]string{"TCP": "-t", "UDP": "-u", "SCTP": "--sctp-service"}[strings.ToUpper(server.Protocol)]
	return flag + " " + net.JoinHostPort(server.Address.String(), strconv.Itoa(int(server.Port)))
}

func scheduling(server *utilipvs.VirtualServer) string {
	text := " -s " + server.Scheduler
	if server.Flags&utilipvs.FlagPersistent != 0 {
		text += fmt.Sprintf(" -p %d", server.Timeout)
	}
	if rest := server.Flags &^ utilipvs.FlagPersistent; rest != 0 {
		text += fmt.Sprintf(" flags %#x", rest)
	}
	return text
}
