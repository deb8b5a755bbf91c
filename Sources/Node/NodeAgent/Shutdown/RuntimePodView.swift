package import NodeInterfaces
internal import ObjectModel

extension RuntimePod {
    /// What the runtime alone tells of a pod, enough to stop it in its turn: name, set, ordinal and grace period. Nil when it
    /// has no sandbox. For pods that the store does not know: it was in memory, or is gone.
    package var pod: AgentPod? {
        guard let sandbox = sandboxes.first else { return nil }
        var metadata: Value = [
            "name": .string(sandbox.pod.name.name), "namespace": .string(sandbox.pod.name.namespace),
            "uid": .string(sandbox.pod.uid), "labels": .stringMap(sandbox.labels),
        ]
        let name = sandbox.pod.name.name
        if sandbox.labels["statefulset.kubernetes.io/pod-name"] == name, let dash = name.lastIndex(of: "-") {
            let set = Value.string(String(name[..<dash]))
            metadata["ownerReferences"] = [
                ["apiVersion": "apps/v1", "kind": "StatefulSet", "name": set, "uid": set, "controller": true]
            ]
        }
        let grace = containers.compactMap { $0.annotations[RuntimeKeys.gracePeriod].flatMap { Int64($0) } }.max()
        return AgentPod([
            "metadata": metadata, "spec": ["terminationGracePeriodSeconds": .integer(grace ?? 30)],
            "status": ["phase": "Running"],
        ])
    }
}
