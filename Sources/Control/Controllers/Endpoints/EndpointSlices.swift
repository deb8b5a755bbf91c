internal import ControllerRuntime
internal import Kinds
internal import ObjectModel

/// The EndpointSlices of a Service: endpoints with equal ports share slices of at most 100; an endpoint stays in the
/// slice it is in, so that a change rewrites one slice.
struct EndpointSlices {
    static let manager = "endpointslice-controller.k8s.io"
    private static let capacity = 100

    private let service: CachedObject<ServiceView>
    private let existing: [CachedObject<EndpointSliceView>]

    init(_ service: CachedObject<ServiceView>, existing: [CachedObject<EndpointSliceView>]) {
        self.service = service
        self.existing = existing.filter {
            !$0.isBeingDeleted && $0.view.metadata.labels[EndpointSliceView.managedByLabel] == Self.manager
        }
    }

    /// What to write, so that the slices hold these endpoints.
    func actions(_ endpoints: [ServiceEndpoint]) -> [Action] {
        var groups: [GroupKey: [ServiceEndpoint]] = [:]
        for endpoint in endpoints {
            let type = endpoint.address.contains(":") ? "IPv6" : "IPv4"
            groups[GroupKey(ports: endpoint.ports, addressType: type), default: []].append(endpoint)
        }
        // A Service without endpoints has one empty slice.
        if groups.isEmpty { groups[GroupKey(ports: [], addressType: "IPv4")] = [] }
        var unused = Set(existing.map(\.key))
        var actions: [Action] = []
        for (group, members) in groups.sorted(by: { $0.key.order < $1.key.order }) {
            actions += place(members, group, &unused)
        }
        return actions
            + existing.filter { unused.contains($0.key) }.map { .delete(.init(.endpointSlices, $0.key, uid: $0.uid)) }
    }

    private struct GroupKey: Hashable {
        let ports: [ServiceEndpoint.Port]
        let addressType: String
        var order: String { addressType + ports.map { "\($0.name)/\($0.transport)/\($0.port)" }.joined(separator: ",") }
    }

    private func place(
        _ endpoints: [ServiceEndpoint], _ group: GroupKey, _ unused: inout Set<NamespacedName>
    ) -> [Action] {
        let ports = group.ports.map(\.value)
        let views = ports.map(EndpointPortView.init(_:))
        var remaining = Dictionary(endpoints.map { ($0.podUID, $0) }, uniquingKeysWith: { first, _ in first })
        // An empty slice may be taken whatever its ports are.
        var slices = existing.filter {
            unused.contains($0.key) && $0.view.addressType == group.addressType
                && ($0.view.ports == views || $0.view.endpoints.isEmpty || existing.count == 1)
        }.map { slice in
            (
                slice: slice,
                members: slice.view.endpoints.compactMap { remaining.removeValue(forKey: $0.target?.uid ?? "") }
            )
        }
        let added = endpoints.filter { remaining[$0.podUID] != nil }
        var position = 0
        for index in slices.indices {
            let room = max(0, Self.capacity - slices[index].members.count)
            let taken = added[position..<min(position + room, added.count)]
            slices[index].members += taken
            position += taken.count
        }
        var actions: [Action] = []
        for (number, (slice, members)) in slices.enumerated() {
            if members.isEmpty, !(endpoints.isEmpty && number == 0) { continue }
            unused.remove(slice.key)
            if let patch = patch(slice, members, ports) { actions.append(patch) }
        }
        if slices.isEmpty, endpoints.isEmpty { return [create([], ports, group.addressType)] }
        while position < added.count {
            let chunk = added[position..<min(position + Self.capacity, added.count)]
            actions.append(create(Array(chunk), ports, group.addressType))
            position += chunk.count
        }
        return actions
    }

    private var labels: [String: String] {
        var labels = service.view.metadata.labels
        labels[EndpointSliceView.serviceNameLabel] = service.key.name
        labels[EndpointSliceView.managedByLabel] = Self.manager
        labels["service.kubernetes.io/headless"] = service.view.isHeadless ? "" : nil
        return labels
    }

    private func create(_ members: [ServiceEndpoint], _ ports: [Value], _ addressType: String) -> Action {
        let owner = OwnerReference(
            apiVersion: "v1", kind: "Service", name: service.key.name, uid: service.uid, isController: true,
            blockOwnerDeletion: true)
        return .create(
            .endpointSlices,
            [
                "apiVersion": "discovery.k8s.io/v1", "kind": "EndpointSlice",
                "metadata": [
                    "generateName": .string("\(service.key.name)-"), "namespace": .string(service.key.namespace),
                    "labels": .stringMap(labels), "ownerReferences": [owner.value],
                ],
                "addressType": .string(addressType), "endpoints": .array(members.map(\.sliceEntry)),
                "ports": .array(ports),
            ])
    }

    private func patch(
        _ slice: CachedObject<EndpointSliceView>, _ members: [ServiceEndpoint], _ ports: [Value]
    ) -> Action? {
        let entries: Value = .array(members.map(\.sliceEntry))
        let wanted = EndpointSliceView(["endpoints": entries, "ports": .array(ports)])
        let labelChange = MergePatch.difference(
            from: .stringMap(slice.view.metadata.labels), to: .stringMap(labels))
        if wanted.endpoints == slice.view.endpoints, wanted.ports == slice.view.ports, labelChange == nil { return nil }
        var body: Value = ["endpoints": entries, "ports": .array(ports)]
        if let labelChange { body["metadata", "labels"] = labelChange }
        return .patch(.init(.endpointSlices, slice.key, uid: slice.uid, revision: slice.revision, body))
    }
}
