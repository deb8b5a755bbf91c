internal import Kinds
internal import ObjectModel

/// The Endpoints object of a Service: at most 1000 addresses, ready ones first.
enum EndpointsObject {
    static let managedByLabel = "endpoints.kubernetes.io/managed-by"
    static let manager = "endpoint-controller"
    static let overCapacity = "endpoints.kubernetes.io/over-capacity"
    private static let capacity = 1000

    static func make(_ service: ServiceView, _ endpoints: [ServiceEndpoint]) -> Value {
        let listed = endpoints.filter { !$0.isTerminating || $0.publishesNotReady }
        let (ready, notReady) = (listed.filter(isListedReady), listed.filter { !isListedReady($0) })
        let kept = (ready + notReady).prefix(capacity)
        var labels = service.metadata.labels
        labels[managedByLabel] = manager
        labels["service.kubernetes.io/headless"] = service.isHeadless ? "" : nil
        var metadata: Value = [
            "name": .string(service.metadata.name), "namespace": .string(service.metadata.namespace),
            "labels": .stringMap(labels),
        ]
        if kept.count < listed.count { metadata["annotations"] = [overCapacity: "truncated"] }
        return [
            "apiVersion": "v1", "kind": "Endpoints", "metadata": metadata, "subsets": .array(subsets(Array(kept))),
        ]
    }

    private static func isListedReady(_ endpoint: ServiceEndpoint) -> Bool {
        endpoint.isReady || endpoint.publishesNotReady
    }

    private static func subsets(_ endpoints: [ServiceEndpoint]) -> [Value] {
        var groups: [(ports: [ServiceEndpoint.Port], members: [ServiceEndpoint])] = []
        for endpoint in endpoints {
            if let position = groups.firstIndex(where: { $0.ports == endpoint.ports }) {
                groups[position].members.append(endpoint)
            } else {
                groups.append((endpoint.ports, [endpoint]))
            }
        }
        return groups.map { group in
            var subset: Value = [:]
            let ready = group.members.filter(isListedReady).map(\.endpointsEntry)
            let notReady = group.members.filter { !isListedReady($0) }.map(\.endpointsEntry)
            if !ready.isEmpty { subset["addresses"] = .array(ready) }
            if !notReady.isEmpty { subset["notReadyAddresses"] = .array(notReady) }
            let ports = group.ports.map { port -> Value in
                var value = port.value
                if port.name.isEmpty { value["name"] = nil }
                return value
            }
            if !ports.isEmpty { subset["ports"] = .array(ports) }
            return subset
        }
    }
}
