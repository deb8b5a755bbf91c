internal import Kinds
package import ObjectModel

/// The objects by which a node is known: its Node and its Lease, with the words that kubelet uses. Pure.
package enum NodeObject {
    /// Keeps pods off a node that is not ready.
    package static let notReadyTaint = "node.kubernetes.io/not-ready"

    /// The Node to create.
    package static func node(
        _ description: NodeDescription, _ facts: NodeFacts, _ health: NodeHealth, at now: Timestamp
    ) -> Value {
        var node: Value = [
            "apiVersion": "v1", "kind": "Node",
            "metadata": ["name": .string(description.name), "labels": .stringMap(labels(description, facts))],
            "spec": [:],
        ]
        if !description.podCIDR.isEmpty {
            node["spec", "podCIDR"] = .string(description.podCIDR)
            node["spec", "podCIDRs"] = [.string(description.podCIDR)]
        }
        if health.problem != nil {
            node["spec", "taints"] = [["key": .string(notReadyTaint), "effect": "NoSchedule"]]
        }
        node["status"] = status(description, facts, health, former: .null, at: now)
        return node
    }

    /// The merge patch that gives a Node which is there its labels, its address range, and, when it is ready, takes its
    /// not-ready taints away; nil when nothing differs. The patch is for this version of the Node only.
    package static func update(
        of node: Value, _ description: NodeDescription, _ facts: NodeFacts, _ health: NodeHealth
    ) -> Value? {
        var patch: Value = [:]
        let present = node["metadata", "labels"]?.stringMap ?? [:]
        let missing = labels(description, facts).filter { present[$0.key] != $0.value }
        if !missing.isEmpty { patch["metadata", "labels"] = .stringMap(missing) }
        // A range that is set cannot be changed.
        if !description.podCIDR.isEmpty, (node["spec", "podCIDR"]?.string ?? "").isEmpty {
            patch["spec", "podCIDR"] = .string(description.podCIDR)
            patch["spec", "podCIDRs"] = [.string(description.podCIDR)]
        }
        let taints = node["spec", "taints"]?.array ?? []
        let kept = taints.filter { $0["key"]?.string != notReadyTaint }
        if health.problem == nil, kept.count < taints.count {
            patch["spec", "taints"] = kept.isEmpty ? .null : .array(kept)
        }
        guard patch != .emptyObject else { return nil }
        if let version = node["metadata", "resourceVersion"] { patch["metadata", "resourceVersion"] = version }
        return patch
    }

    /// The labels.
    package static func labels(_ description: NodeDescription, _ facts: NodeFacts) -> [String: String] {
        var labels = description.labels
        labels["kubernetes.io/hostname"] = description.name
        labels["kubernetes.io/os"] = facts.operatingSystem
        labels["kubernetes.io/arch"] = facts.architecture
        labels["ordinal.dev/runtime"] = description.runtimeName
        return labels
    }

    /// The status. A condition that is as in `former`, the status before, keeps the time of its last change.
    package static func status(
        _ description: NodeDescription, _ facts: NodeFacts, _ health: NodeHealth, former: Value, at now: Timestamp
    ) -> Value {
        var status: Value = [
            "capacity": resources(description, reserved: false),
            "allocatable": resources(description, reserved: true),
            "conditions": .array(conditions(health, former: former, at: now)),
            "addresses": [
                ["type": "InternalIP", "address": .string(description.address)],
                ["type": "Hostname", "address": .string(description.name)],
            ],
            "nodeInfo": [
                "machineID": .string(facts.machineID), "systemUUID": .string(facts.systemUUID),
                "bootID": .string(facts.bootID), "kernelVersion": .string(facts.kernelVersion),
                "osImage": .string(facts.osImage), "containerRuntimeVersion": .string(description.runtimeVersion),
                "kubeletVersion": .string(description.version), "kubeProxyVersion": "",
                "operatingSystem": .string(facts.operatingSystem), "architecture": .string(facts.architecture),
            ],
        ]
        if description.agentPort > 0 {
            status["daemonEndpoints"] = ["kubeletEndpoint": ["Port": .integer(Int64(description.agentPort))]]
        }
        return status
    }

    private static func resources(_ description: NodeDescription, reserved: Bool) -> Value {
        let milliCPU = max(0, description.milliCPU - (reserved ? description.reservedMilliCPU : 0))
        let memory = max(0, description.memoryBytes - (reserved ? description.reservedMemoryBytes : 0))
        var amounts: Value = [
            "cpu": .string(Quantity(milli: milliCPU).text),
            "memory": .string("\(memory / 1024)Ki"), "pods": .string(String(description.pods)),
        ]
        if description.ephemeralStorageBytes > 0 {
            amounts["ephemeral-storage"] = .string("\(description.ephemeralStorageBytes / 1024)Ki")
        }
        return amounts
    }

    private static func conditions(_ health: NodeHealth, former: Value, at now: Timestamp) -> [Value] {
        let before = former["conditions"]?.array ?? []
        return [
            pressure("MemoryPressure", health.memoryPressure, "Memory", "memory available"),
            disk(health.diskPressure),
            pressure("PIDPressure", health.processPressure, "PID", "PID available"),
            ready(health.problem),
        ].map { condition in
            let same = before.first { $0["type"] == condition["type"] && $0["status"] == condition["status"] }
            var condition = condition
            condition["lastHeartbeatTime"] = .string(now.text)
            condition["lastTransitionTime"] = same?["lastTransitionTime"] ?? .string(now.text)
            return condition
        }
    }

    private static func ready(_ problem: String?) -> Value {
        [
            "type": "Ready", "status": problem == nil ? "True" : "False",
            "reason": problem == nil ? "KubeletReady" : "KubeletNotReady",
            "message": .string(problem ?? "kubelet is posting ready status"),
        ]
    }

    private static func pressure(_ type: String, _ isSet: Bool, _ subject: String, _ what: String) -> Value {
        [
            "type": .string(type), "status": isSet ? "True" : "False",
            "reason": .string("KubeletHas\(isSet ? "Insufficient" : "Sufficient")\(subject)"),
            "message": .string("kubelet has \(isSet ? "insufficient" : "sufficient") \(what)"),
        ]
    }

    private static func disk(_ isSet: Bool) -> Value {
        [
            "type": "DiskPressure", "status": isSet ? "True" : "False",
            "reason": isSet ? "KubeletHasDiskPressure" : "KubeletHasNoDiskPressure",
            "message": isSet ? "kubelet has disk pressure" : "kubelet has no disk pressure",
        ]
    }
}

/// The Lease by which a node shows that it lives (KEP-589).
package enum NodeLease {
    /// The namespace of the nodes' leases.
    package static let namespace = "kube-node-lease"
    /// After how many seconds without renewal the node counts as gone.
    package static let durationSeconds: Int64 = 40
    /// How often it is renewed.
    package static let renewInterval = Duration.seconds(10)

    /// The Lease to create. `nodeUID` makes the Node its owner.
    package static func lease(node name: String, nodeUID: String, at now: Timestamp) -> Value {
        let owner = OwnerReference(apiVersion: "v1", kind: "Node", name: name, uid: nodeUID)
        return [
            "apiVersion": "coordination.k8s.io/v1", "kind": "Lease",
            "metadata": [
                "name": .string(name), "namespace": .string(namespace), "ownerReferences": [owner.value],
            ],
            "spec": spec(node: name, at: now),
        ]
    }

    /// The merge patch that renews a Lease.
    package static func renewal(node name: String, at now: Timestamp) -> Value { ["spec": spec(node: name, at: now)] }

    private static func spec(node name: String, at now: Timestamp) -> Value {
        [
            "holderIdentity": .string(name), "leaseDurationSeconds": .integer(durationSeconds),
            "renewTime": .string(now.microText),
        ]
    }
}
