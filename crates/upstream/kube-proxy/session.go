package main

import (
	"fmt"

	v1 "k8s.io/api/core/v1"
	discovery "k8s.io/api/discovery/v1"
	"k8s.io/kubernetes/pkg/proxy"
	"k8s.io/kubernetes/pkg/proxy/apis"
)

// node is a proxier and the fake kernel beneath it.
type node struct {
	proxy.Provider
	// beforeSync, where there is one, is called before each sync.
	beforeSync func() error
	// failed says whether the last sync failed.
	failed func() bool
	kernel func() Kernel
}

func newNode(config *Config) (*node, error) {
	switch config.Mode {
	case "iptables":
		return newIPTables(config)
	case "nftables":
		return newNFTables(config)
	case "ipvs":
		return newIPVS(config)
	default:
		return nil, fmt.Errorf("there is no mode %q", config.Mode)
	}
}

func play(session *Session) ([]Outcome, error) {
	node, err := newNode(&session.Config)
	if err != nil {
		return nil, err
	}
	node.OnServiceCIDRsChanged(session.Config.ServiceCIDRs)
	outcomes := make([]Outcome, 0, len(session.Syncs))
	zone := ""
	for i := range session.Syncs {
		sync := &session.Syncs[i]
		// Only a change: the handlers are not called for others, and each call makes the next sync a full one.
		if sync.Zone != zone {
			zone = sync.Zone
			node.OnTopologyChange(topologyLabels(zone))
		}
		node.sees(sync)
		if node.beforeSync != nil {
			if err := node.beforeSync(); err != nil {
				return nil, err
			}
		}
		if i == 0 {
			// Not a sync yet: both kinds have to be listed first.
			node.OnServiceSynced()
		}
		// The one handler that syncs at once, however often it is called.
		node.OnEndpointSlicesSynced()
		outcomes = append(outcomes, Outcome{Failed: node.failed(), Kernel: node.kernel()})
	}
	return outcomes, nil
}

func topologyLabels(zone string) map[string]string {
	if zone == "" {
		return map[string]string{}
	}
	return map[string]string{v1.LabelTopologyZone: zone}
}

func (n *node) sees(sync *Sync) {
	for _, change := range sync.Services {
		pass(change, watchesService, n.OnServiceAdd, n.OnServiceUpdate, n.OnServiceDelete)
	}
	for _, change := range sync.EndpointSlices {
		pass(change, watchesSlice, n.OnEndpointSliceAdd, n.OnEndpointSliceUpdate, n.OnEndpointSliceDelete)
	}
}

// pass gives a change to the handlers as an informer does whose list and watch have a selector: an object that the
// selector does not take any more is deleted.
func pass[T any](change Change[T], watched func(*T) bool, add func(*T), update func(old, new *T), remove func(*T)) {
	hasOld := change.Old != nil && watched(change.Old)
	hasNew := change.New != nil && watched(change.New)
	switch {
	case hasOld && hasNew:
		update(change.Old, change.New)
	case hasOld:
		remove(change.Old)
	case hasNew:
		add(change.New)
	}
}

// The selectors of kube-proxy's informers: cmd/kube-proxy/app/server.go, Run.

func watchesService(service *v1.Service) bool {
	_, other := service.Labels[apis.LabelServiceProxyName]
	return !other && service.Spec.ClusterIP != v1.ClusterIPNone
}

func watchesSlice(slice *discovery.EndpointSlice) bool {
	_, headless := slice.Labels[v1.IsHeadlessService]
	return !headless
}
