import Kinds
import NodeInterfaces
import ObjectModel
import Testing

@testable import NodeAgent

@Suite struct ContainerEnvironmentTests {
    @Test(arguments: [
        ("$(A)-$(B)", "1-2"), ("$$(A)", "$(A)"), ("$(C)", "$(C)"), ("$A", "$A"), ("$(A", "$(A"), ("a$", "a$"),
        ("$$$(A)", "$1"), ("$(A)$(A)", "11"), ("", ""),
    ]) func expandsVariables(_ text: String, _ expected: String) {
        #expect(Expansion.expand(text, with: ["A": "1", "B": "2"]) == expected)
    }

    private static func variables(
        env: Value, from: Value = [], pod: AgentPod = PodFixture.pod(), services: [ServiceView] = []
    ) throws(ConfigurationError) -> [String: String] {
        let container = ContainerView([
            "name": "web", "image": "i", "env": env, "envFrom": from,
            "resources": ["limits": ["cpu": "1500m", "memory": "64Mi"]],
        ])
        var data = ReferencedData()
        data.configMaps["conf"] = ConfigMapView(["metadata": ["name": "conf"], "data": ["key": "value", "b": "c"]])
        data.secrets["pass"] = SecretView(["metadata": ["name": "pass"], "data": ["word": "c2VjcmV0"]])
        let environment = ContainerEnvironment(
            fields: PodFields(
                pod: pod, podIPs: ["10.244.0.5"], nodeAddress: "10.0.0.1",
                capacity: .init(milliCPU: 2000, memoryBytes: 1 << 30, ephemeralStorageBytes: 1 << 30)),
            data: data, services: services)
        return Dictionary(
            try environment.variables(of: container).map { ($0.name, $0.value) }, uniquingKeysWith: { $1 })
    }

    @Test func readsEverySource() throws {
        let all = try Self.variables(
            env: [
                ["name": "PLAIN", "value": "x"], ["name": "TWICE", "value": "$(PLAIN)$(PRE_key)"],
                ["name": "MAP", "valueFrom": ["configMapKeyRef": ["name": "conf", "key": "key"]]],
                ["name": "SECRET", "valueFrom": ["secretKeyRef": ["name": "pass", "key": "word"]]],
                ["name": "NONE", "valueFrom": ["secretKeyRef": ["name": "gone", "key": "word", "optional": true]]],
                ["name": "POD", "valueFrom": ["fieldRef": ["fieldPath": "metadata.name"]]],
                ["name": "IP", "valueFrom": ["fieldRef": ["fieldPath": "status.podIP"]]],
                ["name": "LABEL", "valueFrom": ["fieldRef": ["fieldPath": "metadata.labels['app']"]]],
                ["name": "CPU", "valueFrom": ["resourceFieldRef": ["resource": "limits.cpu"]]],
                [
                    "name": "MEMORY",
                    "valueFrom": ["resourceFieldRef": ["resource": "limits.memory", "divisor": "1Mi"]],
                ],
            ],
            from: [["prefix": "PRE_", "configMapRef": ["name": "conf"]]],
            pod: PodFixture.pod(metadata: ["labels": ["app": "shop"]]))
        #expect(all["TWICE"] == "xvalue")
        #expect(all["MAP"] == "value")
        #expect(all["SECRET"] == "secret")
        #expect(all["NONE"] == nil)
        #expect(all["POD"] == "web-0")
        #expect(all["IP"] == "10.244.0.5")
        #expect(all["LABEL"] == "shop")
        #expect(all["CPU"] == "2")
        #expect(all["MEMORY"] == "64")
        #expect(all["PRE_b"] == "c")
    }

    @Test func aMissingKeySaysWhichOne() {
        #expect(throws: ConfigurationError("configmap \"gone\" not found")) {
            _ = try Self.variables(
                env: [["name": "A", "valueFrom": ["configMapKeyRef": ["name": "gone", "key": "k"]]]])
        }
        #expect(throws: ConfigurationError("couldn't find key k in ConfigMap default/conf")) {
            _ = try Self.variables(
                env: [["name": "A", "valueFrom": ["configMapKeyRef": ["name": "conf", "key": "k"]]]])
        }
    }

    @Test func servicesOfTheNamespaceAndTheApiAreThere() throws {
        func service(_ namespace: String, _ name: String, _ address: String) -> ServiceView {
            ServiceView([
                "metadata": ["namespace": .string(namespace), "name": .string(name)],
                "spec": ["clusterIP": .string(address), "ports": [["name": "http", "port": 80, "protocol": "TCP"]]],
            ])
        }
        let all = try Self.variables(
            env: [],
            services: [
                service("default", "kubernetes", "10.96.0.1"), service("default", "my-shop", "10.96.0.7"),
                service("other", "hidden", "10.96.0.8"), service("default", "headless", "None"),
            ])
        #expect(all["KUBERNETES_SERVICE_HOST"] == "10.96.0.1")
        #expect(all["MY_SHOP_SERVICE_PORT_HTTP"] == "80")
        #expect(all["MY_SHOP_PORT_80_TCP_ADDR"] == "10.96.0.7")
        #expect(all["HIDDEN_SERVICE_HOST"] == nil)
        #expect(all["HEADLESS_SERVICE_HOST"] == nil)
    }
}

@Suite struct PodNamingTests {
    private static func naming(_ spec: Value) -> PodNaming {
        PodNaming(
            pod: PodFixture.pod(spec: spec), clusterDomain: "cluster.local", clusterDNS: "10.96.0.10",
            hostResolver: "nameserver 1.1.1.1\nsearch corp.example\noptions timeout:1\n", nodeName: "node-a")
    }

    @Test func aPodOfASetHasItsNameInDNS() {
        let naming = Self.naming(["hostname": "web-0", "subdomain": "web"])
        #expect(naming.hostname == "web-0")
        let hosts = naming.hostsFile(addresses: ["10.244.0.5"], hostFile: "")
        #expect(hosts.hasPrefix("# Kubernetes-managed hosts file.\n127.0.0.1\tlocalhost\n"))
        #expect(hosts.hasSuffix("10.244.0.5\tweb-0.web.default.svc.cluster.local\tweb-0\n"))
    }

    @Test func namesAreLookedUpInTheClusterFirst() {
        let resolver = Self.naming([:]).resolver
        #expect(resolver?.servers == ["10.96.0.10"])
        #expect(
            resolver?.searches == ["default.svc.cluster.local", "svc.cluster.local", "cluster.local", "corp.example"])
        #expect(resolver?.options == ["ndots:5"])
    }

    @Test func defaultLeavesTheNodesResolver() {
        #expect(Self.naming(["dnsPolicy": "Default"]).resolver == nil)
        #expect(Self.naming(["hostNetwork": true]).resolver == nil)
    }

    @Test func noneUsesOnlyItsOwnConfig() {
        let resolver = Self.naming([
            "dnsPolicy": "None",
            "dnsConfig": ["nameservers": ["9.9.9.9"], "options": [["name": "ndots", "value": "2"]]],
        ]).resolver
        #expect(resolver == PodDNSConfig(servers: ["9.9.9.9"], searches: [], options: ["ndots:2"]))
    }

    @Test func aliasesComeLast() {
        let hosts = Self.naming(["hostAliases": [["ip": "1.2.3.4", "hostnames": ["a", "b"]]]])
            .hostsFile(addresses: [], hostFile: "")
        #expect(hosts.hasSuffix("# Entries added by HostAliases.\n1.2.3.4\ta\tb\n"))
    }
}
