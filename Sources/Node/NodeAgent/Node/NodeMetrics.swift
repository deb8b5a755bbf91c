internal import CoreMetrics
internal import NodeInterfaces

/// What a node tells of its pods, by the kubelet's names; `node` says which, since one process may have several.
struct NodeMetrics: Sendable {
    private static let states = ["created", "running", "exited", "unknown"]

    private let pods: Meter
    private let containers: [String: Meter]

    init(node: String, _ factory: any MetricsFactory) {
        pods = Meter(label: "kubelet_running_pods", dimensions: [("node", node)], factory: factory)
        containers = Dictionary(
            uniqueKeysWithValues: Self.states.map { state in
                let labels = [("container_state", state), ("node", node)]
                return (state, Meter(label: "kubelet_running_containers", dimensions: labels, factory: factory))
            })
    }

    /// Sets how many sandboxes run, and how many containers are in which state.
    func publish(_ all: some Collection<RuntimePod>) {
        pods.set(all.filter { $0.sandboxes.contains(where: \.isReady) }.count)
        let counts = Dictionary(grouping: all.flatMap(\.containers), by: { $0.phase.metricState }).mapValues(\.count)
        for (state, meter) in containers { meter.set(counts[state] ?? 0) }
    }
}

extension ContainerState.Phase {
    fileprivate var metricState: String {
        switch self {
        case .created: "created"
        case .running: "running"
        case .exited: "exited"
        case .unknown: "unknown"
        }
    }
}
