package import ControllerRuntime
package import Kinds
package import Logging
internal import ObjectModel
package import PodNetworking

/// Keeps a node's rules like the Services and EndpointSlices in its caches.
///
/// A change is applied at once; while more come, at most one ruleset per `minimumPause`. Rules that would stay the same
/// are not applied. A ruleset goes in as one transaction, so a failure leaves the former rules working; it is tried
/// again after 0.1 to 30 seconds, or on the next change. When the task ends the rules stay, as pods go on.
package final class ServiceProxy: ControlLoop {
    /// Its name, for logs.
    package let name = "service proxy"
    /// The time between two rulesets, at least.
    package static let minimumPause = Duration.milliseconds(50)

    private let node: ProxyNode
    private let services: ObjectCache<ServiceView>
    private let slices: ObjectCache<EndpointSliceView>
    private let applier: any RulesetApplier
    private let clock: ControlClock
    private let logger: Logger
    private let changed = Signal()

    /// A proxy. It subscribes to the caches, so it is made before they are fed.
    package init(
        node: ProxyNode, services: ObjectCache<ServiceView>, slices: ObjectCache<EndpointSliceView>,
        applier: any RulesetApplier, clock: ControlClock = .system, logger: Logger
    ) {
        self.node = node
        self.services = services
        self.slices = slices
        self.applier = applier
        self.clock = clock
        self.logger = logger
        services.onChange { [changed] _ in changed.give() }
        slices.onChange { [changed] _ in changed.give() }
    }

    /// Works until the task is cancelled.
    package func run() async {
        await services.waitUntilSynced()
        await slices.waitUntilSynced()
        let backOff = BackOff.watches
        var applied: String?
        var failures = 0
        while !Task.isCancelled {
            let wanted = rules()
            if wanted != applied {
                do {
                    try await applier.apply(wanted)
                    applied = wanted
                    failures = 0
                } catch {
                    failures += 1
                    logger.error("service rules were not applied", metadata: ["error": "\(error)"])
                }
                try? await clock.sleep(Self.minimumPause)
            }
            let retry = failures == 0 ? nil : backOff.delay(failures: failures, random: clock.random())
            await changed.wait(atMost: retry, sleep: clock.sleep)
        }
    }

    private func rules() -> String {
        let slices = Dictionary(grouping: slices.allObjects.filter { $0.view.serviceName != nil }) { slice in
            NamespacedName(namespace: slice.key.namespace, name: slice.view.serviceName ?? "")
        }
        let entries = services.allObjects.map { service in
            ServiceEndpoints(
                key: service.key, service: service.view, slices: (slices[service.key] ?? []).map(\.view))
        }
        return ruleset(for: entries, on: node)
    }
}
