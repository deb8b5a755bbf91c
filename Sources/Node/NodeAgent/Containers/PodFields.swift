internal import Kinds
internal import ObjectModel

/// A pod's configuration cannot be made into a container; the text is for people (`CreateContainerConfigError`).
struct ConfigurationError: Error, Hashable, CustomStringConvertible {
    let description: String
    init(_ description: String) { self.description = description }
}

/// What a pod may know of itself: `fieldRef` and `resourceFieldRef`.
struct PodFields {
    let pod: AgentPod
    /// The pod's addresses; empty before the sandbox is up.
    let podIPs: [String]
    let nodeAddress: String
    let capacity: NodeAgentConfiguration.Capacity

    /// The text of a field; nil when the path names none.
    func field(_ path: String) -> String? {
        let metadata = pod.view.metadata
        if let key = Self.subscriptKey(path, of: "metadata.labels") { return metadata.labels[key] ?? "" }
        if let key = Self.subscriptKey(path, of: "metadata.annotations") { return metadata.annotations[key] ?? "" }
        switch path {
        case "metadata.name": return metadata.name
        case "metadata.namespace": return metadata.namespace
        case "metadata.uid": return metadata.uid
        case "metadata.labels": return Self.lines(metadata.labels)
        case "metadata.annotations": return Self.lines(metadata.annotations)
        case "spec.nodeName": return pod.view.spec.nodeName
        case "spec.serviceAccountName": return pod.view.spec.serviceAccountName
        case "status.hostIP", "status.hostIPs": return nodeAddress
        case "status.podIP": return podIPs.first ?? ""
        case "status.podIPs": return podIPs.joined(separator: ",")
        default: return nil
        }
    }

    /// The text of a `resourceFieldRef`; `container` is used when the reference names none.
    func resource(_ reference: Value, container: ContainerView?) throws(ConfigurationError) -> String {
        let name = reference.text("containerName")
        guard let container = name.isEmpty ? container : pod.container(name) else {
            throw ConfigurationError("container \(name) not found")
        }
        let resource = reference.text("resource")
        let parts = resource.split(separator: ".", maxSplits: 1).map(String.init)
        guard parts.count == 2, ["limits", "requests"].contains(parts[0]) else {
            throw ConfigurationError("unsupported container resource : \(resource)")
        }
        let limit = container.limits[parts[1]]
        let amount = parts[0] == "limits" ? limit ?? allocatable(parts[1]) : container.requests[parts[1]] ?? limit
        let divisor = Quantity(reference["divisor"]).flatMap { $0.isZero ? nil : $0 } ?? Quantity(1)
        return String(Self.ceiling(amount ?? Quantity(0), dividedBy: divisor, inThousandths: parts[1] == "cpu"))
    }

    private func allocatable(_ name: String) -> Quantity? {
        switch name {
        case "cpu": Quantity(milli: capacity.milliCPU)
        case "memory": Quantity(capacity.memoryBytes)
        case "ephemeral-storage": Quantity(capacity.ephemeralStorageBytes)
        default: nil
        }
    }

    private static func ceiling(_ amount: Quantity, dividedBy divisor: Quantity, inThousandths: Bool) -> Int64 {
        let (dividend, by) =
            inThousandths ? (amount.milli, max(1, divisor.milli)) : (amount.roundedUp, max(1, divisor.roundedUp))
        return dividend / by + (dividend % by > 0 ? 1 : 0)
    }

    private static func subscriptKey(_ path: String, of map: String) -> String? {
        guard path.hasPrefix("\(map)['"), path.hasSuffix("']") else { return nil }
        return String(path.dropFirst(map.count + 2).dropLast(2))
    }

    /// `key="value"` lines with Go's quoting, as downward API files have them.
    private static func lines(_ map: [String: String]) -> String {
        map.sorted { $0.key < $1.key }.map { "\($0.key)=\(quoted($0.value))" }.joined(separator: "\n")
    }

    private static func quoted(_ text: String) -> String {
        var output = "\""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\"": output += "\\\""
            case "\\": output += "\\\\"
            case "\n": output += "\\n"
            case "\r": output += "\\r"
            case "\t": output += "\\t"
            default: output.unicodeScalars.append(scalar)
            }
        }
        return output + "\""
    }
}
