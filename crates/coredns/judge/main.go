// Command coredns asks CoreDNS' plugin kubernetes: what cargo xtask coredns compares the model with.
//
// Each line of standard input is a cluster and questions about it, each line of standard output the answers, in order.
// There is no network: the plugin is given the objects as if an API server had told it of them, and what it would
// forward or leave to another plugin has the status "outside".
package main

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"os"
	"reflect"
	"slices"
	"strings"
	"unsafe"

	"github.com/coredns/caddy"
	"github.com/coredns/coredns/core/dnsserver"
	"github.com/coredns/coredns/plugin"
	"github.com/coredns/coredns/plugin/kubernetes"
	"github.com/coredns/coredns/plugin/kubernetes/object"
	"github.com/coredns/coredns/plugin/pkg/dnstest"
	"github.com/coredns/coredns/plugin/test"
	"github.com/coredns/coredns/request"
	"github.com/miekg/dns"
	core "k8s.io/api/core/v1"
	discovery "k8s.io/api/discovery/v1"
)

// kubeadm's, of what the plugin has. The endpoint is never called.
const corefile = `kubernetes cluster.local in-addr.arpa ip6.arpa {
	endpoint http://127.0.0.1:1
	pods insecure
	fallthrough in-addr.arpa ip6.arpa
	ttl 30
}`

type cluster struct {
	Namespaces     []core.Namespace          `json:"namespaces"`
	Services       []core.Service            `json:"services"`
	EndpointSlices []discovery.EndpointSlice `json:"endpointSlices"`
	// CoreDNS' own address.
	Address   string `json:"address"`
	Questions []struct {
		Name string `json:"name"`
		Type string `json:"type"`
	} `json:"questions"`
}

type answer struct {
	Status     string   `json:"status"`
	Answer     []string `json:"answer"`
	Authority  []string `json:"authority"`
	Additional []string `json:"additional"`
}

// known is the plugin's view of the API server.
type known struct {
	namespaces map[string]*object.Namespace
	services   []*object.Service
	endpoints  []*object.Endpoints
}

func (k *known) ServiceList() []*object.Service                   { return k.services }
func (k *known) EndpointsList() []*object.Endpoints               { return k.endpoints }
func (k *known) ServiceImportList() []*object.ServiceImport       { return nil }
func (k *known) SvcExtIndexReverse(string) []*object.Service      { return nil }
func (k *known) SvcImportIndex(string) []*object.ServiceImport    { return nil }
func (k *known) PodIndex(string) []*object.Pod                    { return nil }
func (k *known) McEpIndex(string) []*object.MultiClusterEndpoints { return nil }
func (k *known) GetNodeByName(context.Context, string) (*core.Node, error) {
	return nil, errors.New("not found")
}
func (k *known) Run()                                   {}
func (k *known) HasSynced() bool                        { return true }
func (k *known) Stop() error                            { return nil }
func (k *known) Modified(kubernetes.ModifiedMode) int64 { return 0 }

func (k *known) SvcIndex(index string) (found []*object.Service) {
	for _, service := range k.services {
		if service.Index == index {
			found = append(found, service)
		}
	}
	return found
}

func (k *known) SvcIndexReverse(ip string) (found []*object.Service) {
	for _, service := range k.services {
		if slices.Contains(service.ClusterIPs, ip) {
			found = append(found, service)
		}
	}
	return found
}

func (k *known) EpIndex(index string) (found []*object.Endpoints) {
	for _, endpoints := range k.endpoints {
		if endpoints.Index == index {
			found = append(found, endpoints)
		}
	}
	return found
}

func (k *known) EpIndexReverse(ip string) (found []*object.Endpoints) {
	for _, endpoints := range k.endpoints {
		if slices.Contains(endpoints.IndexIP, ip) {
			found = append(found, endpoints)
		}
	}
	return found
}

func (k *known) GetNamespaceByName(name string) (*object.Namespace, error) {
	if namespace, ok := k.namespaces[name]; ok {
		return namespace, nil
	}
	return nil, errors.New("not found")
}

func (c *cluster) known() (*known, error) {
	k := &known{namespaces: map[string]*object.Namespace{}}
	for i := range c.Namespaces {
		k.namespaces[c.Namespaces[i].Name] = &object.Namespace{Name: c.Namespaces[i].Name}
	}
	for i := range c.Services {
		service, err := object.ToService(&c.Services[i])
		if err != nil {
			return nil, err
		}
		k.services = append(k.services, service.(*object.Service))
	}
	for i := range c.EndpointSlices {
		endpoints, err := object.EndpointSliceToEndpoints(&c.EndpointSlices[i])
		if err != nil {
			return nil, err
		}
		k.endpoints = append(k.endpoints, endpoints.(*object.Endpoints))
	}
	return k, nil
}

// elsewhere is whoever is asked what the plugin does not know.
type elsewhere struct{}

func (elsewhere) Name() string { return "elsewhere" }

func (elsewhere) ServeDNS(_ context.Context, w dns.ResponseWriter, r *dns.Msg) (int, error) {
	m := new(dns.Msg)
	m.SetRcode(r, outside)
	return dns.RcodeSuccess, w.WriteMsg(m)
}

// No server here answers so.
const outside = dns.RcodeNotZone

// upstream asks the plugin itself, as plugin/pkg/upstream asks its server.
type upstream struct{ handler plugin.Handler }

func (u upstream) Lookup(ctx context.Context, state request.Request, name string, kind uint16) (*dns.Msg, error) {
	return ask(ctx, u.handler, name, kind)
}

func ask(ctx context.Context, handler plugin.Handler, name string, kind uint16) (*dns.Msg, error) {
	recorder := dnstest.NewRecorder(&test.ResponseWriter{})
	query := new(dns.Msg)
	query.SetQuestion(name, kind)
	rcode, err := handler.ServeDNS(ctx, recorder, query)
	if err != nil {
		return nil, err
	}
	if recorder.Msg == nil {
		// The server writes it (core/dnsserver, ServeDNS).
		recorder.Msg = new(dns.Msg).SetRcode(query, rcode)
	}
	return recorder.Msg, nil
}

// load has the plugin read its Corefile.
func load() (*kubernetes.Kubernetes, error) {
	controller := caddy.NewTestController("dns", corefile)
	setup, err := caddy.DirectiveAction("dns", "kubernetes")
	if err != nil {
		return nil, err
	}
	if err := setup(controller); err != nil {
		return nil, err
	}
	handler := dnsserver.GetConfig(controller).Plugin[0](elsewhere{})
	k, ok := handler.(*kubernetes.Kubernetes)
	if !ok {
		return nil, fmt.Errorf("the plugin is a %T", handler)
	}
	k.Upstream = upstream{k}
	return k, nil
}

// listen tells it where it is; upstream takes the addresses that its server is bound to.
func listen(k *kubernetes.Kubernetes, address string) {
	field := reflect.ValueOf(k).Elem().FieldByName("localIPs")
	ips := (*[]net.IP)(unsafe.Pointer(field.UnsafeAddr()))
	*ips = []net.IP{net.ParseIP(address)}
}

func section(records []dns.RR) []string {
	lines := []string{}
	for _, record := range records {
		if soa, ok := record.(*dns.SOA); ok {
			soa.Serial = 0
		}
		lines = append(lines, strings.ReplaceAll(record.String(), "\t", " "))
	}
	slices.Sort(lines)
	return lines
}

func (c *cluster) answers(k *kubernetes.Kubernetes) ([]answer, error) {
	known, err := c.known()
	if err != nil {
		return nil, err
	}
	k.APIConn = known
	listen(k, c.Address)
	answers := []answer{}
	for _, question := range c.Questions {
		m, err := ask(context.Background(), k, question.Name, dns.StringToType[question.Type])
		if err != nil {
			return nil, fmt.Errorf("%s %s: %w", question.Name, question.Type, err)
		}
		status := dns.RcodeToString[m.Rcode]
		if m.Rcode == outside {
			status = "outside"
		}
		answers = append(answers, answer{status, section(m.Answer), section(m.Ns), section(m.Extra)})
	}
	return answers, nil
}

func run() error {
	k, err := load()
	if err != nil {
		return err
	}
	input := bufio.NewReader(os.Stdin)
	output := bufio.NewWriter(os.Stdout)
	decoder, encoder := json.NewDecoder(input), json.NewEncoder(output)
	for decoder.More() {
		var c cluster
		if err := decoder.Decode(&c); err != nil {
			return err
		}
		answers, err := c.answers(k)
		if err != nil {
			return err
		}
		if err := encoder.Encode(answers); err != nil {
			return err
		}
		if err := output.Flush(); err != nil {
			return err
		}
	}
	return nil
}

func main() {
	if err := run(); err != nil {
		fmt.Fprintln(os.Stderr, "coredns:", err)
		os.Exit(1)
	}
}
