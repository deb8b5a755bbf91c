package import APIProtocol
internal import Kinds
package import ObjectModel

/// The pods of nodes on which nothing can run any more, since they were taken down: until their agents have looked, their
/// last status would call them ready.
package struct StoppedPods: Sendable {
    private let client: APIClient
    private let now: Timestamp

    /// The pods that `client` lists, as they are at `now`.
    package init(_ client: APIClient, at now: Timestamp) {
        self.client = client
        self.now = now
    }

    /// Takes readiness from every pod that has it. Throws the first failure; running again goes on from there.
    package func run() async throws(APIError) {
        for pod in try await client.list(.pods).items {
            guard let status = unready(pod) else { continue }
            _ = try await client.patch(
                .pods, namespace: pod.namespace, name: pod.name, ["status": status], subresource: "status")
        }
    }

    /// What changes in a pod's status; nil when nothing does.
    private func unready(_ pod: Value) -> Value? {
        let view = PodView(pod)
        guard !view.isTerminal, view.status.conditions.condition("Ready")?.status == "True" else { return nil }
        let status = pod["status"] ?? .emptyObject
        let containers = (status["containerStatuses"]?.array ?? []).map { (container: Value) -> Value in
            var container = container
            container["ready"] = false
            container["started"] = false
            return container
        }
        let names = view.spec.containers.map(\.name).joined(separator: " ")
        let conditions = (status["conditions"]?.array ?? []).map { (condition: Value) -> Value in
            guard ["Ready", "ContainersReady"].contains(condition["type"]?.string ?? ""), condition["status"] == "True"
            else {
                return condition
            }
            var condition = condition
            condition["status"] = "False"
            condition["reason"] = "ContainersNotReady"
            condition["message"] = .string("containers with unready status: [\(names)]")
            condition["lastTransitionTime"] = .string(now.text)
            return condition
        }
        return ["conditions": .array(conditions), "containerStatuses": .array(containers)]
    }
}
