internal import CoreMetrics
internal import NodeInterfaces

/// What a node tells of its pods, by the kubelet's names; `node` says which, since one process may have several.
struct NodeMetrics: Sendable {
    private let pods: Meter
    private let containers: [RuntimeTally.State: Meter]

    init(node: String, _ factory: any MetricsFactory) {
        pods = Meter(label: "kubelet_running_pods", dimensions: [("node", node)], factory: factory)
        containers = Dictionary(
            uniqueKeysWithValues: RuntimeTally.State.allCases.map { state in
                let labels = [("container_state", state.rawValue), ("node", node)]
                return (state, Meter(label: "kubelet_running_containers", dimensions: labels, factory: factory))
            })
    }

    /// Sets how many sandboxes run, and how many containers are in which state.
    func publish(_ all: [RuntimeTally]) {
        pods.set(all.count { $0.hasSandbox })
        for (state, meter) in containers { meter.set(all.reduce(0) { $0 + ($1.containers[state] ?? 0) }) }
    }
}

/// What the runtime had of a pod when its worker last looked.
struct RuntimeTally: Sendable {
    /// The states of containers as the kubelet's metrics name them.
    enum State: String, Sendable, CaseIterable { case created, running, exited, unknown }

    /// Whether a sandbox ran.
    var hasSandbox = false
    /// How many containers were in which state.
    var containers: [State: Int] = [:]

    init() {}

    init(_ pod: RuntimePod) {
        hasSandbox = pod.sandboxes.contains(where: \.isReady)
        for container in pod.containers { containers[State(container.phase), default: 0] += 1 }
    }
}

extension RuntimeTally.State {
    fileprivate init(_ phase: ContainerState.Phase) {
        self =
            switch phase {
            case .created: .created
            case .running: .running
            case .exited: .exited
            case .unknown: .unknown
            }
    }
}
