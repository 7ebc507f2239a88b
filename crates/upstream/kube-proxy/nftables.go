package main

import (
	"context"
	"fmt"
	"strings"
	"time"

	"k8s.io/kubernetes/pkg/proxy/nftables"
	"sigs.k8s.io/knftables"
)

func newNFTables(config *Config) (*node, error) {
	addresses := config.NodePortAddresses
	if len(addresses) == 0 {
		// The default is `primary` (cmd/kube-proxy/app/server_linux.go, platformApplyDefaults).
		bits := 32
		if config.isIPv6() {
			bits = 128
		}
		addresses = []string{fmt.Sprintf("%s/%d", config.NodeIP, bits)}
	}
	proxier, err := nftables.NewProxier(context.Background(), config.Family, syncPeriod, minSyncPeriod,
		config.MasqueradeAll, config.MasqueradeBit, config.localDetector(), config.NodeName, config.nodeIP(), nil, nil,
		addresses, false)
	if err != nil {
		return nil, err
	}
	if err := replaceCommon(proxier, config); err != nil {
		return nil, err
	}
	family := knftables.IPv4Family
	if config.isIPv6() {
		family = knftables.IPv6Family
	}
	nft := &nftTable{knftables.NewFake(family, "kube-proxy")}
	if err := replace(proxier, "nftables", nft); err != nil {
		return nil, err
	}
	return &node{Provider: proxier, failed: needsFullSync(proxier), kernel: nft.kernel}, nil
}

// nftTable is upstream's fake, but for two things in which the fake is not as nft and the kernel are.
type nftTable struct {
	*knftables.Fake
}

// Run refuses a long comment, as nft does (nftables src/parser_bison.y, comment_spec: "comment too long, 128 characters
// maximum allowed"), and gives a set that is there already the time-out with which it is added once more, as Linux does
// since 6.2 (net/netfilter/nf_tables_api.c, nf_tables_newset).
func (n *nftTable) Run(ctx context.Context, tx *knftables.Transaction) error {
	lines := strings.Split(tx.String(), "\n")
	for _, line := range lines {
		if text := between(line, ` comment "`, `"`); len(text) > knftables.CommentLengthMax {
			return fmt.Errorf("comment too long: %s", text)
		}
	}
	if err := n.Fake.Run(ctx, tx); err != nil {
		return err
	}
	n.Lock()
	defer n.Unlock()
	for _, line := range lines {
		words := strings.Fields(line)
		if len(words) < 5 || words[0] != "add" || words[1] != "set" {
			continue
		}
		timeout, err := time.ParseDuration(between(line, " timeout ", " "))
		if set := n.Table.Sets[words[4]]; set != nil && err == nil {
			set.Timeout = &timeout
		}
	}
	return nil
}

func between(line, start, end string) string {
	_, rest, _ := strings.Cut(line, start)
	text, _, _ := strings.Cut(rest, end)
	return text
}

// kernel has the chains, sets and maps of the table, each with its own properties before what it holds.
func (n *nftTable) kernel() Kernel {
	n.RLock()
	defer n.RUnlock()
	kernel := Kernel{}
	if n.Table == nil {
		return kernel
	}
	for name, chain := range n.Table.Chains {
		lines := []string{}
		if chain.Type != nil {
			lines = append(lines, fmt.Sprintf("type %s hook %s priority %s", *chain.Type, *chain.Hook, *chain.Priority))
		}
		lines = append(lines, comment(chain.Comment)...)
		for _, rule := range chain.Rules {
			lines = append(lines, strings.Join(append([]string{rule.Rule}, comment(rule.Comment)...), " "))
		}
		kernel["chain "+name] = lines
	}
	for name, set := range n.Table.Sets {
		lines := properties(set.Type, set.TypeOf, set.Flags, set.Timeout, set.Comment)
		kernel["set "+name] = append(lines, elements(set.Elements)...)
	}
	for name, verdicts := range n.Table.Maps {
		lines := properties(verdicts.Type, verdicts.TypeOf, verdicts.Flags, verdicts.Timeout, verdicts.Comment)
		kernel["map "+name] = append(lines, elements(verdicts.Elements)...)
	}
	return kernel
}

func comment(text *string) []string {
	if text == nil {
		return nil
	}
	return []string{fmt.Sprintf("comment %q", *text)}
}

func properties(
	typed, typeOf string, flags []knftables.SetFlag, timeout *time.Duration, text *string,
) []string {
	lines := []string{}
	if typed != "" {
		lines = append(lines, "type "+typed)
	}
	if typeOf != "" {
		lines = append(lines, "typeof "+typeOf)
	}
	for _, flag := range flags {
		lines = append(lines, "flags "+string(flag))
	}
	if timeout != nil {
		lines = append(lines, fmt.Sprintf("timeout %ds", int64(timeout.Seconds())))
	}
	return append(lines, comment(text)...)
}

func elements(all []*knftables.Element) []string {
	lines := []string{}
	for _, element := range all {
		line := "element " + strings.Join(element.Key, " . ")
		line = strings.Join(append([]string{line}, comment(element.Comment)...), " ")
		if len(element.Value) > 0 {
			line += " : " + strings.Join(element.Value, " . ")
		}
		lines = append(lines, line)
	}
	return lines
}
