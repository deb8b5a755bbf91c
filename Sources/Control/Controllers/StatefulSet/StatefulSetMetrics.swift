internal import ControllerRuntime
internal import CoreMetrics
internal import Kinds
internal import ObjectModel
internal import Synchronization

/// Upstream's two gauges of each set (KEP-961): how many pods may be away in an update, and how many are missing or not
/// available. They follow the set's status and go with the set.
final class StatefulSetMetrics: Sendable {
    private struct Gauges {
        var policy: String
        var allowed: Meter
        var unavailable: Meter

        func destroy() {
            allowed.destroy()
            unavailable.destroy()
        }
    }

    private let factory: any MetricsFactory
    private let gauges = Mutex<[NamespacedName: Gauges]>([:])

    init(_ factory: any MetricsFactory) { self.factory = factory }

    /// Takes a change of a set.
    func apply(_ change: CacheChange<StatefulSetView>) {
        let key = change.latest.key
        guard let set = change.new?.view else {
            gauges.withLock { $0.removeValue(forKey: key) }?.destroy()
            return
        }
        let gauges = gauges(of: key, policy: set.isParallel ? "Parallel" : "OrderedReady")
        gauges.allowed.set(set.maximumUnavailable)
        gauges.unavailable.set(max(0, set.replicas - set.status.availableReplicas))
    }

    private func gauges(of key: NamespacedName, policy: String) -> Gauges {
        gauges.withLock { known in
            // The policy cannot be changed, but a set of the name can be made anew.
            if let gauges = known[key], gauges.policy == policy { return gauges }
            known[key]?.destroy()
            let labels = [
                ("statefulset_namespace", key.namespace), ("statefulset_name", key.name),
                ("pod_management_policy", policy),
            ]
            let gauges = Gauges(
                policy: policy,
                allowed: Meter(
                    label: "statefulset_controller_statefulset_max_unavailable", dimensions: labels, factory: factory),
                unavailable: Meter(
                    label: "statefulset_controller_statefulset_unavailable_replicas", dimensions: labels,
                    factory: factory))
            known[key] = gauges
            return gauges
        }
    }
}
