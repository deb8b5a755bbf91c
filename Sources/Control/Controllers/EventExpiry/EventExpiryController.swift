internal import ControllerRuntime
internal import Kinds
internal import ObjectModel

extension Controllers {
    static func eventExpiry(_ setting: Setting) -> [any ControlLoop] {
        let cache = ObjectCache<EventAge>()
        let events = setting.recorder("event-expiry-controller")
        let controller = Controller(
            "event-expiry", EventExpiryReconciler(), caches: cache, sources: [cache], client: setting.client,
            events: events, clock: setting.clock, metrics: setting.metrics, logger: setting.logger)
        cache.onChange { [weak controller] change in
            // A repetition is seen when the former time is due: writing an event costs nothing here.
            guard case .added(let event) = change else { return }
            controller?.enqueue(event.key, after: EventExpiryReconciler.timeLeft(event.view, at: setting.clock.now()))
        }
        return [controller, events, Informer(cache, client: setting.client, clock: setting.clock)]
    }
}
