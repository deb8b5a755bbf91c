package import ObjectModel

/// What the objects of a new cluster are made from.
package struct BootstrapSettings: Sendable, Hashable {
    /// Where Services get their addresses.
    package var serviceRange: IPv4Range
    /// Where pods reach the API.
    package var apiAddress: IPv4Address
    /// The API's port there.
    package var apiPort: Int
    /// Where pods reach the DNS server, behind its Service.
    package var dnsAddress: IPv4Address
    /// The DNS server's port there.
    package var dnsPort: Int

    /// Settings.
    package init(
        serviceRange: IPv4Range, apiAddress: IPv4Address, apiPort: Int, dnsAddress: IPv4Address, dnsPort: Int = 53
    ) {
        self.serviceRange = serviceRange
        self.apiAddress = apiAddress
        self.apiPort = apiPort
        self.dnsAddress = dnsAddress
        self.dnsPort = dnsPort
    }
}

/// The objects that every cluster has from its first moment, as data.
enum BootstrapObjects {
    /// The namespaces of the system.
    static let namespaces = ["default", "kube-system", "kube-public", "kube-node-lease"]

    static func namespace(_ name: String) -> Value {
        ["apiVersion": "v1", "kind": "Namespace", "metadata": ["name": .string(name)]]
    }

    /// The class that claims get by default. Local volumes are made where their pod is placed.
    static let storageClass: Value = [
        "apiVersion": "storage.k8s.io/v1", "kind": "StorageClass",
        "metadata": [
            "name": "local", "annotations": ["storageclass.kubernetes.io/is-default-class": "true"],
        ],
        "provisioner": "ordinal.dev/local", "reclaimPolicy": "Delete",
        "volumeBindingMode": "WaitForFirstConsumer",
    ]

    private static let apiLabels: Value = ["component": "apiserver", "provider": "kubernetes"]
    private static let dnsLabels: Value = [
        "k8s-app": "kube-dns", "kubernetes.io/cluster-service": "true", "kubernetes.io/name": "CoreDNS",
    ]

    static func apiService(_ settings: BootstrapSettings) -> Value {
        service(
            ServiceAddressAllocator.apiService, address: settings.serviceRange.address(at: 1), labels: apiLabels,
            ports: [port("https", 443, target: settings.apiPort)])
    }

    static func dnsService(_ settings: BootstrapSettings) -> Value {
        service(
            ServiceAddressAllocator.dnsService, address: settings.serviceRange.address(at: 10), labels: dnsLabels,
            ports: [
                port("dns", 53, "UDP", target: settings.dnsPort), port("dns-tcp", 53, target: settings.dnsPort),
            ])
    }

    static func apiEndpoints(_ settings: BootstrapSettings) -> Value {
        [
            "apiVersion": "v1", "kind": "Endpoints",
            "metadata": [
                "name": "kubernetes", "namespace": "default",
                "labels": ["endpointslice.kubernetes.io/skip-mirror": "true"],
            ],
            "subsets": [
                [
                    "addresses": [["ip": .string(settings.apiAddress.description)]],
                    "ports": [endpointPort("https", settings.apiPort)],
                ]
            ],
        ]
    }

    static func apiSlice(_ settings: BootstrapSettings) -> Value {
        slice(
            of: ServiceAddressAllocator.apiService, address: settings.apiAddress,
            ports: [endpointPort("https", settings.apiPort)])
    }

    static func dnsSlice(_ settings: BootstrapSettings) -> Value {
        slice(
            of: ServiceAddressAllocator.dnsService, address: settings.dnsAddress,
            ports: [endpointPort("dns", settings.dnsPort, "UDP"), endpointPort("dns-tcp", settings.dnsPort)])
    }

    private static func service(
        _ name: NamespacedName, address: IPv4Address?, labels: Value, ports: [Value]
    ) -> Value {
        let text = Value.string(address?.description ?? "")
        return [
            "apiVersion": "v1", "kind": "Service",
            "metadata": ["name": .string(name.name), "namespace": .string(name.namespace), "labels": labels],
            "spec": [
                "type": "ClusterIP", "clusterIP": text, "clusterIPs": [text], "ipFamilyPolicy": "SingleStack",
                "ipFamilies": ["IPv4"], "sessionAffinity": "None", "ports": .array(ports),
            ],
        ]
    }

    private static func slice(of service: NamespacedName, address: IPv4Address, ports: [Value]) -> Value {
        [
            "apiVersion": "discovery.k8s.io/v1", "kind": "EndpointSlice",
            "metadata": [
                "name": .string(service.name), "namespace": .string(service.namespace),
                "labels": ["kubernetes.io/service-name": .string(service.name)],
            ],
            "addressType": "IPv4",
            "endpoints": [
                [
                    "addresses": [.string(address.description)],
                    "conditions": ["ready": true, "serving": true, "terminating": false],
                ]
            ],
            "ports": .array(ports),
        ]
    }

    private static func port(_ name: String, _ number: Int64, _ transport: String = "TCP", target: Int) -> Value {
        [
            "name": .string(name), "port": .integer(number), "protocol": .string(transport),
            "targetPort": .integer(Int64(target)),
        ]
    }

    private static func endpointPort(_ name: String, _ port: Int, _ transport: String = "TCP") -> Value {
        ["name": .string(name), "port": .integer(Int64(port)), "protocol": .string(transport)]
    }
}
