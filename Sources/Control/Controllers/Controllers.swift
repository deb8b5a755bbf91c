package import APIProtocol
package import ControllerRuntime
package import CoreMetrics
package import Logging
package import ObjectModel

/// The list of controllers. Each has a folder and a line here.
package enum Controllers {
    /// What controllers are given.
    package struct Setting: Sendable {
        /// The caches they share.
        package var caches: ControlCaches
        /// The API.
        package var client: APIClient
        /// The cluster's certificate authority, PEM.
        package var caPEM: String
        /// What makes volumes.
        package var volumeSources: [VolumeSource]
        /// Every resource that is served now: kinds come and go while the controllers run.
        package var resources: @Sendable () -> [APIResource]
        /// Time and chance.
        package var clock: ControlClock
        /// Where they measure.
        package var metrics: any MetricsFactory
        /// Where they log.
        package var logger: Logger

        /// A setting.
        package init(
            caches: ControlCaches, client: APIClient, caPEM: String, volumeSources: [VolumeSource],
            resources: @escaping @Sendable () -> [APIResource], clock: ControlClock = .system,
            metrics: any MetricsFactory = NOOPMetricsHandler.instance, logger: Logger
        ) {
            self.caches = caches
            self.client = client
            self.caPEM = caPEM
            self.volumeSources = volumeSources
            self.resources = resources
            self.clock = clock
            self.metrics = metrics
            self.logger = logger
        }

        /// A recorder of Events in the name of a component.
        func recorder(_ component: String) -> EventRecorder {
            EventRecorder(component: component, client: client, clock: clock)
        }
    }

    /// All controllers, to be run as child tasks of one group, with `ControlCaches.informers` after them.
    package static func all(_ setting: Setting) -> [any ControlLoop] {
        [
            deployments(setting), replicaSets(setting), statefulSets(setting), endpoints(setting), claims(setting),
            volumes(setting), namespaceDefaults(setting), namespaceDeletion(setting), garbageCollection(setting),
            eventExpiry(setting),
        ].flatMap { $0 }
    }
}
