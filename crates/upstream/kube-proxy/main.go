// Command kube-proxy runs Kubernetes' own kube-proxy, one IP family of one node, on what that node has seen, and prints
// what the kernel then holds. It reads one session a line from standard input and answers each with one line.
//
// k8s.io/kubernetes is imported as it is. Only what would touch this machine is replaced, by upstream's own fakes of
// the kernel's tools (doubles.go).
package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"path/filepath"

	v1 "k8s.io/api/core/v1"
	discovery "k8s.io/api/discovery/v1"
	"k8s.io/klog/v2"
)

// Session is the life of one proxier, from its start to its last sync.
type Session struct {
	Config Config `json:"config"`
	Syncs  []Sync `json:"syncs"`
}

// Config is KubeProxyConfiguration under its own names, and what kube-proxy finds on its node.
type Config struct {
	Mode               string      `json:"mode"`
	Family             v1.IPFamily `json:"family"`
	MasqueradeAll      bool        `json:"masqueradeAll"`
	MasqueradeBit      int         `json:"masqueradeBit"`
	NodePortAddresses  []string    `json:"nodePortAddresses"`
	LocalhostNodePorts bool        `json:"localhostNodePorts"`
	Scheduler          string      `json:"scheduler"`
	// ClusterCIDR is the range that the detector of local traffic takes for Pods; empty: no detector.
	ClusterCIDR string `json:"clusterCIDR"`
	// BridgeInterface or InterfaceNamePrefix is what the detector goes by instead, if it is not empty.
	BridgeInterface     string   `json:"bridgeInterface"`
	InterfaceNamePrefix string   `json:"interfaceNamePrefix"`
	ServiceCIDRs        []string `json:"serviceCIDRs"`

	NodeName string `json:"nodeName"`
	NodeIP   string `json:"nodeIP"`
	// NodeIPs are the addresses of all interfaces but the loopback.
	NodeIPs []string `json:"nodeIPs"`
	// RandomFully says whether iptables has MASQUERADE --random-fully.
	RandomFully  bool `json:"randomFully"`
	Nfacct       bool `json:"nfacct"`
	TCPBeLiberal bool `json:"tcpBeLiberal"`
}

// Sync is what the node has seen since the sync before.
type Sync struct {
	// Zone is the node's label topology.kubernetes.io/zone.
	Zone           string                            `json:"zone"`
	Services       []Change[v1.Service]              `json:"services"`
	EndpointSlices []Change[discovery.EndpointSlice] `json:"endpointSlices"`
}

// Change of an object: without Old it was added, without New it was deleted.
type Change[T any] struct {
	Old *T `json:"old"`
	New *T `json:"new"`
}

// Kernel is what the kernel holds: the lines of each chain, set and virtual server, in their order.
type Kernel map[string][]string

// Outcome of one sync. One that failed leaves the kernel as it was, and will be tried again.
type Outcome struct {
	Failed bool   `json:"failed"`
	Kernel Kernel `json:"kernel"`
}

type Answer struct {
	Outcomes []Outcome `json:"outcomes"`
	Error    string    `json:"error,omitempty"`
}

func main() {
	if filepath.Base(os.Args[0]) == "nft" {
		standInForNft()
		return
	}
	if err := run(); err != nil {
		fmt.Fprintln(os.Stderr, "kube-proxy:", err)
		os.Exit(1)
	}
}

func run() error {
	// What kube-proxy logs says nothing that the outcome does not.
	klog.SetLogger(klog.Logger{})
	remove, err := putNftOnPath()
	if err != nil {
		return err
	}
	defer remove()
	sessions := json.NewDecoder(bufio.NewReader(os.Stdin))
	answers := json.NewEncoder(os.Stdout)
	answers.SetEscapeHTML(false)
	for {
		var session Session
		if err := sessions.Decode(&session); err == io.EOF {
			return nil
		} else if err != nil {
			return err
		}
		if err := answers.Encode(answer(&session)); err != nil {
			return err
		}
	}
}

func answer(session *Session) Answer {
	outcomes, err := play(session)
	if err != nil {
		return Answer{Error: err.Error()}
	}
	return Answer{Outcomes: outcomes}
}
