internal import APIProtocol
internal import APIServer
internal import ObjectModel

/// The container that logs or exec are about, and the node it is on.
struct PodTarget: Sendable {
    /// The pod.
    let pod: NamespacedName
    /// Its uid.
    let uid: String
    /// The container.
    let container: String
    /// The node; empty when the pod has none yet.
    let node: String

    /// Chooses the container: the one asked for, or the only one; 400 with the choice in upstream's words otherwise.
    init(_ pod: Value, container: String) throws(APIStatus) {
        let names = Self.names(pod, "containers")
        let initNames = Self.names(pod, "initContainers")
        if container.isEmpty {
            guard names.count == 1 else { throw Self.ambiguous(pod.name, names, initNames) }
            self.container = names[0]
        } else {
            guard (names + initNames + Self.names(pod, "ephemeralContainers")).contains(container) else {
                throw .badRequest("container \(container) is not valid for pod \(pod.name)")
            }
            self.container = container
        }
        self.pod = pod.namespacedName
        uid = pod.uid
        node = pod["spec"]?["nodeName"]?.string ?? ""
    }

    /// The target of a request.
    static func find(_ call: SubresourceCall) async throws(APIStatus) -> PodTarget {
        let pod = try await call.objects.get(namespace: call.namespace, name: call.name)
        return try PodTarget(pod, container: call.request.query("container") ?? "")
    }

    /// The connection to the node; 503 when it is not connected.
    func connection(_ nodes: any NodeDirectory) async throws(APIStatus) -> any NodeConnection {
        guard let connection = await nodes.connection(to: node) else {
            throw .unavailable("node \"\(node)\" is not connected")
        }
        return connection
    }

    private static func names(_ pod: Value, _ field: String) -> [String] {
        (pod["spec"]?[field]?.array ?? []).compactMap { $0["name"]?.string }
    }

    private static func ambiguous(_ pod: String, _ names: [String], _ initNames: [String]) -> APIStatus {
        var text = "a container name must be specified for pod \(pod)"
        if !names.isEmpty { text += ", choose one of: [\(names.joined(separator: " "))]" }
        if !initNames.isEmpty { text += " or one of the init containers: [\(initNames.joined(separator: " "))]" }
        return .badRequest(text)
    }
}
