package main

import (
	"bytes"
	"context"
	"strings"
	"time"

	"k8s.io/kubernetes/pkg/proxy/iptables"
	"k8s.io/kubernetes/pkg/proxy/metrics"
	utiliptables "k8s.io/kubernetes/pkg/util/iptables"
	iptablestest "k8s.io/kubernetes/pkg/util/iptables/testing"
)

// Upstream's defaults; nothing here waits for them.
const (
	syncPeriod    = 30 * time.Second
	minSyncPeriod = time.Second
)

// newIPTables makes a proxier that deletes unused chains in each sync: in a large cluster it would once in 30 s of this
// machine's clock (proxier.go, lastIPTablesCleanup), which is not the simulation's.
func newIPTables(config *Config) (*node, error) {
	tables := newTables(config)
	tables.startKubelet()
	proxier, err := iptables.NewProxier(context.Background(), config.Family, tables, config.sysctls(), syncPeriod,
		minSyncPeriod, config.MasqueradeAll, config.LocalhostNodePorts && !config.isIPv6(), config.MasqueradeBit,
		config.localDetector(), config.NodeName, config.nodeIP(), nil, nil, config.NodePortAddresses, false)
	if err != nil {
		return nil, err
	}
	if err := replaceCommon(proxier, config); err != nil {
		return nil, err
	}
	if err := replace(proxier, "nfacct", nil); err != nil {
		return nil, err
	}
	counters := peek[map[string]bool](proxier, "nfAcctCounters")
	for _, name := range []string{
		metrics.IPTablesCTStateInvalidDroppedNFAcctCounter,
		metrics.LocalhostNodePortAcceptedNFAcctCounter,
	} {
		counters[name] = config.Nfacct
	}
	return &node{
		Provider:   proxier,
		beforeSync: func() error { return replace(proxier, "lastIPTablesCleanup", time.Time{}) },
		failed:     needsFullSync(proxier),
		kernel:     tables.kernel,
	}, nil
}

// iptablesTables is upstream's fake, but that it keeps the quotes of a rule that is ensured, as iptables-save prints them.
type iptablesTables struct {
	*iptablestest.FakeIPTables
}

func newTables(config *Config) iptablesTables {
	fake := iptablestest.NewFake()
	if config.isIPv6() {
		fake = iptablestest.NewIPv6Fake()
	}
	return iptablesTables{fake.SetHasRandomFully(config.RandomFully)}
}

func (t iptablesTables) EnsureRule(
	at utiliptables.RulePosition, table utiliptables.Table, chain utiliptables.Chain, args ...string,
) (bool, error) {
	quoted := make([]string, len(args))
	for i, arg := range args {
		quoted[i] = arg
		if strings.Contains(arg, " ") {
			quoted[i] = `"` + arg + `"`
		}
	}
	return t.FakeIPTables.EnsureRule(at, table, chain, quoted...)
}

// startKubelet leaves what a kubelet has written before kube-proxy starts, which only that of IPv4 does
// (pkg/kubelet/kubelet_network_linux.go, syncIPTablesRules): kube-proxy finds the jumps, and leaves them where they are.
// The model has none of the kubelet's rules in mode IPVS, where kube-proxy has nothing to do with them.
func (t iptablesTables) startKubelet() {
	if t.IsIPv6() {
		return
	}
	_, _ = t.EnsureChain(utiliptables.TableFilter, "KUBE-FIREWALL")
	for _, chain := range []utiliptables.Chain{utiliptables.ChainOutput, utiliptables.ChainInput} {
		_, _ = t.EnsureRule(utiliptables.Prepend, utiliptables.TableFilter, chain, "-j", "KUBE-FIREWALL")
	}
}

// kernel has the chains of the tables filter and nat, as iptables-save prints them. In the table mangle kube-proxy has
// a canary alone, by which it sees that somebody has flushed its rules.
func (t iptablesTables) kernel() Kernel {
	kernel := Kernel{}
	for _, table := range []utiliptables.Table{utiliptables.TableFilter, utiliptables.TableNAT} {
		var saved bytes.Buffer
		_ = t.SaveInto(table, &saved)
		for line := range strings.Lines(saved.String()) {
			line = strings.TrimSuffix(line, "\n")
			words := strings.Fields(line)
			switch {
			case strings.HasPrefix(line, ":"):
				kernel[string(table)+" "+words[0][1:]] = []string{}
			case strings.HasPrefix(line, "-A "):
				chain := string(table) + " " + words[1]
				kernel[chain] = append(kernel[chain], line)
			}
		}
	}
	return kernel
}
