internal import Kinds
internal import ObjectModel

/// One pod behind a Service.
struct ServiceEndpoint: Hashable {
    /// A port of the Service as the pod has it.
    struct Port: Hashable {
        let name: String
        let transport: String
        let port: Int
        let appProtocol: String

        /// The object form, as both Endpoints and EndpointSlices have it.
        var value: Value {
            var value: Value = [
                "name": .string(name), "protocol": .string(transport), "port": .integer(Int64(port)),
            ]
            if !appProtocol.isEmpty { value["appProtocol"] = .string(appProtocol) }
            return value
        }
    }

    let address: String
    let ports: [Port]
    let isReady: Bool
    let isTerminating: Bool
    let publishesNotReady: Bool
    let hostname: String
    let nodeName: String
    let pod: NamespacedName
    let podUID: String

    /// Nil when the pod has no address, ended, or has none of the Service's ports.
    init?(_ pod: PodView, of service: ServiceView) {
        guard !pod.status.podIP.isEmpty, !pod.isTerminal else { return nil }
        let ports = service.ports.compactMap { Port($0, of: pod) }
        guard !ports.isEmpty || (service.ports.isEmpty && service.isHeadless) else { return nil }
        address = pod.status.podIP
        self.ports = ports
        isReady = pod.isReady
        isTerminating = pod.isTerminating
        publishesNotReady = service.publishNotReadyAddresses
        let isNamed = !pod.spec.hostname.isEmpty && pod.spec.subdomain == service.metadata.name
        hostname = isNamed ? pod.spec.hostname : ""
        nodeName = pod.spec.nodeName
        self.pod = pod.metadata.namespacedName
        podUID = pod.metadata.uid
    }

    private var target: Value {
        [
            "kind": "Pod", "namespace": .string(pod.namespace), "name": .string(pod.name), "uid": .string(podUID),
        ]
    }

    /// The entry of an EndpointSlice.
    var sliceEntry: Value {
        var entry: Value = [
            "addresses": [.string(address)],
            "conditions": [
                "ready": .bool(publishesNotReady || (isReady && !isTerminating)), "serving": .bool(isReady),
                "terminating": .bool(isTerminating),
            ],
        ]
        if !hostname.isEmpty { entry["hostname"] = .string(hostname) }
        entry["targetRef"] = target
        if !nodeName.isEmpty { entry["nodeName"] = .string(nodeName) }
        return entry
    }

    /// The entry of an Endpoints object.
    var endpointsEntry: Value {
        var entry: Value = ["ip": .string(address)]
        if !hostname.isEmpty { entry["hostname"] = .string(hostname) }
        if !nodeName.isEmpty { entry["nodeName"] = .string(nodeName) }
        entry["targetRef"] = target
        return entry
    }
}

extension ServiceEndpoint.Port {
    /// Nil when the pod has no port of the name that the Service asks for.
    init?(_ port: ServiceView.Port, of pod: PodView) {
        switch port.targetPort {
        case nil: self.port = port.port
        case .number(let number): self.port = number
        case .name(let wanted):
            let containers = pod.spec.initContainers.filter(\.isRestartable) + pod.spec.containers
            let found = containers.flatMap(\.ports).first { $0.name == wanted && $0.transport == port.transport }
            guard let found else { return nil }
            self.port = found.containerPort
        }
        name = port.name
        transport = port.transport
        appProtocol = port.appProtocol
    }
}
